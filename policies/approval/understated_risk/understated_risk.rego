# METADATA
# title: Declared risk is below the computed risk
# description: >-
#   The risk model adds up what can be seen (`changegate policy show risk`). A request that declares a lower level is
#   denied, and every factor is shown. Declaring more is always accepted and used. Somebody who knows better writes
#   risk.overrideJustification, and a change manager approves it; the approvals that are needed stay those of the computed
#   level. The threshold `CAB-004.override_roles` names other roles.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=RA-3
# custom:
#   id: CAB-004
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC3.2, CC3.4, CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-4, RA-3]
#   remediation: >-
#     Declare the computed level, or lower the risk: show evidence, split the change, move it to a better moment.
#   since: 0.1.0
package policies.approval.understated_risk

import data.policies.lib.approval
import data.policies.lib.risk.meaning
import data.policies.lib.shape
import data.policies.lib.text

_levels := ["low", "medium", "high", "very-high"]

deny contains finding if {
	_understated
	not _justified
	finding := object.union(_finding, {"msg": _message})
}

# Only the approval is missing.
deny contains finding if {
	_understated
	_justified
	not _agreed
	finding := object.union(_finding, {
		"msg": sprintf("%s; it is justified, and %s has not approved that", [_message, concat(" or ", sort(_roles))]),
		"pending": true,
		"remediation": sprintf("Ask %s to approve the justification.", [concat(" or ", sort(_roles))]),
	})
}

# Shown, because somebody decided against the model.
deny contains finding if {
	_understated
	_justified
	_agreed
	finding := object.union(_finding, {
		"msg": sprintf("%s; %s approved the justification", [_message, concat(", ", sort(_agreed_by))]),
		"enforcement": "advisory",
		"severity": "low",
		"remediation": "Nothing to do. The approvals that are needed are those of the computed level.",
	})
}

_understated if {
	is_object(input.change)
	_rank(input.risk.declared) < _rank(input.risk.computed)
}

_rank(level) := rank if {
	some rank, name in _levels
	name == level
}

_justified if {
	words := shape.at(input.change, ["spec", "risk", "overrideJustification"])
	text.answered(words)
	count(trim_space(words)) >= 20
}

_agreed if count(_agreed_by) > 0

_agreed_by contains one.person if {
	some one in approval.held(input.approvals)
	one.role in _roles
}

_roles := {role | some role in _configured} if count(_configured) > 0

_roles := {"change-manager"} if count(_configured) == 0

_configured := [role |
	some role in shape.list(shape.at(input.config, ["thresholds", "CAB-004", "override_roles"]))
	is_string(role)
]

_message := sprintf("declares %s risk, the model computes %s (%d of 100): %s", [
	input.risk.declared,
	input.risk.computed,
	input.risk.score,
	concat("; ", [sprintf("%s +%d %s", [factor.id, factor.points, factor.evidence]) | some factor in _heaviest]),
])

_finding := {
	"at": "change",
	"path": _place,
	"evidence": array.concat(_parts, _floors),
	"because": [factor.source | some factor in _heaviest; is_string(object.get(factor, "source", null))],
	"remediation": sprintf("Declare %s, or lower the risk: begin with the heaviest factors.", [input.risk.computed]),
}

_ranked := sort([[0 - factor.points, factor.id, factor.evidence, factor] | some factor in input.risk.factors])

_heaviest := [key[3] | some key in array.slice(_ranked, 0, 3)]

# The outcome lists all factors; here are those that are worth lowering first.
_parts := [line |
	some factor in _heaviest
	line := {
		"pointer": factor.id,
		"observed": sprintf("+%d: %s", [factor.points, factor.evidence]),
		"expected": meaning.factors[factor.id].lower,
	}
]

_floors := [line |
	some least in input.risk.floors
	line := {
		"pointer": "floor",
		"observed": sprintf("%s: %s", [least.level, least.evidence]),
		"expected": sprintf("at least %s, however well it is prepared", [least.level]),
	}
]

_place := ["spec", "risk", "declared"]

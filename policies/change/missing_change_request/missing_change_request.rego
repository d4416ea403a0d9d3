# METADATA
# title: Change to production has no complete change request
# description: >-
#   A difference that touches production needs a change request, and a request needs the fields of its type. Comments,
#   key order and formatting are no difference. An environment that could not be resolved counts as production.
#   A request that was imported from another system must be in the state in which that system has changes implemented.
#   Rollback, backups, approvals and CAB are judged by the policies that own them. Types that need no request can be
#   listed in the threshold `CHG-003.exempt_types`.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-3
# custom:
#   id: CHG-003
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-3(1)]
#     PCIDSS: ["6.5.1"]
#     DORARTS: [17(1)(c), 17(1)(d)]
#   remediation: >-
#     Commit a ChangeRequest under changes/ (`changegate schema ChangeRequest` describes it) and name it in a
#     `Change-Request:` trailer.
#   since: 0.1.0
package policies.change.missing_change_request

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	input.change == null
	count(_production_changes) > 0
	first := _production_changes[0]
	finding := {
		"msg": sprintf("%d production %s and no change request, first %s (%s)", [
			count(_production_changes),
			_noun,
			resource.address(first),
			first.action,
		]),
		"resource": first.id,
		"evidence": [line |
			some changed in array.slice(_production_changes, 0, 20)
			line := {
				"pointer": resource.address(changed),
				"observed": sprintf("%s in %s", [changed.action, _environment(changed)]),
				"expected": "covered by a change request",
			}
		],
	}
}

deny contains finding if {
	_judged
	some field in _required
	not _present(field.path)
	finding := {
		"msg": sprintf("the %s request lacks %s", [_type, concat(".", field.path)]),
		"at": "change",
		"path": _nearest(field.path),
		"remediation": sprintf("Add %s: %s.", [concat(".", field.path), field.hint]),
	}
}

# The record of another system says whether the change may go ahead.
deny contains finding if {
	origin := shape.at(input.change, ["origin"])
	some permission in ["wait", "stop"]
	shape.at(origin, ["permission"]) == permission
	finding := {
		"msg": sprintf("%s is %s in %s, %s", [origin.id, origin.state, origin.system, _meaning[permission]]),
		"at": "change",
		"pending": permission == "wait",
		"remediation": sprintf("Bring %s to the state in which changes are implemented.", [origin.id]),
		"evidence": [{"pointer": "state", "observed": origin.state, "expected": "being implemented"}],
	}
}

_meaning := {
	"wait": "which is not yet a permission to implement it",
	"stop": "which permits nothing any more",
}

_judged if {
	input.mode == "difference"
	is_object(input.change)
}

_production_changes := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
	resource.changes(changed)
	not changed.type in _exempt_types
]

_exempt_types := {kind | some kind in shape.list(input.config.thresholds["CHG-003"].exempt_types)}

_noun := "change" if count(_production_changes) == 1

_noun := "changes" if count(_production_changes) != 1

_environment(changed) := "prod" if changed.environment == "prod"

_environment(changed) := "an environment that is not known" if changed.environment == null

_type := object.get(_spec, "type", "normal")

_spec := shape.map(object.get(_change, "spec", {}))

_change := shape.map(input.change)

_required contains field if some field in _always

_required contains field if {
	_type != "standard"
	some field in _own
}

_required contains field if {
	_type in {"normal", "standard"}
	field := {"path": ["spec", "schedule", "end"], "hint": "RFC 3339 with offset, when the window closes"}
}

_required contains field if {
	_type == "standard"
	field := {"path": ["spec", "template", "ref"], "hint": "the pre-approved template that a standard change follows"}
}

_required contains field if {
	not _type in {"standard", "emergency"}
	some field in _evidence
}

_required contains field if {
	_type == "emergency"
	field := {"path": ["spec", "relatedIncidents"], "hint": "the incident that cannot wait"}
}

_required contains field if {
	_informs_people
	field := {"path": ["spec", "communications"], "hint": "who is told, through which channel and when"}
}

_informs_people if _type == "emergency"

_informs_people if {
	_type != "standard"
	input.risk.level in {"high", "very-high"}
}

_informs_people if {
	_type != "standard"
	object.get(_spec, "customerImpact", "none") != "none"
}

_always := [
	{"path": ["metadata", "id"], "hint": "an id such as CHG-2026-00417"},
	{"path": ["metadata", "title"], "hint": "one line that says what changes"},
	{"path": ["spec", "type"], "hint": "standard, normal or emergency"},
	{"path": ["spec", "team"], "hint": "the owning team, such as group:default/orders"},
	{"path": ["spec", "requester", "id"], "hint": "who asks for the change"},
	{"path": ["spec", "implementer", "id"], "hint": "who carries it out"},
	{"path": ["spec", "scope"], "hint": "environments, regions, services and destructive actions"},
	{"path": ["spec", "artifacts"], "hint": "what exactly is approved: commit, plan digest or image digests"},
	{"path": ["spec", "schedule", "start"], "hint": "RFC 3339 with offset, when the window opens"},
]

_own := [
	{"path": ["spec", "justification"], "hint": "why the change is worth its risk"},
	{"path": ["spec", "progressiveDelivery"], "hint": "how it reaches users step by step"},
]

_evidence := [
	{"path": ["spec", "preChecks", "monitoring"], "hint": "alerts, dashboards and the on-call that watch the change"},
	{"path": ["spec", "preChecks", "staging"], "hint": "the staging deployment of the same artifact"},
]

_present(path) if text.given(_at(path))

# An empty list of incidents names none.
_at(path) := value if {
	value := object.get(_change, path, null)
	value != []
}

# Where a missing field would stand: the deepest part of its path that is there.
_nearest(path) := array.slice(path, 0, max({0} | {depth |
	some depth, _ in path
	is_object(object.get(_change, array.slice(path, 0, depth), null))
}))

# METADATA
# title: Error budget of a service is exhausted
# description: >-
#   Once the error budget of a service is spent, only reliability-fix, security-fix, incident-mitigation and rollback
#   changes go out; while it burns six times too fast over six hours the others wait. Below a quarter the canary is
#   watched twice as long (shown only). A budget counts from 1,000 events in its window on. A cause outside of the
#   service, vouched for as `error-budget-external-cause` with the verified approval of SRE, lifts the gate. At
#   apply the status is at most one hour old for tier 0 and 1. With the threshold `SLO-004.hard` the gate is hard.
# related_resources:
#   - https://sre.google/workbook/error-budget-policy/
# custom:
#   id: SLO-004
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [A1.1, CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3(8), CP-2]
#   remediation: >-
#     Spend the time on reliability: ship what gives budget back (changeClass reliability-fix) and wait with the rest
#     until the window has recovered.
#   since: 0.2.0
package policies.slo.exhausted_error_budget

import data.policies.lib.approval
import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.threshold

deny contains finding if {
	_gated
	some index, status in _statuses
	_is_counted(status)
	status.budgetRemaining <= 0
	finding := object.union(_weight, {
		"msg": sprintf("the error budget of %s is spent (%v: %v remaining), and this is a %s", [
			_service(status),
			object.get(status, "slo", "SLO"),
			status.budgetRemaining,
			_class,
		]),
		"at": "change",
		"path": _place,
		"because": context.place(input, "slo", index),
		"evidence": [{
			"pointer": sprintf("budgetRemaining of %s over %v", [_service(status), object.get(status, "window", "its window")]),
			"observed": sprintf("%v", [status.budgetRemaining]),
			"expected": concat("", ["more than 0, or one of ", concat(", ", sort(_exempt_classes))]),
		}],
	})
}

deny contains finding if {
	_gated
	some index, status in _statuses
	_is_counted(status)
	rate := shape.at(status, ["burnRate", "6h"])
	is_number(rate)
	rate >= _fastest_burn
	not _is_spent(status)
	finding := object.union(_weight, {
		"msg": sprintf("the error budget of %s burns %v times too fast over 6 h: wait until it is below %v", [
			_service(status),
			rate,
			_fastest_burn,
		]),
		"at": "change",
		"path": _place,
		"because": context.place(input, "slo", index),
		"evidence": [{
			"pointer": sprintf("burnRate.6h of %s", [_service(status)]),
			"observed": sprintf("%v", [rate]),
			"expected": sprintf("below %v", [_fastest_burn]),
		}],
	})
}

deny contains finding if {
	_gated
	some index, status in _statuses
	_is_counted(status)
	status.budgetRemaining > 0
	status.budgetRemaining <= 0.25
	finding := {
		"msg": sprintf("the error budget of %s is down to %v: watch each step of the canary twice as long", [
			_service(status),
			status.budgetRemaining,
		]),
		"at": "change",
		"path": _place,
		"because": context.place(input, "slo", index),
		"enforcement": "advisory",
		"severity": "medium",
	}
}

unknown contains finding if {
	_judged
	not context.given(input, "slo")
	finding := {"msg": context.missing("SLOStatus", "what is left of the error budget"), "at": "change", "path": _place}
}

unknown contains finding if {
	_judged
	context.outdated(input, "slo", _max_age)
	finding := {"msg": context.too_old(input, "slo", "SLOStatus", _max_age), "at": "change", "path": _place}
}

# The document may be fresh and the measurement old.
unknown contains finding if {
	_judged
	context.binding(input, "slo")
	some index, status in _statuses
	measured_ns := instant.ns(status.asOf)
	input.now_ns - measured_ns > context.limit_ns(input, "slo", _max_age)
	finding := {
		"msg": sprintf("the error budget of %s was measured at %s: it says nothing about now", [
			_service(status),
			status.asOf,
		]),
		"because": context.place(input, "slo", index),
	}
}

# The catalogue names an objective, and nobody says how it stands.
unknown contains finding if {
	_judged
	context.given(input, "slo")
	some name, facts in reach.services(input)
	is_string(object.get(facts, "slo", null))
	not name in _measured
	finding := {
		"msg": sprintf("the SLOStatus says nothing about %s, whose objective is %s", [name, facts.slo]),
		"because": [facts.source | is_string(facts.source)],
	}
}

unknown contains finding if {
	_judged
	some index, status in _statuses
	not is_number(object.get(status, "budgetRemaining", null))
	finding := {
		"msg": sprintf("what is left of the error budget of %s is not a number", [_service(status)]),
		"because": context.place(input, "slo", index),
	}
}

valid_until contains instant_ns if {
	_judged
	instant_ns := context.expires_ns(input, "slo", _max_age)
	instant_ns >= input.now_ns
}

_judged if reach.judged(input)

# Changes that may spend what is not there do not wait.
_gated if {
	_judged
	not _class in _exempt_classes
	not _is_excused
}

_exempt_classes := {"reliability-fix", "security-fix", "incident-mitigation", "rollback"}

_class := object.get(shape.map(input.change.spec), "changeClass", "change of no class")

# Somebody from SRE has approved this content and vouches that the cause lies elsewhere.
_is_excused if {
	some attestation in shape.list(shape.at(input.change, ["spec", "attestations"]))
	attestation.statement == "error-budget-external-cause"
	some one in approval.held(input.approvals)
	one.role == "sre"
	one.person == attestation.by
}

_statuses[index] := status if {
	some index, status in context.entries(input, "slo")
	_service(status) in object.keys(reach.services(input))
}

_measured := {_service(status) | some status in _statuses}

_service(status) := resource.service_name(status.service)

# One bad sample of a tiny service is no budget spent.
_is_counted(status) if {
	is_number(status.budgetRemaining)
	_events(status) >= threshold.number(input.config, "SLO-004", "min_events", 1000)
}

# Who does not count events has enough of them.
_events(status) := status.events if is_number(status.events)

_events(status) := 1e9 if not is_number(object.get(status, "events", null))

_is_spent(status) if status.budgetRemaining <= 0

_fastest_burn := threshold.number(input.config, "SLO-004", "burn_rate_6h", 6)

_max_age := instant.hour

_weight := {"enforcement": "hard"} if threshold.on(input.config, "SLO-004", "hard")

_weight := {} if not threshold.on(input.config, "SLO-004", "hard")

_place := ["spec", "changeClass"] if input.change.spec.changeClass

_place := ["spec"] if not input.change.spec.changeClass

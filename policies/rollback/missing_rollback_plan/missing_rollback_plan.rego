# METADATA
# title: Rollback plan is missing, vague or does not fit
# description: >-
#   A request says how the change is undone: a strategy, steps with an owner and a command or runbook, objective
#   triggers, a verification and a longest duration that fits into the recovery time objective of every service in
#   scope. For tier 0 and 1 and for high risk the plan was tested in the last 90 days. Words like "n/a" or "revert the
#   PR" are no plan. A standard change may take the plan from its template, an emergency may leave triggers and
#   verification out. Whether the window is long enough is judged with the window.
# related_resources:
#   - https://aws.amazon.com/builders-library/ensuring-rollback-safety-during-deployments/
#   - https://argo-rollouts.readthedocs.io/en/stable/features/rollback/
# custom:
#   id: RBK-001
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CP-10]
#     PCIDSS: ["6.5.1"]
#     HIPAA: [164.308(a)(7)(ii)(B)]
#     DORARTS: [17(1)(e)]
#   remediation: >-
#     Write spec.rollback as for a colleague at night: what tells that it has to be undone, who decides, which commands
#     in which order, how long at most, and how to see that it worked.
#   since: 0.1.0
package policies.rollback.missing_rollback_plan

import data.policies.lib.instant
import data.policies.lib.shape
import data.policies.lib.text

_strategies := {
	"redeploy-previous", "traffic-switch", "feature-flag-off", "restore-from-backup", "roll-forward-only",
}

_shortest_plan := 20

_max_age := 90 * instant.day

deny contains finding if {
	is_object(input.change)
	not _has_plan
	not _from_template
	finding := {"msg": "the request has no rollback plan (spec.rollback)", "at": "change", "path": ["spec"]}
}

deny contains finding if {
	_has_plan
	some fault in _faults
	finding := {
		"msg": fault.msg,
		"at": "change",
		"path": _place(fault.path),
		"pending": object.get(fault, "pending", false),
		"because": object.get(fault, "because", []),
		"evidence": [{
			"pointer": concat(".", array.concat(["spec", "rollback"], [sprintf("%v", [key]) | some key in fault.path])),
			"observed": sprintf("%v", [object.get(_plan, fault.path, "absent")]),
			"expected": fault.expected,
		}],
	}
}

deny contains finding if {
	_has_plan
	_must_be_tested
	some fault in _test_faults
	finding := {
		"msg": fault.msg,
		"at": "change",
		"path": _place(fault.path),
		"enforcement": "soft",
		"severity": "high",
		"remediation": "Rehearse the rollback on staging and record testedAt and testEvidence.",
	}
}

unknown contains finding if {
	_has_plan
	some service in input.change.services
	service.known == false
	finding := {
		"msg": sprintf("%s is not in the service catalogue: whether the rollback fits its RTO is not known", [
			service.name,
		]),
		"at": "change",
		"path": _place(["maxDuration"]),
	}
}

# A test grows old with no new commit.
valid_until contains instant_ns if {
	_has_plan
	_must_be_tested
	instant_ns := instant.ns(_plan.testedAt) + _max_age
	instant_ns > input.now_ns
}

_plan := shape.map(object.get(shape.map(input.change.spec), "rollback", {}))

_has_plan if count(_plan) > 0

_type := object.get(shape.map(input.change.spec), "type", "normal")

_from_template if {
	_type == "standard"
	text.given(input.change.spec.template.ref)
}

# An emergency writes the short form.
_long_form if _type != "emergency"

_high_risk if input.risk.level in {"high", "very-high"}

_must_be_tested if _high_risk

_must_be_tested if {
	some service in input.change.services
	service.tier <= 1
	is_number(service.tier)
}

_faults contains fault if {
	not object.get(_plan, "strategy", null) in _strategies
	fault := {
		"msg": sprintf("rollback.strategy is %v", [object.get(_plan, "strategy", "absent")]),
		"path": ["strategy"],
		"expected": concat(", ", sort(_strategies)),
	}
}

_faults contains fault if {
	count(_steps) == 0
	fault := {"msg": "the rollback plan has no steps", "path": ["steps"], "expected": "one step or more"}
}

_faults contains fault if {
	count(_steps) > 0
	length := sum([count(step.action) | some step in _steps; text.answered(step.action)])
	length < _shortest_plan
	fault := {
		"msg": sprintf("the steps say %d characters in all: a placeholder, not a plan", [length]),
		"path": ["steps"],
		"expected": sprintf("at least %d characters of what to do", [_shortest_plan]),
	}
}

_faults contains fault if {
	some index, step in _steps
	lacking := _step_lacks(step)
	count(lacking) > 0
	fault := {
		"msg": sprintf("rollback step %d lacks %s", [index + 1, concat(", ", sort(lacking))]),
		"path": ["steps", index],
		"expected": "action, owner, and a command or a runbook reference",
	}
}

_faults contains fault if {
	_long_form
	triggers := shape.list(object.get(_plan, "triggers", []))
	count([trigger | some trigger in triggers; _objective(trigger)]) == 0
	fault := {
		"msg": "the rollback plan has no objective trigger",
		"path": ["triggers"],
		"expected": "an alert name, or metric, comparator, threshold and duration (for)",
	}
}

_faults contains fault if {
	_long_form
	checks := shape.list(object.get(_plan, "verification", []))
	count([check | some check in checks; _checks_something(check)]) == 0
	fault := {
		"msg": "the rollback plan does not say how to verify that it worked",
		"path": ["verification"],
		"expected": "one check or more",
	}
}

_faults contains fault if {
	not text.answered(object.get(_plan, "maxDuration", null))
	fault := {
		"msg": "the rollback plan has no maxDuration",
		"path": ["maxDuration"],
		"expected": "an ISO 8601 duration such as PT20M",
	}
}

_faults contains fault if {
	some service in input.change.services
	is_number(service.rto_ns)
	input.change.window.rollback_ns > service.rto_ns
	fault := {
		"msg": sprintf("the rollback may take %v, %s must be back within %s (RTO)", [
			_plan.maxDuration,
			service.name,
			service.rto,
		]),
		"path": ["maxDuration"],
		"expected": sprintf("at most %s", [service.rto]),
		"because": [service.source | is_string(service.source)],
	}
}

_faults contains fault if {
	_high_risk
	not text.answered(object.get(_plan, "decisionOwner", null))
	fault := {
		"msg": "nobody is named who decides on the rollback of a high-risk change",
		"path": ["decisionOwner"],
		"expected": "a person other than the implementer",
	}
}

_faults contains fault if {
	_high_risk
	_plan.decisionOwner == input.change.spec.implementer.id
	fault := {
		"msg": sprintf("%v implements the high-risk change and decides on its rollback", [_plan.decisionOwner]),
		"path": ["decisionOwner"],
		"expected": "a person other than the implementer",
	}
}

_faults contains fault if {
	_plan.strategy == "roll-forward-only"
	not text.answered(object.get(_plan, "forwardFixPlan", null))
	fault := {
		"msg": "there is no way back (roll-forward-only) and no plan for the fix forward",
		"path": ["forwardFixPlan"],
		"expected": "how the fault is fixed forward",
	}
}

_faults contains fault if {
	_plan.strategy == "roll-forward-only"
	not input.change.spec.cab.decision == "approved"
	fault := {
		"msg": "there is no way back (roll-forward-only) and no CAB approval of that",
		"path": ["strategy"],
		"expected": "cab.decision: approved",
		"pending": true,
	}
}

_test_faults contains fault if {
	not instant.valid(object.get(_plan, "testedAt", null))
	fault := {"msg": "the rollback was not tested (rollback.testedAt)", "path": ["testedAt"]}
}

_test_faults contains fault if {
	instant.valid(_plan.testedAt)
	not instant.fresh(_plan.testedAt, input.now_ns, _max_age)
	fault := {
		"msg": sprintf("the rollback was tested at %s, not in the 90 days before %s", [_plan.testedAt, input.now]),
		"path": ["testedAt"],
	}
}

_test_faults contains fault if {
	instant.valid(_plan.testedAt)
	not text.answered(object.get(_plan, "testEvidence", null))
	fault := {"msg": "the test of the rollback has no evidence (rollback.testEvidence)", "path": ["testEvidence"]}
}

_steps := [step | some entry in shape.list(object.get(_plan, "steps", [])); step := shape.map(entry)]

_step_lacks(step) := {part |
	some part in ["action", "owner"]
	not text.answered(object.get(step, part, null))
} | {"a command or runbook reference" | not _has_instructions(step)}

_has_instructions(step) if {
	some key in ["command", "ref", "runbook"]
	text.answered(step[key])
}

_objective(trigger) if text.answered(trigger.alert)

_objective(trigger) if {
	text.answered(trigger.metric)
	text.given(trigger.comparator)
	text.given(trigger.threshold)
	text.given(trigger["for"])
}

_checks_something(check) if text.answered(check)

_checks_something(check) if count(shape.map(check)) > 0

# The field, or the deepest part of the plan that is there.
_place(path) := array.concat(["spec", "rollback"], path) if object.get(_plan, path, null) != null

_place(path) := ["spec", "rollback"] if object.get(_plan, path, null) == null

package policies.rollback.missing_rollback_plan_test

import data.policies.lib.sample_test as sample
import data.policies.rollback.missing_rollback_plan

_with(document, field, value) := json.patch(document, [{
	"op": "add", "path": concat("", ["/change/spec/rollback/", field]), "value": value,
}])

_without(field) := json.patch(sample.document, [{
	"op": "remove", "path": concat("", ["/change/spec/rollback/", field]),
}])

_missing := json.patch(sample.document, [{"op": "remove", "path": "/change/spec/rollback"}])

_typed(document, kind) := json.patch(document, [{"op": "replace", "path": "/change/spec/type", "value": kind}])

_risk(document, level) := json.patch(document, [{"op": "replace", "path": "/risk/level", "value": level}])

_messages(document) := {finding.msg | some finding in found} if {
	found := missing_rollback_plan.deny with input as document
}

_step := {"step": 1, "action": "Set the previous digest in Git", "owner": "bob@acme.example", "ref": "runbooks/x.md"}

test_allowed if count(missing_rollback_plan.deny) == 0 with input as sample.document

test_denied_without_a_plan if {
	found := missing_rollback_plan.deny with input as _missing
	some finding in found
	finding.path == ["spec"]
	finding.at == "change"
}

test_an_empty_plan_is_none if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change/spec/rollback", "value": {}}])
	_messages(document) == {"the request has no rollback plan (spec.rollback)"}
}

test_each_part_is_needed if {
	every field in ["strategy", "steps", "triggers", "verification", "maxDuration"] {
		count(missing_rollback_plan.deny) == 1 with input as _without(field)
	}
}

test_an_unknown_strategy if {
	_messages(_with(sample.document, "strategy", "hope")) == {"rollback.strategy is hope"}
}

test_placeholders_are_no_plan if {
	every words in ["n/a", "TBD", "revert the PR", "git revert", "none"] {
		document := _with(sample.document, "steps", [object.union(_step, {"action": words})])
		"the steps say 0 characters in all: a placeholder, not a plan" in _messages(document)
	}
}

test_too_short_is_no_plan if {
	document := _with(sample.document, "steps", [object.union(_step, {"action": "19 characters here."})])
	_messages(document) == {"the steps say 19 characters in all: a placeholder, not a plan"}
}

test_twenty_characters_are_enough if {
	document := _with(sample.document, "steps", [object.union(_step, {"action": "20 characters here, "})])
	count(missing_rollback_plan.deny) == 0 with input as document
}

test_a_step_needs_an_owner_and_instructions if {
	document := _with(sample.document, "steps", [object.remove(_step, ["owner", "ref"])])
	_messages(document) == {"rollback step 1 lacks a command or runbook reference, owner"}
}

test_a_command_is_an_instruction if {
	step := object.union(object.remove(_step, ["ref"]), {"command": "kubectl argo rollouts undo orders-api"})
	count(missing_rollback_plan.deny) == 0 with input as _with(sample.document, "steps", [step])
}

test_a_vague_trigger_is_none if {
	document := _with(sample.document, "triggers", [{"metric": "errors"}, "when it looks bad"])
	_messages(document) == {"the rollback plan has no objective trigger"}
}

test_longer_than_the_rto if {
	document := json.patch(_with(sample.document, "maxDuration", "PT5H"), [{
		"op": "replace", "path": "/change/window/rollback_ns", "value": 5 * sample.hour,
	}])
	found := missing_rollback_plan.deny with input as document
	some finding in found
	finding.msg == "the rollback may take PT5H, orders-api must be back within PT4H (RTO)"
	finding.path == ["spec", "rollback", "maxDuration"]
	finding.because == [".changegate/catalog-info.yaml:1:1"]
}

test_exactly_the_rto if {
	document := json.patch(sample.document, [{
		"op": "replace", "path": "/change/window/rollback_ns", "value": 4 * sample.hour,
	}])
	count(missing_rollback_plan.deny) == 0 with input as document
}

test_a_service_without_rto_sets_no_limit if {
	document := json.patch(sample.document, [
		{"op": "replace", "path": "/change/services/0/rto", "value": null},
		{"op": "replace", "path": "/change/services/0/rto_ns", "value": null},
	])
	count(missing_rollback_plan.deny) == 0 with input as document
	count(missing_rollback_plan.unknown) == 0 with input as document
}

test_unknown_when_the_service_is_not_in_the_catalogue if {
	document := json.patch(sample.document, [
		{"op": "replace", "path": "/change/services/0/known", "value": false},
		{"op": "replace", "path": "/change/services/0/rto_ns", "value": null},
	])
	count(missing_rollback_plan.deny) == 0 with input as document
	count(missing_rollback_plan.unknown) == 1 with input as document
}

test_high_risk_needs_another_person_to_decide if {
	document := _risk(_with(sample.document, "decisionOwner", "bob@acme.example"), "high")
	_messages(document) == {"bob@acme.example implements the high-risk change and decides on its rollback"}
	count(missing_rollback_plan.deny) == 1 with input as _risk(_without("decisionOwner"), "high")
}

test_medium_risk_leaves_the_decision_open if {
	count(missing_rollback_plan.deny) == 0 with input as _without("decisionOwner")
}

test_tested_less_than_ninety_days_ago if {
	count(missing_rollback_plan.deny) == 0 with input as _with(sample.document, "testedAt", "2026-03-11T09:00:01Z")
}

test_tested_ninety_days_ago_is_soft if {
	found := missing_rollback_plan.deny with input as _with(sample.document, "testedAt", "2026-03-11T09:00:00Z")
	{finding.enforcement | some finding in found} == {"soft"}
}

test_untested_is_soft_at_tier_one if {
	found := missing_rollback_plan.deny with input as _without("testedAt")
	{finding.enforcement | some finding in found} == {"soft"}
	count(missing_rollback_plan.deny) == 1 with input as _without("testEvidence")
}

test_untested_at_tier_two if {
	document := json.patch(_without("testedAt"), [{"op": "replace", "path": "/change/services/0/tier", "value": 2}])
	count(missing_rollback_plan.deny) == 0 with input as document
	count(missing_rollback_plan.deny) == 1 with input as _risk(document, "high")
}

test_a_test_in_the_future_is_none if {
	count(missing_rollback_plan.deny) == 1 with input as _with(sample.document, "testedAt", "2026-06-10T09:00:00Z")
}

test_valid_until_the_test_is_too_old if {
	expected := {1780218000000000000 + (90 * sample.day)}
	missing_rollback_plan.valid_until == expected with input as sample.document
}

test_roll_forward_only_needs_a_plan_and_the_board if {
	document := _with(sample.document, "strategy", "roll-forward-only")
	found := missing_rollback_plan.deny with input as document
	{finding.pending | some finding in found} == {true, false}
	whole := json.patch(_with(document, "forwardFixPlan", "Replay the events of the window"), [{
		"op": "add", "path": "/change/spec/cab", "value": {"decision": "approved"},
	}])
	count(missing_rollback_plan.deny) == 0 with input as whole
}

test_a_standard_change_takes_the_plan_from_its_template if {
	count(missing_rollback_plan.deny) == 1 with input as _typed(_missing, "standard")
	document := json.patch(_typed(_missing, "standard"), [{
		"op": "add", "path": "/change/spec/template", "value": {"ref": "templates/image-bump"},
	}])
	count(missing_rollback_plan.deny) == 0 with input as document
}

test_an_emergency_writes_the_short_form if {
	every field in ["triggers", "verification"] {
		count(missing_rollback_plan.deny) == 0 with input as _typed(_without(field), "emergency")
	}
	count(missing_rollback_plan.deny) == 1 with input as _typed(_missing, "emergency")
}

test_silent_without_a_request if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change", "value": null}])
	count(missing_rollback_plan.deny) == 0 with input as document
}

test_a_request_is_judged_without_a_base if {
	document := json.patch(sample.present, [{"op": "remove", "path": "/change/spec/rollback"}])
	count(missing_rollback_plan.deny) == 1 with input as document
}

test_odd_values_do_not_stop_it if {
	every value in [
		"later", 7, [1], {"steps": [7]}, {"steps": "x", "triggers": 7, "verification": null, "testedAt": 3},
	] {
		document := json.patch(sample.document, [{"op": "replace", "path": "/change/spec/rollback", "value": value}])
		count(missing_rollback_plan.deny) > 0 with input as document
	}
}

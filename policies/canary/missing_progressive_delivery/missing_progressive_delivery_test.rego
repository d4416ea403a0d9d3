package policies.canary.missing_progressive_delivery_test

import data.policies.canary.missing_progressive_delivery as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_messages(document) := {finding.msg | some finding in found} if {
	found := policy.deny with input as document
}

_count(thing) := count(_messages(sample.about(thing)))

_unknown(document) := found if {
	found := policy.unknown with input as document
}

_strategy(value) := json.patch(sample.rollout, [{"op": "replace", "path": "/attrs/spec/strategy", "value": value}])

_controlled(relation, other) := object.union(sample.deployment, {"related": [sample.relation(relation, other)]})

_worker := json.patch(sample.deployment, [{"op": "remove", "path": "/attrs/spec/template/spec/containers/0/ports"}])

_ecs(attrs) := json.patch(object.union(sample.terraform("aws_ecs_service", "orders", attrs), {"tier": 1}), [{
	"op": "replace", "path": "/changed", "value": [["task_definition"]],
}])

test_allowed if _count(sample.rollout) == 0

test_a_deployment_without_a_controller if {
	found := policy.deny with input as sample.about(sample.deployment)
	some finding in found
	finding.path == ["spec", "strategy"]
	contains(finding.msg, "orders-api (tier 1) is a Deployment that no Rollout and no Flagger Canary controls")
}

test_a_flagger_canary_controls if _count(_controlled("canary", sample.flagger)) == 0

test_a_flagger_canary_without_metrics if {
	blind := json.patch(sample.flagger, [{"op": "remove", "path": "/attrs/spec/analysis/metrics"}])
	_count(_controlled("canary", blind)) == 1
}

test_a_deleted_canary_controls_nothing if {
	_count(_controlled("canary", object.union(sample.flagger, {"action": "delete"}))) == 1
}

test_a_rollout_by_workload_ref_controls if _count(_controlled("rollout", sample.rollout)) == 0

test_a_weak_rollout_that_is_not_touched_is_reported_at_the_workload if {
	weak := _strategy({"canary": {}})
	_count(_controlled("rollout", object.union(weak, {"action": "no-op"}))) == 1
	_count(_controlled("rollout", weak)) == 0
}

test_a_canary_without_steps_is_a_rolling_update if {
	found := policy.deny with input as sample.about(_strategy({"canary": {"maxSurge": 1}}))
	{finding.path | some finding in found} == {["spec", "strategy", "canary", "steps"]}
}

test_pauses_alone_are_no_steps if _count(_strategy({"canary": {"steps": [{"pause": {}}]}})) == 1

test_a_canary_without_analysis if _count(_strategy({"canary": {"steps": [{"setWeight": 10}]}})) == 1

test_analysis_in_a_step if {
	steps := [{"setWeight": 10}, {"analysis": {"templates": [{"templateName": "x"}]}}]
	_count(_strategy({"canary": {"steps": steps}})) == 0
}

test_an_experiment_in_a_step if {
	_count(_strategy({"canary": {"steps": [{"setWeight": 10}, {"experiment": {"analyses": [{"name": "x"}]}}]}})) == 0
}

test_blue_green_needs_analysis_before_promotion if {
	whole := {"previewService": "p", "prePromotionAnalysis": {"templates": [{"templateName": "x"}]}}
	_count(_strategy({"blueGreen": whole})) == 0
	_count(_strategy({"blueGreen": {"previewService": "p"}})) == 1
}

test_no_strategy_at_all if _count(_strategy(null)) == 1

test_tier_three_is_not_judged if _count(object.union(sample.deployment, {"tier": 3})) == 0

test_tier_two_is_judged if _count(object.union(sample.deployment, {"tier": 2})) == 1

test_staging_is_not_judged if _count(object.union(sample.deployment, {"environment": "staging"})) == 0

test_scaling_alone_rolls_nothing_out if {
	_count(json.patch(sample.deployment, [{"op": "replace", "path": "/changed", "value": [["spec", "replicas"]]}])) == 0
}

test_untouched_and_deleted_workloads_are_not_judged if {
	every action in ["no-op", "delete"] {
		_count(object.union(sample.deployment, {"action": action})) == 0
	}
}

test_the_first_deployment_is_a_note if {
	found := policy.deny with input as sample.about(object.union(sample.deployment, {"action": "create"}))
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_another_kind_of_the_same_workload_is_not_the_first if {
	gone := sample.relation("predecessor", object.union(sample.rollout, {"action": "delete"}))
	created := object.union(sample.deployment, {"action": "create", "related": [gone]})
	found := policy.deny with input as sample.about(created)
	some finding in found
	not finding.enforcement
}

test_a_worker_needs_waves_in_the_request if {
	_count(_worker) == 0
	document := json.patch(sample.about(_worker), [{"op": "remove", "path": "/change/spec/progressiveDelivery"}])
	count(_messages(document)) == 1
}

test_a_worker_without_a_request_is_left_to_the_request if {
	document := json.patch(sample.about(_worker), [{"op": "replace", "path": "/change", "value": null}])
	count(_messages(document)) == 0
}

test_an_exemption_needs_the_approval_of_its_approver if {
	exempt := {"reason": "infrastructure-addon", "approvedBy": "grace@acme.example"}
	claimed := json.patch(sample.about(sample.deployment), [{
		"op": "add", "path": "/change/spec/progressiveDelivery/exempt", "value": exempt,
	}])
	count(_messages(claimed)) == 1
	granted := json.patch(claimed, [{
		"op": "add", "path": "/approvals/0", "value": sample.approval("grace", "change-manager"),
	}])
	count(_messages(granted)) == 0
}

test_present_is_judged if _count(object.union(sample.deployment, {"action": "present"})) == 1

test_unknown_when_present_and_not_classified if {
	lost := object.union(sample.deployment, {"action": "present", "environment": null, "tier": null})
	document := sample.about(lost)
	_unknown(document) == {resource.unclassified}
	count(_messages(document)) == 0
}

test_unknown_tier_in_production if {
	document := sample.about(object.union(sample.deployment, {"tier": null}))
	_unknown(document) == {resource.unclassified}
	count(_messages(document)) == 0
}

test_a_progressive_workload_needs_no_tier if {
	_unknown(sample.about(object.union(sample.rollout, {"tier": null}))) == set()
}

test_an_unknown_environment_is_prod_when_the_change_is_real if {
	_count(object.union(sample.deployment, {"environment": null})) == 1
}

test_ecs if {
	_count(_ecs({})) == 1
	shifting := {"deployment_configuration": [{"strategy": "CANARY"}], "alarms": [{"enable": true}]}
	_count(_ecs(shifting)) == 0
	_count(_ecs(object.union(shifting, {"alarms": [{"enable": false}]}))) == 1
	_count(_ecs({"deployment_controller": [{"type": "CODE_DEPLOY"}]})) == 0
}

test_ecs_unknown if {
	document := sample.about(object.union(_ecs({}), {"unknown": [["alarms"]]}))
	count(_messages(document)) == 0
	count(_unknown(document)) == 1
}

test_odd_values_do_not_stop_it if {
	every attrs in [{"spec": "x"}, {"spec": {"strategy": {"canary": {"steps": "x"}}}}, {"spec": {"template": 7}}, {}] {
		_count(object.union(object.remove(sample.rollout, ["attrs"]), {"attrs": attrs})) == 1
	}
}

package policies.availability.too_few_replicas_test

import data.policies.availability.too_few_replicas
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_replicas(workload, value) := json.patch(workload, [{"op": "replace", "path": "/attrs/spec/replicas", "value": value}])

_tier(thing, tier) := object.union(thing, {"tier": tier})

_hpa(minimum) := object.union(
	sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": {
		"scaleTargetRef": {"kind": "Rollout", "name": "orders-api"}, "minReplicas": minimum,
	}}),
	{"related": [sample.relation("scale-target", sample.rollout)]},
)

_scaled := object.union(sample.rollout, {"related": [sample.relation("scaler", _hpa(1))]})

_ecs(attrs) := object.union(sample.terraform("aws_ecs_service", "orders", attrs), {"tier": 1})

_unknown(thing) := found if {
	found := too_few_replicas.unknown with input as sample.about(thing)
}

_count(thing) := count(found) if {
	found := too_few_replicas.deny with input as sample.about(thing)
}

test_allowed if _count(sample.rollout) == 0

test_two_are_too_few_for_tier_one if {
	found := too_few_replicas.deny with input as sample.about(_replicas(sample.deployment, 2))
	some finding in found
	finding.path == ["spec", "replicas"]
	finding.msg == "orders-api keeps 2 replicas, tier 1 needs at least 3"
}

test_three_are_enough_for_tier_zero if _count(_tier(_replicas(sample.deployment, 3), 0)) == 0

test_two_are_enough_for_tier_two if {
	_count(_tier(_replicas(sample.deployment, 2), 2)) == 0
	_count(_tier(_replicas(sample.deployment, 1), 2)) == 1
}

test_tier_three_has_no_floor if _count(_tier(_replicas(sample.deployment, 1), 3)) == 0

test_absent_replicas_are_one if {
	bare := json.patch(sample.deployment, [{"op": "remove", "path": "/attrs/spec/replicas"}])
	found := too_few_replicas.deny with input as sample.about(bare)
	{finding.msg | some finding in found} == {"orders-api keeps 1 replicas (the default), tier 1 needs at least 3"}
}

test_the_scaler_is_the_floor if {
	found := too_few_replicas.deny with input as sample.about(_hpa(1))
	{finding.path | some finding in found} == {["spec", "minReplicas"]}
	_count(_scaled) == 0
	_count(_hpa(3)) == 0
}

test_absent_minimum_of_an_hpa_is_one if {
	_count(json.patch(_hpa(1), [{"op": "remove", "path": "/attrs/spec/minReplicas"}])) == 1
}

test_absent_minimum_of_a_scaled_object_is_zero if {
	scaler := sample.kubernetes("keda.sh/ScaledObject", "orders-api", {"spec": {"maxReplicaCount": 20}})
	found := too_few_replicas.deny with input as sample.about(scaler)
	{finding.msg | some finding in found} == {
		"orders-api keeps 0 minReplicaCount (the default), tier 1 needs at least 3",
	}
}

test_a_scaler_takes_tier_and_environment_of_its_target if {
	_count(object.union(_hpa(1), {"environment": null, "tier": null})) == 1
}

test_a_deleted_scaler_holds_nothing if {
	gone := object.union(sample.relation("scaler", _hpa(5)), {"action": "delete"})
	_count(object.union(_replicas(sample.rollout, 1), {"related": [gone]})) == 1
}

test_the_rollout_holds_the_replicas_of_its_workload if {
	held := object.union(_replicas(sample.deployment, 0), {"related": [sample.relation("rollout", sample.rollout)]})
	_count(held) == 0
}

test_flagger_scales_its_target_to_zero if {
	parked := object.union(_replicas(sample.deployment, 0), {"related": [sample.relation("canary", sample.flagger)]})
	_count(parked) == 0
	_count(_replicas(parked, 1)) == 1
}

test_a_singleton_is_exempt if {
	document := json.patch(sample.about(_replicas(sample.deployment, 1)), [{
		"op": "replace", "path": "/context/services/entries/0/singleton", "value": true,
	}])
	count(too_few_replicas.deny) == 0 with input as document
}

test_staging_is_not_judged if {
	staging := object.union(_replicas(sample.deployment, 1), {"environment": "staging", "tier": null})
	_count(staging) == 0
	_unknown(staging) == set()
}

test_a_deleted_workload_is_not_judged if {
	_count(object.union(_replicas(sample.deployment, 1), {"action": "delete"})) == 0
}

test_thresholds_replace_the_numbers if {
	document := json.patch(sample.about(_replicas(sample.deployment, 3)), [{
		"op": "add", "path": "/config/thresholds/HA-001", "value": {"replicas": {"1": 4}},
	}])
	count(too_few_replicas.deny) == 1 with input as document
}

test_present_is_judged if _count(object.union(_replicas(sample.deployment, 1), {"action": "present"})) == 1

test_unknown_environment_and_tier if {
	lost := object.union(_replicas(sample.deployment, 1), {"action": "present", "environment": null, "tier": null})
	_unknown(lost) == {resource.unclassified}
	_count(lost) == 0
}

test_unknown_tier_in_production if {
	_unknown(_tier(_replicas(sample.deployment, 1), null)) == {resource.unclassified}
}

test_enough_for_every_tier_needs_no_tier if _unknown(_tier(sample.deployment, null)) == set()

test_unknown_count if {
	found := _unknown(object.union(_ecs({"desired_count": 3}), {"unknown": [["desired_count"]]}))
	{finding.msg | some finding in found} == {"desired_count of orders is not known"}
	_count(object.union(_ecs({"desired_count": 1}), {"unknown": [["desired_count"]]})) == 0
}

test_text_for_a_number_is_unknown if {
	count(_unknown(_replicas(sample.deployment, "${replicas}"))) == 1
	_count(_replicas(sample.deployment, "${replicas}")) == 0
}

test_ecs if {
	_count(_ecs({"desired_count": 2})) == 1
	_count(_ecs({"desired_count": 3})) == 0
	_count(_ecs({"desired_count": 1, "scheduling_strategy": "DAEMON"})) == 0
}

test_ecs_count_of_an_autoscaler if {
	_count(object.union(_ecs({"desired_count": 1}), {"lifecycle": {"ignore_changes": ["desired_count"]}})) == 0
}

test_ecs_without_a_count_is_unknown if count(_unknown(_ecs({}))) == 1

test_service_plan if {
	plan := object.union(sample.terraform("azurerm_service_plan", "orders", {"worker_count": 1}), {"tier": 1})
	_count(plan) == 1
}

test_odd_values_do_not_stop_it if {
	every attrs in [{"spec": "x"}, {"spec": null}, {"spec": {"replicas": [3]}}, {}] {
		_count(object.union(object.remove(sample.deployment, ["attrs"]), {"attrs": attrs})) >= 0
	}
}

package policies.lib.workload_test

import data.policies.lib.sample_test as sample
import data.policies.lib.workload

_with(spec) := json.patch(sample.deployment, [{"op": "replace", "path": "/attrs/spec", "value": spec}])

_scaler(kind, spec) := sample.relation("scaler", sample.kubernetes(kind, "s", {"spec": spec}))

_scaled(scalers) := object.union(sample.deployment, {"related": scalers})

_hpa(spec) := _scaler("autoscaling/HorizontalPodAutoscaler", spec)

test_containers_of_every_role if {
	pods := {
		"containers": [{"name": "a"}],
		"initContainers": [{"name": "b"}, {"name": "c", "restartPolicy": "Always"}],
		"ephemeralContainers": [{"name": "d"}],
	}
	thing := _with({"template": {"spec": pods}})
	{[entry.container.name, entry.role] | some entry in workload.containers(thing)} == {
		["a", "container"], ["b", "init"], ["c", "sidecar"], ["d", "ephemeral"],
	}
	job := sample.kubernetes("batch/CronJob", "j", {"spec": {"jobTemplate": {"spec": {"template": {"spec": pods}}}}})
	some entry in workload.containers(job)
	entry.path == ["spec", "jobTemplate", "spec", "template", "spec", "initContainers", 1]
}

test_odd_pods_have_no_containers if {
	workload.containers(_with("x")) == []
	workload.containers(_with({"template": {"spec": {"containers": "x"}}})) == []
}

test_defaults_count_as_written if {
	workload.pod(object.union(sample.deployment, {"effective": {"spec": {"template": {"spec": {"a": 1}}}}})) == {"a": 1}
}

test_floor_is_the_scalers_minimum if {
	workload.floor(sample.deployment) == 10
	workload.floor(_with({})) == 1
	workload.floor(_scaled([_hpa({"minReplicas": 4})])) == 4
	workload.floor(_scaled([_hpa({})])) == 1
	workload.floor(_scaled([_scaler("keda.sh/ScaledObject", {})])) == 0
	workload.floor(_scaled([_hpa({"minReplicas": "x"})])) == null
	workload.floor(_with({"replicas": "${n}"})) == null
}

test_a_deleted_scaler_is_no_floor if {
	workload.floor(_scaled([object.union(_hpa({"minReplicas": 2}), {"action": "delete"})])) == 10
}

test_the_rollout_that_refers_to_it_holds_the_number if {
	parked := _with({"replicas": 0})
	rollout := sample.relation("rollout", sample.rollout)
	workload.floor(object.union(parked, {"related": [rollout]})) == 10
	nested := object.union(rollout, {"related": [{"relation": "scaler", "id": "x", "action": "no-op"}]})
	workload.floor(object.union(parked, {"related": [nested]})) == null
}

test_flagger_parks_at_zero if {
	parked := object.union(_with({"replicas": 0}), {"related": [sample.relation("canary", sample.flagger)]})
	workload.floor(parked) == null
}

test_selectors if {
	picked := {"app": "a", "tier": "web"}
	workload.selects({}, picked)
	workload.selects({"matchLabels": {"app": "a"}}, picked)
	not workload.selects({"matchLabels": {"app": "b"}}, picked)
	not workload.selects(null, picked)
	workload.selects({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, picked)
	not workload.selects({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, picked)
	workload.selects({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, picked)
	workload.selects({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, picked)
	workload.selects({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, picked)
	not workload.selects({"matchExpressions": [{"key": "app", "operator": "Like"}]}, picked)
}

test_percentages_round_up if {
	workload.scaled(2, 10) == 2
	workload.scaled("50%", 3) == 2
	workload.scaled("0%", 3) == 0
	not workload.scaled("half", 3)
}

test_quantities if {
	workload.quantity("500m") == 0.5
	workload.quantity("1.5") == 1.5
	workload.quantity(2) == 2
	workload.quantity("2Gi") == 2147483648
	not workload.quantity("much")
}

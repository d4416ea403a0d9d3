package policies.lib.kubernetes_test

import data.policies.lib.sample_test as sample
import data.policies.lib.kubernetes

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
	{[entry.container.name, entry.role] | some entry in kubernetes.containers(thing)} == {
		["a", "container"], ["b", "init"], ["c", "sidecar"], ["d", "ephemeral"],
	}
	job := sample.kubernetes("batch/CronJob", "j", {"spec": {"jobTemplate": {"spec": {"template": {"spec": pods}}}}})
	some entry in kubernetes.containers(job)
	entry.path == ["spec", "jobTemplate", "spec", "template", "spec", "initContainers", 1]
}

test_odd_pods_have_no_containers if {
	kubernetes.containers(_with("x")) == []
	kubernetes.containers(_with({"template": {"spec": {"containers": "x"}}})) == []
}

test_defaults_count_as_written if {
	kubernetes.pod(object.union(sample.deployment, {"effective": {"spec": {"template": {"spec": {"a": 1}}}}})) == {"a": 1}
}

test_floor_is_the_scalers_minimum if {
	kubernetes.floor(sample.deployment) == 10
	kubernetes.floor(_with({})) == 1
	kubernetes.floor(_scaled([_hpa({"minReplicas": 4})])) == 4
	kubernetes.floor(_scaled([_hpa({})])) == 1
	kubernetes.floor(_scaled([_scaler("keda.sh/ScaledObject", {})])) == 0
	kubernetes.floor(_scaled([_hpa({"minReplicas": "x"})])) == null
	kubernetes.floor(_with({"replicas": "${n}"})) == null
}

test_a_deleted_scaler_is_no_floor if {
	kubernetes.floor(_scaled([object.union(_hpa({"minReplicas": 2}), {"action": "delete"})])) == 10
}

test_the_rollout_that_refers_to_it_holds_the_number if {
	parked := _with({"replicas": 0})
	rollout := sample.relation("rollout", sample.rollout)
	kubernetes.floor(object.union(parked, {"related": [rollout]})) == 10
	nested := object.union(rollout, {"related": [{"relation": "scaler", "id": "x", "action": "no-op"}]})
	kubernetes.floor(object.union(parked, {"related": [nested]})) == null
}

test_flagger_parks_at_zero if {
	parked := object.union(_with({"replicas": 0}), {"related": [sample.relation("canary", sample.flagger)]})
	kubernetes.floor(parked) == null
}

test_selectors if {
	picked := {"app": "a", "tier": "web"}
	kubernetes.selects({}, picked)
	kubernetes.selects({"matchLabels": {"app": "a"}}, picked)
	not kubernetes.selects({"matchLabels": {"app": "b"}}, picked)
	not kubernetes.selects(null, picked)
	kubernetes.selects({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}, picked)
	not kubernetes.selects({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}, picked)
	kubernetes.selects({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, picked)
	kubernetes.selects({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, picked)
	kubernetes.selects({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, picked)
	not kubernetes.selects({"matchExpressions": [{"key": "app", "operator": "Like"}]}, picked)
}

test_percentages_round_up if {
	kubernetes.scaled(2, 10) == 2
	kubernetes.scaled("50%", 3) == 2
	kubernetes.scaled("0%", 3) == 0
	not kubernetes.scaled("half", 3)
}

test_quantities if {
	kubernetes.quantity("500m") == 0.5
	kubernetes.quantity("1.5") == 1.5
	kubernetes.quantity(2) == 2
	kubernetes.quantity("2Gi") == 2147483648
	not kubernetes.quantity("much")
}

package policies.deploy.capacity_losing_update_test

import data.policies.deploy.capacity_losing_update
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_deployment := json.patch(sample.deployment, [{"op": "add", "path": "/attrs/spec/minReadySeconds", "value": 5}])

_with(path, value) := json.patch(_deployment, [{"op": "add", "path": path, "value": value}])

_sized(replicas, update) := json.patch(_deployment, [
	{"op": "replace", "path": "/attrs/spec/replicas", "value": replicas},
	{"op": "replace", "path": "/attrs/spec/strategy", "value": {"type": "RollingUpdate", "rollingUpdate": update}},
])

_related(thing, name, other) := object.union(thing, {"related": [sample.relation(name, other)]})

_messages(thing) := {finding.msg | some finding in found} if {
	found := capacity_losing_update.deny with input as sample.about(thing)
}

_unknown(thing) := found if {
	found := capacity_losing_update.unknown with input as sample.about(thing)
}

test_allowed if {
	_messages(_deployment) == set()
	_unknown(_deployment) == set()
}

test_recreate if {
	recreated := _with("/attrs/spec/strategy", {"type": "Recreate"})
	_messages(recreated) == {"orders-api: Recreate stops every pod before the first new one starts"}
	_messages(object.union(recreated, {"tier": 3})) == set()
	_unknown(object.union(recreated, {"tier": null})) == {resource.unclassified}
}

test_recreate_of_a_volume_that_one_node_mounts if {
	mounted := json.patch(_with("/attrs/spec/strategy", {"type": "Recreate"}), [{
		"op": "add",
		"path": "/attrs/spec/template/spec/volumes",
		"value": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
	}])
	_messages(mounted) == set()
}

test_the_default_of_three_takes_none if {
	_messages(_sized(3, {})) == set()
	_messages(_sized(1, {})) == set()
}

test_the_default_of_four_takes_one if _messages(_sized(4, {})) == {
	"orders-api: of 4 replicas an update takes 1 away before the new one is ready",
}

test_few_replicas_need_a_surge if {
	_messages(_sized(4, {"maxUnavailable": 0, "maxSurge": 1})) == set()
	_messages(_sized(2, {"maxUnavailable": 1, "maxSurge": 1})) != set()
	_messages(_sized(5, {"maxUnavailable": 1})) == set()
}

test_zero_surge_and_zero_unavailable_take_one if _messages(_sized(3, {"maxUnavailable": "25%", "maxSurge": 0})) == {
	"orders-api: of 3 replicas an update takes 1 away before the new one is ready",
}

test_all_at_once if "orders-api: an update may take all of 6 replicas away at once" in _messages(
	_sized(6, {"maxUnavailable": "100%"}),
)

_budget(minimum) := sample.kubernetes("policy/PodDisruptionBudget", "orders-api", {"spec": {"minAvailable": minimum}})

test_the_disruption_budget if {
	_messages(_related(_deployment, "pdb", _budget("90%"))) == {
		"orders-api: an update leaves 8 of 10 replicas, the PodDisruptionBudget orders-api wants 9",
	}
	_messages(_related(_deployment, "pdb", _budget(8))) == set()
}

test_ready_at_once if {
	_messages(_with("/attrs/spec/minReadySeconds", 4)) == {concat("", [
		"orders-api: a new pod counts as available 4 s after it is ready: ",
		"one that dies at once replaces those that serve",
	])}
	_messages(sample.deployment) != set()
}

test_a_late_deadline if {
	_messages(_with("/attrs/spec/progressDeadlineSeconds", 601)) == {
		"orders-api: a rollout that hangs is noticed after 601 s, at most 600",
	}
	_messages(_with("/attrs/spec/progressDeadlineSeconds", 600)) == set()
}

test_whoever_leads_the_pods_is_judged_instead if {
	bare := _sized(4, {})
	_messages(_related(bare, "canary", sample.flagger)) == set()
	_messages(_related(bare, "rollout", sample.rollout)) == set()
}

test_the_scaler_decides_how_many_there_are if {
	hpa := sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": {"minReplicas": 4}})
	_messages(_related(_deployment, "scaler", hpa)) != set()
}

_daemon(update) := sample.kubernetes("apps/DaemonSet", "agent", {"spec": {"updateStrategy": {"rollingUpdate": update}}})

test_daemons if {
	_messages(_daemon({})) == set()
	_messages(_daemon({"maxUnavailable": 3})) == set()
	_messages(_daemon({"maxUnavailable": "25%"})) == set()
	_messages(_daemon({"maxUnavailable": "26%"})) == {
		"agent: an update takes 26% of the nodes' pods away at once, at most 25%",
	}
}

_nodes(kind, attrs) := object.union(sample.terraform(kind, "workers", attrs), {"tier": 1})

test_node_groups if {
	_messages(_nodes("aws_eks_node_group", {"update_config": [{"max_unavailable_percentage": 25}]})) == set()
	_messages(_nodes("aws_eks_node_group", {"update_config": [{"max_unavailable_percentage": 50}]})) == {
		"an upgrade of aws_eks_node_group.workers takes 50 % of the nodes away at once, at most 25 %",
	}
	_messages(_nodes("google_container_node_pool", {"upgrade_settings": [{"max_surge": 1, "max_unavailable": 1}]})) == set()
	_messages(_nodes("google_container_node_pool", {"upgrade_settings": [{"max_surge": 0, "max_unavailable": 1}]})) == {
		"an upgrade of google_container_node_pool.workers takes nodes away before new ones are there",
	}
	_messages(_nodes("aws_autoscaling_group", {})) == set()
	_messages(_nodes("aws_autoscaling_group", {"instance_refresh": [{"preferences": [{"min_healthy_percentage": 50}]}]})) != set()
}

test_not_known_before_apply if {
	group := json.patch(_nodes("aws_autoscaling_group", {"instance_refresh": [{"preferences": [{}]}]}), [{
		"op": "replace",
		"path": "/unknown",
		"value": [["instance_refresh", 0, "preferences", 0, "min_healthy_percentage"]],
	}])
	_messages(group) == set()
	count(_unknown(group)) == 1
}

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_sized(4, {}), {"environment": null, "action": "present"})
	_messages(lost) == set()
	_unknown(lost) == {resource.unclassified}
}

test_elsewhere_than_production if _messages(object.union(_sized(4, {}), {"environment": "staging"})) == set()

test_odd_types_stop_nothing if {
	_messages(_with("/attrs/spec/strategy", "RollingUpdate")) == set()
	_messages(_sized(4, {"maxUnavailable": "one"})) == set()
	_messages(_with("/attrs/spec/replicas", "many")) == set()
}

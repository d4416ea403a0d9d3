package policies.availability.unfit_autoscaler_test

import data.policies.availability.unfit_autoscaler as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_cpu(target) := {"type": "Resource", "resource": {
	"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target},
}}

_pods(resources) := {"spec": {"containers": [{"name": "api", "resources": resources}]}}

_target(resources) := json.patch(sample.deployment, [
	{"op": "remove", "path": "/attrs/spec/replicas"},
	{"op": "replace", "path": "/attrs/spec/template", "value": _pods(resources)},
	{"op": "remove", "path": "/before/spec/replicas"},
])

_requesting := _target({"requests": {"cpu": "1"}})

_scaler(kind, spec, target) := object.union(
	sample.kubernetes(kind, "orders-api", {"spec": spec}),
	{"related": [sample.relation("scale-target", target)]},
)

_good := {"minReplicas": 3, "maxReplicas": 12, "metrics": [_cpu(60)]}

_hpa(fields) := _scaler("autoscaling/HorizontalPodAutoscaler", object.union(_good, fields), _requesting)

_keda(fields) := _scaler("keda.sh/ScaledObject", object.union({
	"minReplicaCount": 3, "maxReplicaCount": 12, "triggers": [{"type": "kafka"}],
	"fallback": {"failureThreshold": 3, "replicas": 6},
}, fields), _requesting)

_found(thing) := found if {
	found := policy.deny with input as sample.about(thing)
}

_messages(thing) := {finding.msg | some finding in _found(thing); not finding.enforcement}

_told(thing) := {finding.msg | some finding in _found(thing); finding.enforcement == "advisory"}

_scaled(thing, kinds) := object.union(thing, {"related": [relation |
	some index, kind in kinds
	relation := sample.relation("scaler", sample.kubernetes(kind, sprintf("s%d", [index]), {"spec": _good}))
]})

_hpa_kind := "autoscaling/HorizontalPodAutoscaler"

test_allowed if {
	_found(_hpa({})) == set()
	_found(_keda({})) == set()
	_found(_scaled(_requesting, [_hpa_kind])) == set()
}

test_no_room if {
	_messages(_hpa({"maxReplicas": 3})) == {concat("", [
		"autoscaling/HorizontalPodAutoscaler/orders/orders-api cannot scale: its minimum is 3 and its maximum 3",
	])}
	count(_messages(_hpa({"maxReplicas": 5}))) == 1
	# The boundary.
	_messages(_hpa({"maxReplicas": 6})) == set()
	count(_messages(_keda({"maxReplicaCount": 4}))) == 1
}

test_the_headroom_is_a_threshold if {
	document := json.patch(sample.about(_hpa({"maxReplicas": 5})), [{
		"op": "add", "path": "/config/thresholds/HA-005", "value": {"headroom": 1.5},
	}])
	count(policy.deny) == 0 with input as document
}

test_a_target_outside_the_tree_is_unknown if {
	lost := object.union(_hpa({}), {"related": [], "dangling": [{
		"relation": "scale-target", "id": "apps/Deployment/orders/orders-api", "path": ["spec", "scaleTargetRef"],
	}]})
	_found(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	count(found) == 1
}

test_utilisation_without_requests_never_scales if {
	bare := _scaler(_hpa_kind, _good, _target({}))
	_messages(bare) == {concat("", [
		"orders-api measures cpu in parts of what is requested, and container api of orders-api requests none: ",
		"it never scales",
	])}
	_messages(_scaler(_hpa_kind, _good, _target({"limits": {"cpu": "1"}}))) == set()
}

test_a_limit_range_gives_requests if {
	range := sample.relation("limit-range", sample.kubernetes("LimitRange", "l", {"spec": {"limits": [{
		"type": "Container", "defaultRequest": {"cpu": "100m"},
	}]}}))
	bare := _scaler(_hpa_kind, _good, _target({}))
	_messages(object.union(bare, {"related": array.concat(bare.related, [range])})) == set()
}

test_container_resource_asks_one_container if {
	metric := {"type": "ContainerResource", "containerResource": {
		"name": "cpu", "container": "api", "target": {"type": "Utilization", "averageUtilization": 60},
	}}
	count(_messages(_scaler(_hpa_kind, object.union(_good, {"metrics": [metric]}), _target({})))) == 1
	other := json.patch(metric, [{"op": "replace", "path": "/containerResource/container", "value": "proxy"}])
	_messages(_scaler(_hpa_kind, object.union(_good, {"metrics": [other]}), _target({}))) == set()
}

test_the_first_version_of_the_api if {
	old := {"minReplicas": 3, "maxReplicas": 12, "targetCPUUtilizationPercentage": 60}
	count(_messages(_scaler(_hpa_kind, old, _target({})))) == 1
	_messages(_scaler(_hpa_kind, old, _requesting)) == set()
}

test_late_scaling if {
	count(_messages(_hpa({"metrics": [_cpu(90)]}))) == 1
	_messages(_hpa({"metrics": [_cpu(75)]})) == set()
	_messages(object.union(_hpa({"metrics": [_cpu(90)]}), {"tier": 2})) == set()
}

test_the_default_metric_is_late if {
	bare := _scaler(_hpa_kind, {"minReplicas": 3, "maxReplicas": 12}, _requesting)
	effective := {"spec": {"minReplicas": 3, "maxReplicas": 12, "metrics": [_cpu(80)]}}
	count(_messages(object.union(bare, {"effective": effective}))) == 1
}

test_hasty_scale_down if {
	hasty := {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}
	count(_messages(_hpa(hasty))) == 1
	_messages(_hpa({"behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}}})) == set()
	count(_messages(_keda({"advanced": {"horizontalPodAutoscalerConfig": hasty}}))) == 1
	all := {"behavior": {"scaleDown": {"policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}}}
	count(_told(_hpa(all))) == 1
}

test_keda_that_is_paused_or_has_no_fallback if {
	paused := json.patch(_keda({}), [{"op": "add", "path": "/attrs/metadata", "value": {"annotations": {
		"autoscaling.keda.sh/paused": "true",
	}}}])
	_messages(paused) == {"orders-api is paused: nothing scales"}
	count(_messages(_keda({"fallback": {"replicas": 0}}))) == 1
	_messages(_keda({"fallback": {"replicas": 0}, "triggers": [{"type": "cpu"}]})) == set()
}

test_two_scalers_on_one_target if {
	both := _scaled(_requesting, [_hpa_kind, "keda.sh/ScaledObject"])
	_messages(both) == {concat("", [
		"orders-api has 2 autoscalers (HorizontalPodAutoscaler s0 and ScaledObject s1), ",
		"which undo each other's work",
	])}
}

test_a_vertical_scaler_on_the_same_metric if {
	count(_messages(_both({}))) == 1
	_messages(_both({"updatePolicy": {"updateMode": "Off"}})) == set()
	memory := {"resourcePolicy": {"containerPolicies": [{"controlledResources": ["memory"]}]}}
	_messages(_both(memory)) == set()
}

_both(spec) := object.union(scaled, {"related": array.concat(scaled.related, [vertical])}) if {
	scaled := _scaled(_requesting, [_hpa_kind])
	vertical := sample.relation("vertical-scaler", sample.kubernetes(
		"autoscaling.k8s.io/VerticalPodAutoscaler", "v", {"spec": spec},
	))
}

test_replicas_under_a_scaler_are_told if {
	fixed := json.patch(_requesting, [{"op": "add", "path": "/attrs/spec/replicas", "value": 10}])
	_messages(_scaled(fixed, [_hpa_kind])) == set()
	count(_told(_scaled(fixed, [_hpa_kind]))) == 1
	_told(fixed) == set()
}

test_replicas_that_are_removed_reset_a_live_deployment if {
	live := object.union(_scaled(_requesting, [_hpa_kind]), {"before": {"spec": {"replicas": 10}}})
	_told(live) == {concat("", [
		"orders-api drops spec.replicas 10: the next apply resets it to one pod until the autoscaler acts",
	])}
	_told(object.union(live, {"action": "no-op"})) == set()
}

_group(attrs) := object.union(sample.terraform("aws_autoscaling_group", "web", attrs), {"tier": 1})

test_machines if {
	_messages(_group({"min_size": 3, "max_size": 4})) == set()
	count(_messages(_group({"min_size": 3, "max_size": 3}))) == 1
	count(_messages(_group({"suspended_processes": ["AZRebalance"]}))) == 1
	count(_messages(sample.terraform("aws_appautoscaling_target", "t", {"suspended_state": [{
		"dynamic_scaling_in_suspended": true,
	}]}))) == 1
	count(_messages(sample.terraform("google_compute_region_autoscaler", "g", {"autoscaling_policy": [{
		"mode": "OFF",
	}]}))) == 1
	count(_messages(sample.terraform("azurerm_monitor_autoscale_setting", "a", {"enabled": false}))) == 1
}

test_unknown_bounds_are_not_judged if {
	group := sample.terraform("aws_autoscaling_group", "web", {"min_size": 3, "max_size": 3})
	_messages(object.union(group, {"unknown": [["max_size"]]})) == set()
}

test_a_scaler_belongs_where_its_target_belongs if {
	count(_messages(object.union(_hpa({"maxReplicas": 3}), {"environment": null, "tier": null}))) == 1
}

test_unknown_environment if {
	lost := object.union(_hpa({"maxReplicas": 3}), {"environment": null, "tier": null, "related": []})
	_messages(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_staging_is_not_judged if _found(object.union(_hpa({"maxReplicas": 3}), {"environment": "staging"})) == set()

test_odd_values_do_not_stop_it if {
	every spec in ["x", null, {"metrics": "x"}, {"metrics": ["x"], "behavior": "x", "maxReplicas": "x"}] {
		count(_found(_scaler(_hpa_kind, spec, _requesting))) >= 0
		count(_found(_scaler("keda.sh/ScaledObject", spec, _requesting))) >= 0
	}
}

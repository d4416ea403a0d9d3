package policies.capacity.unbounded_tenant_test

import data.policies.capacity.unbounded_tenant as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_shared := {"metadata": {"annotations": {"changegate/tenancy": "shared"}}}

_namespace(attrs, related) := object.union(
	sample.kubernetes("Namespace", "shop", attrs),
	{"related": [sample.relation(relation, sample.kubernetes(kind, "x", {})) |
		some relation, kind in related
	]},
)

_both := {"quota": "ResourceQuota", "limit-range": "LimitRange"}

_all := {"requests": {"cpu": "500m", "memory": "512Mi"}}

_workload(pods, attrs) := object.union(
	json.patch(sample.deployment, [{"op": "replace", "path": "/attrs/spec/template/spec", "value": pods}]),
	{"related": [sample.relation("namespace", sample.kubernetes("Namespace", "shop", attrs))]},
)

_pod(resources) := {"priorityClassName": "high", "containers": [{"name": "api", "resources": resources}]}

_found(thing) := found if {
	found := policy.deny with input as sample.about(thing)
}

_messages(thing) := {finding.msg | some finding in _found(thing); not finding.enforcement}

test_allowed if {
	_found(_namespace(_shared, _both)) == set()
	_found(_namespace({}, {})) == set()
	_found(_workload(_pod(_all), _shared)) == set()
}

test_a_shared_namespace_without_limits if {
	_messages(_namespace(_shared, {})) == {
		"the shared namespace shop has no ResourceQuota", "the shared namespace shop has no LimitRange",
	}
	label := {"metadata": {"labels": {"changegate/tenancy": "shared"}}}
	count(_messages(_namespace(label, {"quota": "ResourceQuota"}))) == 1
}

test_no_requests if {
	count(_messages(_workload(_pod({}), _shared))) == 1
	count(_messages(_workload(_pod({"requests": {"cpu": "1"}}), _shared))) == 1
	_messages(_workload(_pod({"limits": {"cpu": "1", "memory": "1Gi"}}), _shared)) == set()
}

test_outside_shared_namespaces_it_is_told if {
	alone := _workload(_pod({}), {})
	_messages(alone) == set()
	{finding.enforcement | some finding in _found(alone)} == {"advisory"}
	_found(object.union(alone, {"tier": 3})) == set()
}

test_init_containers_and_cron_jobs_count if {
	init := object.union(_pod(_all), {"initContainers": [{"name": "migrate"}]})
	count(_messages(_workload(init, _shared))) == 1
	job := object.union(
		sample.kubernetes("batch/CronJob", "report", {"spec": {"jobTemplate": {"spec": {"template": {
			"spec": _pod({}),
		}}}}}),
		{"related": [sample.relation("namespace", sample.kubernetes("Namespace", "shop", _shared))]},
	)
	some finding in _found(job)
	array.slice(finding.path, 0, 2) == ["spec", "jobTemplate"]
}

test_a_limit_range_requests_for_them if {
	range := sample.relation("limit-range", sample.kubernetes("LimitRange", "l", {"spec": {"limits": [{
		"type": "Container", "defaultRequest": {"cpu": "100m", "memory": "64Mi"},
	}]}}))
	bare := _workload(_pod({}), _shared)
	_messages(object.union(bare, {"related": array.concat(bare.related, [range])})) == set()
}

test_a_priority_above_batches if {
	count(_messages(_workload(object.remove(_pod(_all), ["priorityClassName"]), _shared))) == 1
	two := object.union(_workload(object.remove(_pod(_all), ["priorityClassName"]), _shared), {"tier": 2})
	_messages(two) == set()
}

_scaler(hard, most) := object.union(
	sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": {"maxReplicas": most}}),
	{"related": [
		sample.relation("scale-target", _workload(_pod(_all), {})),
		sample.relation("quota", sample.kubernetes("ResourceQuota", "team", {"spec": {"hard": hard}})),
	]},
)

test_the_maximum_fits_the_quota if {
	_messages(_scaler({"requests.cpu": "10", "pods": "20"}, 20)) == set()
	count(_messages(_scaler({"requests.cpu": "10"}, 21))) == 1
	count(_messages(_scaler({"pods": "19"}, 20))) == 1
	count(_messages(_scaler({"memory": "4Gi"}, 20))) == 1
	# What is not limited, or not written, is not counted.
	_messages(_scaler({"limits.cpu": "1", "services": "5"}, 20)) == set()
}

_plan(attrs) := sample.terraform("aws_api_gateway_usage_plan", "free", attrs)

test_the_edge if {
	count(_messages(_plan({}))) == 2
	count(_messages(_plan({"throttle_settings": [{"rate_limit": 10}]}))) == 1
	_messages(_plan({"throttle_settings": [{"rate_limit": 10, "burst_limit": 20}]})) == set()
	found := policy.unknown with input as sample.about(object.union(_plan({}), {"unknown": [["throttle_settings"]]}))
	count(found) == 2
}

test_unknown_environment if {
	lost := object.union(_namespace(_shared, {}), {"environment": null})
	_messages(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_staging_is_not_judged if _found(object.union(_namespace(_shared, {}), {"environment": "staging"})) == set()

test_odd_values_do_not_stop_it if {
	every pods in ["x", {"containers": "x"}, {"containers": ["x"]}] {
		count(_found(_workload(pods, _shared))) >= 0
	}
	count(_found(_scaler({"cpu": "much"}, "x"))) >= 0
}

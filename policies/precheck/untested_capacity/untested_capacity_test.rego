package policies.precheck.untested_capacity_test

import data.policies.lib.sample_test as sample
import data.policies.precheck.untested_capacity

_test := {
	"ranAt": "2026-05-20T09:00:00Z", "profile": "production-like", "peakRps": 2400, "scaleOutObserved": true,
	"result": "pass", "reportUrl": "https://ci.acme.example/runs/990",
}

_pods(resources) := {"spec": {"containers": [{"name": "api", "image": "x", "resources": resources}]}}

_resized(before, after) := json.patch(sample.deployment, [
	{"op": "add", "path": "/before/spec/template", "value": _pods(before)},
	{"op": "add", "path": "/attrs/spec/template", "value": _pods(after)},
])

_hpa(before, after) := json.patch(
	sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": after}),
	[{"op": "replace", "path": "/before", "value": {"spec": before}}],
)

_database(before, after) := json.patch(
	sample.terraform("aws_db_instance", "orders", {"instance_class": after}),
	[{"op": "replace", "path": "/before", "value": {"instance_class": before}}],
)

_about(changed) := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": [changed]},
	{"op": "replace", "path": "/resources", "value": [changed]},
])

_tested(changed, patch) := json.patch(_about(changed), [
	{"op": "add", "path": "/change/spec/preChecks/loadTest", "value": object.union(_test, patch)},
])

_denied(document) := found if {
	found := untested_capacity.deny with input as document
}

_unknown(document) := found if {
	found := untested_capacity.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

_more_cpu := _resized({"requests": {"cpu": "250m"}}, {"requests": {"cpu": "500m"}})

test_cpu_of_a_workload_doubles if {
	some finding in _denied(_about(_more_cpu))
	startswith(finding.msg, "requests.cpu of container api in apps/Deployment/orders/orders-api goes from 250m to 500m")
	finding.path == ["spec", "template", "spec", "containers", 0, "resources", "requests", "cpu"]
	count(_denied(_tested(_more_cpu, {}))) == 0
}

test_a_quarter_is_no_change if {
	every row in [["200m", "250m"], ["200m", "150m"], ["1Gi", "1280Mi"]] {
		count(_denied(_about(_resized({"requests": {"x": row[0]}}, {"requests": {"x": row[1]}})))) == 0
	}
	every row in [["200m", "251m"], ["200m", "149m"], ["1Gi", "1281Mi"]] {
		count(_denied(_about(_resized({"limits": {"x": row[0]}}, {"limits": {"x": row[1]}})))) == 1
	}
}

test_a_limit_where_there_was_none if {
	count(_denied(_about(_resized({"requests": {"cpu": 1}}, {"requests": {"cpu": 1}, "limits": {"cpu": 1}})))) == 1
	count(_denied(_about(_resized({"limits": {"cpu": 1}}, {})))) == 0
	count(_denied(_about(_resized({}, {"requests": {"cpu": 1}})))) == 0
}

test_bounds_of_a_scaler if {
	count(_denied(_about(_hpa({"minReplicas": 4, "maxReplicas": 20}, {"minReplicas": 4, "maxReplicas": 30})))) == 1
	count(_denied(_about(_hpa({"minReplicas": 4, "maxReplicas": 20}, {"minReplicas": 3, "maxReplicas": 20})))) == 1
	count(_denied(_about(_hpa({"metrics": [1]}, {"metrics": [2]})))) == 1
}

test_more_replicas_at_least_need_no_test if {
	count(_denied(_about(_hpa({"minReplicas": 4, "maxReplicas": 20}, {"minReplicas": 6, "maxReplicas": 20})))) == 0
}

test_another_class if {
	_messages(_about(_database("db.r6g.large", "db.r6g.xlarge"))) == {concat("", [
		"instance_class of aws_db_instance.orders goes from db.r6g.large to db.r6g.xlarge, ",
		"and no load test is named (preChecks.loadTest)",
	])}
	count(_denied(_about(_database("db.r6g.large", "db.r6g.large")))) == 0
}

test_not_known if {
	hidden := json.patch(_database("db.r6g.large", null), [{"op": "replace", "path": "/unknown", "value": [["instance_class"]]}])
	count(_denied(_about(hidden))) == 0
	count(_unknown(_about(hidden))) == 1
	count(_unknown(_about(_more_cpu))) == 0
}

test_first_release_of_a_critical_service if {
	first := json.patch(sample.deployment, [
		{"op": "replace", "path": "/action", "value": "create"},
		{"op": "replace", "path": "/before", "value": null},
	])
	count(_denied(_about(first))) == 1
	beside := json.patch(_about(first), [{"op": "add", "path": "/resources/-", "value": sample.rollout}])
	count(_denied(beside)) == 0
	deployed := json.patch(_about(first), [{"op": "add", "path": "/context/deploys", "value": {"given": true, "entries": [{
		"service": "component:default/orders-api", "environment": "production", "result": "success",
	}]}}])
	count(_denied(deployed)) == 0
	minor := json.patch(first, [{"op": "replace", "path": "/tier", "value": 2}])
	count(_denied(_about(minor))) == 0
}

test_tests_that_do_not_count if {
	every patch in [
		{"result": "fail"}, {"result": null}, {"profile": "smoke"}, {"profile": null}, {"ranAt": null}, {"ranAt": "2026-02-01T00:00:00Z"},
		{"peakRps": null}, {"reportUrl": null}, {"reportUrl": "tbd"},
	] {
		count(_denied(_tested(_more_cpu, patch))) > 0
	}
}

test_what_is_announced_may_come if {
	found := _denied(_tested(_more_cpu, {"result": null, "ranAt": null, "peakRps": null, "reportUrl": null}))
	{finding.pending | some finding in found} == {true}
	{finding.pending | some finding in _denied(_tested(_more_cpu, {"result": "fail"}))} == {false}
}

test_what_scales_was_seen_to_scale if {
	scaler := _hpa({"maxReplicas": 20}, {"maxReplicas": 30})
	every seen in [false, null] {
		count(_denied(_tested(scaler, {"scaleOutObserved": seen}))) == 1
		count(_denied(_tested(_more_cpu, {"scaleOutObserved": seen}))) == 0
	}
	scaled := json.patch(_more_cpu, [{"op": "replace", "path": "/related", "value": [sample.relation("scaler", scaler)]}])
	count(_denied(_tested(scaled, {"scaleOutObserved": false}))) == 1
	count(_denied(_tested(scaled, {}))) == 0
}

test_the_peak_that_is_expected if {
	forecast := {"service": "component:default/orders-api", "peak": {"rps": 2000}}
	document := json.patch(_tested(_more_cpu, {}), [
		{"op": "add", "path": "/context/capacity_forecasts", "value": {"given": true, "entries": [forecast]}},
	])
	count(_denied(document)) == 0
	count(_denied(json.patch(document, [{"op": "replace", "path": "/change/spec/preChecks/loadTest/peakRps", "value": 2399}]))) == 1
}

test_ninety_days if {
	_messages(_tested(_more_cpu, {"ranAt": "2026-03-11T09:00:01Z"})) == set()
	_messages(_tested(_more_cpu, {"ranAt": "2026-03-11T09:00:00Z"})) == {"the load test ran at 2026-03-11T09:00:00Z, not in the last 90 days"}
	found := untested_capacity.valid_until with input as _tested(_more_cpu, {})
	count(found) == 1
}

test_not_asked if {
	every patch in [
		{"op": "replace", "path": "/change/spec/type", "value": "standard"},
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
		{"op": "replace", "path": "/change", "value": null},
		{"op": "replace", "path": "/changed/0/tier", "value": 3},
		{"op": "replace", "path": "/changed/0/action", "value": "delete"},
	] {
		count(_denied(json.patch(_about(_more_cpu), [patch]))) == 0
	}
	staging := json.patch(_about(_more_cpu), [
		{"op": "replace", "path": "/changed/0/environment", "value": "staging"},
	])
	count(_denied(staging)) == 0
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [1], {"a": 1}] {
		every key in object.keys(_test) {
			count(_denied(_tested(_more_cpu, {key: value}))) >= 0
		}
		count(_denied(_about(_resized({"requests": value}, {"requests": {"cpu": value}})))) >= 0
		count(_denied(_about(_hpa({"minReplicas": value}, {"minReplicas": 1})))) >= 0
	}
}

test_a_request_without_a_type_is_asked if {
	count(_denied(json.remove(_about(_more_cpu), ["/change/spec/type"]))) == 1
	exempt := json.patch(_about(_more_cpu), [{"op": "replace", "path": "/change/spec/type", "value": "standard"}])
	count(_denied(exempt)) == 0
}

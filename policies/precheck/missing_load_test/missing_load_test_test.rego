package policies.precheck.missing_load_test_test

import data.policies.lib.sample_test as sample
import data.policies.precheck.missing_load_test

_test := {
	"ranAt": "2026-05-20T09:00:00Z", "profile": "production-like", "peakRps": 1200, "scaleOutObserved": true,
	"result": "pass", "reportUrl": "https://load.acme.example/77",
}

_given(entries) := {"given": true, "age_ns": 0, "entries": entries, "sources": []}

_forecast := {"service": "orders-api", "peak": {"rps": 1000}}

_document(changed, load_test) := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": [changed]},
	{"op": "add", "path": "/change/spec/preChecks/loadTest", "value": load_test},
	{"op": "add", "path": "/context/capacity_forecasts", "value": _given([_forecast])},
	{"op": "add", "path": "/context/deploys", "value": _given([{
		"service": "orders-api", "environment": "prod", "result": "success",
	}])},
])

_scaler(from, to) := json.patch(
	sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": to}),
	[
		{"op": "replace", "path": "/before", "value": {"spec": from}},
		{"op": "replace", "path": "/changed", "value": [["spec"]]},
	],
)

_lowered := _scaler({"minReplicas": 5, "maxReplicas": 20}, {"minReplicas": 5, "maxReplicas": 10})

_resized(from, to) := json.patch(sample.deployment, [
	{"op": "replace", "path": "/before", "value": _sized(from)},
	{"op": "replace", "path": "/attrs", "value": _sized(to)},
])

_sized(cpu) := {"spec": {"template": {"spec": {"containers": [
	{"name": "api", "resources": {"requests": {"cpu": cpu}}},
]}}}}

_denied(document) := found if {
	found := missing_load_test.deny with input as document
}

_unknown(document) := found if {
	found := missing_load_test.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

_put(key, value) := _document(_lowered, object.union(object.remove(_test, [key]), {key: value}))

test_other_changes_need_none if {
	count(_denied(_document(sample.rollout, {}))) == 0
	count(_denied(sample.document)) == 0
}

test_allowed_with_a_test if {
	_messages(_document(_lowered, _test)) == set()
	count(_unknown(_document(_lowered, _test))) == 0
}

test_denied_without_one if {
	some message in _messages(_document(_lowered, {}))
	endswith(message, "spec.maxReplicas of autoscaling/HorizontalPodAutoscaler/orders/orders-api changes from 20 to 10")
}

test_more_minimum_replicas_need_none if {
	count(_denied(_document(_scaler({"minReplicas": 3, "maxReplicas": 9}, {"minReplicas": 5, "maxReplicas": 9}), {}))) == 0
	count(_denied(_document(_scaler({"maxReplicas": 9}, {"minReplicas": 2, "maxReplicas": 9}), {}))) == 0
	count(_denied(_document(_scaler({"minReplicas": 5, "maxReplicas": 9}, {"minReplicas": 3, "maxReplicas": 9}), {}))) == 1
}

test_metrics_of_scaling if {
	count(_denied(_document(_scaler({"metrics": [{"type": "Resource"}]}, {"metrics": [{"type": "External"}]}), {}))) == 1
}

test_more_than_a_quarter if {
	count(_denied(_document(_resized("1", "1250m"), {}))) == 0
	count(_denied(_document(_resized("1", "1251m"), {}))) == 1
	count(_denied(_document(_resized("1", "750m"), {}))) == 0
	count(_denied(_document(_resized("1", "749m"), {}))) == 1
	count(_denied(_document(_resized("1", null), {}))) == 0
}

test_the_class_of_an_instance if {
	moved := json.patch(sample.database, [
		{"op": "add", "path": "/attrs/instance_class", "value": "db.r6g.large"},
		{"op": "add", "path": "/before/instance_class", "value": "db.r6g.xlarge"},
		{"op": "replace", "path": "/changed", "value": [["instance_class"]]},
	])
	some message in _messages(_document(moved, {}))
	contains(message, "instance_class of aws_db_instance.orders goes from db.r6g.xlarge to db.r6g.large")
	count(_denied(_document(object.union(moved, {"environment": "staging"}), {}))) == 0
}

test_first_time_in_production if {
	created := object.union(sample.deployment, {"action": "create", "before": null, "service": "orders-next"})
	some message in _messages(_document(created, {}))
	contains(message, "orders-next goes to production for the first time")
	count(_denied(_document(object.union(created, {"service": "orders-api"}), {}))) == 0
	count(_denied(_document(object.union(created, {"tier": 2}), {}))) == 0
}

test_a_test_that_has_not_run_may_come if {
	{finding.pending | some finding in _denied(_document(_lowered, {"profile": "production-like"}))} == {true}
}

test_each_field if {
	every key in ["profile", "peakRps", "scaleOutObserved", "reportUrl", "result", "ranAt"] {
		count(_denied(_document(_lowered, object.remove(_test, [key])))) == 1
	}
}

test_one_replica_says_nothing_about_scaling if {
	some message in _messages(_put("scaleOutObserved", false))
	startswith(message, "scaling changes, and the load test observed no scale-out")
	document := _document(_resized("1", "2"), object.union(_test, {"scaleOutObserved": false}))
	count(_denied(document)) == 0
}

test_ninety_days if {
	count(_denied(_put("ranAt", "2026-03-11T09:00:00Z"))) == 0
	count(_denied(_put("ranAt", "2026-03-11T08:59:59Z"))) == 1
	count(_denied(_put("ranAt", "2026-06-12T09:00:00Z"))) == 1
}

test_a_fifth_above_the_peak if {
	count(_denied(_put("peakRps", 1199))) == 1
	count(_denied(_put("peakRps", 1200))) == 0
	less := json.patch(_put("peakRps", 1100), [
		{"op": "add", "path": "/config/thresholds/PRE-004", "value": {"headroom": 1.1}},
	])
	count(_denied(less)) == 0
}

test_never_given_is_unknown_and_named if {
	document := json.patch(_document(_lowered, _test), [{"op": "remove", "path": "/context/capacity_forecasts"}])
	count(_denied(document)) == 0
	some finding in _unknown(document)
	startswith(finding.msg, "no CapacityForecast was given")
	created := object.union(sample.deployment, {"action": "create", "before": null})
	lost := json.patch(_document(created, _test), [{"op": "remove", "path": "/context/deploys"}])
	some other in _unknown(lost)
	startswith(other.msg, "no DeployHistory was given")
}

test_valid_until if {
	found := missing_load_test.valid_until with input as _document(_lowered, _test)
	found == {1779267600000000000 + (90 * sample.day)}
}

test_silent_without_a_request if {
	document := json.patch(_document(_lowered, {}), [{"op": "replace", "path": "/change", "value": null}])
	count(_denied(document)) == 0
	count(_unknown(document)) == 0
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in object.keys(_test) {
			count(_denied(_put(key, value))) >= 0
		}
		count(_denied(_document(_lowered, value))) >= 1
		count(_denied(_document(_scaler(value, {"maxReplicas": 3}), {}))) >= 0
		count(_denied(_document(_resized(value, value), {}))) == 0
	}
}

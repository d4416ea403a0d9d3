package policies.precheck.unwatched_change_test

import data.policies.lib.sample_test as sample
import data.policies.precheck.unwatched_change

_rule(name, labels) := {
	"alert": name, "expr": "slo:errors:ratio_rate1h > 14.4 * 0.001", "labels": object.union({"severity": "page"}, labels),
}

_rules(rules) := json.patch(
	sample.kubernetes("monitoring.coreos.com/PrometheusRule", "orders-api-slo", {"spec": {"groups": [{"rules": rules}]}}),
	[{"op": "replace", "path": "/action", "value": "no-op"}],
)

_burn := _rule("OrdersApiFastBurn", {"service": "orders-api"})

_monitoring := {
	"alerts": ["OrdersApiFastBurn"], "dashboards": ["https://grafana.acme.example/d/orders-api"],
	"baselineCapturedAt": "2026-06-11T18:05:00Z", "onCall": "pagerduty:PABC123",
}

_document := json.patch(sample.document, [
	{"op": "replace", "path": "/change/spec/preChecks/monitoring", "value": _monitoring},
	{"op": "add", "path": "/resources/-", "value": _rules([_burn])},
])

_patched(patches) := json.patch(_document, patches)

_put(path, value) := _patched([{"op": "add", "path": path, "value": value}])

_cut(path) := _patched([{"op": "remove", "path": path}])

_applied(document) := json.patch(document, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "replace", "path": "/now_ns", "value": sample.start + (5 * sample.minute)},
])

_denied(document) := found if {
	found := unwatched_change.deny with input as document
}

_unknown(document) := found if {
	found := unwatched_change.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

test_allowed if {
	every document in [_document, _applied(_document)] {
		_messages(document) == set()
		count(_unknown(document)) == 0
	}
}

test_nobody_watches if {
	_messages(_cut("/change/spec/preChecks/monitoring")) == {
		"the request does not say who watches the change (preChecks.monitoring)",
	}
	_messages(_put("/change/spec/preChecks/monitoring", "soon")) != set()
}

test_no_alert if {
	every alerts in [[], null, [7]] {
		found := _messages(_put("/change/spec/preChecks/monitoring/alerts", alerts))
		"no alert is named that watches the change (preChecks.monitoring.alerts)" in found
	}
}

test_an_alert_that_is_not_there_may_come_until_apply if {
	document := _put("/change/spec/preChecks/monitoring/alerts", ["OrdersApiFastBurn", "OrdersApiLatency"])
	some finding in _denied(document)
	finding.msg == "the alert OrdersApiLatency (preChecks.monitoring) does not exist"
	finding.path == ["spec", "preChecks", "monitoring", "alerts", 1]
	finding.pending == true
	{applied.pending | some applied in _denied(_applied(document))} == {false}
}

test_the_alert_of_a_rollback_trigger_must_exist if {
	document := _put("/change/spec/rollback/triggers/1/alert", "OrdersApiSlow")
	_messages(document) == {"the alert OrdersApiSlow (a rollback trigger) does not exist"}
}

test_a_new_service_brings_its_alerts if {
	_messages(_patched([{"op": "replace", "path": "/resources/1/action", "value": "create"}])) == set()
	deleted := _patched([{"op": "replace", "path": "/resources/1/action", "value": "delete"}])
	count(_unknown(deleted)) > 0
}

test_alerts_of_another_repository if {
	elsewhere := _cut("/resources/1")
	_messages(elsewhere) == set()
	some finding in _unknown(elsewhere)
	contains(finding.msg, "no AlertInventory was given")
	_messages(_inventory({"alert": "OrdersApiFastBurn", "service": "orders-api"})) == set()
	count(_unknown(_inventory({"alert": "OrdersApiFastBurn", "service": "orders-api"}))) == 0
	count(_messages(_inventory({"alert": "Other", "service": "orders-api"}))) == 2
}

_inventory(entry) := json.patch(_cut("/resources/1"), [{"op": "add", "path": "/context/alert_inventories", "value": {
	"given": true, "age_ns": 0, "entries": [entry], "sources": [],
}}])

test_an_alert_that_is_off_counts_as_absent if {
	every entry in [
		{"alert": "OrdersApiFastBurn", "enabled": false}, {"alert": "OrdersApiFastBurn", "receiver": null},
	] {
		count(_messages(_inventory(entry))) == 2
	}
	alarm := sample.terraform("aws_cloudwatch_metric_alarm", "burn", {
		"alarm_name": "OrdersApiFastBurn", "actions_enabled": false, "alarm_actions": ["arn:aws:sns:x"],
	})
	document := _patched([{
		"op": "replace", "path": "/resources/1", "value": object.union(alarm, {"service": "orders-api"}),
	}])
	"the alert OrdersApiFastBurn (preChecks.monitoring) is switched off" in _messages(document)
}

test_an_alert_that_is_silenced_counts_as_absent if {
	document := _put("/change/spec/communications/silences", [{"matchers": [`service="orders-api"`, `env="prod"`]}])
	"the alert OrdersApiFastBurn (preChecks.monitoring) is silenced for the window (communications.silences)" in _messages(document)
	spared := _put("/change/spec/communications/silences", [{
		"matchers": [`service="orders-api"`, `env="prod"`, `severity!="page"`],
	}])
	_messages(spared) == set()
}

test_the_signals_are_errors_and_latency_or_the_budget if {
	errors := {"alert": "OrdersApiErrors", "expr": "rate(http_requests_total{code=~\"5..\"}[5m]) > 1"}
	latency := {"alert": "OrdersApiLatency", "expr": "histogram_quantile(0.99, x) > 1"}
	one := _alerts([errors], ["OrdersApiErrors"])
	_messages(one) == {"the alerts that are named do not measure latency of orders-api"}
	_messages(_alerts([errors, latency], ["OrdersApiErrors", "OrdersApiLatency"])) == set()
	other := _alerts([object.union(_burn, {"labels": {"service": "payments-api"}}), errors], ["OrdersApiFastBurn"])
	count(_messages(other)) == 1
}

_alerts(rules, names) := _patched([
	{"op": "replace", "path": "/resources/1", "value": _rules(rules)},
	{"op": "replace", "path": "/change/spec/preChecks/monitoring/alerts", "value": names},
	{"op": "replace", "path": "/change/spec/rollback/triggers", "value": []},
])

test_a_dashboard_in_the_request_or_the_catalogue if {
	none := _patched([{"op": "replace", "path": "/change/spec/preChecks/monitoring/dashboards", "value": ["tbd"]}])
	some message in _messages(none)
	startswith(message, "no dashboard of orders-api")
	linked := json.patch(none, [{
		"op": "add", "path": "/context/services/entries/0/dashboards", "value": ["https://grafana.acme.example/d/x"],
	}])
	_messages(linked) == set()
}

test_somebody_is_on_call if {
	nobody := _cut("/change/spec/preChecks/monitoring/onCall")
	some message in _messages(nobody)
	startswith(message, "nobody is named who is on call for orders-api")
	_messages(json.patch(nobody, [{
		"op": "add", "path": "/context/services/entries/0/on_call", "value": "PABC123",
	}])) == set()
	_messages(json.patch(nobody, [{
		"op": "add", "path": "/change/spec/schedule/bookings", "value": [{"kind": "on-call", "ref": "pagerduty:P1"}],
	}])) == set()
}

test_the_baseline_counts_at_apply if {
	missing := _cut("/change/spec/preChecks/monitoring/baselineCapturedAt")
	_messages(missing) == set()
	count(_messages(_applied(missing))) == 1
}

test_the_baseline_is_a_day_old_at_most if {
	_messages(_applied(_captured("2026-06-10T19:00:00Z"))) == set()
	count(_messages(_applied(_captured("2026-06-10T18:59:59Z")))) == 1
	count(_messages(_applied(_captured("2026-06-11T19:05:01Z")))) == 1
	_messages(_applied(json.patch(_captured("2026-06-09T19:00:00Z"), [{
		"op": "add", "path": "/config/thresholds/PRE-002", "value": {"baseline_hours": 48},
	}]))) == set()
}

_captured(at) := _put("/change/spec/preChecks/monitoring/baselineCapturedAt", at)

test_tier_three_is_not_judged if {
	relaxed := json.patch(_cut("/change/spec/preChecks/monitoring"), [
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 3},
	])
	_messages(relaxed) == set()
	lost := json.patch(relaxed, [{"op": "replace", "path": "/context/services/entries/0/tier", "value": null}])
	count(_messages(lost)) == 1
}

test_templates_and_emergencies if {
	every kind in ["standard", "emergency"] {
		document := json.patch(_cut("/change/spec/preChecks/monitoring"), [{
			"op": "replace", "path": "/change/spec/type", "value": kind,
		}])
		_messages(document) == set()
		count(_unknown(document)) == 0
	}
}

test_silent_without_a_request if _messages(_put("/change", null)) == set()

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [1], {"a": 1}] {
		every key in ["alerts", "dashboards", "baselineCapturedAt", "onCall"] {
			count(_messages(_applied(_put(concat("/", ["/change/spec/preChecks/monitoring", key]), value)))) >= 0
		}
		count(_messages(_put("/change/spec/communications/silences", value))) >= 0
		count(_messages(_put("/resources/1/attrs/spec", value))) >= 0
		count(_messages(_put("/resources/1/attrs/spec/groups/0/rules/0/labels", value))) >= 0
	}
}

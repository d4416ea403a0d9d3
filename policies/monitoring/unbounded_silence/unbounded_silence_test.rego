package policies.monitoring.unbounded_silence_test

import data.policies.lib.sample_test as sample
import data.policies.monitoring.unbounded_silence

_silence := {
	"matchers": [`service="orders-api"`, `env="prod"`, `severity!="page"`],
	"startsAt": "2026-06-11T19:00:00Z", "endsAt": "2026-06-11T22:00:00Z",
}

_rules := json.patch(
	sample.kubernetes("monitoring.coreos.com/PrometheusRule", "slo", {"spec": {"groups": [{"rules": [{
		"alert": "OrdersApiFastBurn", "expr": "burn", "labels": {"service": "orders-api", "severity": "page"},
	}, {
		"alert": "OrdersApiMediumBurn", "expr": "burn", "labels": {"service": "orders-api", "severity": "page"},
	}]}]}}),
	[{"op": "replace", "path": "/action", "value": "no-op"}],
)

_with(silences) := json.patch(sample.document, [
	{"op": "add", "path": "/change/spec/communications/silences", "value": silences},
	{"op": "add", "path": "/resources/-", "value": _rules},
])

_patched(patch) := _with([object.union(_silence, patch)])

_tree(thing) := json.patch(sample.document, [{"op": "replace", "path": "/resources", "value": [thing]}])

_denied(document) := found if {
	found := unbounded_silence.deny with input as document
}

_unknown(document) := found if {
	found := unbounded_silence.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

_noticed(document) := json.patch(document, [
	{"op": "replace", "path": "/change/spec/customerImpact", "value": "degraded"},
])

test_allowed if {
	_messages(_with([])) == set()
	_messages(_patched({})) == set()
	_messages(_noticed(_patched({}))) == set()
}

test_what_customers_notice_declares_a_silence if {
	_messages(_noticed(_with([]))) == {concat("", [
		"customers will notice the change, and no silence is declared ",
		"(communications.silences)",
	])}
	downtime := json.patch(_with([]), [{"op": "add", "path": "/change/spec/expectedDowntime", "value": "PT5M"}])
	count(_messages(downtime)) == 1
	none := json.patch(downtime, [{"op": "replace", "path": "/change/spec/expectedDowntime", "value": "PT0S"}])
	_messages(none) == set()
}

test_everything_is_too_much if {
	every matchers in [[], null, [`alertname=~".+"`], [`alertname=~".*"`], [`service!="x"`]] {
		"silence 1 matches every alert" in _messages(_patched({"matchers": matchers}))
	}
}

test_service_and_environment if {
	"silence 1 names no environment" in _messages(_patched({"matchers": [`service="orders-api"`, `severity!="page"`]}))
	"silence 1 names no service" in _messages(_patched({"matchers": [`env="prod"`, `severity="ticket"`]}))
}

test_the_end if {
	_messages(_patched({"endsAt": "2026-06-11T22:00:00Z"})) == set()
	some message in _messages(_patched({"endsAt": "2026-06-11T22:00:01Z"}))
	startswith(message, "silence 1 ends at 2026-06-11T22:00:01Z, more than 30 minutes after the window")
	"silence 1 has no end (endsAt)" in _messages(_patched({"endsAt": null}))
}

test_the_alert_that_triggers_the_rollback if {
	found := _messages(_patched({"matchers": [`service="orders-api"`, `env="prod"`]}))
	"silence 1 silences OrdersApiFastBurn, which triggers the rollback" in found
	"silence 1 silences OrdersApiMediumBurn, a page about the error budget, and no downtime is announced" in found
}

test_the_metric_of_the_canary if {
	quiet := _patched({"matchers": [`service="orders-api"`, `env="prod"`, `alertname="CanaryErrors"`]})
	document := json.patch(quiet, [
		{"op": "replace", "path": "/change/spec/progressiveDelivery/metrics", "value": [{"name": "CanaryErrors"}]},
	])
	_messages(document) == {"silence 1 silences CanaryErrors, which decides on the canary"}
}

test_announced_downtime_may_silence_pages if {
	quiet := _patched({"matchers": [`service="orders-api"`, `env="prod"`, `alertname="OrdersApiMediumBurn"`]})
	document := json.patch(_noticed(quiet), [
		{"op": "add", "path": "/change/spec/communications/notices", "value": [{"audience": "external"}]},
	])
	_messages(document) == set()
	count(_messages(_noticed(quiet))) == 1
}

_config(route, intervals) := object.union(
	sample.kubernetes("monitoring.coreos.com/AlertmanagerConfig", "routes", {"spec": {
		"route": route, "muteTimeIntervals": [{"name": "quiet", "timeIntervals": intervals}],
	}}),
	{"action": "present"},
)

_muted := {"matchers": [{"name": "service", "value": "orders-api"}], "muteTimeIntervals": ["quiet"]}

test_a_tenth_of_the_week if {
	tenth := [{"times": [{"startTime": "00:00", "endTime": "02:24"}]}]
	_messages(_tree(_config(_muted, tenth))) == set()
	more := _tree(_config(_muted, [{"times": [{"startTime": "00:00", "endTime": "02:36"}]}]))
	some message in _messages(more)
	endswith(message, "mutes a route for 11 % of the week, at most 10 % are allowed")
	allowed := json.patch(more, [{"op": "add", "path": "/config/thresholds/MON-004", "value": {"most_of_week": 0.2}}])
	_messages(allowed) == set()
}

test_a_mute_that_nobody_uses if _messages(_tree(_config({"receiver": "a"}, [{}]))) == set()

test_every_critical_alert if {
	night := [{"times": [{"startTime": "00:00", "endTime": "01:00"}]}]
	route := {"matchers": [{"name": "severity", "value": "critical"}], "muteTimeIntervals": ["quiet"]}
	some message in _messages(_tree(_config(route, night)))
	endswith(message, "mutes every critical alert, whatever its service")
}

_cloud(kind, attrs) := object.union(sample.terraform(kind, "x", attrs), {"action": "create"})

test_downtimes if {
	good := {"scope": "env:prod AND service:orders-api", "one_time_schedule": [{"end": "2026-06-11T21:30:00Z"}]}
	_messages(_tree(_cloud("datadog_downtime_schedule", good))) == set()
	every patch in [
		{"scope": "*"}, {"one_time_schedule": [{"end": null}]}, {"one_time_schedule": [{"end": "2026-06-12T00:00:00Z"}]},
		{"recurring_schedule": [{"recurrence": [{"rrule": "FREQ=DAILY", "duration": "3h"}]}]},
	] {
		count(_messages(_tree(_cloud("datadog_downtime_schedule", object.union(good, patch))))) == 1
	}
}

test_an_end_that_is_not_known if {
	thing := object.union(_cloud("pagerduty_maintenance_window", {"services": ["P1"]}), {"unknown": [["end_time"]]})
	_messages(_tree(thing)) == set()
	count(_unknown(_tree(thing))) == 1
}

_maintenance(services, end) := _messages(_tree(_cloud("pagerduty_maintenance_window", {
	"services": services, "end_time": end,
})))

test_maintenance_windows_end_with_the_change if {
	_maintenance(["P1"], "2026-06-11T22:00:00Z") == set()
	count(_maintenance(["P1"], "2026-06-11T22:00:01Z")) == 1
	count(_maintenance([], "2026-06-11T22:00:00Z")) == 1
}

_suppressed(seconds) := _messages(_tree(_cloud("aws_cloudwatch_composite_alarm", {
	"actions_suppressor": [{"extension_period": seconds}],
})))

test_suppressors if {
	_suppressed(1800) == set()
	count(_suppressed(1801)) == 1
}

test_what_the_change_does_not_touch_is_not_judged if {
	_messages(_tree(object.union(_config(_muted, [{}]), {"action": "no-op"}))) == set()
	_messages(_tree(object.union(_config(_muted, [{}]), {"environment": "staging"}))) == set()
}

test_the_tree_is_judged_without_a_request if {
	document := json.patch(_tree(_config(_muted, [{}])), [{"op": "replace", "path": "/change", "value": null}])
	count(_messages(document)) == 1
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [7], {"a": 1}] {
		count(_messages(_with(value))) >= 0
		every key in object.keys(_silence) {
			count(_messages(_with([object.union(object.remove(_silence, [key]), {key: value})]))) >= 0
		}
		every kind in ["datadog_downtime_schedule", "pagerduty_maintenance_window", "aws_cloudwatch_composite_alarm"] {
			every key in ["scope", "one_time_schedule", "recurring_schedule", "end_time", "services", "actions_suppressor"] {
				count(_messages(_tree(_cloud(kind, {key: value})))) >= 0
			}
		}
		count(_messages(_tree(_config(value, value)))) >= 0
	}
}

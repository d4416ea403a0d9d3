package policies.lib.alert_test

import data.policies.lib.alert
import data.policies.lib.sample_test as sample

_of(kind, attrs) := object.union(sample.terraform(kind, "x", attrs), {"service": "orders-api"})

_one(thing) := found[0] if {
	found := alert.in_tree([thing])
	count(found) == 1
}

test_prometheus if {
	rule := {"alert": "HighErrors", "expr": "errors > 1", "labels": {"severity": "page", "service": "component:default/db"}}
	thing := sample.kubernetes("monitoring.coreos.com/PrometheusRule", "r", {"spec": {"groups": [{"rules": [
		rule, {"record": "x", "expr": "y"},
	]}]}})
	one := _one(thing)
	one.service == "db"
	one.labels.alertname == "HighErrors"
	alert.signals(one) == {"errors"}
	count(alert.in_tree([object.union(thing, {"action": "delete"})])) == 0
}

test_generated if {
	sloth := sample.kubernetes("sloth.slok.dev/PrometheusServiceLevel", "s", {"spec": {"slos": [
		{"alerting": {"name": "OrdersBudget"}}, {},
	]}})
	alert.signals(_one(sloth)) == {"burn"}
	_one(sample.kubernetes("pyrra.dev/ServiceLevelObjective", "s", {"spec": {}})).name == "ErrorBudgetBurn"
}

test_clouds if {
	_one(_of("aws_cloudwatch_metric_alarm", {"alarm_name": "A", "alarm_actions": ["arn"]})).fault == null
	_one(_of("aws_cloudwatch_metric_alarm", {"alarm_name": "A"})).fault == "tells nobody"
	_one(_of("google_monitoring_alert_policy", {"display_name": "A", "enabled": false})).fault == "is switched off"
	_one(_of("datadog_monitor", {"name": "A", "query": "avg(last_5m):p95:trace.latency > 1"})).fault == null
	_one(_of("grafana_rule_group", {"rule": [{"name": "A", "is_paused": true}]})).fault == "is switched off"
}

test_actions_that_are_not_known_tell_somebody if {
	thing := object.union(_of("aws_cloudwatch_metric_alarm", {"alarm_name": "A"}), {"unknown": [["alarm_actions"]]})
	_one(thing).fault == null
}

test_inventory if {
	document := json.patch(sample.document, [{"op": "add", "path": "/context/alert_inventories", "value": {
		"given": true, "entries": [{"alert": "A", "service": "api", "expr": "burn"}, {"name": "B", "enabled": false}, 7],
	}}])
	[[one.name, one.service, one.fault] | some one in alert.all(document)] == [
		["A", "api", null], ["B", null, "is switched off"],
	]
}

test_odd_values if {
	every value in ["x", 7, null, [7], {"groups": 7}, {"groups": [{"rules": [7, {"alert": 7}]}]}] {
		thing := sample.kubernetes("monitoring.coreos.com/PrometheusRule", "r", {"spec": value})
		alert.in_tree([thing]) == []
	}
}

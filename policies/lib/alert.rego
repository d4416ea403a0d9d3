# METADATA
# title: Alerts that exist
# description: >-
#   Collects alerts from the tree (Prometheus operator, VictoriaMetrics, Sloth, Pyrra, CloudWatch, Datadog, Google, Azure,
#   Grafana) and from an AlertInventory. An alert is `{name, service, labels, text, fault}`: `service` is null where
#   nobody says, `text` is what its signal can be told from, `fault` says why nobody would hear it, or is null.
# related_resources:
#   - https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule
#   - https://sloth.dev/specs/kubernetes-crd/
package policies.lib.alert

import data.policies.lib.context
import data.policies.lib.resource
import data.policies.lib.shape

_rules := {"monitoring.coreos.com/PrometheusRule", "operator.victoriametrics.com/VMRule"}

# What an alert is called, what switches it on, whom it tells, by the type of the resource.
_terraform := {
	"aws_cloudwatch_metric_alarm": {"name": "alarm_name", "on": "actions_enabled", "tells": "alarm_actions"},
	"aws_cloudwatch_composite_alarm": {"name": "alarm_name", "on": "actions_enabled", "tells": "alarm_actions"},
	"datadog_monitor": {"name": "name"},
	"google_monitoring_alert_policy": {"name": "display_name", "on": "enabled", "tells": "notification_channels"},
	"azurerm_monitor_metric_alert": {"name": "name", "on": "enabled", "tells": "action"},
}

# Every alert of the tree and of the inventory.
all(document) := array.concat(in_tree(document.resources), in_inventory(document))

in_tree(resources) := array.concat(array.concat(_ruled(resources), _generated(resources)), _configured(resources))

in_inventory(document) := [alert |
	some _, entry in context.entries(document, "alert_inventories")
	name := object.get(entry, "alert", object.get(entry, "name", null))
	is_string(name)
	alert := {
		"name": name,
		"service": _service(object.get(entry, "service", null)),
		"labels": _labels(object.get(entry, "labels", {}), name, object.get(entry, "service", null)),
		"text": lower(json.marshal(entry)),
		"fault": _inventory_fault(entry),
	}
]

# It measures errors, latency or the burning of an error budget: which of them.
signals(alert) := {signal |
	some signal, pattern in _signals
	regex.match(pattern, lower(alert.text))
}

_signals := {
	"burn": "burn|error ?budget|error_budget",
	"errors": "error|fail|5xx|5[.][.]|avail|success|unhealthy|status_?code|exception|fault",
	"latency": "latency|duration|histogram_quantile|percentile|p9[059]|slow|response_?time|targetresponsetime",
}

_ruled(resources) := [alert |
	some thing in resources
	thing.type in _rules
	resource.remains(thing)
	some group in shape.list(shape.at(thing.attrs, ["spec", "groups"]))
	some rule in shape.list(shape.at(group, ["rules"]))
	is_string(rule.alert)
	labels := _labels(object.get(rule, "labels", {}), rule.alert, thing.service)
	alert := {
		"name": rule.alert,
		"service": _service(labels.service),
		"labels": labels,
		"text": lower(json.marshal(rule)),
		"fault": null,
	}
]

# Rules that a controller makes out of an objective: all of them burn-rate alerts.
_generated(resources) := [alert |
	some thing in resources
	resource.remains(thing)
	some name in _generated_names(thing)
	alert := {
		"name": name, "service": _service(thing.service), "labels": _labels({}, name, thing.service),
		"text": "burn", "fault": null,
	}
]

_generated_names(thing) := [name |
	some objective in shape.list(shape.at(thing.attrs, ["spec", "slos"]))
	name := shape.at(objective, ["alerting", "name"])
	is_string(name)
] if {
	thing.type == "sloth.slok.dev/PrometheusServiceLevel"
}

_generated_names(thing) := [object.get(shape.map(shape.at(thing.attrs, ["spec", "alerting"])), "name", "ErrorBudgetBurn")] if {
	thing.type == "pyrra.dev/ServiceLevelObjective"
}

_configured(resources) := array.concat(
	[alert |
		some thing in resources
		resource.remains(thing)
		keys := _terraform[thing.type]
		name := thing.attrs[keys.name]
		is_string(name)
		alert := {
			"name": name, "service": _service(thing.service), "labels": _labels({}, name, thing.service),
			"text": lower(json.marshal(thing.attrs)), "fault": _configured_fault(thing, keys),
		}
	],
	[alert |
		some thing in resources
		thing.type == "grafana_rule_group"
		resource.remains(thing)
		some rule in shape.list(thing.attrs.rule)
		is_string(rule.name)
		alert := {
			"name": rule.name, "service": _service(thing.service), "labels": _labels({}, rule.name, thing.service),
			"text": lower(json.marshal(rule)), "fault": _paused(rule),
		}
	],
)

_configured_fault(thing, keys) := "is switched off" if _is_off(thing, keys)

_configured_fault(thing, keys) := "tells nobody" if {
	not _is_off(thing, keys)
	_is_mute(thing, keys)
}

_configured_fault(thing, keys) := null if {
	not _is_off(thing, keys)
	not _is_mute(thing, keys)
}

_is_off(thing, keys) if thing.attrs[keys.on] == false

_is_mute(thing, keys) if {
	count(shape.list(shape.at(thing.attrs, [keys.tells]))) == 0
	not resource.touches(thing.unknown, [keys.tells])
}

_paused(rule) := "is switched off" if object.get(rule, "is_paused", false) == true

_paused(rule) := null if object.get(rule, "is_paused", false) != true

_inventory_fault(entry) := "is switched off" if object.get(entry, "enabled", true) == false

_inventory_fault(entry) := "tells nobody" if {
	object.get(entry, "enabled", true) != false
	object.get(entry, "receiver", "somebody") in {null, ""}
}

_inventory_fault(entry) := null if {
	object.get(entry, "enabled", true) != false
	not object.get(entry, "receiver", "somebody") in {null, ""}
}

# Labels that are known; a service is one of them wherever it is known.
_labels(written, name, service) := object.union(
	object.union({"service": service}, {key: value | some key, value in shape.map(written)}),
	{"alertname": name},
)

_service(name) := resource.service_name(name)

_service(name) := null if not is_string(name)

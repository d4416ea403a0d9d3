# METADATA
# title: Silence is too broad or too long
# description: >-
#   A change that customers will notice declares a silence, and a silence names a service and an environment, ends at
#   most 30 minutes after the window, and spares the alerts that decide on the change: rollback triggers, canary
#   metrics, and, unless downtime is announced, the burn-rate pages of the service. In the tree, a recurring mute
#   covers at most a tenth of the week (threshold `MON-004.most_of_week`), a route that is muted is not every
#   critical alert, a downtime has an end, and maintenance windows end with the change.
# related_resources:
#   - https://prometheus.io/docs/alerting/latest/configuration/#time_interval
#   - https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/downtime_schedule
# custom:
#   id: MON-004
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC7.2, CC7.3]
#     ISO27001: ["8.16"]
#     NIST80053: [SI-4, AU-5]
#   remediation: >-
#     Narrow the silence to what the change disturbs, for example service="orders-api", env="prod", severity!="page",
#     and let it end with the window.
#   since: 0.2.0
package policies.monitoring.unbounded_silence

import data.policies.lib.alert
import data.policies.lib.elapsed
import data.policies.lib.instant
import data.policies.lib.mute
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.silence
import data.policies.lib.text
import data.policies.lib.threshold

# The request.

deny contains finding if {
	_judged
	_is_noticed
	count(_silences) == 0
	finding := {
		"msg": "customers will notice the change, and no silence is declared (communications.silences)",
		"at": "change",
		"path": ["spec"],
	}
}

deny contains finding if {
	_judged
	some index, quiet in _silences
	some fault in _silence_faults(quiet)
	finding := {
		"msg": sprintf("silence %d %s", [index + 1, fault]),
		"at": "change",
		"path": ["spec", "communications", "silences", index],
		"evidence": [{
			"pointer": sprintf("spec.communications.silences.%d", [index]),
			"observed": sprintf("%s until %v", [
				concat(", ", [sprintf("%v", [matcher]) | some matcher in shape.list(quiet.matchers)]),
				object.get(quiet, "endsAt", "no end"),
			]),
			"expected": "matchers of a service and an environment, an end at most 30 minutes after the window",
		}],
	}
}

# The tree.

deny contains finding if {
	some thing in _things
	some fault in _thing_faults(thing)
	finding := {
		"msg": sprintf("%s %s", [resource.address(thing), fault.msg]),
		"resource": thing.id,
		"at": "resource",
		"path": fault.path,
		"evidence": [{
			"pointer": concat(".", [sprintf("%v", [key]) | some key in fault.path]),
			"observed": fault.observed,
			"expected": fault.expected,
		}],
	}
}

unknown contains finding if {
	some thing in _things
	some key in _ends[thing.type]
	resource.touches(thing.unknown, key)
	finding := {
		"msg": sprintf("when %s ends is not known", [resource.address(thing)]),
		"resource": thing.id,
		"at": "resource",
		"path": key,
	}
}

_judged if reach.judged(input)

_is_noticed if input.change.spec.customerImpact in {"degraded", "outage"}

_is_noticed if elapsed.ns(input.change.spec.expectedDowntime) > 0

# Everybody was told beforehand.
_is_announced if {
	_is_noticed
	some notice in shape.list(shape.at(input.change, ["spec", "communications", "notices"]))
	notice.audience == "external"
}

_silences := {index: quiet |
	some index, quiet in shape.list(shape.at(input.change, ["spec", "communications", "silences"]))
	is_object(quiet)
}

_grace := 30 * 60000000000

_silence_faults(quiet) := (_breadth_faults(list) | _end_faults(quiet)) | _deafening(quiet) if {
	list := silence.matchers(object.get(quiet, "matchers", []))
}

_breadth_faults(list) := {"matches every alert"} if not _narrows_at_all(list)

_breadth_faults(list) := {"names no service" | not silence.names_service(list)} |
	{"names no environment" | not silence.names_environment(list)} if {
	_narrows_at_all(list)
}

_narrows_at_all(list) if {
	some matcher in list
	silence.narrows(matcher)
}

_end_faults(quiet) := {"has no end (endsAt)"} if not instant.valid(object.get(quiet, "endsAt", null))

_end_faults(quiet) := {sprintf("ends at %s, more than 30 minutes after the window (%s)", [quiet.endsAt, _window.end]) |
	instant.ns(quiet.endsAt) > _window.end_ns + _grace
} if {
	instant.valid(quiet.endsAt)
}

_window := shape.map(object.get(shape.map(input.change), "window", null))

# Alerts that decide on the change and that it would not hear.
_deafening(quiet) := {sprintf("silences %s, %s", [one.name, role]) |
	some one in _alerts
	some role in _roles(one)
	silence.covers(silence.matchers(object.get(quiet, "matchers", [])), one.labels)
}

_roles(one) := {"which triggers the rollback" | one.name in _triggers} |
	{"which decides on the canary" | one.name in _metrics} |
	{"a page about the error budget, and no downtime is announced" | _is_budget_page(one)}

_is_budget_page(one) if {
	not _is_announced
	one.service in object.keys(reach.services(input))
	"burn" in alert.signals(one)
	lower(sprintf("%v", [object.get(one.labels, "severity", "")])) in {"page", "critical"}
}

_triggers := {trigger.alert |
	some trigger in shape.list(shape.at(input.change, ["spec", "rollback", "triggers"]))
	is_string(trigger.alert)
}

_metrics := {metric.name |
	some metric in shape.list(shape.at(input.change, ["spec", "progressiveDelivery", "metrics"]))
	is_string(metric.name)
}

# Those that are defined, and of the others what their name says.
_alerts := array.concat(_defined, [one |
	some name in (_triggers | _metrics) - {known.name | some known in _defined}
	some service in object.keys(reach.services(input))
	one := {"name": name, "service": service, "labels": {"alertname": name, "service": service}, "text": name}
])

_defined := alert.all(input)

# What mutes in the tree, where the change touches it or nothing is compared.
_things := [thing |
	some thing in input.resources
	thing.type in _kinds
	thing.action in {"present", "create", "update", "replace"}
	_may_be_production(thing)
]

_may_be_production(thing) if thing.environment in {"prod", null}

_kinds := {
	"monitoring.coreos.com/AlertmanagerConfig", "datadog_downtime_schedule", "datadog_downtime",
	"pagerduty_maintenance_window", "aws_cloudwatch_composite_alarm",
}

_ends := {
	"datadog_downtime_schedule": [["one_time_schedule", 0, "end"]],
	"pagerduty_maintenance_window": [["end_time"]],
}

_most_of_week := threshold.number(input.config, "MON-004", "most_of_week", 0.1)

_thing_faults(thing) := _mute_faults(thing) if thing.type == "monitoring.coreos.com/AlertmanagerConfig"

_thing_faults(thing) := _downtime_faults(thing) if thing.type == "datadog_downtime_schedule"

_thing_faults(thing) := _window_faults(thing) if thing.type == "pagerduty_maintenance_window"

_thing_faults(thing) := _suppressor_faults(thing) if thing.type == "aws_cloudwatch_composite_alarm"

# Intervals that some route uses, and how much of the week they take.
_mute_faults(thing) := {fault |
	some muted in mute.routes(thing.attrs)
	some share in [mute.week_share(muted.intervals)]
	share > _most_of_week
	fault := {
		"msg": sprintf("mutes a route for %d %% of the week, at most %d %% are allowed", [
			round(share * 100), round(_most_of_week * 100),
		]),
		"path": muted.path, "observed": sprintf("%d %% of the week", [round(share * 100)]),
		"expected": sprintf("at most %d %%", [round(_most_of_week * 100)]),
	}
} | {fault |
	some muted in mute.routes(thing.attrs)
	count(muted.intervals) > 0
	list := silence.matchers(muted.matchers)
	_is_every_critical_alert(list)
	fault := {
		"msg": "mutes every critical alert, whatever its service", "path": muted.path,
		"observed": "severity only", "expected": "matchers of a service",
	}
}

_is_every_critical_alert(list) if {
	not silence.names_service(list)
	some matcher in list
	matcher.name == "severity"
	some word in ["critical", "page"]
	silence.covers([matcher], {"severity": word})
}

_downtime_faults(thing) := {fault |
	some scope in [sprintf("%v", [object.get(thing.attrs, "scope", "*")])]
	scope in {"*", "", "env:*"}
	fault := {
		"msg": "silences every monitor", "path": ["scope"], "observed": scope,
		"expected": "a service and an environment",
	}
} | {fault |
	some schedule in shape.list(thing.attrs.one_time_schedule)
	not text.given(object.get(shape.map(schedule), "end", null))
	not resource.touches(thing.unknown, ["one_time_schedule", 0, "end"])
	fault := {
		"msg": "has no end (one_time_schedule.end)", "path": ["one_time_schedule", 0, "end"], "observed": "absent",
		"expected": "an instant",
	}
} | {fault |
	some schedule in shape.list(thing.attrs.one_time_schedule)
	instant.ns(schedule.end) > _window.end_ns + _grace
	_is_changed(thing)
	fault := {
		"msg": sprintf("ends at %s, more than 30 minutes after the window", [schedule.end]),
		"path": ["one_time_schedule", 0, "end"], "observed": schedule.end, "expected": _window.end,
	}
} | {fault |
	some index, written in [one |
		some schedule in shape.list(thing.attrs.recurring_schedule)
		some one in shape.list(shape.map(schedule).recurrence)
	]
	share := mute.recurrence_share(written)
	share > _most_of_week
	fault := {
		"msg": sprintf("silences for %d %% of the week, at most %d %% are allowed", [
			round(share * 100), round(_most_of_week * 100),
		]),
		"path": ["recurring_schedule", 0, "recurrence", index], "observed": sprintf("%v for %v", [
			object.get(written, "rrule", "?"), object.get(written, "duration", "?"),
		]),
		"expected": sprintf("at most %d %%", [round(_most_of_week * 100)]),
	}
}

_window_faults(thing) := {fault |
	end := object.get(thing.attrs, "end_time", null)
	instant.ns(end) > _window.end_ns + _grace
	_is_changed(thing)
	fault := {
		"msg": sprintf("ends at %s, more than 30 minutes after the window", [end]), "path": ["end_time"],
		"observed": end, "expected": _window.end,
	}
} | {fault |
	count(shape.list(thing.attrs.services)) == 0
	not resource.touches(thing.unknown, ["services"])
	fault := {
		"msg": "names no service", "path": ["services"], "observed": "none",
		"expected": "the services of the change",
	}
}

# After the suppressor is quiet again the alarm stays silent for this many seconds.
_suppressor_faults(thing) := {fault |
	some suppressor in shape.list(thing.attrs.actions_suppressor)
	seconds := suppressor.extension_period
	is_number(seconds)
	seconds > 1800
	fault := {
		"msg": sprintf("stays silent for %d minutes after its suppressor", [floor(seconds / 60)]),
		"path": ["actions_suppressor", 0, "extension_period"], "observed": sprintf("%v s", [seconds]),
		"expected": "at most 1800 s",
	}
}

_is_changed(thing) if resource.changes(thing)

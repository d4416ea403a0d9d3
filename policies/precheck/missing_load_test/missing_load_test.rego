# METADATA
# title: Capacity changes without a load test
# description: >-
#   When scaling bounds or metrics, requests or limits (by more than a quarter), or the class of an instance change in
#   production, or a tier 0 or 1 service goes there for the first time, a load test of the last 90 days shows that it
#   stands: production-like, passed, at 1.2 times the forecast peak, and with a scale-out that was observed where
#   scaling is what changes. A test against one replica says nothing about scaling. More minimum replicas need no
#   evidence. Thresholds: `PRE-004.max_age_days`, `PRE-004.headroom`.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/test-reliability.html
# custom:
#   id: PRE-004
#   scope: change
#   targets: []
#   severity: medium
#   enforcement: soft
#   stages: [pull-request]
#   controls:
#     SOC2: [A1.1, CC8.1]
#     ISO27001: ["8.6", "8.29"]
#     NIST80053: [CP-2(2), SC-5(2), SA-11]
#   remediation: >-
#     Run a load test with the traffic mix of production up to 1.2 times the forecast peak (k6 and Gatling have
#     templates) and record ranAt, profile, peakRps, scaleOutObserved, result and reportUrl in spec.preChecks.loadTest.
#   since: 0.2.0
package policies.precheck.missing_load_test

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.moment
import data.policies.lib.quantity
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text
import data.policies.lib.threshold

deny contains finding if {
	_judged
	count(_test) == 0
	finding := {
		"msg": sprintf("capacity changes and no load test is named (preChecks.loadTest): %s", [_why]),
		"at": "change",
		"path": _place([]),
		"evidence": _evidence,
	}
}

deny contains finding if {
	_judged
	count(_test) > 0
	some fault in _faults
	finding := {
		"msg": sprintf("%s (%s)", [fault.msg, _why]),
		"at": "change",
		"path": _place(fault.path),
		"pending": object.get(fault, "pending", false),
		"evidence": array.concat([{
			"pointer": concat(".", array.concat(["spec", "preChecks", "loadTest"], fault.path)),
			"observed": fault.observed,
			"expected": fault.expected,
		}], _evidence),
	}
}

unknown contains finding if {
	_judged
	count(_test) > 0
	not context.given(input, "capacity_forecasts")
	finding := {
		"msg": context.missing("CapacityForecast", "whether the load test reached the forecast peak"),
		"at": "change",
		"path": _place(["peakRps"]),
	}
}

unknown contains finding if {
	_judged
	_has_first_use_doubt
	finding := {
		"msg": context.missing("DeployHistory", "whether the service was in production before"),
		"at": "change",
		"path": ["spec", "scope"],
	}
}

valid_until contains instant_ns if {
	_judged
	instant_ns := instant.ns(_test.ranAt) + _max_age
	instant_ns >= input.now_ns
}

_judged if {
	is_object(input.change)
	count(_reasons) > 0
}

_judged if {
	is_object(input.change)
	_has_first_use_doubt
}

_test := shape.map(shape.at(input.change, ["spec", "preChecks", "loadTest"]))

_place(rest) := array.concat(["spec", "preChecks", "loadTest"], rest) if object.get(_test, rest, null) != null

_place(rest) := ["spec", "preChecks"] if {
	object.get(_test, rest, null) == null
	shape.at(input.change, ["spec", "preChecks"]) != null
}

_place(rest) := ["spec"] if {
	object.get(_test, rest, null) == null
	shape.at(input.change, ["spec", "preChecks"]) == null
}

_why := concat("; ", sort({reason.why | some reason in _reasons}))

_evidence := [line |
	some reason in _reasons
	line := {"pointer": reason.id, "observed": reason.why, "expected": "a load test of what changes"}
]

_max_age := threshold.number(input.config, "PRE-004", "max_age_days", 90) * instant.day

_headroom := threshold.number(input.config, "PRE-004", "headroom", 1.2)

# The test is still running or planned.
_is_announced if {
	object.get(_test, "result", null) == null
	object.get(_test, "ranAt", null) == null
}

_faults contains fault if {
	_is_announced
	fault := {
		"msg": "the load test has not run yet", "path": [], "pending": true, "observed": "no result",
		"expected": "result: pass",
	}
}

_faults contains fault if {
	not _is_announced
	not _test.result == "pass"
	fault := {
		"msg": sprintf("the result of the load test is %v", [object.get(_test, "result", "absent")]),
		"path": ["result"], "observed": sprintf("%v", [object.get(_test, "result", "absent")]), "expected": "pass",
	}
}

_faults contains fault if {
	not _is_announced
	not _is_fresh
	fault := {
		"msg": sprintf("the load test ran at %v, not in the last %v days", [
			object.get(_test, "ranAt", "an instant that it does not name"),
			_max_age / instant.day,
		]),
		"path": ["ranAt"], "observed": sprintf("%v", [object.get(_test, "ranAt", "absent")]),
		"expected": sprintf("at most %v days before %s", [_max_age / instant.day, input.now]),
	}
}

_faults contains fault if {
	not object.get(_test, "profile", null) == "production-like"
	fault := {
		"msg": sprintf("the profile of the load test is %v", [object.get(_test, "profile", "absent")]),
		"path": ["profile"], "observed": sprintf("%v", [object.get(_test, "profile", "absent")]),
		"expected": "production-like",
	}
}

_faults contains fault if {
	not _is_announced
	not text.answered(object.get(_test, "reportUrl", null))
	fault := {
		"msg": "nothing shows the load test (preChecks.loadTest.reportUrl)", "path": ["reportUrl"],
		"observed": "absent", "expected": "the address of the report",
	}
}

_faults contains fault if {
	not _is_announced
	some reason in _reasons
	reason.scales
	not object.get(_test, "scaleOutObserved", false) == true
	fault := {
		"msg": "scaling changes, and the load test observed no scale-out", "path": ["scaleOutObserved"],
		"observed": sprintf("%v", [object.get(_test, "scaleOutObserved", "absent")]), "expected": "true",
	}
}

_faults contains fault if {
	not _is_announced
	some name, peak in _peaks
	not _reaches(peak)
	fault := {
		"msg": sprintf("the load test reached %v requests a second, %v are needed for %s (%v times the forecast %v)", [
			object.get(_test, "peakRps", "an unknown number of"),
			_headroom * peak,
			name,
			_headroom,
			peak,
		]),
		"path": ["peakRps"], "observed": sprintf("%v", [object.get(_test, "peakRps", "absent")]),
		"expected": sprintf("at least %v", [_headroom * peak]),
	}
}

_is_fresh if moment.fresh(input, instant.ns(_test.ranAt), _max_age)

_reaches(peak) if {
	is_number(_test.peakRps)
	_test.peakRps >= _headroom * peak
}

_peaks := {name: max(peaks) |
	some name, _ in reach.services(input)
	peaks := {peak |
		some _, entry in context.entries(input, "capacity_forecasts")
		resource.service_name(entry.service) == name
		peak := shape.at(entry, ["peak", "rps"])
		is_number(peak)
	}
	count(peaks) > 0
}

_production := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
]

_updated := [changed |
	some changed in _production
	changed.action in {"update", "replace"}
	is_object(changed.before)
]

# What bounds or drives scaling, by type.
_bounds := {
	"autoscaling/HorizontalPodAutoscaler": [
		{"path": ["spec", "minReplicas"], "floor": true}, {"path": ["spec", "maxReplicas"]}, {"path": ["spec", "metrics"]},
		{"path": ["spec", "behavior"]}, {"path": ["spec", "targetCPUUtilizationPercentage"]},
	],
	"keda.sh/ScaledObject": [
		{"path": ["spec", "minReplicaCount"], "floor": true}, {"path": ["spec", "maxReplicaCount"]},
		{"path": ["spec", "triggers"]}, {"path": ["spec", "cooldownPeriod"]},
	],
	"aws_autoscaling_group": [{"path": ["min_size"], "floor": true}, {"path": ["max_size"]}],
	"aws_appautoscaling_target": [{"path": ["min_capacity"], "floor": true}, {"path": ["max_capacity"]}],
	"aws_autoscaling_policy": [{"path": []}],
	"aws_appautoscaling_policy": [{"path": []}],
	"google_compute_autoscaler": [{"path": ["autoscaling_policy"]}],
	"google_compute_region_autoscaler": [{"path": ["autoscaling_policy"]}],
	"azurerm_monitor_autoscale_setting": [{"path": ["profile"]}],
}

# What an instance is made of, in the words of the providers.
_classes := {
	"instance_class", "instance_type", "node_type", "machine_type", "vm_size", "sku_name", "cache_node_type",
	"broker_instance_type", "cluster_instance_type",
}

_reasons contains {"id": changed.id, "why": why, "scales": true} if {
	some changed in _updated
	some bound in _bounds[changed.type]
	_differs(changed, bound.path)
	not _raises_the_floor(changed, bound)
	why := sprintf("%s of %s changes%s", [_name(bound.path), resource.address(changed), _from_to(changed, bound.path)])
}

_reasons contains {"id": changed.id, "why": why, "scales": false} if {
	some changed in _updated
	some key in _classes
	resource.touches(changed.changed, [key])
	changed.attrs[key] != changed.before[key]
	why := sprintf("%s of %s goes from %v to %v", [
		key, resource.address(changed), changed.before[key], changed.attrs[key],
	])
}

_reasons contains {"id": changed.id, "why": why, "scales": false} if {
	some changed in _updated
	changed.type == "google_sql_database_instance"
	from := shape.at(changed.before, ["settings", 0, "tier"])
	to := shape.at(changed.attrs, ["settings", 0, "tier"])
	from != to
	why := sprintf("settings.tier of %s goes from %v to %v", [resource.address(changed), from, to])
}

_reasons contains {"id": changed.id, "why": why, "scales": false} if {
	some changed in _updated
	some name, container in quantity.containers(changed.attrs)
	before := quantity.containers(changed.before)[name]
	some kind in ["requests", "limits"]
	some unit in ["cpu", "memory"]
	from := quantity.amount(shape.at(before, ["resources", kind, unit]))
	to := quantity.amount(shape.at(container, ["resources", kind, unit]))
	abs(to - from) > 0.25 * from
	why := sprintf("%s.%s of %s in %s goes from %v to %v", [
		kind, unit, name, changed.id, shape.at(before, ["resources", kind, unit]),
		shape.at(container, ["resources", kind, unit]),
	])
}

_reasons contains {"id": changed.id, "why": why, "scales": false} if {
	some changed in _first_uses
	context.given(input, "deploys")
	not changed.service in _deployed
	why := sprintf("%s goes to production for the first time", [changed.service])
}

_has_first_use_doubt if {
	count(_first_uses) > 0
	not context.given(input, "deploys")
}

_workloads := {
	"apps/Deployment", "apps/StatefulSet", "argoproj.io/Rollout", "serving.knative.dev/Service", "aws_ecs_service",
	"aws_lambda_function", "google_cloud_run_v2_service", "azurerm_container_app",
}

_first_uses := [changed |
	some changed in _production
	changed.action == "create"
	changed.type in _workloads
	is_number(changed.tier)
	changed.tier <= 1
]

_deployed := {resource.service_name(entry.service) |
	some _, entry in context.entries(input, "deploys")
	resource.production_word(entry.environment)
	entry.result == "success"
}

_differs(changed, path) if {
	resource.touches(changed.changed, path)
	shape.at(changed.attrs, path) != shape.at(changed.before, path)
}

_raises_the_floor(changed, bound) if {
	bound.floor
	from := _number(shape.at(changed.before, bound.path))
	to := _number(shape.at(changed.attrs, bound.path))
	to > from
}

# Absent is one replica, as for an autoscaler.
_number(value) := value if is_number(value)

_number(value) := 1 if value == null

_name(path) := concat(".", path) if count(path) > 0

_name(path) := "the policy" if count(path) == 0

_from_to(changed, path) := sprintf(" from %v to %v", [from, to]) if {
	from := shape.at(changed.before, path)
	to := shape.at(changed.attrs, path)
	is_number(from)
	is_number(to)
}

_from_to(changed, path) := "" if not is_number(shape.at(changed.before, path))

_from_to(changed, path) := "" if {
	is_number(shape.at(changed.before, path))
	not is_number(shape.at(changed.attrs, path))
}

# METADATA
# title: Capacity changes without a load test
# description: >-
#   What a service can carry changes with the bounds and metrics of its scalers, with requests and limits (by more than
#   a quarter), with the class of an instance, and with the first release of a tier 0 or 1 service. Such a change to
#   production names a load test in preChecks.loadTest: at most 90 days old, with a production-like profile, passed, with
#   its report, and with 1.2 times the peak that the CapacityForecast expects, where there is one. Where something scales,
#   the test saw it scale out: a test of a single replica says nothing about that. More replicas at least need no test.
#   Tier 3 is not asked. Standard changes follow their template; an emergency documents afterwards.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_testing_resiliency_test_non_functional.html
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
#     Run the load test (k6, Gatling) against the changed sizes with production's mix of traffic, and record ranAt,
#     profile, peakRps, scaleOutObserved, result and reportUrl in spec.preChecks.loadTest.
#   since: 0.2.0
package policies.precheck.untested_capacity

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.kubernetes
import data.policies.lib.moment
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text
import data.policies.lib.threshold

deny contains finding if {
	not _has_test
	some trigger in _triggers
	finding := {
		"msg": sprintf("%s, and no load test is named (preChecks.loadTest)", [trigger.why]),
		"resource": trigger.resource,
		"at": "resource",
		"path": trigger.path,
		"evidence": [{"pointer": "spec.preChecks.loadTest", "observed": "absent", "expected": "a load test that passed"}],
	}
}

deny contains finding if {
	_has_test
	count(_triggers) > 0
	some fault in _faults
	finding := {
		"msg": fault.msg,
		"at": "change",
		"path": _place(fault.key),
		"pending": object.get(fault, "pending", false),
		"evidence": [{
			"pointer": sprintf("spec.preChecks.loadTest.%s", [fault.key]),
			"observed": sprintf("%v", [object.get(_test, fault.key, "absent")]),
			"expected": fault.expected,
		}],
	}
}

unknown contains finding if {
	some changed in _asked
	changed.action == "update"
	some size in object.get(_sizes, changed.type, [])
	resource.touches(changed.unknown, size.path)
	finding := {
		"msg": sprintf("%s of %s is not known: whether its capacity changes cannot be judged", [
			_name(size.path),
			resource.address(changed),
		]),
		"resource": changed.id,
		"at": "resource",
		"path": size.path,
	}
}

valid_until contains instant_ns if {
	count(_triggers) > 0
	instant_ns := instant.ns(_test.ranAt) + _max_age
	instant_ns > input.now_ns
}

_judged if {
	reach.judged(input)
	not _is_exempt_type
}

_is_exempt_type if input.change.spec.type in {"standard", "emergency"}

# What the change touches in production, best effort left out.
_asked := {changed |
	_judged
	some changed in input.changed
	resource.production(changed)
	resource.remains(changed)
	not changed.tier == 3
}

_test := shape.map(shape.at(input.change, ["spec", "preChecks", "loadTest"]))

_has_test if count(_test) > 0

_has_result if text.given(object.get(_test, "result", null))

_max_age := threshold.number(input.config, "PRE-004", "max_age_days", 90) * instant.day

_headroom := threshold.number(input.config, "PRE-004", "headroom", 1.2)

# By how much requests and limits may change untested.
_tolerance := threshold.number(input.config, "PRE-004", "tolerance", 0.25)

# Where the sizes of a thing stand; `floor` is a number that may grow untested, `scales` what something else scales by.
_sizes := {
	"autoscaling/HorizontalPodAutoscaler": [
		{"path": ["spec", "minReplicas"], "floor": true, "scales": true},
		{"path": ["spec", "maxReplicas"], "scales": true},
		{"path": ["spec", "metrics"], "scales": true},
		{"path": ["spec", "targetCPUUtilizationPercentage"], "scales": true},
	],
	"keda.sh/ScaledObject": [
		{"path": ["spec", "minReplicaCount"], "floor": true, "scales": true},
		{"path": ["spec", "maxReplicaCount"], "scales": true},
		{"path": ["spec", "triggers"], "scales": true},
	],
	"aws_autoscaling_group": [
		{"path": ["min_size"], "floor": true, "scales": true},
		{"path": ["max_size"], "scales": true},
	],
	"aws_autoscaling_policy": [
		{"path": ["target_tracking_configuration"], "scales": true},
		{"path": ["step_adjustment"], "scales": true},
	],
	"aws_appautoscaling_target": [
		{"path": ["min_capacity"], "floor": true, "scales": true},
		{"path": ["max_capacity"], "scales": true},
	],
	"aws_appautoscaling_policy": [
		{"path": ["target_tracking_scaling_policy_configuration"], "scales": true},
		{"path": ["step_scaling_policy_configuration"], "scales": true},
	],
	"aws_eks_node_group": [
		{"path": ["scaling_config", 0, "min_size"], "floor": true, "scales": true},
		{"path": ["scaling_config", 0, "max_size"], "scales": true},
		{"path": ["instance_types"]},
	],
	"google_container_node_pool": [
		{"path": ["autoscaling", 0, "min_node_count"], "floor": true, "scales": true},
		{"path": ["autoscaling", 0, "max_node_count"], "scales": true},
		{"path": ["node_config", 0, "machine_type"]},
	],
	"google_compute_autoscaler": _google,
	"google_compute_region_autoscaler": _google,
	"aws_db_instance": [{"path": ["instance_class"]}],
	"aws_rds_cluster_instance": [{"path": ["instance_class"]}],
	"aws_docdb_cluster_instance": [{"path": ["instance_class"]}],
	"aws_neptune_cluster_instance": [{"path": ["instance_class"]}],
	"aws_elasticache_cluster": [{"path": ["node_type"]}],
	"aws_elasticache_replication_group": [{"path": ["node_type"]}],
	"aws_redshift_cluster": [{"path": ["node_type"]}],
	"aws_instance": [{"path": ["instance_type"]}],
	"aws_launch_template": [{"path": ["instance_type"]}],
	"aws_opensearch_domain": [{"path": ["cluster_config", 0, "instance_type"]}],
	"aws_msk_cluster": [{"path": ["broker_node_group_info", 0, "instance_type"]}],
	"google_sql_database_instance": [{"path": ["settings", 0, "tier"]}],
	"google_compute_instance": [{"path": ["machine_type"]}],
	"google_compute_instance_template": [{"path": ["machine_type"]}],
	"azurerm_postgresql_flexible_server": [{"path": ["sku_name"]}],
	"azurerm_mssql_database": [{"path": ["sku_name"]}],
	"azurerm_service_plan": [{"path": ["sku_name"]}],
	"azurerm_linux_virtual_machine": [{"path": ["size"]}],
	"azurerm_linux_virtual_machine_scale_set": [{"path": ["sku"]}],
}

_google := [
	{"path": ["autoscaling_policy", 0, "min_replicas"], "floor": true, "scales": true},
	{"path": ["autoscaling_policy", 0, "max_replicas"], "scales": true},
]

# A bound, a metric or a class is another one.
_triggers contains trigger if {
	some changed in _asked
	changed.action in {"update", "replace"}
	some size in object.get(_sizes, changed.type, [])
	before := shape.at(changed.before, size.path)
	after := shape.at(changed.attrs, size.path)
	not resource.touches(changed.unknown, size.path)
	before != after
	not _only_more(size, before, after)
	trigger := {
		"why": sprintf("%s of %s goes from %s to %s", [
			_name(size.path), resource.address(changed), _said(before), _said(after),
		]),
		"resource": changed.id,
		"path": size.path,
		"scales": object.get(size, "scales", false),
	}
}

# Requests or limits move by more than a quarter.
_triggers contains trigger if {
	some changed in _asked
	changed.action in {"update", "replace"}
	some holder in kubernetes.containers(changed)
	holder.role != "ephemeral"
	some kind in ["requests", "limits"]
	some name, after in shape.map(shape.at(holder.container, ["resources", kind]))
	before := _before(changed, holder)[kind][name]
	_moved(kubernetes.quantity(before), kubernetes.quantity(after))
	trigger := {
		"why": sprintf("%s.%s of container %v in %s goes from %v to %v", [
			kind, name, object.get(holder.container, "name", "?"), resource.address(changed), before, after,
		]),
		"resource": changed.id,
		"path": array.concat(holder.path, ["resources", kind, name]),
		"scales": _is_scaled(changed),
	}
}

# A limit where there was none cuts off what went on before.
_triggers contains trigger if {
	some changed in _asked
	changed.action in {"update", "replace"}
	some holder in kubernetes.containers(changed)
	holder.role != "ephemeral"
	some name, after in shape.map(shape.at(holder.container, ["resources", "limits"]))
	before := _before(changed, holder)
	not before.limits[name]
	trigger := {
		"why": sprintf("container %v in %s gets a limit of %s where it had none: %v", [
			object.get(holder.container, "name", "?"), resource.address(changed), name, after,
		]),
		"resource": changed.id,
		"path": array.concat(holder.path, ["resources", "limits", name]),
		"scales": _is_scaled(changed),
	}
}

# Nothing of a critical service ran in production before.
_triggers contains trigger if {
	some changed in _asked
	changed.action == "create"
	changed.type in _serving
	changed.tier <= 1
	is_string(changed.service)
	not changed.service in _in_production
	trigger := {
		"why": sprintf("%s is the first of tier %d %s in production", [
			resource.address(changed),
			changed.tier,
			changed.service,
		]),
		"resource": changed.id,
		"path": [],
		"scales": _is_scaled(changed),
	}
}

_serving := {
	"apps/Deployment", "apps/StatefulSet", "argoproj.io/Rollout", "serving.knative.dev/Service", "aws_ecs_service",
	"aws_lambda_function", "google_cloud_run_v2_service", "azurerm_container_app",
}

_in_production := {one.service |
	some one in input.resources
	one.type in _serving
	one.environment == "prod"
	one.action != "create"
	is_string(one.service)
} | {resource.service_name(record.service) |
	some _, record in context.entries(input, "deploys")
	record.result == "success"
	resource.production_word(record.environment)
}

_only_more(size, before, after) if {
	size.floor
	is_number(before)
	is_number(after)
	after > before
}

_moved(before, after) if {
	before > 0
	abs(after - before) / before > _tolerance
}

# Requests and limits of the container of the same name, before.
_before(changed, holder) := found[0] if {
	found := [shape.map(shape.at(other, ["resources"])) |
		list := holder.path[count(holder.path) - 2]
		parent := array.slice(holder.path, 0, count(holder.path) - 1)
		list in {"containers", "initContainers"}
		some other in shape.list(shape.at(changed.before, parent))
		is_object(other)
		other.name == holder.container.name
	]
	count(found) > 0
}

_is_scaled(changed) := count(kubernetes.related(changed, {"scaler"})) > 0

_faults contains fault if {
	not _has_result
	fault := {"msg": "the load test has no result yet", "key": "result", "expected": "pass", "pending": true}
}

_faults contains fault if {
	_has_result
	_test.result != "pass"
	fault := {"msg": sprintf("the result of the load test is %v", [_test.result]), "key": "result", "expected": "pass"}
}

_faults contains fault if {
	not instant.valid(_test.ranAt)
	fault := {
		"msg": "the load test does not say when it ran", "key": "ranAt", "expected": "an instant",
		"pending": object.get(_test, "ranAt", null) == null,
	}
}

_faults contains fault if {
	instant.valid(_test.ranAt)
	not moment.fresh(input, instant.ns(_test.ranAt), _max_age)
	days := floor(_max_age / instant.day)
	fault := {
		"msg": sprintf("the load test ran at %s, not in the last %d days", [_test.ranAt, days]),
		"key": "ranAt",
		"expected": sprintf("less than %d days before %s", [days, input.now]),
	}
}

_faults contains fault if {
	object.get(_test, "profile", null) != "production-like"
	fault := {
		"msg": sprintf("the load test ran with the profile %s, not with production's mix of traffic", [
			_said(object.get(_test, "profile", null)),
		]),
		"key": "profile",
		"expected": "production-like",
	}
}

_faults contains fault if {
	not is_number(object.get(_test, "peakRps", null))
	fault := {
		"msg": "the load test does not say which peak it reached (peakRps)", "key": "peakRps",
		"expected": "requests per second", "pending": object.get(_test, "result", null) == null,
	}
}

_faults contains fault if {
	some index, forecast in context.entries(input, "capacity_forecasts")
	resource.service_name(forecast.service) in object.keys(reach.services(input))
	expected := forecast.peak.rps * _headroom
	_test.peakRps < expected
	fault := {
		"msg": sprintf("the load test reached %v requests per second; %v are expected of %s at its peak, times %v is %v", [
			_test.peakRps, forecast.peak.rps, forecast.service, _headroom, expected,
		]),
		"key": "peakRps",
		"expected": sprintf("at least %v", [expected]),
	}
}

_faults contains fault if {
	some trigger in _triggers
	trigger.scales
	object.get(_test, "scaleOutObserved", null) != true
	fault := {
		"msg": "the load test did not see it scale out (scaleOutObserved): one replica says nothing about that",
		"key": "scaleOutObserved",
		"expected": "true",
	}
}

_faults contains fault if {
	not text.answered(object.get(_test, "reportUrl", null))
	fault := {
		"msg": "nothing shows the load test (reportUrl)", "key": "reportUrl", "expected": "the address of its report",
		"pending": true,
	}
}

_place(key) := ["spec", "preChecks", "loadTest", key] if object.get(_test, key, null) != null

_place(key) := ["spec", "preChecks", "loadTest"] if object.get(_test, key, null) == null

_name(path) := concat(".", [sprintf("%v", [key]) | some key in path])

_said(value) := "absent" if value == null

_said(value) := sprintf("%v", [value]) if {
	value != null
	not _is_big(value)
}

_said(value) := "another one" if _is_big(value)

_is_big(value) if is_array(value)

_is_big(value) if is_object(value)

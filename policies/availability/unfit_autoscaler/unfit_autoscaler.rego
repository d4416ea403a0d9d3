# METADATA
# title: Autoscaler cannot do its work
# description: >-
#   An autoscaler in production has a target that exists, room to scale (a maximum of twice the minimum) and something
#   to measure: every container of its target requests the resource that a utilisation is a part of. It scales down
#   slowly and, for tier 0 and 1, up before utilisation passes 75 %. One target has one scaler, and no
#   VerticalPodAutoscaler changes what the scaler measures. KEDA says what holds while its source is silent, and is not
#   paused. The scaled workload leaves `spec.replicas` out; taking it out of a live manifest once resets the workload
#   to one pod, which is told with the way around it. Defaults count as written: minReplicas 1, minReplicaCount 0, CPU
#   at 80 %, five minutes.
# related_resources:
#   - https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling
#   - https://keda.sh/docs/latest/reference/scaledobject-spec/
# custom:
#   id: HA-005
#   scope: resource
#   targets:
#     - autoscaling/HorizontalPodAutoscaler
#     - keda.sh/ScaledObject
#     - apps/Deployment
#     - apps/StatefulSet
#     - argoproj.io/Rollout
#     - aws_appautoscaling_target
#     - aws_autoscaling_group
#     - google_compute_autoscaler
#     - google_compute_region_autoscaler
#     - azurerm_monitor_autoscale_setting
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.1]
#     ISO27001: ["8.6", "8.14"]
#     NIST80053: [SC-5(2), CP-2(2)]
#   remediation: >-
#     One scaler per workload, maximum at least twice the minimum, requests on every container, scale-down over five
#     minutes, no replicas in the manifest.
#   since: 0.1.0
package policies.availability.unfit_autoscaler

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier
import data.policies.lib.kubernetes

deny contains finding if {
	resource.remains(input.resource)
	some fault in _faults
	tier.applies(_placed, fault.last)
	finding := object.remove(fault, ["last"])
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	not fault.enforcement
	tier.undecided(_placed, fault.last)
}

unknown contains finding if {
	resource.remains(input.resource)
	_placed.environment == "prod"
	some reference in shape.list(shape.at(input.resource, ["dangling"]))
	reference.relation == "scale-target"
	finding := {
		"msg": sprintf("%s scales %s, which is not in this tree: whether it exists is not known", [
			input.resource.name,
			reference.id,
		]),
		"path": reference.path,
	}
}

# A scaler belongs where the workload belongs that it scales.
_placed := {"environment": _first("environment"), "tier": _first("tier")}

_first(field) := known[0] if {
	known := array.concat(
		[input.resource[field] | input.resource[field] != null],
		array.concat([shape.at(target, [field]) | some target in _targets; shape.at(target, [field]) != null], [null]),
	)
}

_targets := kubernetes.related(input.resource, {"scale-target"})

_is_hpa if input.resource.type == "autoscaling/HorizontalPodAutoscaler"

_is_keda if input.resource.type == "keda.sh/ScaledObject"

_spec := shape.map(shape.at(kubernetes.settled(input.resource), ["spec"]))

# Each scaler with the paths of its bounds, and what an absent one means.
_bounds := {
	"autoscaling/HorizontalPodAutoscaler": {
		"low": {"path": ["spec", "minReplicas"], "default": 1},
		"high": {"path": ["spec", "maxReplicas"]},
	},
	"keda.sh/ScaledObject": {
		"low": {"path": ["spec", "minReplicaCount"], "default": 0},
		"high": {"path": ["spec", "maxReplicaCount"], "default": 100},
	},
	"aws_appautoscaling_target": {"low": {"path": ["min_capacity"]}, "high": {"path": ["max_capacity"]}},
	"aws_autoscaling_group": {"low": {"path": ["min_size"]}, "high": {"path": ["max_size"]}},
	"google_compute_autoscaler": _google,
	"google_compute_region_autoscaler": _google,
	"azurerm_monitor_autoscale_setting": {
		"low": {"path": ["profile", 0, "capacity", 0, "minimum"]},
		"high": {"path": ["profile", 0, "capacity", 0, "maximum"]},
	},
}

_google := {
	"low": {"path": ["autoscaling_policy", 0, "min_replicas"]},
	"high": {"path": ["autoscaling_policy", 0, "max_replicas"]},
}

_bound(end) := demand.number(demand.effective(input.resource.attrs, bound)) if {
	bound := _bounds[input.resource.type][end]
	not demand.hidden(input.resource, bound)
}

_headroom := number if {
	number := shape.at(input.config.thresholds, ["HA-005", "headroom"])
	is_number(number)
}

_headroom := 2 if not is_number(shape.at(input.config.thresholds, ["HA-005", "headroom"]))

_faults contains fault if {
	_bound("high") <= _bound("low")
	fault := {
		"msg": sprintf("%s cannot scale: its minimum is %v and its maximum %v", [
			resource.address(input.resource),
			_bound("low"),
			_bound("high"),
		]),
		"path": _bounds[input.resource.type].high.path,
		"last": 3,
	}
}

# A group of machines may be sized by what runs on it; pods are meant to take a peak.
_faults contains fault if {
	_is_pod_scaler
	_bound("high") > _bound("low")
	_bound("high") < _bound("low") * _headroom
	fault := {
		"msg": sprintf("%s has little room: from %v to %v, expected %v times the minimum or more", [
			input.resource.name,
			_bound("low"),
			_bound("high"),
			_headroom,
		]),
		"path": _bounds[input.resource.type].high.path,
		"last": 2,
	}
}

_is_pod_scaler if _is_hpa

_is_pod_scaler if _is_keda

# What a HorizontalPodAutoscaler measures in parts of a request: v2, v1, and what it does when nothing is written.
_utilisations contains {"resource": name, "target": target, "container": null, "path": path} if {
	_is_hpa
	some index, metric in shape.list(shape.at(_spec, ["metrics"]))
	name := shape.at(metric, ["resource", "name"])
	target := shape.at(metric, ["resource", "target", "averageUtilization"])
	is_number(target)
	path := ["spec", "metrics", index]
}

_utilisations contains {"resource": name, "target": target, "container": container, "path": path} if {
	_is_hpa
	some index, metric in shape.list(shape.at(_spec, ["metrics"]))
	name := shape.at(metric, ["containerResource", "name"])
	target := shape.at(metric, ["containerResource", "target", "averageUtilization"])
	is_number(target)
	container := shape.at(metric, ["containerResource", "container"])
	path := ["spec", "metrics", index]
}

_v1_target := shape.at(input.resource.attrs, ["spec", "targetCPUUtilizationPercentage"])

_faults contains fault if {
	some measured in _measured
	some target in _targets
	missing := [entry.container.name |
		some entry in kubernetes.containers(target)
		entry.role in {"container", "sidecar"}
		measured.container in {null, shape.at(entry.container, ["name"])}
		not _requests(entry.container, target, measured.resource)
	]
	count(missing) > 0
	fault := {
		"msg": sprintf("%s measures %s in parts of what is requested, and container %s of %s requests none: %s", [
			input.resource.name,
			measured.resource,
			concat(", ", [sprintf("%v", [name]) | some name in missing]),
			target.name,
			"it never scales",
		]),
		"path": measured.path,
		"because": [kubernetes.place(target)],
		"last": 3,
	}
}

# In autoscaling/v1 there is one metric, and nothing in `metrics`, whatever the default says.
_measured contains measured if {
	some measured in _utilisations
	not is_number(_v1_target)
}

_measured contains {
	"resource": "cpu", "target": _v1_target, "container": null, "path": ["spec", "targetCPUUtilizationPercentage"],
} if {
	_is_hpa
	is_number(_v1_target)
}

# Requested, or limited, which requests as much; for the pod as a whole, or by the namespace's default.
_requests(container, _, name) if {
	some kind in ["requests", "limits"]
	shape.at(container, ["resources", kind, name]) != null
}

_requests(_, target, name) if {
	some kind in ["requests", "limits"]
	shape.at(kubernetes.pod(target), ["resources", kind, name]) != null
}

_requests(_, _, name) if {
	some range in kubernetes.related(input.resource, {"limit-range"})
	some limit in shape.list(shape.at(range.attrs, ["spec", "limits"]))
	shape.at(limit, ["type"]) == "Container"
	some kind in ["defaultRequest", "default", "min", "max"]
	shape.at(limit, [kind, name]) != null
}

_faults contains fault if {
	some measured in _measured
	measured.target > 75
	fault := {
		"msg": sprintf("%s scales up only at %v %% of the requested %s, expected 75 or less: no room while pods start", [
			input.resource.name,
			measured.target,
			measured.resource,
		]),
		"path": measured.path,
		"last": 1,
	}
}

_scale_down := shape.map(shape.at(_spec, _behaviour)) if _is_pod_scaler

_behaviour := ["behavior", "scaleDown"] if _is_hpa

_behaviour := ["advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown"] if _is_keda

_faults contains fault if {
	window := shape.at(_scale_down, ["stabilizationWindowSeconds"])
	is_number(window)
	window < 300
	fault := {
		"msg": sprintf("%s scales down after %v s of less load, expected 300 or more: it will swing", [
			input.resource.name,
			window,
		]),
		"path": array.concat(["spec"], array.concat(_behaviour, ["stabilizationWindowSeconds"])),
		"last": 2,
	}
}

_faults contains fault if {
	some policy in shape.list(shape.at(input.resource.attrs, array.concat(["spec"], array.concat(_behaviour, ["policies"]))))
	shape.at(policy, ["type"]) == "Percent"
	policy.value >= 100
	fault := {
		"msg": sprintf("%s may take all pods but the minimum away at once", [input.resource.name]),
		"path": array.concat(["spec"], array.concat(_behaviour, ["policies"])),
		"enforcement": "advisory",
		"severity": "low",
		"last": 1,
	}
}

_faults contains fault if {
	_is_keda
	shape.at(input.resource.attrs, ["metadata", "annotations", "autoscaling.keda.sh/paused"]) == "true"
	fault := {
		"msg": sprintf("%s is paused: nothing scales", [input.resource.name]),
		"path": ["metadata", "annotations", "autoscaling.keda.sh/paused"],
		"last": 3,
	}
}

_faults contains fault if {
	_is_keda
	shape.at(input.resource.attrs, ["metadata", "annotations", "autoscaling.keda.sh/paused-replicas"]) != null
	fault := {
		"msg": sprintf("%s is paused at a fixed number: nothing scales", [input.resource.name]),
		"path": ["metadata", "annotations", "autoscaling.keda.sh/paused-replicas"],
		"last": 3,
	}
}

# KEDA has no fallback for what the API's own metrics measure.
_faults contains fault if {
	_is_keda
	some trigger in shape.list(shape.at(_spec, ["triggers"]))
	not shape.at(trigger, ["type"]) in {"cpu", "memory", "cron"}
	not _falls_back
	fault := {
		"msg": sprintf("%s does not say how many replicas hold while %v gives no answer (fallback)", [
			input.resource.name,
			shape.at(trigger, ["type"]),
		]),
		"path": ["spec", "fallback"],
		"last": 2,
	}
}

_falls_back if {
	is_number(shape.at(_spec, ["fallback", "failureThreshold"]))
	shape.at(_spec, ["fallback", "replicas"]) >= 1
}

_scalers := kubernetes.related(input.resource, {"scaler"})

_names := concat(" and ", sort([sprintf("%s %s", [_kind(scaler), scaler.name]) | some scaler in _scalers]))

_kind(thing) := parts[count(parts) - 1] if parts := split(thing.type, "/")

_faults contains fault if {
	count(_scalers) > 1
	fault := {
		"msg": sprintf("%s has %d autoscalers (%s), which undo each other's work", [
			input.resource.name,
			count(_scalers),
			_names,
		]),
		"path": ["spec"],
		"because": [kubernetes.place(scaler) | some scaler in _scalers],
		"last": 3,
	}
}

_faults contains fault if {
	some vertical in kubernetes.related(input.resource, {"vertical-scaler"})
	object.get(shape.map(shape.at(vertical.attrs, ["spec", "updatePolicy"])), "updateMode", "Auto") in {"Auto", "Recreate"}
	some scaler in _scalers
	some name in _measures(scaler)
	_controls(vertical, name)
	fault := {
		"msg": sprintf("%s changes the requests of %s that %s scales by (%s)", [
			vertical.name,
			input.resource.name,
			scaler.name,
			name,
		]),
		"path": ["spec"],
		"because": [kubernetes.place(vertical), kubernetes.place(scaler)],
		"last": 3,
	}
}

_measures(scaler) := {name |
	some metric in shape.list(shape.at(kubernetes.settled(scaler), ["spec", "metrics"]))
	name := shape.at(metric, ["resource", "name"])
	is_string(name)
}

_controls(vertical, name) if {
	policies := shape.list(shape.at(vertical.attrs, ["spec", "resourcePolicy", "containerPolicies"]))
	limited := [policy | some policy in policies; is_array(shape.at(policy, ["controlledResources"]))]
	every policy in limited { name in policy.controlledResources }
}

_written := shape.at(input.resource.attrs, ["spec", "replicas"])

_faults contains fault if {
	count(_scalers) > 0
	is_number(_written)
	_written > 0
	fault := {
		"msg": sprintf("%s writes replicas %v, which %s sets: every apply throws the load back to it", [
			input.resource.name,
			_written,
			_names,
		]),
		"path": ["spec", "replicas"],
		"remediation": concat("", [
			"Leave spec.replicas out. Where the workload runs already: first kubectl apply edit-last-applied and ",
			"take the field out there, or the next apply scales it to one pod.",
		]),
		"because": [kubernetes.place(scaler) | some scaler in _scalers],
		"enforcement": "advisory",
		"severity": "medium",
		"last": 3,
	}
}

_faults contains fault if {
	input.resource.action == "update"
	count(_scalers) > 0
	is_number(shape.at(input.resource.before, ["spec", "replicas"]))
	_written == null
	fault := {
		"msg": sprintf("%s drops spec.replicas %v: the next apply resets it to one pod until the autoscaler acts", [
			input.resource.name,
			input.resource.before.spec.replicas,
		]),
		"path": ["spec"],
		"remediation": concat("", [
			"Before the merge: kubectl apply edit-last-applied, take spec.replicas out of the annotation and save; ",
			"with server-side apply give up the ownership of the field first.",
		]),
		"enforcement": "advisory",
		"last": 3,
	}
}

_faults contains fault if {
	input.resource.type == "aws_autoscaling_group"
	suspended := shape.list(shape.at(input.resource.attrs, ["suspended_processes"]))
	count(suspended) > 0
	fault := {
		"msg": sprintf("%s suspends %s", [
			resource.address(input.resource),
			concat(", ", [sprintf("%v", [process]) | some process in suspended]),
		]),
		"path": ["suspended_processes"],
		"last": 3,
	}
}

_faults contains fault if {
	input.resource.type == "aws_appautoscaling_target"
	some index, state in shape.list(shape.at(input.resource.attrs, ["suspended_state"]))
	some field, value in shape.map(state)
	value in {true, "true"}
	fault := {
		"msg": sprintf("%s suspends scaling (%s)", [resource.address(input.resource), field]),
		"path": ["suspended_state", index, field],
		"last": 3,
	}
}

_faults contains fault if {
	input.resource.type in {"google_compute_autoscaler", "google_compute_region_autoscaler"}
	mode := shape.at(input.resource.attrs, ["autoscaling_policy", 0, "mode"])
	mode in {"OFF", "ONLY_UP", "ONLY_SCALE_OUT"}
	fault := {
		"msg": sprintf("%s does not scale both ways (mode %s)", [resource.address(input.resource), mode]),
		"path": ["autoscaling_policy", 0, "mode"],
		"last": 3,
	}
}

_faults contains fault if {
	input.resource.type == "azurerm_monitor_autoscale_setting"
	shape.at(input.resource.attrs, ["enabled"]) in {false, "false"}
	fault := {
		"msg": sprintf("%s is switched off", [resource.address(input.resource)]),
		"path": ["enabled"],
		"last": 3,
	}
}

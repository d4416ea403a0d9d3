# METADATA
# title: Fewer replicas than the tier needs
# description: >-
#   In production a service of tier 0 or 1 keeps at least three replicas and one of tier 2 at least two, also when its
#   scaler scales down. The floor is the scaler's minimum where one targets the workload, and is reported there; else
#   the workload's own replicas. Absent values count as what the API makes of them: replicas 1, minReplicas 1,
#   minReplicaCount 0. Singletons of the service catalogue are exempt, and so is a workload that Flagger or an Argo
#   Rollout scales. The threshold `HA-001.replicas`, by tier, replaces the numbers.
# related_resources:
#   - https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
#   - https://keda.sh/docs/latest/reference/scaledobject-spec/
# custom:
#   id: HA-001
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/StatefulSet
#     - argoproj.io/Rollout
#     - autoscaling/HorizontalPodAutoscaler
#     - keda.sh/ScaledObject
#     - aws_ecs_service
#     - azurerm_service_plan
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.1, A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-10, SC-5(2)]
#     DORA: ["7"]
#   remediation: Raise the minimum of the scaler, or the replicas where there is none.
#   since: 0.1.0
package policies.availability.too_few_replicas

import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	floor := _needed[format_int(_tier, 10)]
	is_number(_observed)
	_observed < floor
	_production
	finding := {
		"msg": sprintf("%s keeps %v %s%s, tier %d needs at least %d", [
			input.resource.name,
			_observed,
			_subject.word,
			_defaulted,
			_tier,
			floor,
		]),
		"path": _subject.path,
		"evidence": [{
			"pointer": concat(".", _subject.path),
			"observed": sprintf("%v%s", [_observed, _defaulted]),
			"expected": sprintf("at least %d", [floor]),
		}],
	}
}

# Whoever keeps what the strictest tier needs has nothing to declare.
unknown contains resource.unclassified if {
	not _enough_for_all
	not _needs_nothing
	not _classified
	_judged
}

unknown contains finding if {
	not is_number(_observed)
	_needed[format_int(_tier, 10)]
	_production
	finding := {
		"msg": sprintf("%s of %s is not known", [concat(".", _subject.path), input.resource.name]),
		"path": _subject.path,
	}
}

# Below two replicas nothing is redundant; three survive a zone and a rollout at once.
_needed := object.union(
	{"0": 3, "1": 3, "2": 2},
	{tier: number |
		some tier, number in shape.map(input.config.thresholds["HA-001"].replicas)
		is_number(number)
	},
)

_production if {
	_judged
	_environment == "prod"
}

_judged if {
	resource.remains(input.resource)
	not _singleton
	not _counted_elsewhere
}

_enough_for_all if {
	is_number(_observed)
	_observed >= max([number | some _, number in _needed])
}

_classified if {
	_environment == "prod"
	is_number(_tier)
}

# Known to be no production, or known to be of a tier without a floor.
_needs_nothing if {
	is_string(_environment)
	_environment != "prod"
}

_needs_nothing if {
	is_number(_tier)
	not _needed[format_int(_tier, 10)]
}

# A scaler belongs where the workload belongs that it scales.
_environment := _first("environment")

_tier := _first("tier")

_first(field) := known[0] if {
	known := array.concat(
		[input.resource[field] | input.resource[field] != null],
		[target[field] |
			some target in input.resource.related
			target.relation == "scale-target"
			target[field] != null
		],
	)
}

_singleton if {
	some entry in input.context.services.entries
	entry.name == input.resource.service
	entry.singleton == true
}

# The Rollout that refers to this workload, or its scaler, holds the floor and is judged in its place.
_counted_elsewhere if {
	input.resource.type in _workloads
	some other in input.resource.related
	other.relation in {"rollout", "scaler"}
	resource.remains(other)
}

# Flagger runs `-primary` and scales the target to zero.
_counted_elsewhere if {
	input.resource.attrs.spec.replicas == 0
	some other in input.resource.related
	other.relation == "canary"
}

# A daemon service has one task per instance.
_counted_elsewhere if input.resource.attrs.scheduling_strategy == "DAEMON"

# A count that Terraform ignores belongs to an autoscaler.
_counted_elsewhere if {
	some ignored in shape.list(object.get(shape.map(input.resource.lifecycle), "ignore_changes", []))
	ignored in {"desired_count", "worker_count"}
}

_workloads := {"apps/Deployment", "apps/StatefulSet", "argoproj.io/Rollout"}

_replicas := {"path": ["spec", "replicas"], "default": 1, "word": "replicas"}

# Where each type keeps its floor, and what the API makes of an absent value; null where nobody can tell.
_floors := {
	"apps/Deployment": _replicas,
	"apps/StatefulSet": _replicas,
	"argoproj.io/Rollout": _replicas,
	"autoscaling/HorizontalPodAutoscaler": {"path": ["spec", "minReplicas"], "default": 1, "word": "minReplicas"},
	"keda.sh/ScaledObject": {"path": ["spec", "minReplicaCount"], "default": 0, "word": "minReplicaCount"},
	"aws_ecs_service": {"path": ["desired_count"], "default": null, "word": "tasks"},
	"azurerm_service_plan": {"path": ["worker_count"], "default": null, "word": "workers"},
}

_subject := _floors[input.resource.type]

_written := shape.at(input.resource.attrs, _subject.path)

_observed := _written if {
	_written != null
	not resource.touches(input.resource.unknown, _subject.path)
}

_observed := _subject["default"] if {
	_written == null
	not resource.touches(input.resource.unknown, _subject.path)
}

_observed := null if resource.touches(input.resource.unknown, _subject.path)

_defaulted := " (the default)" if _written == null

_defaulted := "" if _written != null

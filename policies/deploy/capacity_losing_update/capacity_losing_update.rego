# METADATA
# title: Rolling update takes capacity away
# description: >-
#   In production an update keeps what serves. A Deployment of tier 0 to 2 is not recreated (one whose volume only one
#   node can mount is a question of HA-002); up to four replicas it takes none away before the new one is ready; what
#   maxUnavailable leaves is at least one and what the PodDisruptionBudget wants; a rollout that hangs is noticed within
#   ten minutes; noted is a pod that counts as available in less than five seconds. Percentages are rounded as the API
#   rounds them. A DaemonSet, an EKS node group, a GKE node pool and the refresh of an Auto Scaling group take at most a
#   quarter at once.
# related_resources:
#   - https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
#   - https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
#   - https://cloud.google.com/kubernetes-engine/docs/concepts/node-pool-upgrade-strategies
# custom:
#   id: DEP-006
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/DaemonSet
#     - aws_eks_node_group
#     - google_container_node_pool
#     - aws_autoscaling_group
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14", "8.32"]
#     NIST80053: [CP-10, SC-5]
#   remediation: Use RollingUpdate with maxUnavailable 0 and maxSurge 1 or more, and minReadySeconds 5 or more.
#   since: 0.1.0
package policies.deploy.capacity_losing_update

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.workload

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults
}

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	input.resource.tier in {0, 1, 2}
	some finding in _recreated
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults | _recreated) > 0
}

unknown contains resource.unclassified if {
	resource.production(input.resource)
	input.resource.tier == null
	count(_recreated) > 0
}

unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in demand.undecided(input.resource, _demands[input.resource.type])
}

_spec := shape.map(shape.at(input.resource.attrs, ["spec"]))

_strategy := shape.map(shape.at(_spec, ["strategy"]))

_deployment if input.resource.type == "apps/Deployment"

# Flagger and an Argo Rollout run the pods themselves and keep the Deployment at zero.
_led if {
	some other in input.resource.related
	other.relation in {"canary", "rollout"}
	resource.remains(other)
}

_rolling if {
	_deployment
	not _strategy.type == "Recreate"
	not _led
	_replicas > 0
}

_replicas := workload.replicas(input.resource)

_recreated contains finding if {
	_deployment
	_strategy.type == "Recreate"
	not _led
	not _mounts_a_claim
	finding := _finding(
		"Recreate stops every pod before the first new one starts",
		["strategy", "type"],
		"Recreate",
		"RollingUpdate",
	)
}

_mounts_a_claim if {
	some volume in shape.list(shape.at(_spec, ["template", "spec", "volumes"]))
	is_object(volume)
	volume.persistentVolumeClaim
}

# Absent is 25 %.
_bound(name) := shape.at(_strategy, ["rollingUpdate", name]) if shape.at(_strategy, ["rollingUpdate", name]) != null

_bound(name) := "25%" if shape.at(_strategy, ["rollingUpdate", name]) == null

_unavailable := workload.share_down(_bound("maxUnavailable"), _replicas)

_surge := workload.share_up(_bound("maxSurge"), _replicas)

# The API lets nobody do without both: it takes one away then.
_lost := _unavailable if not _stuck

_lost := 1 if _stuck

_stuck if {
	_unavailable == 0
	_surge == 0
}

_faults contains finding if {
	_rolling
	_replicas <= 4
	_lost > 0
	_replicas > 1
	finding := _finding(
		sprintf("of %d replicas an update takes %d away before the new one is ready", [_replicas, _lost]),
		["strategy", "rollingUpdate", "maxUnavailable"],
		sprintf("%v", [_bound("maxUnavailable")]),
		"0, with maxSurge 1 or more",
	)
}

_faults contains finding if {
	_rolling
	_replicas - _lost < 1
	finding := _finding(
		sprintf("an update may take all of %d replicas away at once", [_replicas]),
		["strategy", "rollingUpdate", "maxUnavailable"],
		sprintf("%v", [_bound("maxUnavailable")]),
		"less than the replicas",
	)
}

_faults contains finding if {
	_rolling
	_replicas > 4
	some budget in input.resource.related
	budget.relation == "pdb"
	resource.remains(budget)
	wanted := workload.share_up(shape.at(budget.attrs, ["spec", "minAvailable"]), _replicas)
	_replicas - _lost < wanted
	finding := _finding(
		sprintf("an update leaves %d of %d replicas, the PodDisruptionBudget %s wants %d", [
			_replicas - _lost,
			_replicas,
			budget.name,
			wanted,
		]),
		["strategy", "rollingUpdate", "maxUnavailable"],
		sprintf("%v", [_bound("maxUnavailable")]),
		sprintf("at most %d", [_replicas - wanted]),
	)
}

# Nearly nobody sets it, and a readiness probe that fails again does most of its work: it is said, not demanded.
_faults contains finding if {
	_rolling
	seconds := _number(["minReadySeconds"], 0)
	seconds < 5
	finding := object.union(
		_finding(
			sprintf("%s %v s after it is ready: one that dies at once replaces those that serve", [
				"a new pod counts as available",
				seconds,
			]),
			["minReadySeconds"],
			_said(["minReadySeconds"], "0"),
			"at least 5",
		),
		{"enforcement": "advisory", "severity": "low"},
	)
}

_faults contains finding if {
	_rolling
	seconds := _number(["progressDeadlineSeconds"], 600)
	seconds > 600
	finding := _finding(
		sprintf("a rollout that hangs is noticed after %v s, at most 600", [seconds]),
		["progressDeadlineSeconds"],
		sprintf("%v", [seconds]),
		"at most 600",
	)
}

# One node after the other is the default, and right whatever their number.
_faults contains finding if {
	input.resource.type == "apps/DaemonSet"
	some path in [["updateStrategy", "rollingUpdate", "maxUnavailable"]]
	written := shape.at(_spec, path)
	is_string(written)
	workload.share_up(written, 100) > 25
	finding := _finding(
		sprintf("an update takes %s of the nodes' pods away at once, at most 25%%", [written]),
		path,
		written,
		"at most 25%",
	)
}

_faults contains finding if some finding in demand.broken(input.resource, _demands[input.resource.type])

_faults contains finding if {
	input.resource.type == "aws_eks_node_group"
	path := ["update_config", 0, "max_unavailable_percentage"]
	not resource.touches(input.resource.unknown, path)
	share := demand.number(shape.at(input.resource.attrs, path))
	share > 25
	finding := {
		"msg": sprintf("an upgrade of %s takes %d %% of the nodes away at once, at most 25 %%", [
			resource.address(input.resource),
			share,
		]),
		"path": path,
		"evidence": [{
			"pointer": "update_config.max_unavailable_percentage",
			"observed": sprintf("%d", [share]),
			"expected": "at most 25",
		}],
	}
}

# Without surge a pool shrinks by the nodes that are upgraded.
_faults contains finding if {
	input.resource.type == "google_container_node_pool"
	settings := shape.at(input.resource.attrs, ["upgrade_settings", 0])
	not settings.strategy == "BLUE_GREEN"
	demand.number(shape.at(settings, ["max_unavailable"])) > 0
	demand.number(shape.at(settings, ["max_surge"])) == 0
	finding := {
		"msg": sprintf("an upgrade of %s takes nodes away before new ones are there", [
			resource.address(input.resource),
		]),
		"path": ["upgrade_settings", 0, "max_surge"],
		"evidence": [{"pointer": "upgrade_settings.max_surge", "observed": "0", "expected": "at least 1"}],
	}
}

# Absent, a refresh keeps 90 % (and one of less than ten instances still one).
_demands := {"aws_autoscaling_group": [{
	"path": ["instance_refresh", 0, "preferences", 0, "min_healthy_percentage"],
	"least": 75,
	"default": 90,
}]}

_at(path) := shape.at(_spec, path)

_number(path, _) := _at(path) if is_number(_at(path))

_number(path, default_number) := default_number if _at(path) == null

_said(path, default_text) := sprintf("%s (the default)", [default_text]) if _at(path) == null

_said(path, _) := sprintf("%v", [_at(path)]) if _at(path) != null

_finding(msg, path, observed, expected) := {
	"msg": sprintf("%s: %s", [input.resource.name, msg]),
	"path": array.concat(["spec"], path),
	"evidence": [{
		"pointer": concat(".", array.concat(["spec"], path)),
		"observed": observed,
		"expected": expected,
	}],
}

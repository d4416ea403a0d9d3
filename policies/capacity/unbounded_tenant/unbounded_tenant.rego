# METADATA
# title: One tenant can take what belongs to all
# description: >-
#   A namespace that several tenants share (annotation or label `changegate/tenancy: shared`) has a ResourceQuota and a
#   LimitRange, every container in it requests CPU and memory (its own, or by the LimitRange's default), and what
#   customers need names a priority class, so that it is not evicted for a batch. Wherever a quota stands, an
#   autoscaler at its maximum fits in it. Outside shared namespaces a container without requests is only told. A usage
#   plan of an API gateway limits rate and burst. Init containers, sidecars and the pods of jobs count.
# related_resources:
#   - https://kubernetes.io/docs/concepts/security/multi-tenancy/
#   - https://kubernetes.io/docs/concepts/policy/resource-quotas/
# custom:
#   id: CAP-005
#   scope: resource
#   targets:
#     - Namespace
#     - Pod
#     - apps/Deployment
#     - apps/StatefulSet
#     - apps/DaemonSet
#     - argoproj.io/Rollout
#     - batch/Job
#     - batch/CronJob
#     - serving.knative.dev/Service
#     - autoscaling/HorizontalPodAutoscaler
#     - keda.sh/ScaledObject
#     - aws_api_gateway_usage_plan
#   severity: medium
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.1, CC6.1]
#     ISO27001: ["8.6", "8.22"]
#     NIST80053: [SC-5, SC-6, AC-4]
#   remediation: >-
#     A ResourceQuota and a LimitRange in the namespace, requests on every container, a quota that holds the
#     autoscalers' maximum, rate and burst limits at the edge.
#   since: 0.1.0
package policies.capacity.unbounded_tenant

import data.policies.lib.demand
import data.policies.lib.kubernetes
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier

deny contains finding if {
	resource.remains(input.resource)
	some fault in _faults
	tier.applies(input.resource, fault.last)
	finding := object.remove(fault, ["last"])
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	not fault.enforcement
	tier.undecided(input.resource, fault.last)
}

unknown contains finding if {
	resource.remains(input.resource)
	tier.applies(input.resource, 3)
	some finding in demand.undecided(input.resource, _demands)
}

_shares(attrs) if {
	some field in ["annotations", "labels"]
	shape.at(attrs, ["metadata", field, "changegate/tenancy"]) == "shared"
}

_is_namespace if input.resource.type == "Namespace"

# By its namespace, or by its own word.
_shared if {
	some namespace in kubernetes.related(input.resource, {"namespace"})
	_shares(namespace.attrs)
}

_shared if _shares(input.resource.attrs)

_is_workload if kubernetes.spec_path(input.resource)

_faults contains fault if {
	_is_namespace
	_shared
	some relation, word in {"quota": "ResourceQuota", "limit-range": "LimitRange"}
	count(kubernetes.related(input.resource, {relation})) == 0
	fault := {
		"msg": sprintf("the shared namespace %s has no %s", [input.resource.name, word]),
		"path": ["metadata", "name"],
		"last": 3,
	}
}

# Containers with what they do not request.
_greedy := [{"entry": entry, "missing": missing} |
	_is_workload
	some entry in kubernetes.containers(input.resource)
	entry.role != "ephemeral"
	missing := [name | some name in ["cpu", "memory"]; not _requested(entry.container, name)]
	count(missing) > 0
]

# A limit requests as much.
_requested(container, name) if {
	some kind in ["requests", "limits"]
	shape.at(container, ["resources", kind, name]) != null
}

_requested(_, name) if {
	some kind in ["requests", "limits"]
	shape.at(kubernetes.pod(input.resource), ["resources", kind, name]) != null
}

_requested(_, name) if {
	some range in kubernetes.related(input.resource, {"limit-range"})
	some limit in shape.list(shape.at(range.attrs, ["spec", "limits"]))
	shape.at(limit, ["type"]) == "Container"
	some kind in ["defaultRequest", "default", "min", "max"]
	shape.at(limit, [kind, name]) != null
}

_faults contains fault if {
	_shared
	some greedy in _greedy
	fault := object.union(_without_requests(greedy), {"last": 3})
}

_faults contains fault if {
	not _shared
	some greedy in _greedy
	greedy.entry.role in {"container", "sidecar"}
	fault := object.union(_without_requests(greedy), {"enforcement": "advisory", "severity": "low", "last": 2})
}

_without_requests(greedy) := {
	"msg": sprintf("container %v of %s requests no %s: it takes what its neighbours need, and is the first to go", [
		shape.at(greedy.entry.container, ["name"]),
		input.resource.name,
		concat(" and no ", greedy.missing),
	]),
	"path": array.concat(greedy.entry.path, ["resources"]),
}

_faults contains fault if {
	_is_workload
	_shared
	shape.at(kubernetes.pod(input.resource), ["priorityClassName"]) == null
	fault := {
		"msg": sprintf("%s shares its nodes with batches and names no priority class", [input.resource.name]),
		"path": array.concat(kubernetes.spec_path(input.resource), ["priorityClassName"]),
		"last": 1,
	}
}

_most := number if {
	input.resource.type == "autoscaling/HorizontalPodAutoscaler"
	number := shape.at(kubernetes.settled(input.resource), ["spec", "maxReplicas"])
}

_most := number if {
	input.resource.type == "keda.sh/ScaledObject"
	number := shape.at(kubernetes.settled(input.resource), ["spec", "maxReplicaCount"])
}

# What one pod counts for in a quota; undefined where a part of it is not written.
_of_a_pod(_, "pods") := 1

_of_a_pod(target, key) := sum(parts) if {
	wanted := _quota_keys[key]
	running := [entry |
		some entry in kubernetes.containers(target)
		entry.role in {"container", "sidecar"}
	]
	parts := [kubernetes.quantity(amount) |
		some entry in running
		amount := _amount(entry.container, wanted)
	]
	count(parts) == count(running)
}

_amount(container, wanted) := amount if {
	amount := shape.at(container, ["resources", wanted.kind, wanted.name])
	amount != null
}

_amount(container, wanted) := amount if {
	wanted.kind == "requests"
	shape.at(container, ["resources", "requests", wanted.name]) == null
	amount := shape.at(container, ["resources", "limits", wanted.name])
	amount != null
}

_quota_keys := {
	"cpu": {"kind": "requests", "name": "cpu"},
	"memory": {"kind": "requests", "name": "memory"},
	"requests.cpu": {"kind": "requests", "name": "cpu"},
	"requests.memory": {"kind": "requests", "name": "memory"},
	"limits.cpu": {"kind": "limits", "name": "cpu"},
	"limits.memory": {"kind": "limits", "name": "memory"},
}

_faults contains fault if {
	is_number(_most)
	some target in kubernetes.related(input.resource, {"scale-target"})
	some quota in kubernetes.related(input.resource, {"quota"})
	some key, hard in shape.map(shape.at(quota.attrs, ["spec", "hard"]))
	needed := _of_a_pod(target, key) * _most
	needed > kubernetes.quantity(hard)
	fault := {
		"msg": sprintf("%s may grow to %v pods, which need %v of %s: the quota %s holds %v", [
			input.resource.name,
			_most,
			needed,
			key,
			quota.name,
			hard,
		]),
		"path": ["spec", _most_field],
		"because": [kubernetes.place(quota)],
		"last": 3,
	}
}

_most_field := "maxReplicas" if input.resource.type == "autoscaling/HorizontalPodAutoscaler"

_most_field := "maxReplicaCount" if input.resource.type == "keda.sh/ScaledObject"

_demands := [
	{"path": ["throttle_settings", 0, "rate_limit"], "given": true},
	{"path": ["throttle_settings", 0, "burst_limit"], "given": true},
] if {
	input.resource.type == "aws_api_gateway_usage_plan"
}

_faults contains fault if {
	some broken in demand.broken(input.resource, _demands)
	fault := object.union(broken, {"last": 3})
}

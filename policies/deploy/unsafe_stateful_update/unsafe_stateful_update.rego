# METADATA
# title: StatefulSet updates out of order or loses its volumes
# description: >-
#   In production a StatefulSet rolls one pod after the other (OnDelete only where an operator does it), ends its pods
#   in no less than 30 seconds, and keeps its volumes when it is deleted or scaled down. Quorum systems start in order:
#   Parallel needs the annotation changegate/parallel-start with the reason. What cannot be changed in place (claims,
#   serviceName, selector, podManagementPolicy) is refused by the API, so that the change would have to delete it. For
#   tier 0 and 1 new pods come in stages: a partition, or the request plans them. Noted is a set that waits less than
#   ten seconds between pods.
# related_resources:
#   - https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
# custom:
#   id: DEP-005
#   scope: resource
#   targets:
#     - apps/StatefulSet
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2, CC8.1]
#     ISO27001: ["8.13", "8.32"]
#     NIST80053: [CP-9, CM-3]
#   remediation: >-
#     Use updateStrategy RollingUpdate with minReadySeconds 10, and persistentVolumeClaimRetentionPolicy Retain (the
#     default); roll out with a falling partition.
#   since: 0.1.0
package policies.deploy.unsafe_stateful_update

import data.policies.lib.canary
import data.policies.lib.evidence
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults | _unstaged
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults) > 0
}

unknown contains resource.unclassified if {
	resource.production(input.resource)
	_new_pods
	not _staged
	input.resource.tier == null
}

_spec := shape.map(shape.at(input.resource.attrs, ["spec"]))

_labels := shape.map(shape.at(input.resource.attrs, ["metadata", "labels"]))

_annotations := shape.map(shape.at(input.resource.attrs, ["metadata", "annotations"]))

_faults contains finding if {
	_at(["updateStrategy", "type"]) == "OnDelete"
	not _operated
	finding := _finding(
		"OnDelete: pods keep the old version until somebody deletes them",
		["updateStrategy", "type"],
		"OnDelete",
		"RollingUpdate, or an operator that deletes the pods",
	)
}

_faults contains finding if {
	_at(["podManagementPolicy"]) == "Parallel"
	_quorum
	not text.given(object.get(_annotations, "changegate/parallel-start", null))
	finding := _finding(
		"a quorum system whose pods start and stop all at once when it is scaled",
		["podManagementPolicy"],
		"Parallel",
		"OrderedReady, or the annotation changegate/parallel-start with the reason",
	)
}

_faults contains finding if {
	some event, when in {"whenDeleted": "the StatefulSet is deleted", "whenScaled": "it is scaled down"}
	_at(["persistentVolumeClaimRetentionPolicy", event]) == "Delete"
	finding := _finding(
		sprintf("the volumes are deleted when %s", [when]),
		["persistentVolumeClaimRetentionPolicy", event],
		"Delete",
		"Retain (the default)",
	)
}

# Nearly nobody sets it: it is said, not demanded.
_faults contains finding if {
	seconds := _number(["minReadySeconds"], 0)
	seconds < 10
	finding := evidence.noted(
		_finding(
			sprintf("the next pod is replaced %v s after the last became ready, at least 10", [seconds]),
			["minReadySeconds"],
			_said(["minReadySeconds"], "0"),
			"at least 10",
		),
		"low",
	)
}

_faults contains finding if {
	seconds := _number(["template", "spec", "terminationGracePeriodSeconds"], 30)
	seconds < 30
	finding := _finding(
		sprintf("pods are killed after %v s, at least 30 to hand over their data", [seconds]),
		["template", "spec", "terminationGracePeriodSeconds"],
		sprintf("%v", [seconds]),
		"at least 30",
	)
}

_fixed := {
	"volumeClaimTemplates": "the claims of a StatefulSet",
	"serviceName": "the Service of a StatefulSet",
	"selector": "the selector of a StatefulSet",
	"podManagementPolicy": "the pod management of a StatefulSet",
}

_faults contains finding if {
	input.resource.action == "update"
	some field, what in _fixed
	resource.touches(input.resource.changed, ["spec", field])
	_was(field) != _at([field])
	finding := _finding(
		sprintf("%s cannot be changed in place: it would have to be deleted and created anew", [what]),
		[field],
		"changed",
		"as it was, or a new StatefulSet beside it and a migration",
	)
}

_was(field) := shape.at(input.resource.before, ["spec", field])

# New pods of what others rely on come in stages.
_unstaged contains finding if {
	input.resource.tier in {0, 1}
	_new_pods
	not _staged
	finding := _finding(
		"new pods without stages: no partition, and the request plans none",
		["updateStrategy"],
		"all pods, one after the other",
		"updateStrategy.rollingUpdate.partition, or progressiveDelivery with steps and metrics in the request",
	)
}

_new_pods if {
	input.resource.action == "update"
	resource.touches(input.resource.changed, ["spec", "template"])
}

_staged if _number(["updateStrategy", "rollingUpdate", "partition"], 0) > 0

_staged if canary.planned(input.change)

# An operator replaces the pods itself.
_operated if {
	manager := _labels["app.kubernetes.io/managed-by"]
	is_string(manager)
	contains(lower(manager), "operator")
}

_operated if {
	count(shape.list(shape.at(input.resource.attrs, ["metadata", "ownerReferences"]))) > 0
}

_quorum_systems := {
	"etcd", "zookeeper", "kafka", "consul", "vault", "rabbitmq", "elasticsearch", "opensearch", "mongo", "mongodb",
	"cassandra", "cockroach", "cockroachdb", "nats", "redpanda", "clickhouse-keeper",
}

# By the last part of an image's name, or the name that the label gives.
_quorum if _labels["app.kubernetes.io/name"] in _quorum_systems

_quorum if {
	some container in shape.list(_at(["template", "spec", "containers"]))
	is_string(container.image)
	parts := split(split(container.image, "@")[0], "/")
	split(parts[count(parts) - 1], ":")[0] in _quorum_systems
}

_at(path) := shape.at(_spec, path)

_number(path, _) := _at(path) if is_number(_at(path))

_number(path, default_number) := default_number if _at(path) == null

_said(path, default_text) := sprintf("%s (the default)", [default_text]) if _at(path) == null

_said(path, _) := sprintf("%v", [_at(path)]) if _at(path) != null

_finding(msg, path, observed, expected) := evidence.finding(
	input.resource.name,
	msg,
	array.concat(["spec"], path),
	observed,
	expected,
)

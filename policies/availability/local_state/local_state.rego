# METADATA
# title: Stateless workload keeps state on its node
# description: >-
#   What a Deployment or a Rollout writes to its node is lost with the pod, and a volume for one node stops a rolling
#   update: host paths that are written, volume claims of one node (ReadWriteOnce, ReadWriteOncePod), emptyDir without a
#   sizeLimit at a place where data lies, and sessions that stick to one pod of tier 0 and 1. Caches are named in the
#   annotation `changegate/cache-volumes`.
# related_resources:
#   - https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
#   - https://12factor.net/processes
# custom:
#   id: HA-002
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/ReplicaSet
#     - argoproj.io/Rollout
#     - Service
#     - aws_lb_target_group
#   severity: medium
#   enforcement: advisory
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [SC-5, CP-10]
#   remediation: Keep state and sessions in a store, or use a StatefulSet with a claim for each replica.
#   since: 0.1.0
package policies.availability.local_state

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier
import data.policies.lib.kubernetes

deny contains finding if {
	resource.remains(input.resource)
	some fault in _faults
	tier.applies(input.resource, fault.last)
	finding := object.remove(fault, ["last"])
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	tier.undecided(input.resource, fault.last)
}

unknown contains finding if {
	resource.remains(input.resource)
	input.resource.environment == "prod"
	_is_workload
	some reference in shape.list(shape.at(input.resource, ["dangling"]))
	reference.relation == "claim"
	finding := {
		"msg": sprintf("whether the volume claim %s belongs to one node is not known: it is not in this tree", [
			reference.name,
		]),
		"path": reference.path,
	}
}

_is_workload if input.resource.type in {"apps/Deployment", "apps/ReplicaSet", "argoproj.io/Rollout"}

_path := kubernetes.spec_path(input.resource)

_volumes[index] := volume if {
	_is_workload
	some index, entry in shape.list(shape.at(kubernetes.pod(input.resource), ["volumes"]))
	volume := shape.map(entry)
	not shape.at(volume, ["name"]) in _caches
}

_caches := {trim_space(name) | some name in split(_annotation, ",")}

_written_caches := shape.at(input.resource.attrs, ["metadata", "annotations", "changegate/cache-volumes"])

_annotation := _written_caches if is_string(_written_caches)

_annotation := "" if not is_string(_written_caches)

# Where a volume is mounted, and whether it is written there.
_mounts(volume) := [mount |
	some entry in kubernetes.containers(input.resource)
	some each in shape.list(shape.at(entry.container, ["volumeMounts"]))
	mount := shape.map(each)
	mount.name == volume.name
]

_written(volume) if {
	some mount in _mounts(volume)
	not mount.readOnly == true
}

_faults contains fault if {
	some index, volume in _volumes
	host := shape.at(volume, ["hostPath", "path"])
	is_string(host)
	_written(volume)
	not _of_the_machine(host, volume)
	fault := {
		"msg": sprintf("%s writes to %s of its node: what is there is lost with the node", [input.resource.name, host]),
		"path": array.concat(_path, ["volumes", index, "hostPath"]),
		"last": 3,
	}
}

# Devices, kernel and sockets of the node: no state of the workload.
_of_the_machine(host, _) if regex.match(`^/(dev|proc|sys|run|var/run)(/|$)`, host)

_of_the_machine(_, volume) if shape.at(volume, ["hostPath", "type"]) in {"Socket", "CharDevice", "BlockDevice"}

_faults contains fault if {
	some index, volume in _volumes
	name := shape.at(volume, ["persistentVolumeClaim", "claimName"])
	is_string(name)
	some claim in kubernetes.related(input.resource, {"claim"})
	claim.name == name
	modes := {mode | some mode in shape.list(shape.at(claim.attrs, ["spec", "accessModes"]))}
	count(modes) > 0
	count(modes - {"ReadWriteOnce", "ReadWriteOncePod"}) == 0
	fault := {
		"msg": sprintf("all replicas of %s share the volume claim %s, which is of one node (%s): a rolling update %s", [
			input.resource.name,
			name,
			concat(", ", sort(modes)),
			"waits for a volume that the old pod holds",
		]),
		"path": array.concat(_path, ["volumes", index, "persistentVolumeClaim"]),
		"because": [kubernetes.place(claim)],
		"last": 3,
	}
}

_faults contains fault if {
	some index, volume in _volumes
	is_object(shape.at(volume, ["emptyDir"]))
	shape.at(volume, ["emptyDir", "sizeLimit"]) == null
	some mount in _mounts(volume)
	is_string(mount.mountPath)
	regex.match(`(?i)(^|/)(data|db|database|storage|uploads?|state)/?$|^/var/lib/`, mount.mountPath)
	fault := {
		"msg": sprintf("%s keeps %s in an emptyDir without a sizeLimit: it is lost with the pod and may fill the node", [
			input.resource.name,
			mount.mountPath,
		]),
		"path": array.concat(_path, ["volumes", index, "emptyDir"]),
		"last": 3,
	}
}

_faults contains fault if {
	input.resource.type == "Service"
	shape.at(input.resource.attrs, ["spec", "sessionAffinity"]) == "ClientIP"
	fault := {
		"msg": sprintf("sessions of %s stick to one pod (sessionAffinity ClientIP): they are lost with it", [
			input.resource.name,
		]),
		"path": ["spec", "sessionAffinity"],
		"last": 1,
	}
}

_faults contains fault if {
	input.resource.type == "aws_lb_target_group"
	some index, stickiness in shape.list(shape.at(input.resource.attrs, ["stickiness"]))
	shape.at(stickiness, ["enabled"]) in {true, "true"}
	fault := {
		"msg": sprintf("sessions of %s stick to one target: they are lost with it", [resource.address(input.resource)]),
		"path": ["stickiness", index, "enabled"],
		"last": 1,
	}
}

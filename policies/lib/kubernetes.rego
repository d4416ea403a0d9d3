# METADATA
# title: Workloads of Kubernetes
# description: >-
#   Where the pods of a workload stand, which containers they have, how many replicas are kept at least, and whether a
#   label selector picks its pods. Defaults count as written.
package policies.lib.kubernetes

import data.policies.lib.resource
import data.policies.lib.shape

_template := ["spec", "template", "spec"]

_spec_paths := {
	"Pod": ["spec"],
	"ReplicationController": _template,
	"apps/DaemonSet": _template,
	"apps/Deployment": _template,
	"apps/ReplicaSet": _template,
	"apps/StatefulSet": _template,
	"argoproj.io/Rollout": _template,
	"batch/CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
	"batch/Job": _template,
	"serving.knative.dev/Service": _template,
}

# The path of the pods' spec; undefined for what makes no pods.
spec_path(thing) := _spec_paths[thing.type]

# The attributes with their defaults.
settled(thing) := thing.effective if is_object(shape.at(thing, ["effective"]))

settled(thing) := thing.attrs if not is_object(shape.at(thing, ["effective"]))

# The pods' spec, with defaults.
pod(thing) := shape.map(shape.at(settled(thing), spec_path(thing)))

# Whether its template is written in it: a Rollout may refer to a workload instead.
has_template(thing) if is_object(shape.at(thing.attrs, spec_path(thing)))

# Labels of the pods.
labels(thing) := shape.map(shape.at(thing.attrs, array.concat(parent, ["metadata", "labels"]))) if {
	path := spec_path(thing)
	parent := array.slice(path, 0, count(path) - 1)
}

# Every container with its path and its role: container, init, sidecar (an init container that keeps running) or
# ephemeral.
containers(thing) := [{"path": array.concat(spec_path(thing), [list, index]), "container": container, "role": role} |
	some list in ["containers", "initContainers", "ephemeralContainers"]
	some index, entry in shape.list(shape.at(pod(thing), [list]))
	container := shape.map(entry)
	role := _role(list, container)
]

_role("containers", _) := "container"

_role("ephemeralContainers", _) := "ephemeral"

_role("initContainers", container) := "sidecar" if container.restartPolicy == "Always"

_role("initContainers", container) := "init" if not container.restartPolicy == "Always"

# The other side of a relation, without what is gone after the change.
related(thing, relations) := [other |
	some other in shape.list(shape.at(thing, ["related"]))
	other.relation in relations
	resource.remains(other)
]

# The fewest replicas that are kept: the scaler's minimum, else the workload's own number. Null where it cannot be told.
floor(thing) := min(minima) if {
	minima := [_minimum(scaler) | some scaler in related(thing, {"scaler"})]
	count(minima) > 0
	every minimum in minima { is_number(minimum) }
}

floor(thing) := null if {
	some scaler in related(thing, {"scaler"})
	not is_number(_minimum(scaler))
}

floor(thing) := _rollouts_floor(thing) if count(related(thing, {"scaler"})) == 0

_rollouts_floor(thing) := _replicas(thing) if count(related(thing, {"rollout"})) == 0

_rollouts_floor(thing) := max([_replicas(rollout) | some rollout in rollouts]) if {
	rollouts := related(thing, {"rollout"})
	count(rollouts) > 0
	every rollout in rollouts {
		not _scaled(rollout)
		is_number(_replicas(rollout))
	}
}

_rollouts_floor(thing) := null if {
	some rollout in related(thing, {"rollout"})
	_elsewhere(rollout)
}

_elsewhere(rollout) if _scaled(rollout)

_elsewhere(rollout) if not is_number(_replicas(rollout))

_scaled(thing) if {
	some other in shape.list(shape.at(thing, ["related"]))
	other.relation == "scaler"
	other.action != "delete"
}

_minimum(scaler) := _or(shape.at(settled(scaler), ["spec", "minReplicaCount"]), 0) if {
	scaler.type == "keda.sh/ScaledObject"
}

_minimum(scaler) := _or(shape.at(settled(scaler), ["spec", "minReplicas"]), 1) if scaler.type != "keda.sh/ScaledObject"

# Flagger scales the workload itself to zero and keeps a copy, whose number is not written anywhere.
_replicas(thing) := null if {
	_own_replicas(thing) == 0
	count(related(thing, {"canary"})) > 0
}

_replicas(thing) := null if not is_number(_own_replicas(thing))

_replicas(thing) := number if {
	number := _own_replicas(thing)
	is_number(number)
	not _parked(thing, number)
}

_parked(thing, 0) if count(related(thing, {"canary"})) > 0

_own_replicas(thing) := _or(shape.at(settled(thing), ["spec", "replicas"]), 1)

_or(value, fallback) := value if value != null

_or(value, fallback) := fallback if value == null

# Whether a LabelSelector picks these labels. An absent one picks nothing, an empty one everything.
selects(selector, picked) if {
	is_object(selector)
	every key, value in shape.map(shape.at(selector, ["matchLabels"])) { picked[key] == value }
	every expression in shape.list(shape.at(selector, ["matchExpressions"])) { _holds(expression, picked) }
}

_holds(expression, picked) if {
	expression.operator == "In"
	picked[expression.key] in shape.list(expression.values)
}

_holds(expression, picked) if {
	expression.operator == "NotIn"
	not shape.at(picked, [expression.key]) in shape.list(expression.values)
}

_holds(expression, picked) if {
	expression.operator == "Exists"
	expression.key in object.keys(picked)
}

_holds(expression, picked) if {
	expression.operator == "DoesNotExist"
	not expression.key in object.keys(picked)
}

# Whether it takes requests: a Service, an Ingress or a route leads to it, or a container names a port.
serves(thing) if count(related(thing, {"service", "canary-service", "stable-service", "active-service"})) > 0

serves(thing) if {
	some entry in containers(thing)
	count(shape.list(shape.at(entry.container, ["ports"]))) > 0
}

# The number of a percentage of `whole`, rounded up as the disruption controller does; a number stands for itself.
scaled(value, _) := value if is_number(value)

scaled(value, whole) := ceil((to_number(trim_suffix(value, "%")) * whole) / 100) if {
	is_string(value)
	regex.match(`^[0-9]{1,9}%$`, value)
}

# The place of a related object, for `because`.
place(other) := sprintf("%s:%d:1", [other.file, other.line])

# Bytes or cores of a quantity: `500m`, `1.5`, `512Mi`, `2G`.
quantity(value) := value if is_number(value)

quantity(value) := to_number(number) * _units[unit] if {
	is_string(value)
	regex.match(`^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$`, value)
	number := regex.find_n(`^[0-9]+(\.[0-9]+)?`, value, 1)[0]
	unit := trim_prefix(value, number)
}

_units := {
	"": 1, "m": 0.001, "k": 1000, "M": 1000000, "G": 1000000000, "T": 1000000000000, "P": 1000000000000000,
	"Ki": 1024, "Mi": 1048576, "Gi": 1073741824, "Ti": 1099511627776, "Pi": 1125899906842624,
}

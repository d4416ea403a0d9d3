# METADATA
# title: Questions about a workload
# description: How many replicas it keeps and what its pods are. Nothing here reads `input`.
package policies.lib.workload

import data.policies.lib.resource
import data.policies.lib.shape

_minimum := {
	"autoscaling/HorizontalPodAutoscaler": {"path": ["spec", "minReplicas"], "default": 1},
	"keda.sh/ScaledObject": {"path": ["spec", "minReplicaCount"], "default": 0},
}

_scalers(thing) := [other |
	some other in thing.related
	other.relation == "scaler"
	resource.remains(other)
]

# Fewest replicas that it keeps: the minimum of its scaler, else its own; absent means what the API makes of it.
# Undefined where the number is not known.
replicas(thing) := _number(shape.at(thing.attrs, ["spec", "replicas"]), 1) if count(_scalers(thing)) == 0

replicas(thing) := min([_number(shape.at(scaler.attrs, floor.path), floor["default"]) |
	some scaler in _scalers(thing)
	floor := _minimum[scaler.type]
]) if {
	count(_scalers(thing)) > 0
}

_number(written, _) := written if is_number(written)

_number(written, default_number) := default_number if written == null

# A count out of an absolute number or a percentage of `total`, rounded down as the API rounds maxUnavailable.
share_down(value, _) := value if is_number(value)

share_down(value, total) := floor((_percent(value) * total) / 100) if is_number(_percent(value))

# The same, rounded up as the API rounds maxSurge and minAvailable.
share_up(value, _) := value if is_number(value)

share_up(value, total) := ceil((_percent(value) * total) / 100) if is_number(_percent(value))

_percent(value) := to_number(trim_suffix(value, "%")) if {
	is_string(value)
	regex.match("^[0-9]{1,3}%$", value)
}

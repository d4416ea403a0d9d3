# METADATA
# title: Kubernetes quantities
# description: CPU and memory of containers as numbers, whatever unit they are written in.
# related_resources:
#   - https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
package policies.lib.quantity

import data.policies.lib.shape

_units := {
	"": 1, "m": 0.001, "k": 1000, "M": 1000000, "G": 1000000000, "T": 1000000000000,
	"Ki": 1024, "Mi": 1048576, "Gi": 1073741824, "Ti": 1099511627776,
}

# The number of units; undefined for what is no quantity.
amount(written) := written if is_number(written)

amount(written) := to_number(digits) * _units[unit] if {
	is_string(written)
	regex.match("^[0-9]{1,15}([.][0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", written)
	digits := regex.find_n("^[0-9.]+", written, 1)[0]
	unit := substring(written, count(digits), -1)
}

# Containers of a workload by name.
containers(attrs) := {container.name: container |
	some path in [["spec", "template", "spec", "containers"], ["spec", "containers"]]
	some container in shape.list(shape.at(attrs, path))
	is_string(container.name)
}

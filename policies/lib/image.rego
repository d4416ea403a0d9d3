# METADATA
# title: Container images
# description: Finds the images of a workload and takes a reference apart. Nothing here stops on odd values.
package policies.lib.image

import data.policies.lib.shape

# Paths of pod specs in the objects that have pods.
_pods := [["spec"], ["spec", "template", "spec"], ["spec", "jobTemplate", "spec", "template", "spec"]]

# Every image that the object names.
all(object_attrs) := {reference |
	some path in _pods
	pod := shape.map(shape.at(object_attrs, path))
	some list in ["containers", "initContainers"]
	some container in shape.list(object.get(pod, list, []))
	reference := container.image
	is_string(reference)
}

# `sha256:…` of a reference or of a digest; undefined for a tag.
digest(reference) := found[0] if {
	is_string(reference)
	found := regex.find_n("sha256:[0-9a-f]{64}$", lower(reference), 1)
	count(found) == 1
}

# The name without tag and digest; the colon of a port stays.
name(reference) := regex.replace(split(reference, "@")[0], ":[^:/]*$", "") if is_string(reference)

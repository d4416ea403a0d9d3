# METADATA
# title: Questions about one resource
# description: >-
#   What the change does to a resource, whether it counts as production, and what is known about it. Nothing here
#   reads `input`.
package policies.lib.resource

# One constant text, so that an output can group the resources that share it.
unclassified := concat("", [
	"environment or tier is not known. Declare environment and service with the annotations ",
	"changegate/environment and backstage.io/kubernetes-id (Terraform: tags environment and service) or by path in ",
	"changegate.yaml; the tier comes from the service catalogue",
])

_change_actions := {"create", "update", "delete", "replace", "forget"}

_destructive_actions := {"delete", "replace", "forget"}

_production_words := {"prod", "production", "prd"}

# The change does something to it: neither `present` nor `no-op`.
changes(resource) if resource.action in _change_actions

# It, or our grip on it, is gone after the change. `forget` counts: management ends though the object stays.
destroys(resource) if resource.action in _destructive_actions

# It exists after the change and is still managed.
remains(resource) if resource.action in {"present", "no-op", "create", "update", "replace"}

# Fail closed: an environment that could not be resolved is prod as soon as the change touches the resource.
production(resource) if resource.environment == "prod"

production(resource) if {
	resource.environment == null
	changes(resource)
}

# Nobody can tell whether it is production, and no change forces the answer.
unplaced(resource) if {
	resource.environment == null
	resource.action == "present"
}

# `prod` under any of its default names.
production_word(word) if {
	is_string(word)
	lower(word) in _production_words
}

# One name per environment, so that `production` in a request meets `prod` of a resource.
environment_name(word) := "prod" if production_word(word)

environment_name(word) := lower(word) if {
	is_string(word)
	not production_word(word)
}

# `component:default/orders-api`, `default/orders-api` and `orders-api` are one service.
service_name(ref) := name if {
	is_string(ref)
	tail := split(ref, "/")
	last := split(tail[count(tail) - 1], ":")
	name := last[count(last) - 1]
}

# One of the paths stands above, at or below `path`.
touches(paths, path) if {
	some other in paths
	depth := min([count(other), count(path)])
	array.slice(other, 0, depth) == array.slice(path, 0, depth)
}

# What a person calls it: the Terraform address or the Kubernetes id.
address(resource) := resource.address if is_string(resource.address)

address(resource) := resource.id if resource.address == null

# Whether an address written by a person means this resource.
named(resource, written) if written == resource.id

named(resource, written) if {
	is_string(written)
	written == resource.address
}

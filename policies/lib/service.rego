# METADATA
# title: What the service catalogue says
# description: Looks services up by name. `services` is `input.context.services`.
package policies.lib.service

import data.policies.lib.resource
import data.policies.lib.shape

# The entry of a service; undefined when the catalogue has none.
entry(services, name) := found[0] if {
	found := [one | some one in services.entries; one.name == name]
	count(found) > 0
}

# Its data may be lost: a cache, a preview environment.
ephemeral(services, name) if entry(services, name).ephemeral == true

# It may run as one instance.
singleton(services, name) if entry(services, name).singleton == true

# Names of the services that those named depend on, one step away: what they say they depend on, what says so itself,
# and what offers the interfaces that they call.
dependencies(services, names) := {name |
	some one in services.entries
	one.name in names
	some ref in _listed(one, "depends_on")
	name := resource.service_name(ref)
} | {one.name |
	some one in services.entries
	some ref in _listed(one, "dependency_of")
	resource.service_name(ref) in names
} | {one.name |
	some one in services.entries
	some ref in _listed(one, "provides_apis")
	resource.service_name(ref) in _called(services, names)
}

# Names of the services that depend on those named, one step away.
dependents(services, names) := {one.name |
	some one in services.entries
	count(dependencies(services, {one.name}) & names) > 0
}

_called(services, names) := {resource.service_name(ref) |
	some one in services.entries
	one.name in names
	some ref in _listed(one, "consumes_apis")
}

_listed(one, key) := shape.list(object.get(one, key, []))

# METADATA
# title: What the service catalogue says
# description: Looks services up by name. `services` is `input.context.services`.
package policies.lib.service

# The entry of a service; undefined when the catalogue has none.
entry(services, name) := found[0] if {
	found := [one | some one in services.entries; one.name == name]
	count(found) > 0
}

# Its data may be lost: a cache, a preview environment.
ephemeral(services, name) if entry(services, name).ephemeral == true

# It may run as one instance.
singleton(services, name) if entry(services, name).singleton == true

# METADATA
# title: Whom a demand is made of
# description: >-
#   A demand is made of production, up to the tier that it names: `last` 1 for what customers cannot do without, 2 for
#   what matters, 3 for everything, whether its tier is known or not.
package policies.lib.tier

# It is made of this resource.
applies(thing, last) if {
	thing.environment == "prod"
	last >= 3
}

applies(thing, last) if {
	thing.environment == "prod"
	is_number(thing.tier)
	thing.tier <= last
}

# Nobody can tell whether it is.
undecided(thing, last) if {
	not applies(thing, last)
	not _spared(thing, last)
}

_spared(thing, _) if {
	is_string(thing.environment)
	thing.environment != "prod"
}

_spared(thing, last) if {
	last < 3
	is_number(thing.tier)
	thing.tier > last
}

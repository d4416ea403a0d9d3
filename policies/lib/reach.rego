# METADATA
# title: Which services a change reaches
# description: >-
#   The services of the request's scope and those of the production resources that the change touches, as the catalogue
#   knows them. Nothing here reads `input`: `document` is the policy input.
package policies.lib.reach

import data.policies.lib.resource
import data.policies.lib.service

# There is a request, and production is meant or touched.
judged(document) if {
	is_object(document.change)
	production_scope(document.change)
}

judged(document) if {
	is_object(document.change)
	some changed in document.changed
	resource.production(changed)
}

# The request means production, or does not say what it means.
production_scope(change) if {
	is_object(change)
	not _other_environments(change)
}

_other_environments(change) if {
	environments := change.spec.scope.environments
	is_array(environments)
	count(environments) > 0
	every environment in environments {
		is_string(environment)
		not resource.production_word(environment)
	}
}

# Name → what the catalogue says; `tier` is null where it says nothing.
services(document) := {name: facts |
	some name in _names(document)
	facts := _facts(document.context.services, name)
}

_names(document) := {scoped.name | some scoped in document.change.services} | {changed.service |
	some changed in document.changed
	resource.production(changed)
	is_string(changed.service)
}

_facts(services, name) := service.entry(services, name)

_facts(services, name) := {"name": name, "tier": null} if not _known(services, name)

_known(services, name) if is_object(service.entry(services, name))

# Customers notice at once: tier 0 and 1, and whatever has no tier yet.
critical(facts) if facts.tier <= 1

critical(facts) if facts.tier == null

# Not best effort: tier 0 to 2, and whatever has no tier yet.
important(facts) if facts.tier <= 2

important(facts) if facts.tier == null

# Some service, or some production resource of no service, is critical.
touches_critical(document) if {
	some facts in services(document)
	critical(facts)
}

touches_critical(document) if {
	some changed in document.changed
	resource.production(changed)
	changed.service == null
}

touches_critical(document) if count(services(document)) == 0

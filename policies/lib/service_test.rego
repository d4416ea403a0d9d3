package policies.lib.service_test

import data.policies.lib.sample_test as sample
import data.policies.lib.service

_services := object.union(sample.document.context.services, {"entries": [
	object.union(sample.service("cache", 2), {"ephemeral": true}),
	object.union(sample.service("cron", 2), {"singleton": true}),
]})

test_found if service.entry(_services, "cache").tier == 2

test_not_found if {
	not service.entry(_services, "other")
	not service.entry(_services, null)
}

test_ephemeral if {
	service.ephemeral(_services, "cache")
	not service.ephemeral(_services, "cron")
	not service.ephemeral(_services, null)
}

test_singleton if {
	service.singleton(_services, "cron")
	not service.singleton(_services, "cache")
}

_graph := {"entries": [
	object.union(sample.service("api", 1), {
		"depends_on": ["resource:default/db"], "consumes_apis": ["payments-v1"], "dependency_of": ["shop"],
	}),
	object.union(sample.service("payments", 1), {"provides_apis": ["api:default/payments-v1"]}),
	object.union(sample.service("cache", 2), {"dependency_of": ["component:default/api"]}),
	sample.service("shop", 2),
]}

test_dependencies_one_step_away if {
	service.dependencies(_graph, {"api"}) == {"db", "payments", "cache"}
	service.dependencies(_graph, {"shop"}) == {"api"}
	service.dependencies(_graph, {"nobody"}) == set()
	service.dependencies({"entries": [sample.service("a", 1)]}, {"a"}) == set()
}

test_dependents_one_step_away if {
	service.dependents(_graph, {"payments"}) == {"api"}
	service.dependents(_graph, {"api"}) == {"shop"}
}

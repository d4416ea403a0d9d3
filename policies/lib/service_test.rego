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

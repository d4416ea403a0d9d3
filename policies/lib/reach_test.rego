package policies.lib.reach_test

import data.policies.lib.reach
import data.policies.lib.sample_test as sample

_staging := json.patch(sample.document, [
	{"op": "replace", "path": "/change/spec/scope/environments", "value": ["staging"]},
	{"op": "replace", "path": "/changed/0/environment", "value": "staging"},
])

test_judged if {
	reach.judged(sample.document)
	reach.judged(sample.present)
	not reach.judged(_staging)
	not reach.judged(json.patch(sample.document, [{"op": "replace", "path": "/change", "value": null}]))
}

test_a_scope_does_not_hide_production if {
	reach.judged(json.patch(_staging, [{"op": "replace", "path": "/changed/0/environment", "value": "prod"}]))
	reach.judged(json.patch(_staging, [{"op": "replace", "path": "/changed/0/environment", "value": null}]))
}

test_services_of_scope_and_resources if {
	document := json.patch(sample.document, [
		{"op": "add", "path": "/changed/-", "value": sample.database},
		{"op": "add", "path": "/changed/-", "value": object.union(sample.deployment, {"service": "new"})},
	])
	tiers := {name: facts.tier | some name, facts in reach.services(document)}
	tiers == {"orders-api": 1, "orders-db": 2, "new": null}
}

test_critical_and_important if {
	reach.critical({"tier": 1})
	reach.critical({"tier": null})
	not reach.critical({"tier": 2})
	reach.important({"tier": 2})
	reach.important({"tier": null})
	not reach.important({"tier": 3})
}

test_touches_critical if {
	reach.touches_critical(sample.document)
	relaxed := json.patch(sample.document, [{"op": "replace", "path": "/context/services/entries/0/tier", "value": 2}])
	not reach.touches_critical(relaxed)
	reach.touches_critical(json.patch(relaxed, [{"op": "replace", "path": "/changed/0/service", "value": null}]))
	nobody := json.patch(sample.document, [
		{"op": "replace", "path": "/change/services", "value": []},
		{"op": "replace", "path": "/changed", "value": []},
	])
	reach.touches_critical(nobody)
}

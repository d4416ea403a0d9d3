package policies.change.oversized_batch_test

import data.policies.change.oversized_batch as policy
import data.policies.lib.sample_test as sample

_found(document) := found if {
	found := policy.deny with input as document
}

_many(number, more) := json.patch(sample.document, [{"op": "replace", "path": "/changed", "value": [changed |
	some index in numbers.range(1, number)
	changed := object.union(sample.rollout, object.union({"id": sprintf("r%d", [index])}, more))
]}])

_services(number) := json.patch(sample.document, [{"op": "replace", "path": "/changed", "value": [changed |
	some index in numbers.range(1, number)
	changed := object.union(sample.rollout, {"service": sprintf("s%d", [index])})
]}])

test_small_changes_are_welcome if count(_found(sample.document)) == 0

test_resources if {
	count(_found(_many(50, {}))) == 0
	some finding in _found(_many(51, {}))
	finding.msg == "51 resources at once, usual are up to 50"
}

test_services if {
	count(_found(_services(3))) == 0
	some finding in _found(_services(4))
	contains(finding.msg, "4 services")
}

test_deletions if {
	count(_found(_many(5, {"action": "delete"}))) == 0
	some finding in _found(_many(6, {"action": "delete"}))
	contains(finding.msg, "6 deletions")
}

test_tags_do_not_count if {
	tagged := object.union(sample.database, {"changed": [["tags", "team"]]})
	document := json.patch(sample.document, [{"op": "replace", "path": "/changed", "value": [changed |
		some index in numbers.range(1, 60)
		changed := object.union(tagged, {"id": sprintf("r%d", [index])})
	]}])
	count(_found(document)) == 0
}

test_staging_does_not_count if count(_found(_many(60, {"environment": "staging"}))) == 0

test_thresholds if {
	document := json.patch(_many(3, {}), [{"op": "add", "path": "/config/thresholds/CHG-008", "value": {"resources": 2}}])
	count(_found(document)) == 1
}

_after(deployment) := json.patch(sample.document, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "add", "path": "/context/deploys", "value": {"given": true, "entries": [object.union(
		{"id": "dep-1", "service": "orders-api", "environment": "prod", "change": "CHG-1"},
		deployment,
	)]}},
])

test_the_last_one_has_to_bake if {
	count(_found(_after({"finishedAt": "2026-06-09T08:30:00Z"}))) == 0
	some finding in _found(_after({"finishedAt": "2026-06-09T08:30:00.000000001Z"}))
	contains(finding.msg, "less than 30 minutes before")
}

test_still_in_progress if {
	some finding in _found(_after({"startedAt": "2026-06-09T08:00:00Z"}))
	contains(finding.msg, "still in progress")
	count(_found(_after({"startedAt": "2026-06-08T09:00:00Z"}))) == 0
}

test_others_do_not_count if {
	every more in [
		{"service": "other"}, {"environment": "staging"}, {"change": "CHG-2026-00417"}, {"startedAt": "soon"},
	] {
		count(_found(_after(object.union({"startedAt": "2026-06-09T08:00:00Z"}, more)))) == 0
	}
}

test_on_a_pull_request_the_start_counts if {
	document := json.patch(_after({"finishedAt": "2026-06-09T08:50:00Z"}), [{
		"op": "replace", "path": "/stage", "value": "pull-request",
	}])
	count(_found(document)) == 0
}

test_odd_documents_stop_nothing if {
	every entries in [7, "x", null, [1, null, "a", {}]] {
		count(_found(json.patch(_after({}), [{"op": "replace", "path": "/context/deploys/entries", "value": entries}]))) == 0
	}
}

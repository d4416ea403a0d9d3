package policies.lib.risk.history_test

import data.policies.lib.risk.history
import data.policies.lib.risk.sample_test as sample

_entry(number, result, finished) := {
	"id": sprintf("dep-%d", [number]), "change": sprintf("CHG-1-%d", [number]), "service": "component:default/orders-api",
	"environment": "production", "finishedAt": finished, "result": result,
}

_with(entries) := json.patch(sample.image_bump, [{"op": "replace", "path": "/context/deploys/entries", "value": entries}])

_rate(entries) := rates["orders-api"] if {
	rates := history.rates with input as _with(entries)
}

_fresh(good, bad) := array.concat(
	[_entry(number, "success", "2026-06-08T09:00:00Z") | some number in numbers.range(1, good)],
	[_entry(number + 1000, "failed", "2026-06-08T09:00:00Z") | some number in numbers.range(1, bad)],
)

# The two figures of the model's description.
test_one_failure_in_four_says_little if {
	rate := _rate(_fresh(3, 1))
	[rate.k, rate.n, rate.q] == [1, 4, 125000]
	rate.interval == [45, 700]
}

test_thirty_in_two_hundred_say_more if {
	rate := _rate(_fresh(170, 30))
	[rate.k, rate.n, rate.q] == [30, 200, 145454]
	rate.interval == [107, 207]
}

test_nothing_yet_is_the_mean_of_the_organisation if {
	rate := _rate([])
	[rate.k, rate.n, rate.q, rate.interval] == [0, 0, 100000, null]
}

test_half_the_weight_after_90_days if {
	# The failure is 90 days older than the newest entry: (0.5 + 2) / (1.5 + 20).
	rate := _rate([_entry(1, "failed", "2026-03-10T09:00:00Z"), _entry(2, "success", "2026-06-08T09:00:00Z")])
	rate.q == 116279
}

test_after_180_days_nothing_counts if {
	edge := _rate([_entry(1, "failed", "2025-12-10T09:00:00Z"), _entry(2, "success", "2026-06-08T09:00:00Z")])
	edge.n == 2
	over := _rate([_entry(1, "failed", "2025-12-09T09:00:00Z"), _entry(2, "success", "2026-06-08T09:00:00Z")])
	over.n == 1
}

test_the_day_of_the_run_changes_nothing if {
	entries := [_entry(1, "failed", "2026-03-10T09:00:00Z"), _entry(2, "success", "2026-06-08T09:00:00Z")]
	later := json.patch(_with(entries), [{"op": "replace", "path": "/now_ns", "value": 1790000000000000000}])
	rates := history.rates with input as later
	rates["orders-api"].q == 116279
}

test_what_an_outcome_weighs if {
	every result, k in {
		"success": 0, "successful-with-issues": 0.25, "rolled-back": 1, "failed": 1, "aborted-canary": 0, "strange": 1,
	} {
		_rate([_entry(1, result, "2026-06-08T09:00:00Z")]).k == k
	}
	_rate([_entry(1, "cancelled", "2026-06-08T09:00:00Z")]).n == 0
	_rate([_entry(1, "aborted-canary", "2026-06-08T09:00:00Z")]).caught == 1
}

test_a_review_and_an_incident_know_better if {
	reviewed := json.patch(_with([_entry(1, "success", "2026-06-08T09:00:00Z")]), [{
		"op": "add", "path": "/context/pirs", "value": {"entries": [{"change": "CHG-1-1", "outcome": "failed"}]},
	}])
	rates := history.rates with input as reviewed
	rates["orders-api"].k == 1
	caused := json.patch(_with([_entry(1, "success", "2026-06-08T09:00:00Z")]), [{
		"op": "replace", "path": "/context/incidents/entries", "value": [{"causedByChange": "CHG-1-1", "severity": "SEV1"}],
	}])
	worse := history.rates with input as caused
	worse["orders-api"].k == 1.5
}

test_other_environments_and_this_change_are_no_history if {
	entries := [
		object.union(_entry(1, "failed", "2026-06-08T09:00:00Z"), {"environment": "staging"}),
		object.union(_entry(2, "failed", "2026-06-08T09:00:00Z"), {"change": "CHG-2026-00417"}),
		object.union(_entry(3, "failed", "2026-06-08T09:00:00Z"), {"service": "other"}),
	]
	_rate(entries).n == 0
}

test_odd_entries_stop_nothing if {
	entries := [7, "x", null, [], {"finishedAt": 7, "service": 3, "environment": 1}]
	_rate(entries).n == 0
}

test_a_result_that_is_no_word_counts_as_a_failure if {
	every result in [null, [], {}, 7, "no such word"] {
		rate := _rate([_entry(1, result, "2026-06-08T09:00:00Z")])
		[rate.k, rate.n] == [1, 1]
	}
}

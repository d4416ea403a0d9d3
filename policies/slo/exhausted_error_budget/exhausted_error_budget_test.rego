package policies.slo.exhausted_error_budget_test

import data.policies.lib.sample_test as sample
import data.policies.slo.exhausted_error_budget

_status := {
	"slo": "orders-api-availability", "service": "orders-api", "window": "30d", "budgetRemaining": 0.8,
	"burnRate": {"1h": 0.2, "6h": 0.3, "3d": 0.3}, "events": 1200000, "asOf": "2026-06-09T08:58:00Z", "alertState": "ok",
}

_given(entries) := {
	"given": true, "as_of": "2026-06-09T08:58:00Z", "age_ns": 2 * sample.minute, "max_age_ns": null,
	"source": ".changegate/slo.yaml:1:1", "entries": entries, "sources": [".changegate/slo.yaml:9:7" | some _ in entries],
}

_with(patch) := json.patch(sample.document, [
	{"op": "add", "path": "/context/slo", "value": _given([object.union(_status, patch)])},
])

_applied(document) := json.patch(document, [{"op": "replace", "path": "/stage", "value": "apply"}])

_spent := _with({"budgetRemaining": 0})

_classed(document, class) := json.patch(document, [
	{"op": "replace", "path": "/change/spec/changeClass", "value": class},
])

_denied(document) := found if {
	found := exhausted_error_budget.deny with input as document
}

_unknown(document) := found if {
	found := exhausted_error_budget.unknown with input as document
}

test_allowed if {
	every document in [_with({}), _applied(_with({}))] {
		count(_denied(document)) == 0
		count(_unknown(document)) == 0
	}
}

test_spent_is_denied_at_both_stages if {
	every document in [_spent, _applied(_spent), _with({"budgetRemaining": -0.3})] {
		some finding in _denied(document)
		startswith(finding.msg, "the error budget of orders-api is spent")
		finding.path == ["spec", "changeClass"]
		finding.because == [".changegate/slo.yaml:9:7"]
		not finding.enforcement
	}
}

test_fixes_go_out if {
	every class in ["reliability-fix", "security-fix", "incident-mitigation", "rollback"] {
		count(_denied(_classed(_spent, class))) == 0
	}
	every class in ["feature", "maintenance", "migration", "decommission"] {
		count(_denied(_classed(_spent, class))) == 1
	}
}

test_no_class_waits if {
	count(_denied(json.patch(_spent, [{"op": "remove", "path": "/change/spec/changeClass"}]))) == 1
}

test_a_quarter_is_shown if {
	every remaining in [0.25, 0.01] {
		{finding.enforcement | some finding in _denied(_with({"budgetRemaining": remaining}))} == {"advisory"}
	}
	count(_denied(_with({"budgetRemaining": 0.26}))) == 0
}

test_a_fast_burn_waits if {
	some finding in _denied(_with({"burnRate": {"6h": 6}}))
	contains(finding.msg, "burns 6 times too fast over 6 h")
	count(_denied(_with({"burnRate": {"6h": 5.9}}))) == 0
	count(_denied(_with({"burnRate": null}))) == 0
	count(_denied(_classed(_with({"burnRate": {"6h": 20}}), "security-fix"))) == 0
}

test_the_service_is_gated_not_the_team if {
	other := _with({"service": "payments-api", "budgetRemaining": 0})
	count(_denied(other)) == 0
}

test_one_bad_sample_of_a_tiny_service if {
	count(_denied(_with({"budgetRemaining": -2, "events": 999}))) == 0
	count(_denied(_with({"budgetRemaining": -2, "events": 1000}))) == 1
	uncounted := json.patch(_with({"budgetRemaining": -2}), [{"op": "remove", "path": "/context/slo/entries/0/events"}])
	count(_denied(uncounted)) == 1
}

test_a_cause_outside_with_the_approval_of_sre if {
	attestation := {"statement": "error-budget-external-cause", "by": "sam@acme.example"}
	vouched := json.patch(_spent, [{"op": "add", "path": "/change/spec/attestations", "value": [attestation]}])
	count(_denied(vouched)) == 1
	approved := json.patch(vouched, [{"op": "add", "path": "/approvals/-", "value": sample.approval("sam", "sre")}])
	count(_denied(approved)) == 0
	peer := json.patch(vouched, [{"op": "add", "path": "/approvals/-", "value": sample.approval("sam", "peer")}])
	count(_denied(peer)) == 1
	excluded := json.patch(vouched, [
		{"op": "add", "path": "/approvals/-", "value": sample.excluded("sam", "sre", "contributor")},
	])
	count(_denied(excluded)) == 1
}

test_hard_where_the_organisation_says_so if {
	document := json.patch(_spent, [{"op": "add", "path": "/config/thresholds/SLO-004", "value": {"hard": true}}])
	{finding.enforcement | some finding in _denied(document)} == {"hard"}
}

test_never_given_is_unknown_and_named if {
	some finding in _unknown(sample.document)
	startswith(finding.msg, "no SLOStatus was given")
	count(_denied(sample.document)) == 0
}

test_an_hour_old_is_fresh_at_apply if {
	count(_unknown(_applied(_aged(sample.hour)))) == 0
	count(_unknown(_applied(_aged(sample.hour + 1)))) == 1
	count(_unknown(_aged(sample.day))) == 0
}

_aged(age_ns) := json.patch(_with({}), [{"op": "replace", "path": "/context/slo/age_ns", "value": age_ns}])

test_an_old_measurement_in_a_fresh_document if {
	count(_unknown(_applied(_with({"asOf": "2026-06-09T08:00:00Z"})))) == 0
	count(_unknown(_applied(_with({"asOf": "2026-06-09T07:59:59Z"})))) == 1
	count(_unknown(_with({"asOf": "2026-06-01T00:00:00Z"}))) == 0
}

test_an_objective_that_nobody_measures if {
	document := json.patch(_with({"service": "payments-api"}), [{
		"op": "add", "path": "/context/services/entries/0/slo", "value": "openslo:orders-api-availability",
	}])
	some finding in _unknown(document)
	contains(finding.msg, "says nothing about orders-api")
	count(_unknown(_with({"service": "payments-api"}))) == 0
}

test_no_number_is_unknown if {
	every value in [null, "80 %", {}] {
		count(_unknown(_with({"budgetRemaining": value}))) == 1
		count(_denied(_with({"budgetRemaining": value}))) == 0
	}
}

test_valid_until if {
	found := exhausted_error_budget.valid_until with input as _applied(_with({}))
	found == {sample.now + (58 * sample.minute)}
	early := exhausted_error_budget.valid_until with input as _with({})
	count(early) == 0
}

test_silent_without_a_request if {
	document := json.patch(_spent, [{"op": "replace", "path": "/change", "value": null}])
	count(_denied(document)) == 0
	count(_unknown(document)) == 0
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in object.keys(_status) {
			document := json.patch(sample.document, [{
				"op": "add", "path": "/context/slo", "value": _given([object.union(object.remove(_status, [key]), {key: value})]),
			}])
			count(_denied(_applied(document))) >= 0
			count(_unknown(_applied(document))) >= 0
		}
		count(_denied(json.patch(_spent, [{"op": "add", "path": "/change/spec/attestations", "value": value}]))) == 1
	}
}

package policies.governance.missing_financial_facts_test

import data.policies.governance.missing_financial_facts
import data.policies.lib.sample_test as sample

_financial := {"revenuePerHour": {"min": 5000, "max": 20000}, "costModelRef": "wiki", "reviewedAt": "2026-01-15"}

_document := json.patch(sample.document, [
	{"op": "add", "path": "/config/controls", "value": {"SOC2": ["CC8.1"], "PCIDSS": ["6.5.1"], "HIPAA": []}},
	{"op": "add", "path": "/context/services/entries/0/regulatory", "value": ["pci", "SOC 2"]},
	{"op": "add", "path": "/context/services/entries/0/financial", "value": _financial},
])

_put(path, value) := json.patch(_document, [{"op": "add", "path": path, "value": value}])

_financials(patch) := _put("/context/services/entries/0/financial", object.union(_financial, patch))

_messages(document) := {finding.msg | some finding in found} if {
	found := missing_financial_facts.deny with input as document
}

test_allowed if _messages(_document) == set()

test_a_regulation_without_policies if {
	every name in ["hipaa", "dora", "nis2"] {
		_messages(_put("/context/services/entries/0/regulatory", [name])) == {
			sprintf("orders-api is under %s, and no policy serves a control of it", [name]),
		}
	}
}

test_no_cost if {
	some message in _messages(_put("/context/services/entries/0/financial", null))
	startswith(message, "the catalogue does not say what an outage of orders-api (tier 1) costs")
	count(_messages(_financials({"revenuePerHour": {"min": 9, "max": 1}}))) == 1
	count(_messages(_financials({"revenuePerHour": "a lot"}))) == 1
}

test_a_number_or_a_band if _messages(_financials({"revenuePerHour": 12000})) == set()

test_no_amount_is_printed if {
	every message in _messages(_financials({"reviewedAt": "2020-01-01"})) {
		not contains(message, "20000")
	}
}

test_reviewed_within_a_year if {
	_messages(_financials({"reviewedAt": "2025-06-09T09:00:00Z"})) == set()
	count(_messages(_financials({"reviewedAt": "2025-06-09T08:59:59Z"}))) == 1
	count(_messages(_financials({"reviewedAt": "2026-06-10"}))) == 1
	count(_messages(_financials({"reviewedAt": null}))) == 1
}

test_tier_two_says_no_cost if {
	document := json.patch(_put("/context/services/entries/0/financial", null), [
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 2},
	])
	_messages(document) == set()
}

test_who_keeps_none_has_not_begun if _messages(sample.document) == set()

test_valid_until if {
	found := missing_financial_facts.valid_until with input as _financials({"reviewedAt": "2026-06-09T09:00:00Z"})
	found == {sample.now + (365 * sample.day)}
}

test_no_catalogue_or_no_request if {
	none := _put("/context/services/given", false)
	_messages(none) == set()
	silent := json.patch(_put("/context/services/entries/0/financial", null), [
		{"op": "replace", "path": "/change", "value": null},
	])
	_messages(silent) == set()
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		count(_messages(_put("/context/services/entries/0/financial", value))) >= 0
		count(_messages(_put("/context/services/entries/0/regulatory", value))) >= 0
		count(_messages(_financials({"revenuePerHour": value, "reviewedAt": value}))) >= 0
		count(_messages(_put("/config/controls", value))) >= 0
	}
}

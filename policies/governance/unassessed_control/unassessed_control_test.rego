package policies.governance.unassessed_control_test

import data.policies.governance.unassessed_control
import data.policies.lib.sample_test as sample

_entry := {"control": "SOC2 CC8.1", "at": "2026-03-01T09:00:00Z", "assessor": "audit", "result": "pass"}

_document := json.patch(sample.document, [{"op": "add", "path": "/config/controls", "value": {"SOC2": ["CC8.1"]}}])

_with(entries) := json.patch(_document, [{"op": "add", "path": "/context/control_assessments", "value": {
	"given": true, "age_ns": 0, "entries": entries, "sources": [".changegate/controls.yaml:9:7" | some _ in entries],
}}])

_patched(patch) := _with([object.union(_entry, patch)])

_denied(document) := found if {
	found := unassessed_control.deny with input as document
}

_unknown(document) := found if {
	found := unassessed_control.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

test_allowed if {
	_messages(_patched({})) == set()
	count(_unknown(_patched({}))) == 0
}

test_never_assessed if {
	_messages(_with([])) == {"1 of 1 controls were never assessed, first SOC2 CC8.1"}
}

test_names_are_written_in_many_ways if {
	every name in ["soc2 cc8.1", "SOC2:CC8.1", "CC8.1"] {
		_messages(_patched({"control": name})) == set()
	}
	count(_messages(_patched({"control": "CC8.10"}))) == 1
}

test_half_a_year_for_critical_services if {
	_messages(_patched({"at": "2025-12-11T09:00:00Z"})) == set()
	_messages(_patched({"at": "2025-12-11T08:59:59Z"})) == {
		"SOC2 CC8.1 was last assessed on 2025-12-11, more than 180 days ago",
	}
}

test_a_year_for_others if {
	relaxed := json.patch(_patched({"at": "2025-06-09T09:00:00Z"}), [
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 2},
	])
	_messages(relaxed) == set()
	older := json.patch(relaxed, [
		{"op": "replace", "path": "/context/control_assessments/entries/0/at", "value": "2025-06-09T08:59:59Z"},
	])
	count(_messages(older)) == 1
}

test_a_day_is_an_instant if _messages(_patched({"at": "2026-03-01"})) == set()

test_the_latest_one_counts if {
	failed := object.union(_entry, {"at": "2026-02-01T09:00:00Z", "result": "fail"})
	_messages(_with([failed, _entry])) == set()
	_messages(_with([object.union(_entry, {"result": "fail"})])) == {"the assessment of SOC2 CC8.1 says fail"}
	count(_messages(_with([object.remove(_entry, ["result"])]))) == 1
}

test_no_instant_is_unknown if {
	every at in [null, "last week"] {
		count(_unknown(_patched({"at": at}))) == 1
	}
}

test_never_given_matters_to_regulated_services if {
	count(_unknown(_document)) == 0
	regulated := json.patch(_document, [
		{"op": "add", "path": "/context/services/entries/0/regulatory", "value": ["pci"]},
	])
	some finding in _unknown(regulated)
	startswith(finding.msg, "no ControlAssessment was given")
	_messages(regulated) == set()
}

test_valid_until if {
	found := unassessed_control.valid_until with input as _patched({"at": "2026-06-09T09:00:00Z"})
	found == {sample.now + (180 * sample.day)}
}

test_silent_without_a_request if {
	_messages(json.patch(_with([]), [{"op": "replace", "path": "/change", "value": null}])) == set()
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in object.keys(_entry) {
			count(_messages(_with([object.union(object.remove(_entry, [key]), {key: value})]))) >= 0
		}
		count(_messages(json.patch(_with([]), [{"op": "add", "path": "/config/controls", "value": value}]))) >= 0
	}
}

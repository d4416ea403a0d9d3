package policies.review.overdue_review_test

import data.policies.lib.sample_test as sample
import data.policies.review.overdue_review

# 2026-06-09T09:00:00Z is a Tuesday; five business days before is Tuesday, 2026-06-02.
_rolled_back(id, at) := {
	"id": sprintf("dep-%s", [id]), "change": id, "service": "orders-api", "environment": "prod", "result": "rolled-back",
	"finishedAt": at,
}

_context(entries) := {
	"given": true, "age_ns": 0, "entries": entries, "sources": [".changegate/deploys.yaml:9:7" | some _ in entries],
}

_document(deploys, pirs) := json.patch(sample.document, [
	{"op": "add", "path": "/context/deploys", "value": _context(deploys)},
	{"op": "add", "path": "/context/pirs", "value": _context(pirs)},
])

_indexed(entries) := json.patch(_document([], []), [
	{"op": "add", "path": "/context/change_indexes", "value": _context(entries)},
])

_entry := {
	"id": "CHG-1", "state": "closed", "type": "normal", "risk": "low", "team": "group:default/orders",
	"closedAt": "2026-05-20T09:00:00Z",
}

_denied(document) := found if {
	found := overdue_review.deny with input as document
}

_unknown(document) := found if {
	found := overdue_review.unknown with input as document
}

_enforcements(document) := {object.get(finding, "enforcement", "soft") | some finding in _denied(document)}

test_allowed if {
	count(_denied(_document([], []))) == 0
	count(_unknown(_document([], []))) == 0
}

test_one_is_told if {
	some finding in _denied(_document([_rolled_back("CHG-1", "2026-06-01T09:00:00Z")], []))
	finding.msg == "group:default/orders owes one post-implementation review, the oldest for 1 days: CHG-1"
	finding.enforcement == "advisory"
	finding.because == [".changegate/deploys.yaml:9:7"]
}

test_due_after_five_business_days if {
	count(_denied(_document([_rolled_back("CHG-1", "2026-06-02T09:00:00Z")], []))) == 0
	count(_denied(_document([_rolled_back("CHG-1", "2026-06-02T08:59:59Z")], []))) == 1
}

test_three_stop if {
	two := [_rolled_back(id, "2026-06-01T09:00:00Z") | some id in ["CHG-1", "CHG-2"]]
	_enforcements(_document(two, [])) == {"advisory"}
	three := array.concat(two, [_rolled_back("CHG-3", "2026-06-01T09:00:00Z")])
	_enforcements(_document(three, [])) == {"soft"}
}

test_fifteen_days_late_is_the_limit if {
	# Due 2026-05-25T09:00:00Z, fifteen days before.
	_enforcements(_document([_rolled_back("CHG-1", "2026-05-18T09:00:00Z")], [])) == {"advisory"}
	_enforcements(_document([_rolled_back("CHG-1", "2026-05-18T08:59:59Z")], [])) == {"soft"}
}

test_an_emergency_is_only_told if {
	document := json.patch(_document([_rolled_back("CHG-1", "2026-04-01T09:00:00Z")], []), [{
		"op": "replace", "path": "/change/spec/type", "value": "emergency",
	}])
	_enforcements(document) == {"advisory"}
}

test_a_review_settles_it if {
	count(_denied(_document([_rolled_back("CHG-1", "2026-05-01T09:00:00Z")], [{"change": "CHG-1"}]))) == 0
}

test_other_teams_owe_for_themselves if {
	other := object.union(_rolled_back("CHG-1", "2026-05-01T09:00:00Z"), {"service": "search"})
	count(_denied(_document([other], []))) == 0
}

test_what_needs_a_review if {
	every patch in [
		{"type": "emergency"}, {"risk": "high"}, {"risk": "very-high"}, {"freezeOverride": "peak-2026"},
		{"firstUse": true}, {"outcome": "failed"},
	] {
		count(_denied(_indexed([object.union(_entry, patch)]))) == 1
	}
	count(_denied(_indexed([object.union(_entry, {"id": "CHG-3"})]))) == 0
}

test_standard_changes_need_none if {
	count(_denied(_indexed([object.union(_entry, {"type": "standard", "risk": "high"})]))) == 0
}

test_open_changes_need_none_yet if {
	count(_denied(_indexed([object.union(_entry, {"type": "emergency", "state": "scheduled"})]))) == 0
}

test_a_canary_that_caught_it_is_no_failure if {
	caught := object.union(_rolled_back("CHG-1", "2026-05-01T09:00:00Z"), {"result": "aborted-canary"})
	count(_denied(_document([caught], []))) == 0
}

test_staging_does_not_count if {
	tried := object.union(_rolled_back("CHG-1", "2026-05-01T09:00:00Z"), {"environment": "staging"})
	count(_denied(_document([tried], []))) == 0
}

test_a_change_that_caused_an_incident if {
	incident := {
		"id": "INC-1", "causedByChange": "CHG-1", "services": ["orders-api"], "resolvedAt": "2026-05-01T09:00:00Z",
	}
	document := json.patch(_document([], []), [{"op": "add", "path": "/context/incidents", "value": _context([incident])}])
	count(_denied(document)) == 1
	count(_denied(json.patch(document, [
		{"op": "replace", "path": "/context/incidents/entries/0/causedByChange", "value": "none"},
	]))) == 0
}

test_never_given_is_unknown_and_named if {
	some finding in _unknown(sample.document)
	startswith(finding.msg, "no DeployHistory was given")
	document := json.patch(_document([_rolled_back("CHG-1", "2026-05-01T09:00:00Z")], []), [
		{"op": "remove", "path": "/context/pirs"},
	])
	count(_denied(document)) == 0
	some other in _unknown(document)
	startswith(other.msg, "no PIR was given")
	contains(other.msg, "CHG-1")
}

test_no_end_is_unknown if {
	some finding in _unknown(_document([object.remove(_rolled_back("CHG-1", ""), ["finishedAt"])], []))
	startswith(finding.msg, "when CHG-1 ended is not known")
}

test_valid_until_the_next_one_is_due if {
	found := overdue_review.valid_until with input as _document([_rolled_back("CHG-1", "2026-06-03T09:00:00Z")], [])
	found == {sample.now + sample.day}
}

test_silent_without_a_request if {
	document := json.patch(_document([_rolled_back("CHG-1", "2026-05-01T09:00:00Z")], []), [
		{"op": "replace", "path": "/change", "value": null},
	])
	count(_denied(document)) == 0
	count(_unknown(document)) == 0
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in ["change", "service", "environment", "result", "finishedAt"] {
			entry := object.union(object.remove(_rolled_back("C", "2026-05-01T09:00:00Z"), [key]), {key: value})
			count(_denied(_document([entry], [entry]))) >= 0
		}
		every key in object.keys(_entry) {
			count(_denied(_indexed([object.union(object.remove(_entry, [key]), {key: value})]))) >= 0
		}
	}
}

package policies.incident.overdue_action_item_test

import data.policies.incident.overdue_action_item
import data.policies.lib.sample_test as sample

_item := {
	"id": "AI-17", "type": "prevent", "priority": "P1", "owner": "alice@acme.example", "dueDate": "2026-06-01",
	"tracker": "https://tickets.acme.example/17", "status": "open",
}

_given(entries) := {
	"given": true, "age_ns": 0, "entries": entries, "sources": [".changegate/pm.yaml:9:7" | some _ in entries],
}

_with(items) := json.patch(sample.document, [{"op": "add", "path": "/context/postmortems", "value": _given([{
	"title": "Orders were lost", "services": ["component:default/orders-api"], "actionItems": items,
}])}])

_patched(patch) := _with([object.union(_item, patch)])

_denied(document) := found if {
	found := overdue_action_item.deny with input as document
}

_unknown(document) := found if {
	found := overdue_action_item.unknown with input as document
}

test_allowed if {
	count(_denied(_with([]))) == 0
	count(_denied(_patched({"dueDate": "2026-07-01"}))) == 0
	count(_unknown(sample.document)) == 0
}

test_overdue_is_told if {
	some finding in _denied(_patched({}))
	startswith(finding.msg, "AI-17 (P1, alice@acme.example) was due on 2026-06-01 and is not done")
	finding.because == [".changegate/pm.yaml:9:7"]
	not finding.enforcement
}

test_the_day_itself_is_not_over if {
	count(_denied(_patched({"dueDate": "2026-06-09"}))) == 0
	count(_denied(_patched({"dueDate": "2026-06-08"}))) == 1
	count(_denied(_patched({"dueDate": "2026-06-09T09:00:01Z"}))) == 0
	count(_denied(_patched({"dueDate": "2026-06-09T09:00:00Z"}))) == 1
}

_enforcements(document) := {object.get(finding, "enforcement", "advisory") | some finding in _denied(document)}

test_a_p1_thirty_days_late_stops if {
	_enforcements(_patched({"dueDate": "2026-05-10T09:00:00Z"})) == {"advisory"}
	_enforcements(_patched({"dueDate": "2026-05-10T08:59:59Z"})) == {"soft"}
	_enforcements(_patched({"priority": "P2", "dueDate": "2026-01-01"})) == {"advisory"}
}

test_an_emergency_is_only_told if {
	document := json.patch(_patched({"dueDate": "2026-01-01"}), [
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
	])
	_enforcements(document) == {"advisory"}
}

test_the_change_may_close_it if {
	document := json.patch(_patched({"dueDate": "2026-01-01"}), [
		{"op": "add", "path": "/change/spec/closes", "value": ["AI-17"]},
	])
	count(_denied(document)) == 0
}

test_done_is_done if {
	every status in ["done", "Closed", "verified"] {
		count(_denied(_patched({"status": status, "dueDate": "2026-01-01"}))) == 0
	}
}

test_smaller_priorities_are_not_told if count(_denied(_patched({"priority": "P3"}))) == 0

test_accepted_until_a_day if {
	count(_denied(_patched({"acceptedRisk": {"approver": "carol@acme.example", "expires": "2026-06-09"}}))) == 0
	count(_denied(_patched({"acceptedRisk": {"approver": "carol@acme.example", "expires": "2026-06-08"}}))) == 1
	count(_denied(_patched({"acceptedRisk": {"expires": "2026-12-31"}}))) == 1
	count(_denied(_patched({"acceptedRisk": {"approver": "carol@acme.example"}}))) == 1
}

test_a_team_is_no_owner if {
	some finding in _denied(_patched({"owner": "group:default/sre", "dueDate": "2026-12-01"}))
	contains(finding.msg, "which is a team")
	count(_denied(_patched({"owner": "orders-team", "dueDate": "2026-12-01"}))) == 1
}

test_missing_fields if {
	every key in ["type", "tracker", "owner"] {
		count(_denied(_with([object.remove(object.union(_item, {"dueDate": "2026-12-01"}), [key])]))) == 1
	}
}

test_a_day_that_is_none if {
	count(_unknown(_patched({"dueDate": "soon"}))) == 1
	count(_denied(_patched({"dueDate": "soon"}))) == 0
}

test_other_services if {
	document := json.patch(_patched({}), [
		{"op": "replace", "path": "/context/postmortems/entries/0/services", "value": ["search"]},
	])
	count(_denied(document)) == 0
	linked := json.patch(document, [
		{"op": "add", "path": "/context/postmortems/entries/0/incident", "value": "INC-1"},
		{"op": "add", "path": "/context/incidents", "value": _given([{"id": "INC-1", "services": ["orders-api"]}])},
	])
	count(_denied(linked)) == 1
}

test_never_given_is_unknown_and_named if {
	incident := {"id": "INC-1", "severity": "SEV1", "status": "resolved", "services": ["orders-api"]}
	document := json.patch(sample.document, [{"op": "add", "path": "/context/incidents", "value": _given([incident])}])
	some finding in _unknown(document)
	startswith(finding.msg, "no Postmortem was given")
	small := json.patch(document, [{"op": "replace", "path": "/context/incidents/entries/0/severity", "value": "SEV4"}])
	count(_unknown(small)) == 0
}

test_valid_until if {
	found := overdue_action_item.valid_until with input as _patched({"dueDate": "2026-06-01T09:00:00Z"})
	found == {sample.now + (22 * sample.day)}
}

test_silent_without_a_request if {
	count(_denied(json.patch(_patched({}), [{"op": "replace", "path": "/change", "value": null}]))) == 0
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in array.concat(["acceptedRisk"], [name | some name, _ in _item]) {
			count(_denied(_with([object.union(object.remove(_item, [key]), {key: value})]))) >= 0
		}
		count(_denied(_with(value))) == 0
		count(_denied(json.patch(_patched({}), [{"op": "add", "path": "/change/spec/closes", "value": value}]))) == 1
	}
}

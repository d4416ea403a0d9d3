package policies.change.unfounded_emergency_test

import data.policies.change.unfounded_emergency as policy
import data.policies.lib.sample_test as sample

_incident := {
	"id": "INC-2026-118", "severity": "SEV1", "status": "identified", "services": ["orders-api"],
	"startedAt": "2026-06-09T08:00:00Z", "roles": {"commander": "ivan@acme.example"},
}

_log(entries) := {
	"given": true, "as_of": "2026-06-09T08:58:00Z", "stale": false, "source": "incidents.yaml:1:1", "entries": entries,
}

_emergency := json.patch(sample.document, [
	{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
	{"op": "replace", "path": "/change/spec/relatedIncidents", "value": ["INC-2026-118"]},
	{"op": "add", "path": "/context/incidents", "value": _log([_incident])},
	{"op": "add", "path": "/approvals/-", "value": sample.approval("ivan", "incident-commander")},
])

_found(document) := found if {
	found := policy.deny with input as document
}

_incident_with(more) := json.patch(_emergency, [{
	"op": "replace", "path": "/context/incidents", "value": _log([object.union(_incident, more)]),
}])

test_allowed if count(_found(_emergency)) == 0

test_a_normal_change_has_no_such_duties if count(_found(sample.document)) == 0

test_no_incident if {
	every value in [[], null, "INC", [""], ["n/a"]] {
		document := json.patch(_emergency, [{"op": "replace", "path": "/change/spec/relatedIncidents", "value": value}])
		some finding in _found(document)
		contains(finding.msg, "names no incident")
		not object.get(finding, "pending", false)
	}
}

test_an_incident_that_nobody_knows if {
	document := json.patch(_emergency, [{"op": "replace", "path": "/change/spec/relatedIncidents", "value": ["INC-1"]}])
	some finding in _found(document)
	contains(finding.msg, "has no incident INC-1")
	finding.because == ["incidents.yaml:1:1"]
}

test_a_security_fix_may_name_an_advisory if {
	fix := json.patch(_emergency, [
		{"op": "replace", "path": "/change/spec/relatedIncidents", "value": []},
		{"op": "replace", "path": "/change/spec/changeClass", "value": "security-fix"},
	])
	some finding in _found(fix)
	contains(finding.msg, "neither an incident nor an advisory")
	named := json.patch(fix, [{"op": "add", "path": "/change/spec/advisoryRef", "value": "CVE-2026-1234"}])
	count(_found(named)) == 0
}

test_no_commander_can_still_be_named if {
	every roles in [{}, {"commander": ""}, null] {
		document := json.patch(_emergency, [{
			"op": "replace", "path": "/context/incidents/entries/0/roles", "value": roles,
		}])
		some finding in _found(document)
		contains(finding.msg, "no commander")
		finding.pending == true
	}
}

test_no_approval_of_the_commander_is_pending if {
	document := json.patch(_emergency, [{"op": "replace", "path": "/approvals", "value": [sample.approval("dave", "peer")]}])
	some finding in _found(document)
	finding.pending == true
	contains(finding.msg, "ecab or incident-commander")
}

test_the_emergency_board_will_do if {
	document := json.patch(_emergency, [{"op": "replace", "path": "/approvals", "value": [sample.approval("eva", "ecab")]}])
	count(_found(document)) == 0
}

test_an_incident_that_is_long_over if {
	over := _incident_with({"status": "resolved", "resolvedAt": "2026-06-08T09:00:00Z"})
	some finding in _found(over)
	contains(finding.msg, "was over 24 hours ago")
	count(_found(_incident_with({"status": "resolved", "resolvedAt": "2026-06-08T09:00:00.000000001Z"}))) == 0
	count(_found(_incident_with({"status": "monitoring"}))) == 0
}

test_valid_until_the_incident_is_over if {
	instants := policy.valid_until with input as _incident_with({
		"status": "resolved", "resolvedAt": "2026-06-08T10:00:00Z",
	})
	instants == {sample.now + sample.hour}
	none := policy.valid_until with input as _emergency
	none == set()
}

test_a_ratification_before_the_change_is_none if {
	document := json.patch(_emergency, [{
		"op": "add", "path": "/change/spec/cab", "value": {"ratifiedAt": "2026-06-10T09:00:00Z"},
	}])
	some finding in _found(document)
	contains(finding.msg, "before the change starts")
}

test_unknown_without_a_log if {
	document := json.patch(_emergency, [{"op": "replace", "path": "/context/incidents", "value": {"given": false, "entries": []}}])
	count(_found(document)) == 0
	unknown := policy.unknown with input as document
	count(unknown) == 1
}

test_staging_is_free if {
	document := json.patch(_emergency, [
		{"op": "replace", "path": "/change/spec/scope/environments", "value": ["staging"]},
		{"op": "replace", "path": "/changed/0/environment", "value": "staging"},
		{"op": "replace", "path": "/change/spec/relatedIncidents", "value": []},
	])
	count(_found(document)) == 0
}

package policies.approval.missing_cab_review_test

import data.policies.approval.missing_cab_review
import data.policies.lib.sample_test as sample

_cab := {
	"required": true, "meetingRef": "CAB-2026-23", "decision": "approved", "decidedAt": "2026-06-08T19:00:00Z",
	"attendees": [
		{"by": "grace@acme.example", "role": "change-manager"}, {"by": "frank@acme.example", "role": "service-owner"},
	],
	"conditions": [{"text": "Database administrator on call", "status": "met"}],
}

_grace := sample.approval("grace", "change-manager")

_high := json.patch(sample.document, [
	{"op": "replace", "path": "/risk/level", "value": "high"},
	{"op": "add", "path": "/approvals/2", "value": _grace},
	{"op": "add", "path": "/change/spec/cab", "value": _cab},
])

_with(field, value) := json.patch(_high, [{
	"op": "add", "path": concat("", ["/change/spec/cab/", field]), "value": value,
}])

_without(field) := json.patch(_high, [{"op": "remove", "path": concat("", ["/change/spec/cab/", field])}])

_undecided(document) := json.patch(document, [{"op": "add", "path": "/change/spec/cab", "value": null}])

_pending(document) := {finding.pending | some finding in found} if {
	found := missing_cab_review.deny with input as document
}

test_not_needed_for_medium_risk if count(missing_cab_review.deny) == 0 with input as sample.document

test_allowed_with_a_quorum if count(missing_cab_review.deny) == 0 with input as _high

test_pending_without_a_decision if {
	found := missing_cab_review.deny with input as _undecided(_high)
	some finding in found
	finding.pending == true
	finding.msg == "there is no CAB decision yet (CAB review is needed: the risk is high)"
}

test_pending_without_a_record if {
	document := json.patch(_high, [{"op": "remove", "path": "/change/spec/cab"}])
	found := missing_cab_review.deny with input as document
	{finding.path | some finding in found} == {["spec"]}
	_pending(document) == {true}
}

test_a_rejection_is_not_pending if _pending(_with("decision", "rejected")) == {false}

test_members_without_the_roles_are_no_quorum if {
	document := _with("attendees", [
		{"by": "erin@acme.example", "role": "change-manager"}, {"by": "dave@acme.example", "role": "service-owner"},
	])
	found := missing_cab_review.deny with input as document
	some finding in found
	count(found) == 1
	finding.pending == true
	contains(finding.msg, "change-manager (0 of 1), service-owner (0 of 1)")
	finding.because == [".changegate/approvals.yaml:8:3"]
}

test_a_member_who_did_not_approve_does_not_count if {
	document := json.patch(_high, [{"op": "remove", "path": "/approvals/2"}])
	_pending(document) == {true}
}

test_an_attendee_may_be_named_by_login if {
	document := _with("attendees", [{"by": "grace-acme"}, {"by": "frank-acme"}])
	count(missing_cab_review.deny) == 0 with input as document
}

test_one_member_is_not_two if {
	both := object.union(_grace, {"roles": ["change-manager", "service-owner"]})
	document := json.patch(_with("attendees", [{"by": "grace@acme.example"}]), [{
		"op": "replace", "path": "/approvals/2", "value": both,
	}])
	_pending(document) == {true}
}

test_decided_before_the_start if {
	count(missing_cab_review.deny) == 0 with input as json.patch(_with("decidedAt", "2026-06-11T18:59:59Z"), [
		{"op": "replace", "path": "/now_ns", "value": sample.start},
	])
}

test_decided_at_the_start_is_too_late if {
	document := json.patch(_with("decidedAt", "2026-06-11T19:00:00Z"), [
		{"op": "replace", "path": "/now_ns", "value": sample.start},
	])
	_pending(document) == {false}
}

test_a_decision_in_the_future_is_none if {
	document := _with("decidedAt", "2026-06-10T09:00:00Z")
	_pending(document) == {true}
	missing_cab_review.valid_until == {sample.now + sample.day} with input as document
}

test_each_part_of_the_record if {
	every field in ["meetingRef", "decidedAt"] {
		_pending(_without(field)) == {true}
	}
}

test_an_open_condition_is_pending if {
	document := _with("conditions", [{"text": "Database administrator on call", "status": "open"}])
	_pending(document) == {true}
}

test_a_decision_on_another_content_is_pending if {
	_pending(_with("boundDigest", "sha256:bb")) == {true}
	count(missing_cab_review.deny) == 0 with input as _with("boundDigest", "sha256:aa")
}

test_needed_for_a_stateful_delete if {
	document := json.patch(sample.document, [{
		"op": "replace", "path": "/changed", "value": [object.union(sample.database, {"action": "delete"})],
	}])
	found := missing_cab_review.deny with input as document
	some finding in found
	contains(finding.msg, "delete of the stateful aws_db_instance.orders")
}

test_needed_for_core_components if {
	core := object.union(sample.service("ingress", 0), {"core": true})
	document := json.patch(sample.document, [
		{"op": "replace", "path": "/changed/0/service", "value": "ingress"},
		{"op": "replace", "path": "/changed/0/tier", "value": 0},
		{"op": "add", "path": "/context/services/entries/0", "value": core},
	])
	found := missing_cab_review.deny with input as document
	some finding in found
	contains(finding.msg, "ingress is a core tier-0 component")
}

test_needed_for_an_override if {
	document := json.patch(sample.document, [{"op": "add", "path": "/change/spec/freezeOverride", "value": {}}])
	_pending(document) == {true}
}

test_needed_for_two_regions if {
	other := object.union(sample.rollout, {"region": "us-east-1"})
	document := json.patch(sample.document, [{"op": "add", "path": "/changed/1", "value": other}])
	found := missing_cab_review.deny with input as document
	some finding in found
	contains(finding.msg, "2 regions at once (eu-west-1, us-east-1)")
}

test_high_risk_on_staging_needs_none if {
	document := json.patch(_undecided(_high), [{"op": "replace", "path": "/changed/0/environment", "value": "staging"}])
	count(missing_cab_review.deny) == 0 with input as document
}

test_an_emergency_passes_with_the_incident_commander if {
	emergency := json.patch(_undecided(_high), [{"op": "replace", "path": "/change/spec/type", "value": "emergency"}])
	_pending(emergency) == {true}
	document := json.patch(emergency, [{
		"op": "add", "path": "/approvals/0", "value": sample.approval("ivan", "incident-commander"),
	}])
	count(missing_cab_review.deny) == 0 with input as document
}

test_silent_without_a_request if {
	document := json.patch(_high, [{"op": "replace", "path": "/change", "value": null}])
	count(missing_cab_review.deny) == 0 with input as document
}

test_a_request_is_judged_without_a_base if {
	document := json.patch(sample.present, [{"op": "replace", "path": "/risk/level", "value": "very-high"}])
	_pending(document) == {true}
}

test_two_regions_in_a_request_without_a_base if {
	document := json.patch(sample.present, [{
		"op": "replace", "path": "/change/spec/scope/regions", "value": ["eu-west-1", "us-east-1"],
	}])
	_pending(document) == {true}
}

test_unknown_without_a_matrix if {
	document := json.patch(_high, [{"op": "replace", "path": "/matrix", "value": null}])
	count(missing_cab_review.deny) == 0 with input as document
	count(missing_cab_review.unknown) == 1 with input as document
}

test_unknown_without_identities if {
	document := json.patch(_high, [{"op": "replace", "path": "/context/identities/given", "value": false}])
	count(missing_cab_review.unknown) == 1 with input as document
}

test_odd_values_do_not_stop_it if {
	every value in ["yes", 7, [], {"decision": 7}, {"decision": "approved", "attendees": "all", "conditions": [7]}] {
		document := json.patch(_high, [{"op": "replace", "path": "/change/spec/cab", "value": value}])
		_pending(document) == {true}
	}
}

package policies.approval.missing_approval_test

import data.policies.approval.missing_approval
import data.policies.lib.sample_test as sample

_approved_by(approvals) := json.patch(sample.document, [{"op": "replace", "path": "/approvals", "value": approvals}])

_only_dave := _approved_by([sample.approval("dave", "peer")])

_messages(document) := {finding.msg | some finding in found} if {
	found := missing_approval.deny with input as document
}

_changes_requested := object.union(sample.approval("frank", "service-owner"), {
	"decision": "changes-requested", "valid": false, "why_not": ["not-approved"],
})

test_allowed if count(missing_approval.deny) == 0 with input as sample.document

test_pending_when_a_role_is_missing if {
	found := missing_approval.deny with input as _only_dave
	some finding in found
	finding.pending == true
	finding.because == [".changegate/approvals.yaml:30:7"]
	finding.msg == "tier 1 at risk medium needs peer 1, service-owner 1; missing: service-owner (0 of 1)"
}

test_the_digest_is_in_the_evidence if {
	found := missing_approval.deny with input as _only_dave
	some finding in found
	some line in finding.evidence
	line.pointer == "change digest"
	line.observed == "sha256:aa"
}

test_says_why_an_approval_does_not_count if {
	found := missing_approval.deny with input as _approved_by([
		sample.approval("dave", "peer"),
		sample.excluded("frank", "service-owner", "stale-commit"),
	])
	some finding in found
	some line in finding.evidence
	line.observed == "stale-commit"
	line.pointer == "approval of frank@acme.example"
}

test_one_person_with_two_logins_fills_one_slot if {
	both := object.union(sample.approval("frank", "peer"), {"roles": ["peer", "service-owner"]})
	other := object.union(both, {"login": "frank-oss"})
	count(missing_approval.deny) == 1 with input as _approved_by([both, other])
}

test_needs_more_at_higher_risk if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/risk/level", "value": "high"}])
	messages := _messages(document)
	messages == {concat("", [
		"tier 1 at risk high needs change-manager 1, peer 1, service-owner 1; ",
		"missing: change-manager (0 of 1)",
	])}
}

test_an_undeclared_risk_needs_most if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/risk/level", "value": null}])
	some message in _messages(document)
	contains(message, "very-high (none is declared)")
}

test_an_unknown_tier_takes_the_strictest_row if {
	document := json.patch(_only_dave, [{"op": "replace", "path": "/changed/0/tier", "value": null}])
	some message in _messages(document)
	contains(message, "tier 0 at risk medium")
}

test_a_needed_reviewer_who_requests_changes_blocks if {
	document := _approved_by([
		sample.approval("dave", "peer"), sample.approval("gina", "service-owner"), _changes_requested,
	])
	_messages(document) == {"frank@acme.example (service-owner) requested changes"}
}

test_others_who_request_changes_do_not_block if {
	said := object.union(_changes_requested, {"roles": ["designer"]})
	document := _approved_by([sample.approval("dave", "peer"), sample.approval("gina", "service-owner"), said])
	count(missing_approval.deny) == 0 with input as document
}

test_silent_without_a_request if {
	document := json.patch(_only_dave, [{"op": "replace", "path": "/change", "value": null}])
	count(missing_approval.deny) == 0 with input as document
	count(missing_approval.unknown) == 0 with input as document
}

test_staging_needs_no_approval if {
	document := json.patch(_only_dave, [{"op": "replace", "path": "/changed/0/environment", "value": "staging"}])
	count(missing_approval.deny) == 0 with input as document
}

test_a_request_is_judged_without_a_base if {
	document := json.patch(sample.present, [{"op": "replace", "path": "/approvals", "value": []}])
	count(missing_approval.deny) == 1 with input as document
	count(missing_approval.deny) == 0 with input as sample.present
}

test_unknown_without_a_matrix if {
	document := json.patch(_only_dave, [{"op": "replace", "path": "/matrix", "value": null}])
	count(missing_approval.deny) == 0 with input as document
	count(missing_approval.unknown) == 1 with input as document
}

test_unknown_without_identities if {
	document := json.patch(_only_dave, [{"op": "replace", "path": "/context/identities/given", "value": false}])
	count(missing_approval.deny) == 0 with input as document
	count(missing_approval.unknown) == 1 with input as document
}

test_unknown_with_an_empty_matrix if {
	document := json.patch(_only_dave, [{"op": "replace", "path": "/matrix/tiers", "value": {}}])
	count(missing_approval.deny) == 0 with input as document
	count(missing_approval.unknown) == 1 with input as document
}

test_unknown_with_too_many_roles if {
	roles := {role: 1 | some number in numbers.range(1, 9); role := sprintf("role-%d", [number])}
	document := json.patch(_only_dave, [{"op": "replace", "path": "/matrix/tiers/1/medium", "value": roles}])
	count(missing_approval.deny) == 0 with input as document
	count(missing_approval.unknown) == 1 with input as document
}

test_an_emergency_passes_with_the_incident_commander if {
	emergency := json.patch(_approved_by([]), [{"op": "replace", "path": "/change/spec/type", "value": "emergency"}])
	count(missing_approval.deny) == 1 with input as emergency
	document := json.patch(emergency, [{
		"op": "replace", "path": "/approvals", "value": [sample.approval("ivan", "incident-commander")],
	}])
	count(missing_approval.deny) == 0 with input as document
}

test_valid_until_the_first_approval_is_too_old if {
	expected := {sample.document.approvals[0].at_ns + (14 * sample.day)}
	missing_approval.valid_until == expected with input as sample.document
}

test_no_valid_until_while_something_is_missing if missing_approval.valid_until == set() with input as _only_dave

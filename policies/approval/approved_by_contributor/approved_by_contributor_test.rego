package policies.approval.approved_by_contributor_test

import data.policies.approval.approved_by_contributor
import data.policies.lib.sample_test as sample

_implementer := object.union(sample.excluded("bob", "peer", "contributor"), {"roles": []})

_approved_by(document, approvals) := json.patch(document, [{
	"op": "replace", "path": "/approvals", "value": approvals,
}])

_denied := _approved_by(sample.document, [_implementer, sample.approval("frank", "service-owner")])

test_allowed if count(approved_by_contributor.deny) == 0 with input as sample.document

test_pending_when_the_implementer_approves_as_peer if {
	found := approved_by_contributor.deny with input as _denied
	some finding in found
	finding.pending == true
	contains(finding.msg, "bob@acme.example contributed")
	contains(finding.msg, "peer (0 of 1)")
}

test_two_co_authors_are_two_findings if {
	document := _approved_by(sample.document, [_implementer, sample.excluded("dave", "peer", "contributor")])
	count(approved_by_contributor.deny) == 2 with input as document
}

test_an_extra_approval_that_was_not_needed_is_no_finding if {
	approvals := array.concat(sample.document.approvals, [_implementer])
	count(approved_by_contributor.deny) == 0 with input as _approved_by(sample.document, approvals)
}

test_other_reasons_are_not_this_policy if {
	document := _approved_by(sample.document, [sample.excluded("dave", "peer", "stale-commit")])
	count(approved_by_contributor.deny) == 0 with input as document
}

test_a_comment_is_no_approval if {
	comment := object.union(_implementer, {"decision": "commented"})
	count(approved_by_contributor.deny) == 0 with input as _approved_by(sample.document, [comment])
}

test_a_request_is_judged_without_a_base if {
	document := _approved_by(sample.present, [_implementer])
	count(approved_by_contributor.deny) == 1 with input as document
}

test_silent_without_a_request if {
	document := json.patch(_denied, [{"op": "replace", "path": "/change", "value": null}])
	count(approved_by_contributor.deny) == 0 with input as document
}

test_silent_without_a_matrix_or_identities if {
	every patch in [
		{"op": "replace", "path": "/matrix", "value": null},
		{"op": "replace", "path": "/context/identities/given", "value": false},
	] {
		document := json.patch(_denied, [patch])
		count(approved_by_contributor.deny) == 0 with input as document
	}
}

test_silent_on_staging if {
	document := json.patch(_denied, [{"op": "replace", "path": "/changed/0/environment", "value": "staging"}])
	count(approved_by_contributor.deny) == 0 with input as document
}

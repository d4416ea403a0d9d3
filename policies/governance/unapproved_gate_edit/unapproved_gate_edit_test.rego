package policies.governance.unapproved_gate_edit_test

import data.policies.governance.unapproved_gate_edit
import data.policies.lib.sample_test as sample

_file(path, gate) := {"path": path, "status": "modified", "previous_path": null, "gate": gate}

_edited := json.patch(sample.document, [{
	"op": "add", "path": "/git/files/1", "value": _file(".changegate/freeze.yaml", "calendar"),
}])

_approved_by(approval) := json.patch(_edited, [{"op": "add", "path": "/approvals/0", "value": approval}])

_paula := sample.approval("paula", "policy-owners")

test_allowed_without_an_edit if count(unapproved_gate_edit.deny) == 0 with input as sample.document

test_pending_without_the_owner if {
	found := unapproved_gate_edit.deny with input as _edited
	some finding in found
	count(found) == 1
	finding.pending == true
	finding.at == "file"
	finding.file == ".changegate/freeze.yaml"
	finding.msg == ".changegate/freeze.yaml (calendar of the gate) is modified without an approval by policy-owners"
}

test_one_finding_per_file if {
	document := json.patch(_edited, [{
		"op": "add", "path": "/git/files/2", "value": _file("changegate.yaml", "configuration"),
	}])
	count(unapproved_gate_edit.deny) == 2 with input as document
}

test_allowed_with_the_owner if count(unapproved_gate_edit.deny) == 0 with input as _approved_by(_paula)

test_an_approval_that_does_not_count if {
	document := _approved_by(sample.excluded("paula", "policy-owners", "stale-commit"))
	count(unapproved_gate_edit.deny) == 1 with input as document
}

test_an_owner_who_contributed_does_not_count if {
	document := _approved_by(object.union(_paula, {"contributor": true}))
	count(unapproved_gate_edit.deny) == 1 with input as document
}

test_owners_of_the_configuration_replace_the_default if {
	document := json.patch(_approved_by(_paula), [{
		"op": "replace", "path": "/config/policy_owners", "value": ["platform"],
	}])
	count(unapproved_gate_edit.deny) == 1 with input as document
	other := json.patch(document, [{
		"op": "add", "path": "/approvals/0", "value": sample.approval("grace", "platform"),
	}])
	count(unapproved_gate_edit.deny) == 0 with input as other
}

test_silent_without_a_base if count(unapproved_gate_edit.deny) == 0 with input as sample.present

test_needs_no_request if {
	document := json.patch(_edited, [{"op": "replace", "path": "/change", "value": null}])
	count(unapproved_gate_edit.deny) == 1 with input as document
}

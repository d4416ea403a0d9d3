package policies.audit.ineffective_waiver_test

import data.policies.audit.ineffective_waiver
import data.policies.lib.sample_test as sample

_waiver := {
	"id": "WVR-0007", "form": "document", "policy": "HA-009", "resource": "aws_db_instance.orders",
	"reason": "single zone until the replica is retired", "ticket": "OPS-1204", "owner": "group:default/orders",
	"approver": "paula@acme.example", "compensating_control": "hourly snapshots",
	"created_at": "2026-05-20T09:00:00Z", "created_at_ns": 1779267600000000000,
	"expires_at": "2026-06-10T00:00:00Z", "expires_at_ns": 1781049600000000000,
	"limit_days": 30, "added": false, "missing": [], "valid": true, "why_not": [],
	"judged": true, "needed": true, "used": true, "source": ".changegate/waivers.yaml:9:7",
}

_with(patch) := object.union(sample.document, {"waivers": [object.union(_waiver, patch)]})

_useless(codes) := _with({"valid": false, "used": false, "why_not": codes})

test_allowed_without_waivers if count(ineffective_waiver.deny) == 0 with input as sample.document

test_a_waiver_that_is_used_is_allowed if count(ineffective_waiver.deny) == 0 with input as _with({})

test_one_that_does_not_count_and_was_needed_is_hard if {
	found := ineffective_waiver.deny with input as _useless(["expired"])
	some finding in found
	count(found) == 1
	finding.enforcement == "hard"
	finding.source == ".changegate/waivers.yaml:9:7"
	contains(finding.msg, "it ended at `2026-06-10T00:00:00Z`")
	finding.pending == false
}

test_one_that_nobody_needed_is_advisory if {
	document := _with({"valid": false, "used": false, "needed": false, "why_not": ["self-approved"]})
	some finding in ineffective_waiver.deny with input as document
	finding.enforcement == "advisory"
}

test_one_that_the_change_adds_is_hard_and_can_still_be_approved if {
	document := _with({"valid": false, "needed": false, "added": true, "why_not": ["unapproved"]})
	some finding in ineffective_waiver.deny with input as document
	finding.enforcement == "hard"
	finding.pending == true
}

test_an_approval_does_not_mend_another_fault if {
	some finding in ineffective_waiver.deny with input as _useless(["expired", "unapproved"])
	finding.pending == false
}

test_a_bad_document_is_hard_without_a_base if {
	document := object.union(sample.present, {"waivers": [object.union(
		_waiver,
		{"valid": false, "needed": false, "why_not": ["too-broad"]},
	)]})
	some finding in ineffective_waiver.deny with input as document
	finding.enforcement == "hard"
}

test_one_that_merely_ended_is_advisory_without_a_base if {
	document := object.union(sample.present, {"waivers": [object.union(
		_waiver,
		{"valid": false, "needed": false, "why_not": ["expired"]},
	)]})
	some finding in ineffective_waiver.deny with input as document
	finding.enforcement == "advisory"
}

test_one_of_no_use_is_advisory if {
	some finding in ineffective_waiver.deny with input as _with({"needed": false, "used": false})
	finding.enforcement == "advisory"
	contains(finding.msg, "is of no use")
}

test_silent_about_what_was_not_judged if {
	count(ineffective_waiver.deny) == 0 with input as _with({"needed": false, "used": false, "judged": false})
}

test_every_code_has_words if {
	codes := [
		"bot", "expired", "hard-policy", "in-the-future", "malformed", "missing-field", "not-entitled",
		"self-approved", "too-broad", "too-long", "unapproved", "unknown-person", "unknown-policy", "of-tomorrow",
	]
	every code in codes {
		found := ineffective_waiver.deny with input as _useless([code])
		count(found) == 1
		some finding in found
		count(finding.evidence) == 1
	}
}

test_missing_fields_are_named if {
	document := _with({"valid": false, "missing": ["ticket", "owner"], "why_not": ["missing-field"]})
	some finding in ineffective_waiver.deny with input as document
	contains(finding.msg, "it lacks `ticket`, `owner`")
}

test_a_waiver_without_fields_does_not_count if {
	some finding in ineffective_waiver.deny with input as object.union(sample.document, {"waivers": [{}]})
	contains(finding.msg, "of `nothing` for `nothing` does not count")
}

test_odd_values_do_not_stop_it if {
	count(ineffective_waiver.deny) == 0 with input as object.union(sample.document, {"waivers": "none"})
	odd := _with({"valid": "yes", "missing": 3, "why_not": "expired", "policy": 7, "needed": null})
	count(ineffective_waiver.deny) == 1 with input as odd
}

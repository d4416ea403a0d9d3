package policies.approval.understated_risk_test

import data.policies.approval.understated_risk as policy
import data.policies.lib.sample_test as sample

_risk := {
	"declared": "low", "computed": "medium", "level": "medium", "score": 23,
	"factors": [
		{"id": "R-TIER", "group": "impact", "points": 18, "evidence": "orders-api has tier 1", "source": null},
		{"id": "R-ACTION", "group": "impact", "points": 3, "evidence": "update of a", "source": "k8s/a.yaml:1:1"},
		{"id": "R-BREADTH", "group": "impact", "points": 2, "evidence": "1 resource", "source": null},
	],
	"mitigations": [], "floors": [{"level": "medium", "evidence": "it is an emergency", "source": null}], "history": [],
}

_with(risk) := json.patch(sample.document, [{"op": "replace", "path": "/risk", "value": object.union(_risk, risk)}])

_found(document) := found if {
	found := policy.deny with input as document
}

_justified(document) := json.patch(document, [{
	"op": "add", "path": "/change/spec/risk/overrideJustification",
	"value": "The table is empty and nobody reads it before Monday",
}])

test_denied_with_every_factor if {
	some finding in _found(_with({}))
	startswith(finding.msg, "declares low risk, the model computes medium (23 of 100): R-TIER +18 orders-api has tier 1; R-ACTION")
	finding.path == ["spec", "risk", "declared"]
	[line.pointer | some line in finding.evidence] == ["R-TIER", "R-ACTION", "R-BREADTH", "floor"]
	finding.because == ["k8s/a.yaml:1:1"]
	contains(finding.remediation, "Declare medium")
	not finding.pending
}

test_the_same_level_is_right if count(_found(_with({"declared": "medium"}))) == 0

test_more_is_always_accepted if {
	every level in ["high", "very-high"] {
		count(_found(_with({"declared": level}))) == 0
	}
}

test_every_pair_below if {
	every pair in [["low", "medium"], ["low", "high"], ["low", "very-high"], ["medium", "high"], ["high", "very-high"]] {
		count(_found(_with({"declared": pair[0], "computed": pair[1]}))) == 1
	}
}

test_nothing_declared_is_not_understated if count(_found(_with({"declared": null}))) == 0

test_nothing_computed_is_not_understated if {
	count(_found(_with({"computed": null, "score": null, "factors": [], "floors": []}))) == 0
}

test_without_a_request_nothing_is_declared if {
	count(_found(json.patch(_with({}), [{"op": "replace", "path": "/change", "value": null}]))) == 0
}

test_a_justification_waits_for_the_change_manager if {
	some finding in _found(_justified(_with({})))
	finding.pending == true
	contains(finding.msg, "change-manager has not approved")
}

test_an_approved_justification_is_shown if {
	document := json.patch(_justified(_with({})), [{
		"op": "add", "path": "/approvals/-", "value": sample.approval("grace", "change-manager"),
	}])
	some finding in _found(document)
	finding.enforcement == "advisory"
	contains(finding.msg, "grace@acme.example approved")
}

test_an_approval_that_does_not_count_changes_nothing if {
	document := json.patch(_justified(_with({})), [{
		"op": "add", "path": "/approvals/-", "value": sample.excluded("grace", "change-manager", "contributor"),
	}])
	some finding in _found(document)
	finding.pending == true
}

test_a_placeholder_justifies_nothing if {
	every words in ["n/a", "", "because", 7] {
		document := json.patch(_with({}), [{"op": "add", "path": "/change/spec/risk/overrideJustification", "value": words}])
		some finding in _found(document)
		not finding.pending
	}
}

test_other_roles_by_configuration if {
	document := json.patch(_justified(_with({})), [
		{"op": "add", "path": "/approvals/-", "value": sample.approval("vera", "vp-eng")},
		{"op": "add", "path": "/config/thresholds/CAB-004", "value": {"override_roles": ["vp-eng"]}},
	])
	some finding in _found(document)
	finding.enforcement == "advisory"
}

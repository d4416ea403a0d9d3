package policies.lib.approval_test

import data.policies.lib.approval
import data.policies.lib.sample_test as sample

_held(pairs) := {{"person": pair[0], "role": pair[1]} | some pair in pairs}

test_nothing_missing if {
	approval.missing({"peer": 1, "service-owner": 1}, approval.held(sample.document.approvals)) == set()
}

test_one_role_missing if {
	have := _held([["dave", "peer"]])
	approval.missing({"peer": 1, "service-owner": 1}, have) == {"service-owner (0 of 1)"}
}

test_one_person_fills_one_slot if {
	have := _held([["frank", "peer"], ["frank", "service-owner"]])
	approval.missing({"peer": 1, "service-owner": 1}, have) == {
		"peer + service-owner (1 different people for 2 slots)",
	}
}

test_two_people_for_three_roles if {
	have := _held([["a", "x"], ["a", "y"], ["a", "z"], ["b", "x"], ["b", "y"], ["b", "z"]])
	approval.missing({"x": 1, "y": 1, "z": 1}, have) == {"x + y + z (2 different people for 3 slots)"}
}

test_an_assignment_that_greed_would_miss if {
	# Taking a for x first leaves nobody for y.
	have := _held([["a", "x"], ["a", "y"], ["b", "x"]])
	approval.missing({"x": 1, "y": 1}, have) == set()
}

test_two_of_one_role if {
	have := _held([["a", "x"], ["a", "x"]])
	approval.missing({"x": 2}, have) == {"x (1 of 2)"}
}

test_nothing_required if approval.missing({}, set()) == set()

test_eight_roles if {
	required := {role: 1 | some role in ["a", "b", "c", "d", "e", "f", "g", "h"]}
	have := {{"person": role, "role": role} | some role, _ in required}
	approval.missing(required, have) == set()
	count(approval.missing(required, {one | some one in have; one.role != "h"})) == 1
}

test_excluded_approvals_hold_nothing if {
	approval.held([sample.excluded("dave", "peer", "stale-commit")]) == set()
}

test_unknown_people_hold_nothing if {
	approval.held([object.union(sample.approval("x", "peer"), {"by": null})]) == set()
}

test_cell_exact if {
	cell := approval.cell(sample.matrix, {1, 2}, "medium")
	cell.name == "1/medium"
	cell.roles == {"peer": 1, "service-owner": 1}
	cell.source == ".changegate/approvals.yaml:30:7"
}

test_cell_of_an_unknown_tier_is_the_strictest if {
	approval.cell(sample.matrix, {null, 2}, "low").name == "0/low"
}

test_cell_of_a_tier_that_has_no_row_is_the_next_stricter if {
	approval.cell(sample.matrix, {3}, "low").name == "2/low"
	only := object.union(object.remove(sample.matrix, ["tiers"]), {"tiers": {"1": sample.matrix.tiers["1"]}})
	approval.cell(only, {0}, "low").name == "1/low"
}

test_cell_without_a_level_is_the_highest if {
	approval.cell(sample.matrix, {1}, null).name == "1/very-high"
}

test_cell_of_a_level_that_is_not_there_is_the_next_higher if {
	row := {"low": {"peer": 1}, "high": {"cab": 1}}
	matrix := {"tiers": {"1": row}, "sources": {}, "source": "m.yaml:1:1"}
	approval.cell(matrix, {1}, "medium").name == "1/high"
	approval.cell(matrix, {1}, "very-high").name == "1/high"
	approval.cell(matrix, {1}, "low").source == "m.yaml:1:1"
}

test_no_cell_when_nothing_is_touched if not approval.cell(sample.matrix, set(), "low")

test_no_cell_in_an_empty_matrix if {
	not approval.cell({"tiers": {}, "sources": {}, "source": "m"}, {1}, "low")
}

test_tiers_of_a_difference if approval.tiers(sample.document) == {1}

test_tiers_leave_staging_out if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/changed/0/environment", "value": "staging"}])
	approval.tiers(document) == set()
}

test_tiers_of_an_unknown_environment_count if {
	document := json.patch(sample.document, [
		{"op": "replace", "path": "/changed/0/environment", "value": null},
		{"op": "replace", "path": "/changed/0/tier", "value": null},
	])
	approval.tiers(document) == {null}
}

test_tiers_without_a_difference_come_from_the_request if approval.tiers(sample.present) == {1}

test_tiers_of_a_staging_request_are_none if {
	document := json.patch(sample.present, [{
		"op": "replace", "path": "/change/spec/scope/environments", "value": ["staging"],
	}])
	approval.tiers(document) == set()
}

test_tiers_of_a_request_that_names_nothing_are_unknown if {
	document := json.patch(sample.present, [
		{"op": "remove", "path": "/change/spec/scope"},
		{"op": "replace", "path": "/change/services", "value": []},
	])
	approval.tiers(document) == {null}
}

test_objection_by_a_needed_role if {
	said := object.union(sample.approval("frank", "service-owner"), {
		"decision": "changes-requested", "valid": false, "why_not": ["not-approved"],
	})
	count(approval.objections([said], {"service-owner": 1})) == 1
	count(approval.objections([said], {"peer": 1})) == 0
	count(approval.objections([object.union(said, {"why_not": ["superseded"]})], {"service-owner": 1})) == 0
}

test_evidence_names_the_code if {
	lines := approval.evidence([sample.excluded("dave", "peer", "stale-commit")])
	lines[0].pointer == "approval of dave@acme.example"
	lines[0].observed == "stale-commit"
}

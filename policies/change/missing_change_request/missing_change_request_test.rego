package policies.change.missing_change_request_test

import data.policies.change.missing_change_request
import data.policies.lib.sample_test as sample

_bare := json.patch(sample.document, [{"op": "replace", "path": "/change", "value": null}])

_without(path) := json.patch(sample.document, [{"op": "remove", "path": concat("", ["/change/", path])}])

_typed(kind) := json.patch(sample.document, [{"op": "replace", "path": "/change/spec/type", "value": kind}])

test_allowed if count(missing_change_request.deny) == 0 with input as sample.document

test_denied_without_a_request if {
	found := missing_change_request.deny with input as _bare
	some finding in found
	finding.resource == "argoproj.io/Rollout/orders/orders-api"
	contains(finding.msg, "1 production change and no change request")
}

test_one_finding_for_many_resources if {
	document := json.patch(_bare, [{"op": "add", "path": "/changed/1", "value": sample.database}])
	found := missing_change_request.deny with input as document
	some finding in found
	count(found) == 1
	count(finding.evidence) == 2
	contains(finding.msg, "2 production changes")
}

test_an_unknown_environment_is_production if {
	document := json.patch(_bare, [{"op": "replace", "path": "/changed/0/environment", "value": null}])
	count(missing_change_request.deny) == 1 with input as document
}

test_staging_needs_no_request if {
	document := json.patch(_bare, [{"op": "replace", "path": "/changed/0/environment", "value": "staging"}])
	count(missing_change_request.deny) == 0 with input as document
}

test_no_difference_needs_no_request if {
	document := json.patch(_bare, [{"op": "replace", "path": "/changed", "value": []}])
	count(missing_change_request.deny) == 0 with input as document
}

test_exempt_types_need_no_request if {
	document := json.patch(_bare, [{
		"op": "add", "path": "/config/thresholds/CHG-003", "value": {"exempt_types": ["argoproj.io/Rollout"]},
	}])
	count(missing_change_request.deny) == 0 with input as document
}

test_silent_in_mode_present if {
	document := json.patch(sample.present, [{"op": "replace", "path": "/change", "value": null}])
	count(missing_change_request.deny) == 0 with input as document
}

test_each_field_of_a_normal_request if {
	every path in [
		"metadata/title", "metadata/id", "spec/type", "spec/team", "spec/requester", "spec/implementer", "spec/scope",
		"spec/artifacts", "spec/justification", "spec/progressiveDelivery", "spec/preChecks/monitoring",
		"spec/preChecks/staging", "spec/schedule/end", "spec/schedule/start",
	] {
		count(missing_change_request.deny) == 1 with input as _without(path)
	}
}

test_a_missing_field_is_shown_at_its_parent if {
	found := missing_change_request.deny with input as _without("spec/justification")
	{finding.path | some finding in found} == {["spec"]}
	{finding.at | some finding in found} == {"change"}
}

test_a_missing_section_is_shown_at_the_nearest_parent if {
	found := missing_change_request.deny with input as _without("spec/schedule")
	{finding.path | some finding in found} == {["spec"]}
	{finding.msg | some finding in found} == {
		"the normal request lacks spec.schedule.start", "the normal request lacks spec.schedule.end",
	}
}

test_blank_is_missing if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change/spec/justification", "value": "  "}])
	count(missing_change_request.deny) == 1 with input as document
}

test_empty_artifacts_are_present if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change/spec/artifacts", "value": {}}])
	count(missing_change_request.deny) == 0 with input as document
}

test_a_numeric_id_is_present if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change/metadata/id", "value": 417}])
	count(missing_change_request.deny) == 0 with input as document
}

test_a_standard_change_takes_the_rest_from_its_template if {
	document := json.patch(_typed("standard"), [
		{"op": "remove", "path": "/change/spec/justification"},
		{"op": "remove", "path": "/change/spec/preChecks"},
		{"op": "add", "path": "/change/spec/template", "value": {"ref": "templates/image-bump"}},
	])
	count(missing_change_request.deny) == 0 with input as document
}

test_a_standard_change_names_its_template if {
	found := missing_change_request.deny with input as _typed("standard")
	{finding.msg | some finding in found} == {"the standard request lacks spec.template.ref"}
}

test_an_emergency_names_its_incident_and_may_leave_the_end_open if {
	document := json.patch(_typed("emergency"), [{"op": "remove", "path": "/change/spec/schedule/end"}])
	found := missing_change_request.deny with input as document
	{finding.msg | some finding in found} == {"the emergency request lacks spec.relatedIncidents"}
}

test_communications_of_high_risk if {
	document := json.patch(_without("spec/communications"), [{"op": "replace", "path": "/risk/level", "value": "high"}])
	count(missing_change_request.deny) == 1 with input as document
	count(missing_change_request.deny) == 0 with input as _without("spec/communications")
}

test_communications_when_customers_notice if {
	document := json.patch(_without("spec/communications"), [{
		"op": "replace", "path": "/change/spec/customerImpact", "value": "degraded",
	}])
	count(missing_change_request.deny) == 1 with input as document
}

test_odd_values_do_not_stop_it if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change/spec", "value": "later"}])
	count(missing_change_request.deny) > 5 with input as document
}

_imported(state, permission) := json.patch(sample.document, [{"op": "add", "path": "/change/origin", "value": {
	"system": "servicenow", "id": "CHG0031234", "verified": true, "state": state, "permission": permission, "fields": {},
}}])

test_a_record_that_is_being_implemented if {
	count(missing_change_request.deny) == 0 with input as _imported("implement", "go")
}

test_a_record_that_is_not_that_far_is_pending if {
	found := missing_change_request.deny with input as _imported("scheduled", "wait")
	some finding in found
	finding.pending
	finding.msg == "CHG0031234 is scheduled in servicenow, which is not yet a permission to implement it"
}

test_a_record_that_is_over_is_denied if {
	found := missing_change_request.deny with input as _imported("closed", "stop")
	some finding in found
	not finding.pending
}

test_a_form_without_a_state_needs_none if {
	count(missing_change_request.deny) == 0 with input as _imported(null, null)
}

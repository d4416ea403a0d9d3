package policies.lib.risk.mitigation_test

import data.policies.lib.risk.mitigation
import data.policies.lib.risk.sample_test as sample

_of_template(stats) := {one.points | some one in found; one.id == "template"} if {
	found := mitigation.found with input as json.patch(sample.image_bump, [
		{"op": "replace", "path": "/change/spec/type", "value": "standard"},
		{"op": "add", "path": "/change/spec/template", "value": {"ref": "image"}},
		{"op": "add", "path": "/context/change_templates", "value": {
			"given": true, "entries": [object.union({"id": "image", "status": "active"}, stats)],
		}},
	])
}

test_a_template_that_succeeded_twenty_times if {
	_of_template({"stats": {"uses": 21, "failures": 1}}) == {6}
	_of_template({"stats": {"uses": 20}}) == {6}
	_of_template({"stats": {"uses": 20, "failures": 1}}) == set()
}

test_a_template_without_figures_of_its_own_mitigates_nothing if {
	_of_template({}) == set()
	every stats in [null, [], 7, "many", {}, {"uses": null}, {"uses": "30"}, {"uses": 30, "failures": null}] {
		_of_template({"stats": stats}) == set()
	}
}

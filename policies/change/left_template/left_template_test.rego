package policies.change.left_template_test

import data.policies.change.left_template as policy
import data.policies.lib.sample_test as sample

_template := {
	"id": "image-bump", "status": "active", "reviewedAt": "2026-01-01T00:00:00Z",
	"allow": {
		"kinds": ["argoproj.io/Rollout", "apps/*"], "actions": ["update"], "paths": ["k8s/**"],
		"attributePaths": ["spec.template.spec.containers[*].image"],
	},
	"stats": {"recent": []},
}

_image := ["spec", "template", "spec", "containers", 0, "image"]

_with(template) := json.patch(sample.document, [
	{"op": "replace", "path": "/change/spec/type", "value": "standard"},
	{"op": "add", "path": "/change/spec/template", "value": {"ref": "image-bump"}},
	{"op": "replace", "path": "/changed/0/changed", "value": [_image]},
	{"op": "add", "path": "/risk/computed", "value": "low"},
	{"op": "add", "path": "/context/change_templates", "value": {
		"given": true, "source": ".changegate/templates.yaml:1:1", "entries": [template],
	}},
])

_standard := _with(_template)

_patched(patch) := _with(json.patch(_template, patch))

_found(document) := found if {
	found := policy.deny with input as document
}

_says(document, part) if {
	some finding in _found(document)
	contains(finding.msg, part)
}

test_allowed if count(_found(_standard)) == 0

test_other_types_have_no_template if count(_found(sample.document)) == 0

test_no_template_is_named if {
	every ref in [null, "", "n/a", 7] {
		_says(json.patch(_standard, [{"op": "replace", "path": "/change/spec/template/ref", "value": ref}]), "names no template")
	}
}

test_a_template_that_nobody_knows if {
	_says(json.patch(_standard, [{"op": "replace", "path": "/change/spec/template/ref", "value": "other"}]), "no ChangeTemplate other")
}

test_unknown_without_any_template if {
	document := json.patch(_standard, [{"op": "replace", "path": "/context/change_templates", "value": {"given": false, "entries": []}}])
	count(_found(document)) == 0
	unknown := policy.unknown with input as document
	count(unknown) == 1
}

test_status_and_review if {
	_says(_patched([{"op": "replace", "path": "/status", "value": "draft"}]), "is draft, not active")
	_says(_patched([{"op": "remove", "path": "/status"}]), "without a status, not active")
	_says(_patched([{"op": "remove", "path": "/reviewedAt"}]), "no date of its last review")
}

test_reviewed_within_a_year if {
	count(_found(_patched([{"op": "replace", "path": "/reviewedAt", "value": "2025-06-09T09:00:00.000000001Z"}]))) == 0
	_says(_patched([{"op": "replace", "path": "/reviewedAt", "value": "2025-06-09T09:00:00Z"}]), "more than 365 days ago")
	instants := policy.valid_until with input as _standard
	instants == {1798761600000000000}
}

_uses(results) := _patched([{"op": "replace", "path": "/stats/recent", "value": [{"result": result} | some result in results]}])

test_two_failures_in_ten_suspend_it if {
	count(_found(_uses(["failed", "success"]))) == 0
	_says(_uses(["failed", "success", "rolled-back"]), "2 of its last 3 uses failed")
	long_ago := array.concat(["failed", "failed"], ["success" | some _ in numbers.range(1, 9)])
	count(_found(_uses(long_ago))) == 0
}

test_kind_and_action if {
	every patch in [
		{"op": "replace", "path": "/changed/0/type", "value": "batch/Job"},
		{"op": "replace", "path": "/changed/0/action", "value": "create"},
	] {
		_says(json.patch(_standard, [patch]), "is not allowed")
	}
	count(_found(json.patch(_standard, [{"op": "replace", "path": "/changed/0/type", "value": "apps/Deployment"}]))) == 0
}

test_only_the_attributes_of_the_template if {
	document := json.patch(_standard, [{"op": "add", "path": "/changed/0/changed/-", "value": ["spec", "replicas"]}])
	some finding in _found(document)
	contains(finding.msg, "spec.replicas may not change")
	finding.path == ["spec", "replicas"]
	whole := json.patch(_standard, [{"op": "replace", "path": "/changed/0/changed", "value": [["spec", "template"]]}])
	_says(whole, "spec.template may not change")
}

test_no_list_allows_nothing if {
	every list in ["kinds", "actions", "attributePaths"] {
		count(_found(_patched([{"op": "remove", "path": sprintf("/allow/%s", [list])}]))) > 0
	}
}

test_files if {
	document := json.patch(_standard, [{"op": "add", "path": "/git/files/-", "value": {"path": "src/main.go", "status": "modified"}}])
	_says(document, "src/main.go is none of the files")
	own := json.patch(_standard, [{"op": "add", "path": "/git/files/-", "value": {"path": sample.change.file, "status": "added"}}])
	count(_found(own)) == 0
}

test_stateful_destruction_is_never_standard if {
	document := json.patch(_standard, [
		{"op": "replace", "path": "/changed/0/stateful", "value": true},
		{"op": "replace", "path": "/changed/0/action", "value": "delete"},
	])
	_says(document, "destroys a stateful resource")
}

test_risk if {
	medium := json.patch(_standard, [{"op": "replace", "path": "/risk/computed", "value": "medium"}])
	_says(medium, "allows low risk, the computed risk is medium")
	more := json.patch(_patched([{"op": "add", "path": "/maxRisk", "value": "medium"}]), [{
		"op": "replace", "path": "/risk/computed", "value": "medium",
	}])
	count(_found(more)) == 0
}

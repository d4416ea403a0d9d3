package policies.governance.unapproved_gate_edit_switched_off_test

import data.policies.governance.unapproved_gate_edit
import data.policies.lib.sample_test as sample

_path := ".github/workflows/gate.yml"

_step := {"name": "Gate", "run": "changegate check --base origin/main --head HEAD"}

_checkout := {"uses": "actions/checkout@0123456789012345678901234567890123456789"}

_job(steps) := {"runs-on": "ubuntu-latest", "steps": steps}

_workflow(jobs) := {"name": "ci", "true": {"pull_request": null, "merge_group": null}, "jobs": jobs}

_before := _workflow({"gate": _job([_checkout, _step]), "deploy": {"needs": "gate", "steps": [{"run": "make deploy"}]}})

_pipeline(kind, path, before, after) := {
	"path": path, "previous_path": null, "kind": kind, "status": "modified", "before": before, "after": after,
	"unreadable": [],
}

_with(pipelines) := json.patch(sample.document, [{"op": "add", "path": "/git/pipelines", "value": pipelines}])

_after(after) := _with([_pipeline("github-workflow", _path, _before, after)])

_owned(document) := json.patch(document, [{
	"op": "add", "path": "/approvals/0", "value": sample.approval("paula", "policy-owners"),
}])

_patched(changes) := _owned(_after(json.patch(_before, changes)))

# Messages of what no approval lifts.
_hard(found) := {finding.msg | some finding in found; not finding.pending}

test_an_edit_with_the_owner_is_allowed if {
	document := _patched([{"op": "replace", "path": "/jobs/gate/steps/0/uses", "value": "actions/checkout@v5"}])
	count(unapproved_gate_edit.deny) == 0 with input as document
	count(unapproved_gate_edit.unknown) == 0 with input as document
}

test_an_edit_without_the_owner_is_pending if {
	document := _after(json.patch(_before, [{"op": "replace", "path": "/name", "value": "CI"}]))
	found := unapproved_gate_edit.deny with input as document
	{finding.pending | some finding in found} == {true}
	{finding.file | some finding in found} == {_path}
}

test_a_workflow_that_runs_no_gate_is_nobodys if {
	other := {"true": "push", "jobs": {"build": _job([{"run": "echo changegate check\nmake # changegate check"}])}}
	document := _with([_pipeline("github-workflow", ".github/workflows/build.yml", other, {"jobs": {}})])
	count(unapproved_gate_edit.deny) == 0 with input as document
}

test_the_step_is_removed if {
	document := _patched([{"op": "remove", "path": "/jobs/gate/steps/1"}])
	found := unapproved_gate_edit.deny with input as document
	_hard(found) == {sprintf("%s no longer runs the gate at stage pull-request on %s, the base does (gate)", [_path, on]) |
		some on in ["pull_request", "merge_group"]
	}
}

test_the_step_is_commented_out if {
	document := _patched([{"op": "replace", "path": "/jobs/gate/steps/1/run", "value": "# changegate check\ntrue"}])
	count(unapproved_gate_edit.deny) == 2 with input as document
}

test_the_workflow_is_deleted_or_cannot_be_read if {
	count(unapproved_gate_edit.deny) == 2 with input as _owned(_after(null))
}

test_the_workflow_no_longer_runs_on_pull_requests if {
	document := _patched([{"op": "remove", "path": "/true/pull_request"}])
	found := unapproved_gate_edit.deny with input as document
	count(_hard(found)) == 1
	some text in _hard(found)
	contains(text, "on pull_request,")
}

_call(script) := [{"op": "replace", "path": "/jobs/gate/steps/1/run", "value": script}]

_disarmed contains [{"op": "add", "path": "/jobs/gate/steps/1/continue-on-error", "value": true}]

_disarmed contains [{"op": "add", "path": "/jobs/gate/continue-on-error", "value": "${{ true }}"}]

_disarmed contains [{"op": "add", "path": "/jobs/gate/steps/1/if", "value": false}]

_disarmed contains [{"op": "add", "path": "/jobs/gate/if", "value": "${{ false }}"}]

_disarmed contains [{"op": "add", "path": "/jobs/gate/steps/1/if", "value": "false && github.ref == 'x'"}]

_disarmed contains _call("changegate check --base a || true")

_disarmed contains _call("changegate check \\\n  --base a || :")

_disarmed contains _call("changegate check --skip CHG-001")

_disarmed contains _call("changegate check --now 2020-01-01T00:00:00Z")

_disarmed contains _call("changegate check --enforce advisory")

_disarmed contains [{"op": "add", "path": "/jobs/gate/env", "value": {"CHANGEGATE_ENFORCE": "advisory"}}]

test_every_way_to_disarm_it if {
	count(_disarmed) == 11
	every changes in _disarmed {
		found := unapproved_gate_edit.deny with input as _patched(changes)
		some finding in found
		not finding.pending
		contains(finding.msg, "no longer stops a change")
		array.slice(finding.path, 0, 2) == ["jobs", "gate"]
	}
}

_action(inputs) := _workflow({"gate": _job([{
	"uses": "acme/changegate@0123456789012345678901234567890123456789",
	"with": inputs,
}])})

test_the_action_is_set_to_advise if {
	after := _action({"enforce": "advisory"})
	document := _owned(_with([_pipeline("github-workflow", _path, _action({"enforce": "hard"}), after)]))
	found := unapproved_gate_edit.deny with input as document
	some text in _hard(found)
	contains(text, "the input enforce is advisory")
}

test_what_was_disarmed_before_is_no_news if {
	soft := json.patch(_before, [{"op": "add", "path": "/jobs/gate/continue-on-error", "value": true}])
	document := _owned(_with([_pipeline("github-workflow", _path, soft, json.remove(soft, ["/jobs/gate"]))]))
	count(unapproved_gate_edit.deny) == 0 with input as document
}

test_a_gate_that_is_tried_out_is_welcome if {
	soft := json.patch(_before, [{"op": "add", "path": "/jobs/gate/continue-on-error", "value": true}])
	count(unapproved_gate_edit.deny) == 0 with input as _owned(_with([_pipeline("github-workflow", _path, null, soft)]))
}

test_moving_the_step_loses_nothing if {
	document := _owned(_with([
		_pipeline("github-workflow", _path, _before, null),
		_pipeline("github-workflow", ".github/workflows/ci.yml", null, _before),
	]))
	count(unapproved_gate_edit.deny) == 0 with input as document
}

test_moving_the_step_to_where_nobody_runs_it if {
	by_hand := json.patch(_before, [{"op": "replace", "path": "/true", "value": "workflow_dispatch"}])
	document := _owned(_with([
		_pipeline("github-workflow", _path, _before, null),
		_pipeline("github-workflow", ".github/workflows/ci.yml", null, by_hand),
	]))
	count(unapproved_gate_edit.deny) == 2 with input as document
}

test_the_deployment_no_longer_waits if {
	document := _patched([{"op": "remove", "path": "/jobs/deploy/needs"}])
	found := unapproved_gate_edit.deny with input as document
	_hard(found) == {sprintf("the job deploy of %s no longer waits for the gate's job gate", [_path])}
}

test_the_deployment_may_wait_through_another_job if {
	document := _patched([
		{"op": "add", "path": "/jobs/build", "value": {"needs": ["gate"], "steps": []}},
		{"op": "replace", "path": "/jobs/deploy/needs", "value": ["build"]},
	])
	count(unapproved_gate_edit.deny) == 0 with input as document
}

test_a_condition_is_unknown if {
	document := _patched([{"op": "add", "path": "/jobs/gate/if", "value": "github.actor != 'alice'"}])
	count(unapproved_gate_edit.deny) == 0 with input as document
	found := unapproved_gate_edit.unknown with input as document
	some finding in found
	contains(finding.msg, "it runs if github.actor != 'alice'")
}

test_paths_that_are_left_out_are_unknown if {
	document := _patched([{"op": "replace", "path": "/true/pull_request", "value": {"paths-ignore": ["k8s/**"]}}])
	found := unapproved_gate_edit.unknown with input as document
	some finding in found
	contains(finding.msg, "paths-ignore narrows pull_request")
}

test_code_of_strangers_with_secrets if {
	document := _patched([
		{"op": "add", "path": "/true/pull_request_target", "value": null},
		{"op": "add", "path": "/jobs/gate/steps/0/with", "value": {"ref": "${{ github.event.pull_request.head.sha }}"}},
	])
	found := unapproved_gate_edit.deny with input as document
	_hard(found) == {sprintf("%s checks out the pull request's own code under pull_request_target", [_path])}
}

_gitlab := {"stages": ["test"], "gate": {"stage": "test", "script": ["changegate check --base $BASE"]}}

_gitlab_after(changes) := _owned(_with([
	_pipeline("gitlab-ci", ".gitlab-ci.yml", _gitlab, json.patch(_gitlab, changes)),
]))

test_gitlab if {
	count(unapproved_gate_edit.deny) == 0 with input as _gitlab_after([])
	every changes in [
		[{"op": "add", "path": "/gate/allow_failure", "value": true}],
		[{"op": "add", "path": "/gate/when", "value": "manual"}],
		[{"op": "add", "path": "/gate/rules", "value": [{"when": "never"}]}],
		[{"op": "replace", "path": "/gate/script/0", "value": "changegate check || true"}],
		[{"op": "remove", "path": "/gate"}],
	] {
		count(unapproved_gate_edit.deny) == 1 with input as _gitlab_after(changes)
	}
}

_hooks := {"repos": [{"repo": "https://github.com/acme/changegate", "rev": "v1", "hooks": [{"id": "changegate"}]}]}

_hooks_after(after) := _owned(_with([_pipeline("pre-commit", ".pre-commit-config.yaml", _hooks, after)]))

test_hooks if {
	count(unapproved_gate_edit.deny) == 0 with input as _hooks_after(_hooks)
	count(unapproved_gate_edit.deny) == 1 with input as _hooks_after({"repos": []})
	manual := json.patch(_hooks, [{"op": "add", "path": "/repos/0/hooks/0/stages", "value": ["manual"]}])
	count(unapproved_gate_edit.deny) == 1 with input as _hooks_after(manual)
	newer := json.patch(_hooks, [{"op": "replace", "path": "/repos/0/rev", "value": "v2"}])
	count(unapproved_gate_edit.deny) == 0 with input as _hooks_after(newer)
}

_settings(contexts) := {"branches": [{
	"name": "main", "protection": {"required_status_checks": {"contexts": contexts}},
}]}

_settings_after(after) := _owned(_with([
	_pipeline("forge-settings", ".github/settings.yml", _settings(["changegate", "unit"]), after),
	object.union(_pipeline("github-workflow", _path, _before, _before), {"status": "unchanged"}),
]))

test_settings if {
	count(unapproved_gate_edit.deny) == 0 with input as _settings_after(_settings(["changegate"]))
	count(unapproved_gate_edit.deny) == 1 with input as _settings_after(_settings(["unit"]))
	count(unapproved_gate_edit.deny) == 1 with input as _settings_after({"branches": []})
}

test_code_owners_need_the_owner if {
	document := _with([_pipeline("owners", "CODEOWNERS", null, null)])
	found := unapproved_gate_edit.deny with input as document
	{finding.pending | some finding in found} == {true}
	count(unapproved_gate_edit.deny) == 0 with input as _owned(document)
}

_protection(action, before, after, unknown_paths) := {
	"id": "github_branch_protection.main", "iac": "terraform", "type": "github_branch_protection", "name": "main",
	"address": "github_branch_protection.main", "action": action, "attrs": after, "before": before,
	"unknown": unknown_paths, "environment": null, "tier": null,
}

_requires(contexts) := {
	"pattern": "main", "enforce_admins": true, "required_status_checks": [{"strict": true, "contexts": contexts}],
}

_changed(resource) := json.patch(
	_owned(_with([object.union(_pipeline("github-workflow", _path, _before, _before), {"status": "unchanged"})])),
	[{"op": "replace", "path": "/changed", "value": [resource]}],
)

test_branch_protection_keeps_the_check if {
	document := _changed(_protection("update", _requires(["gate", "unit"]), _requires(["gate"]), []))
	count(unapproved_gate_edit.deny) == 0 with input as document
}

test_branch_protection_drops_the_check_of_the_gates_job if {
	document := _changed(_protection("update", _requires(["gate", "unit"]), _requires(["unit"]), []))
	found := unapproved_gate_edit.deny with input as document
	_hard(found) == {"github_branch_protection.main no longer requires the gate's check gate"}
}

test_branch_protection_is_deleted if {
	before := _requires(["gate"])
	document := _changed(_protection("delete", before, before, []))
	count(unapproved_gate_edit.deny) == 1 with input as document
}

test_administrators_are_let_through if {
	after := object.union(_requires(["gate"]), {"enforce_admins": false})
	found := unapproved_gate_edit.deny with input as _changed(_protection("update", _requires(["gate"]), after, []))
	_hard(found) == {"github_branch_protection.main binds nobody: enforce_admins is false, was true"}
}

test_checks_that_are_not_known if {
	document := _changed(_protection("update", _requires(["gate"]), {}, [["required_status_checks"]]))
	found := unapproved_gate_edit.deny with input as document
	{text | some text in _hard(found); contains(text, "no longer requires")} == set()
	count(unapproved_gate_edit.unknown) == 1 with input as document
}

test_protection_without_the_owner_is_pending if {
	resource := _protection("update", _requires(["unit"]), _requires(["unit", "lint"]), [])
	document := json.patch(sample.document, [{"op": "replace", "path": "/changed", "value": [resource]}])
	found := unapproved_gate_edit.deny with input as document
	{finding.pending | some finding in found} == {true}
}

test_names_of_the_configuration if {
	other := {"true": "pull_request", "jobs": {"g": _job([{"run": "make gate"}])}}
	edited := _owned(_with([_pipeline("github-workflow", _path, other, {"true": "pull_request", "jobs": {}})]))
	document := json.patch(edited, [{
		"op": "add", "path": "/config/thresholds/GOV-004", "value": {"steps": ["make gate"]},
	}])
	count(unapproved_gate_edit.deny) == 1 with input as document
}

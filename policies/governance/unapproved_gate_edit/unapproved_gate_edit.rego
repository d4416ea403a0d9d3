# METADATA
# title: Gate is switched off, or edited without its owner
# description: >-
#   A change to the gate's configuration, policies, calendar, matrix, identities, waivers, catalogue or other context,
#   to a pipeline that runs the gate, to CODEOWNERS or to branch protection needs a verified approval by somebody who
#   holds a role of `approvals.policy_owners` (default: policy-owners) and did not contribute. The change itself is
#   judged with these documents as they are at the base, whatever it does to them. What switches the gate off cannot be
#   approved here: its step removed or moved to where it no longer runs, its failure ignored, a condition that never
#   holds, a result that only advises, a deployment that no longer waits for it, its required check dropped. The
#   thresholds `GOV-004.steps` and `GOV-004.checks` name further steps (`make gate`) and checks that are the gate's.
# related_resources:
#   - https://docs.github.com/en/actions/reference/security/secure-use
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-5
# custom:
#   id: GOV-004
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request]
#   controls:
#     SOC2: [CC8.1, CC5.2]
#     ISO27001: ["8.32", "8.4"]
#     NIST80053: [CM-3, CM-5, CM-6, SI-7]
#     DORARTS: [17(1)(b)]
#   remediation: >-
#     Ask an owner of the gate to approve the current head, or move the edit to a pull request of its own.
#   since: 0.1.0
package policies.governance.unapproved_gate_edit

import data.policies.lib.approval
import data.policies.lib.pipeline
import data.policies.lib.protection
import data.policies.lib.resource
import data.policies.lib.shape

# The gate's own documents.
deny contains finding if {
	not _approved
	some file in input.git.files
	is_string(file.gate)
	finding := _unapproved(file.path, file.gate, file.status)
}

# Files that run the gate, or say who must be asked.
deny contains finding if {
	not _approved
	some file in _touched
	_concerns(file)
	finding := _unapproved(file.path, _what[file.kind], file.status)
}

deny contains finding if {
	not _approved
	some changed in _protections
	finding := {
		"msg": sprintf("%s (protection of the repository) is changed (%s) without an approval by %s", [
			resource.address(changed),
			changed.action,
			_owner_names,
		]),
		"at": "resource",
		"resource": changed.id,
		"pending": true,
		"evidence": approval.evidence(input.approvals),
	}
}

# Fewer runs that can stop a change than before, on the same event: one finding for each that is disarmed now.
deny contains finding if {
	some lost in _lost
	some file in _touched
	some run in _after[file.path]
	[run.stage, run.trigger] == lost
	count(run.disarmed) > 0
	finding := object.union(_off, {
		"msg": sprintf("the gate's %s in %s no longer stops a change: %s", [
			run.job,
			file.path,
			concat(", ", sort(run.disarmed)),
		]),
		"path": run.path,
		"file": file.path,
	})
}

# … or for the file that it was taken out of.
deny contains finding if {
	some lost in _lost
	some file in _touched
	count(_armed(_before[file.path], lost)) > count(_matching(_after[file.path], lost))
	finding := object.union(_off, {
		"msg": sprintf("%s no longer runs the gate at stage %s on %s, the base does (%s)", [
			file.path,
			lost[0],
			lost[1],
			concat(", ", sort({run.job | some run in _armed(_before[file.path], lost)})),
		]),
		"file": file.path,
	})
}

# A job that waited for the gate.
deny contains finding if {
	some file in _touched
	file.kind == "github-workflow"
	some gate_job in {run.job | some run in _before[file.path]}
	some job_id, job in shape.map(shape.at(file.after, ["jobs"]))
	job_id != gate_job
	gate_job in pipeline.needed(file.before, job_id)
	shape.at(file.after, ["jobs", gate_job]) != null
	not gate_job in pipeline.needed(file.after, job_id)
	is_object(job)
	finding := object.union(_off, {
		"msg": sprintf("the job %s of %s no longer waits for the gate's job %s", [job_id, file.path, gate_job]),
		"path": ["jobs", job_id],
		"file": file.path,
	})
}

# Code of the pull request with the secrets of the base.
deny contains finding if {
	some file in _touched
	file.kind == "github-workflow"
	some run in _after[file.path]
	run.trigger == "pull_request_target"
	some job_id, job in shape.map(shape.at(file.after, ["jobs"]))
	some index, step in shape.list(shape.at(job, ["steps"]))
	ref := sprintf("%v", [shape.at(step, ["with", "ref"])])
	regex.match(`github\.(event\.pull_request\.head|head_ref)`, ref)
	finding := object.union(_off, {
		"msg": sprintf("%s checks out the pull request's own code under pull_request_target", [file.path]),
		"path": ["jobs", job_id, "steps", index, "with", "ref"],
		"file": file.path,
		"remediation": "Run on pull_request: whoever opens a pull request must not run code with the base's secrets.",
	})
}

# The forge no longer asks for the gate's check.
deny contains finding if {
	some changed in _protections
	some name in protection.checks(changed.before) - _required_after(changed)
	_is_gate_check(name)
	finding := {
		"msg": sprintf("%s no longer requires the gate's check %s", [resource.address(changed), name]),
		"at": "resource",
		"resource": changed.id,
		"path": ["required_status_checks"],
		"remediation": _keep,
	}
}

deny contains finding if {
	some changed in _protections
	some name in protection.checks(changed.before)
	_is_gate_check(name)
	resource.remains(changed)
	some text in protection.relaxed(changed.before, changed.attrs)
	finding := {
		"msg": sprintf("%s binds nobody: %s", [resource.address(changed), text]),
		"at": "resource",
		"resource": changed.id,
		"path": [split(text, " ")[0]],
		"remediation": _keep,
	}
}

deny contains finding if {
	some file in _touched
	file.kind == "forge-settings"
	after := protection.branches(file.after)
	some branch, required in protection.branches(file.before)
	some name in required - object.get(after, branch, set())
	_is_gate_check(name)
	finding := object.union(_off, {
		"msg": sprintf("%s no longer requires the gate's check %s on %s", [file.path, name, branch]),
		"path": ["branches"],
		"file": file.path,
	})
}

unknown contains finding if {
	some file in _touched
	some run in _after[file.path]
	some text in run.doubtful - union({one.doubtful | some one in _before[file.path]; one.job == run.job})
	count(_before[file.path]) > 0
	finding := {
		"msg": sprintf("whether the gate's %s in %s still stops a change cannot be told: %s", [run.job, file.path, text]),
		"at": "file",
		"file": file.path,
		"path": run.path,
	}
}

unknown contains finding if {
	some changed in _protections
	resource.touches(changed.unknown, ["required_status_checks"])
	finding := {
		"msg": sprintf("the checks that %s requires are not known", [resource.address(changed)]),
		"at": "resource",
		"resource": changed.id,
		"path": ["required_status_checks"],
	}
}

_keep := "Leave the gate on. Whoever may switch it off does so in the forge, where that is recorded under their name."

_off := {"at": "file", "remediation": _keep}

_unapproved(path, what, status) := {
	"msg": sprintf("%s (%s of the gate) is %s without an approval by %s", [path, what, status, _owner_names]),
	"at": "file",
	"file": path,
	"pending": true,
	"evidence": array.concat(
		[{
			"pointer": path,
			"observed": sprintf("%s, approved by nobody who owns the gate", [status]),
			"expected": sprintf("a verified approval by %s", [_owner_names]),
		}],
		approval.evidence(input.approvals),
	),
}

_owner_names := concat(" or ", sort(_owners))

_owners := {role | some role in input.config.policy_owners} if count(input.config.policy_owners) > 0

_owners := {"policy-owners"} if count(input.config.policy_owners) == 0

_approved if {
	some one in input.approvals
	one.valid == true
	one.contributor == false
	some role in one.roles
	role in _owners
}

_pipelines := [file | some file in shape.list(shape.at(input.git, ["pipelines"]))]

_touched := [file | some file in _pipelines; file.status != "unchanged"]

_what := {
	"github-workflow": "pipeline", "github-action": "pipeline", "gitlab-ci": "pipeline", "pre-commit": "hooks",
	"forge-settings": "branch protection", "owners": "code owners",
}

_concerns(file) if file.kind in {"forge-settings", "owners"}

_concerns(file) if count(_before[file.path]) + count(_after[file.path]) > 0

_words := {word | some word in shape.list(shape.at(input.config.thresholds, ["GOV-004", "steps"])); is_string(word)}

_before := {file.path: pipeline.runs(file.kind, file.before, _words) | some file in _pipelines}

_after := {file.path: pipeline.runs(file.kind, file.after, _words) | some file in _pipelines}

# Stage and event on which the gate could stop a change before, and can less often now. Moving a step loses nothing.
_lost := {key |
	some key in {[run.stage, run.trigger] | some runs in _before; some run in runs}
	_count(_before, key) > _count(_after, key)
}

_count(sides, key) := sum([count(_armed(runs, key)) | some runs in sides])

_armed(runs, key) := {run | some run in _matching(runs, key); count(run.disarmed) == 0}

_matching(runs, key) := {run | some run in runs; [run.stage, run.trigger] == key}

_protections := [changed |
	some changed in input.changed
	changed.type in protection.types
	changed.action != "create"
]

_required_after(changed) := protection.checks(changed.attrs) if {
	resource.remains(changed)
	not resource.touches(changed.unknown, ["required_status_checks"])
}

_required_after(changed) := set() if not resource.remains(changed)

_required_after(changed) := protection.checks(changed.before) if {
	resource.remains(changed)
	resource.touches(changed.unknown, ["required_status_checks"])
}

_is_gate_check(name) if contains(lower(name), "changegate")

_is_gate_check(name) if name in shape.list(shape.at(input.config.thresholds, ["GOV-004", "checks"]))

# A check is named after the job that runs it; of a reusable workflow `caller / job`.
_is_gate_check(name) if {
	some runs in _before
	some run in runs
	some known in run.names
	split(name, " / ")[0] == known
}

# METADATA
# title: Terraform plan is partial, stale or not the approved one
# description: >-
#   A plan that is handed over is of a known format, complete, without errors and without deferred changes, and hashes
#   to artifacts.planDigest where the request names one. At apply it is at most an hour old (the threshold
#   `CHG-011.max_age_minutes` replaces the number). Drift that the request does not acknowledge in driftAcknowledged is
#   shown, and denied for stateful resources of tier 0 and 1.
# related_resources:
#   - https://developer.hashicorp.com/terraform/internals/json-format
# custom:
#   id: CHG-011
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stage_enforcement: {pull-request: soft}
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.9", "8.32"]
#     NIST80053: [CM-2, CM-3, CM-6]
#     PCIDSS: ["6.5.1"]
#   remediation: >-
#     Plan again without -target and hand that plan over: `terraform plan -out tfplan && terraform show -json tfplan >
#     plan.json`. Its SHA-256 is what artifacts.planDigest names.
#   since: 0.1.0
package policies.change.unfit_plan

import data.policies.lib.instant
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	some fault in _faults
	finding := {
		"msg": sprintf("%s %s", [fault.plan, fault.msg]),
		"at": "file",
		"file": fault.plan,
		"evidence": [{"pointer": fault.key, "observed": fault.observed, "expected": fault.expected}],
	}
}

deny contains finding if {
	_approved
	some plan in _plans
	_digest(plan.sha256) != _digest(_approved)
	finding := {
		"msg": sprintf("%s is not the plan that was approved", [plan.path]),
		"at": "change",
		"path": ["spec", "artifacts", "planDigest"],
		"evidence": [{"pointer": plan.path, "observed": plan.sha256, "expected": _approved}],
	}
}

deny contains finding if {
	input.stage == "apply"
	some plan in _plans
	is_number(plan.created_at_ns)
	not _young(plan)
	finding := {
		"msg": sprintf("%s was made at %s, %d minutes or more before %s", [
			plan.path,
			plan.created_at,
			_max_age / _minute,
			input.now,
		]),
		"at": "file",
		"file": plan.path,
		"evidence": [{
			"pointer": "timestamp",
			"observed": plan.created_at,
			"expected": sprintf("less than %d minutes before %s", [_max_age / _minute, input.now]),
		}],
	}
}

deny contains finding if {
	input.stage == "apply"
	some plan in _plans
	plan.created_at_ns > input.now_ns + _skew
	finding := {
		"msg": sprintf("%s was made at %s, which is after %s", [plan.path, plan.created_at, input.now]),
		"at": "file",
		"file": plan.path,
	}
}

deny contains finding if {
	some plan in _plans
	some drifted in plan.drift
	not drifted.address in _acknowledged
	finding := object.union(_weight(drifted), {
		"msg": sprintf("%s was changed outside of Terraform (%s), and the request does not acknowledge it", [
			drifted.address,
			drifted.action,
		]),
		"at": "file",
		"file": plan.path,
		"resource": drifted.address,
		"evidence": [{
			"pointer": drifted.address,
			"observed": sprintf("drift: %s", [drifted.action]),
			"expected": "listed in driftAcknowledged of the request",
		}],
	})
}

unknown contains finding if {
	input.stage == "apply"
	some plan in _plans
	not is_number(object.get(plan, "created_at_ns", null))
	finding := {
		"msg": sprintf("%s does not say when it was made: its age is not known", [plan.path]),
		"at": "file",
		"file": plan.path,
	}
}

unknown contains finding if {
	input.stage == "apply"
	_approved
	count(_plans) == 0
	finding := {
		"msg": "the request names the plan that was approved, and no plan was handed over",
		"at": "change",
		"path": ["spec", "artifacts", "planDigest"],
	}
}

valid_until contains instant_ns if {
	input.stage == "apply"
	some plan in _plans
	_young(plan)
	instant_ns := plan.created_at_ns + _max_age
	instant_ns > input.now_ns
}

# Clocks of two machines.
_skew := 5 * _minute

_minute := 60000000000

_max_age := array.concat(configured, [instant.hour])[0] if {
	configured := [age |
		minutes := input.config.thresholds["CHG-011"].max_age_minutes
		is_number(minutes)
		age := minutes * _minute
	]
}

_plans := shape.list(input.plans)

_approved := digest if {
	digest := input.change.spec.artifacts.planDigest
	text.given(digest)
}

_digest(written) := trim_prefix(lower(sprintf("%v", [written])), "sha256:")

_young(plan) if {
	is_number(plan.created_at_ns)
	input.now_ns - plan.created_at_ns < _max_age
}

_acknowledged := {address | some address in shape.list(input.change.spec.driftAcknowledged)}

_faults contains fault if {
	some plan in _plans
	format := sprintf("%v", [object.get(plan, "format_version", null)])
	not regex.match("^1([.][0-9]+)*$", format)
	fault := {
		"plan": plan.path, "key": "format_version", "observed": format, "expected": "1.x",
		"msg": sprintf("has the format %s, which is not known", [format]),
	}
}

_faults contains fault if {
	some plan in _plans
	plan.errored == true
	fault := {
		"plan": plan.path, "key": "errored", "observed": "true", "expected": "false",
		"msg": "ended in errors: it is not the whole change",
	}
}

_faults contains fault if {
	some plan in _plans
	plan.complete == false
	fault := {
		"plan": plan.path, "key": "complete", "observed": "false", "expected": "true",
		"msg": "is not complete (-target, or deferred changes): another plan has to follow",
	}
}

_faults contains fault if {
	some plan in _plans
	addresses := sort([deferred.address | some deferred in plan.deferred])
	count(addresses) > 0
	fault := {
		"plan": plan.path, "key": "deferred_changes", "observed": concat(", ", addresses), "expected": "none",
		"msg": "defers changes: what they do is not known",
	}
}

# Denied where data can be lost; elsewhere shown.
_weight(drifted) := {} if _precious(drifted)

_weight(drifted) := {"enforcement": "advisory", "severity": "medium"} if not _precious(drifted)

_precious(drifted) if {
	drifted.stateful == true
	is_number(drifted.tier)
	drifted.tier <= 1
}

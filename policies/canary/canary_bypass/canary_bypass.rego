# METADATA
# title: Change goes around the canary
# description: >-
#   A maintenance window or an emergency may shift when a canary runs and make it shorter, never whether it runs. In
#   production these are denied: Flagger's skipAnalysis and suspend, removing all steps, metrics or analysis,
#   dry-running a metric that counted before, replacing a Rollout by a plain workload, deleting the controller of a
#   workload that stays, a CodeDeploy configuration that turns to AllAtOnce, and an exemption because of a maintenance
#   window.
# related_resources:
#   - https://docs.flagger.app/faq#how-to-skip-analysis
#   - https://argo-rollouts.readthedocs.io/en/stable/features/analysis/#dry-run-mode
# custom:
#   id: CAN-005
#   scope: resource
#   targets:
#     - flagger.app/Canary
#     - argoproj.io/Rollout
#     - argoproj.io/AnalysisTemplate
#     - argoproj.io/ClusterAnalysisTemplate
#     - apps/Deployment
#     - apps/DaemonSet
#     - aws_codedeploy_deployment_group
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-5]
#     PCIDSS: ["6.5.1"]
#   remediation: >-
#     Keep the canary. Under pressure reduce it: one step of 10 %, five minutes, the error-rate analysis.
#   since: 0.1.0
package policies.canary.canary_bypass

import data.policies.lib.canary
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	resource.production(input.resource)
	some finding in _bypasses
}

unknown contains resource.unclassified if {
	input.resource.environment == null
	input.resource.action == "present"
	count(_bypasses) > 0
}

# Flagger's documented shortcuts.
_bypasses contains finding if {
	_type == "flagger.app/Canary"
	resource.remains(input.resource)
	some key, means in {
		"skipAnalysis": "promotes without any analysis",
		"suspend": "no longer watches its target",
	}
	_after.spec[key] == true
	finding := {
		"msg": sprintf("%s: true on the Canary %s: it %s", [key, input.resource.name, means]),
		"path": ["spec", key],
		"evidence": [{"pointer": sprintf("spec.%s", [key]), "observed": "true", "expected": "absent or false"}],
	}
}

_bypasses contains finding if {
	_type == "flagger.app/Canary"
	_updated
	canary.measured(_before)
	not canary.measured(_after)
	finding := _removed("all metrics of the analysis", ["spec", "analysis"])
}

_bypasses contains finding if {
	_type == "argoproj.io/Rollout"
	_updated
	canary.weighted(_before)
	not canary.weighted(_after)
	not canary.progressive(_after)
	finding := _removed("all weight steps of the canary", ["spec", "strategy"])
}

_bypasses contains finding if {
	_type == "argoproj.io/Rollout"
	_updated
	canary.progressive(_before)
	not canary.analysed(_after)
	not canary.progressive(_after)
	finding := _removed("the analysis", ["spec", "strategy"])
}

_bypasses contains finding if {
	_updated
	some path in [
		["spec", "dryRun"],
		["spec", "strategy", "canary", "analysis", "dryRun"],
		["spec", "strategy", "blueGreen", "prePromotionAnalysis", "dryRun"],
		["spec", "strategy", "blueGreen", "postPromotionAnalysis", "dryRun"],
	]
	added := _dry_runs(_after, path) - _dry_runs(_before, path)
	count(added) > 0
	finding := {
		"msg": sprintf("%s only dry-runs %s from now on: a failing metric no longer stops the rollout", [
			input.resource.name,
			concat(", ", sort(added)),
		]),
		"path": path,
	}
}

_bypasses contains finding if {
	_type in {"apps/Deployment", "apps/DaemonSet"}
	input.resource.action == "create"
	count(_controllers(input.resource)) == 0
	some other in input.resource.related
	other.relation == "predecessor"
	other.type == "argoproj.io/Rollout"
	finding := {
		"msg": sprintf("the Rollout %s becomes a plain %s: the same workload, its canary gone", [
			input.resource.name,
			_kind,
		]),
		"evidence": [{
			"pointer": other.id,
			"observed": "delete",
			"expected": "the Rollout stays, or a Canary takes over",
		}],
	}
}

_bypasses contains finding if {
	_type in {"argoproj.io/Rollout", "flagger.app/Canary"}
	resource.destroys(input.resource)
	some other in input.resource.related
	other.relation in {"canary-target", "workload"}
	resource.remains(other)
	count(_controllers(other)) == 0
	finding := {
		"msg": sprintf("the %s %s is deleted and %s stays without a canary", [_kind, input.resource.name, other.id]),
	}
}

_bypasses contains finding if {
	_type == "aws_codedeploy_deployment_group"
	input.resource.action in {"update", "replace"}
	_all_at_once(_after)
	not _all_at_once(_before)
	finding := {
		"msg": sprintf("%s turns to %s: all traffic moves at once", [
			input.resource.name,
			_after.deployment_config_name,
		]),
		"path": ["deployment_config_name"],
	}
}

# The request may say when, never whether.
_bypasses contains finding if {
	_type != "aws_codedeploy_deployment_group"
	_rolls_out
	reason := input.change.spec.progressiveDelivery.exempt.reason
	is_string(reason)
	contains(lower(reason), "maintenance")
	finding := {
		"msg": sprintf("a maintenance window is no reason to skip the canary of %s", [input.resource.name]),
		"at": "change",
		"path": ["spec", "progressiveDelivery", "exempt"],
	}
}

_rolls_out if input.resource.action in {"present", "create", "update", "replace"}

_updated if {
	input.resource.action in {"update", "replace"}
	is_object(input.resource.before)
}

_type := input.resource.type

_kind := split(_type, "/")[1]

_after := input.resource.attrs

_before := shape.map(input.resource.before)

_removed(what, path) := {
	"msg": sprintf("the change removes %s from %s", [what, input.resource.name]),
	"path": path,
	"evidence": [{"pointer": concat(".", path), "observed": "removed", "expected": what}],
}

_dry_runs(attrs, path) := {name |
	some entry in shape.list(shape.at(attrs, path))
	name := shape.map(entry).metricName
	is_string(name)
}

_controllers(workload) := [other.id |
	some other in workload.related
	other.relation in {"rollout", "canary"}
	resource.remains(other)
]

_all_at_once(attrs) if {
	is_string(attrs.deployment_config_name)
	contains(attrs.deployment_config_name, "AllAtOnce")
}

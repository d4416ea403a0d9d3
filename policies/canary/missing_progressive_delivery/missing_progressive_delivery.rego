# METADATA
# title: Production workload changes without progressive delivery
# description: >-
#   A production workload of tier 0 to 2 whose pods change reaches users step by step, and something measures before the
#   next step: an Argo Rollout with weights and analysis (or a blue/green one with pre-promotion analysis), a Flagger
#   Canary with metrics, ECS with a shifting strategy and alarms. A workload without a container port and a DaemonSet
#   serve no traffic that could be shifted: for them the request plans waves with metrics. The first deployment of a
#   workload has nothing to compare with: it is noted.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/canary/
#   - https://docs.flagger.app/usage/how-it-works
#   - https://sre.google/workbook/canarying-releases/
# custom:
#   id: CAN-001
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/DaemonSet
#     - argoproj.io/Rollout
#     - aws_ecs_service
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1, A1.2]
#     ISO27001: ["8.32", "8.29"]
#     NIST80053: [CM-3(2), CM-4(2), SI-2]
#     PCIDSS: ["6.5.1"]
#   remediation: >-
#     Put the workload under a Rollout (its workloadRef keeps the Deployment) or a Flagger Canary, with weight steps and
#     an analysis of error rate and latency.
#   since: 0.1.0
package policies.canary.missing_progressive_delivery

import data.policies.lib.canary
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	_must_be_progressive
	not _first_deployment
	finding := {
		"msg": sprintf("%s (tier %d) %s", [input.resource.name, input.resource.tier, _fault.msg]),
		"path": _fault.path,
	}
}

deny contains finding if {
	_must_be_progressive
	_first_deployment
	finding := {
		"msg": sprintf("%s is new: nothing to compare with yet, the next change of it needs a canary", [
			input.resource.name,
		]),
		"path": _fault.path,
		"enforcement": "advisory",
		"severity": "low",
	}
}

unknown contains resource.unclassified if {
	_judged
	not _needs_nothing
	not _classified
	_fault
}

unknown contains finding if {
	_must_be_judged
	_fault
	some path in _not_known
	finding := {"msg": sprintf("%s of %s is not known", [path[0], input.resource.name]), "path": path}
}

_must_be_progressive if {
	_must_be_judged
	_fault
	count(_not_known) == 0
	not canary.exempt(input)
}

_must_be_judged if {
	_judged
	_classified
	input.resource.tier <= 2
}

_not_known contains path if {
	some path in [["deployment_configuration"], ["alarms"], ["deployment_controller"]]
	resource.touches(input.resource.unknown, path)
}

# Fail closed: a hard policy takes an unknown environment for prod when the change is real.
_classified if {
	resource.production(input.resource)
	is_number(input.resource.tier)
}

_needs_nothing if {
	is_string(input.resource.environment)
	input.resource.environment != "prod"
}

_needs_nothing if {
	is_number(input.resource.tier)
	input.resource.tier > 2
}

# What is rolled out: the pods, or the way in which they are.
_judged if input.resource.action in {"present", "create", "replace"}

_judged if {
	input.resource.action == "update"
	some path in [["spec", "template"], ["spec", "strategy"], ["task_definition"], ["deployment_configuration"]]
	resource.touches(input.resource.changed, path)
}

# New, and not merely the old workload under another kind.
_first_deployment if {
	input.resource.action == "create"
	not _succeeds_another
}

_succeeds_another if {
	some other in input.resource.related
	other.relation == "predecessor"
	other.type in {"apps/Deployment", "apps/DaemonSet", "argoproj.io/Rollout"}
}

_fault := {
	"msg": "is a Rollout whose canary sets no weight: it is a rolling update",
	"path": ["spec", "strategy", "canary", "steps"],
} if {
	_type == "argoproj.io/Rollout"
	not canary.progressive(input.resource.attrs)
	is_object(input.resource.attrs.spec.strategy.canary)
	not canary.weighted(input.resource.attrs)
}

_fault := {
	"msg": "is a Rollout whose canary analyses nothing",
	"path": ["spec", "strategy", "canary"],
} if {
	_type == "argoproj.io/Rollout"
	canary.weighted(input.resource.attrs)
	not canary.analysed(input.resource.attrs)
}

_fault := {
	"msg": "is a Rollout with neither a canary nor a blue/green strategy that analyses before it promotes",
	"path": ["spec", "strategy"],
} if {
	_type == "argoproj.io/Rollout"
	not canary.progressive(input.resource.attrs)
	not is_object(shape.at(input.resource.attrs, ["spec", "strategy", "canary"]))
}

_fault := {
	"msg": "is a Deployment that no Rollout and no Flagger Canary controls: a rolling update reaches all users",
	"path": ["spec", "strategy"],
} if {
	_type == "apps/Deployment"
	_serves_traffic
	count(_controllers) == 0
}

_fault := {"msg": sprintf("is controlled by %s, which measures nothing", [_controllers[0].name]), "path": ["spec"]} if {
	_type == "apps/Deployment"
	count(_controllers) > 0
	count([controller | some controller in _controllers; _controls(controller)]) == 0
}

_fault := {"msg": "serves no traffic to shift, and the request plans no waves with metrics", "path": ["spec"]} if {
	_type in {"apps/Deployment", "apps/DaemonSet"}
	not _serves_traffic
	count(_controllers) == 0
	is_object(input.change)
	not canary.planned(input.change)
}

_fault := {
	"msg": "shifts all its traffic at once: no CANARY, LINEAR or BLUE_GREEN strategy with alarms",
	"path": ["deployment_configuration"],
} if {
	_type == "aws_ecs_service"
	not canary.shifted(input.resource.attrs)
}

_type := input.resource.type

_serves_traffic if {
	_type == "apps/Deployment"
	some container in shape.list(input.resource.attrs.spec.template.spec.containers)
	count(shape.list(container.ports)) > 0
}

_controllers := [other |
	some other in input.resource.related
	other.relation in {"rollout", "canary"}
	resource.remains(other)
]

_controls(other) if {
	other.relation == "canary"
	canary.measured(other.attrs)
}

# A Rollout that the change touches is judged where it stands.
_controls(other) if {
	other.relation == "rollout"
	canary.progressive(other.attrs)
}

_controls(other) if {
	other.relation == "rollout"
	other.action != "no-op"
}

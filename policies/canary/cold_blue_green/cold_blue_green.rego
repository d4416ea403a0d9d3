# METADATA
# title: Blue/green without a check before, or a warm way back after
# description: >-
#   A blue/green switch moves everybody at once, so that it needs a look before and a way back after. In production an
#   Argo Rollout has a preview Service of its own with replicas behind it, an analysis before it promotes, does not
#   promote by itself as soon as pods are ready (the default), keeps the old version for five minutes and as long as
#   the analysis after the switch takes, which tier 0 and 1 have. Flagger runs five iterations or more and asks a
#   webhook. CodeDeploy shifts traffic with a test route and keeps the old instances for 15 minutes (60 for tier 0).
#   ECS bakes for five minutes, has a lifecycle hook and a test listener.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/
#   - https://docs.flagger.app/usage/deployment-strategies#blue-green-deployments
#   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
# custom:
#   id: CAN-006
#   scope: resource
#   targets:
#     - argoproj.io/Rollout
#     - flagger.app/Canary
#     - aws_codedeploy_deployment_group
#     - aws_ecs_service
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.29", "8.32"]
#     NIST80053: [CM-3(2)]
#   remediation: >-
#     Rollout: previewService, prePromotionAnalysis, autoPromotionEnabled false, scaleDownDelaySeconds 300 or more.
#     Flagger: a webhook of type pre-rollout or confirm-promotion.
#   since: 0.1.0
package policies.canary.cold_blue_green

import data.policies.lib.demand
import data.policies.lib.evidence
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults
}

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	input.resource.tier in {0, 1}
	some finding in _critical
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults | _critical) > 0
}

unknown contains resource.unclassified if {
	resource.production(input.resource)
	input.resource.tier == null
	count(_critical) > 0
}

unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in demand.undecided(input.resource, _demands)
}

# The Services belong to another repository, or to nobody.
unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	_argo
	some reference in shape.list(object.get(input.resource, "dangling", []))
	reference.relation in {"active-service", "preview-service"}
	finding := {
		"msg": sprintf("%s: the Service %s is not in this tree", [input.resource.name, reference.name]),
		"path": reference.path,
	}
}

_strategy := shape.at(input.resource.attrs, ["spec", "strategy", "blueGreen"])

_argo if {
	input.resource.type == "argoproj.io/Rollout"
	is_object(_strategy)
}

_at_strategy(path) := array.concat(["spec", "strategy", "blueGreen"], path)

_analysed(name) if count(shape.list(shape.at(_strategy, [name, "templates"]))) > 0

_faults contains finding if {
	_argo
	not text.given(shape.at(_strategy, ["previewService"]))
	finding := _finding(
		"no preview Service: nobody can look at the new version before everybody gets it",
		_at_strategy(["previewService"]),
		"absent",
		"a Service of its own",
	)
}

_faults contains finding if {
	_argo
	text.given(_strategy.previewService)
	_strategy.previewService == _strategy.activeService
	finding := _finding(
		"the preview Service is the active one",
		_at_strategy(["previewService"]),
		_strategy.previewService,
		"a Service of its own",
	)
}

_faults contains finding if {
	_argo
	_strategy.previewReplicaCount == 0
	finding := _finding(
		"no replica behind the preview: there is nothing to look at",
		_at_strategy(["previewReplicaCount"]),
		"0",
		"at least 1",
	)
}

_faults contains finding if {
	_argo
	not _analysed("prePromotionAnalysis")
	finding := _finding(
		"no analysis before the switch",
		_at_strategy(["prePromotionAnalysis"]),
		"absent",
		"prePromotionAnalysis.templates",
	)
}

# Absent is true.
_faults contains finding if {
	_argo
	not _strategy.autoPromotionEnabled == false
	not _timed
	finding := _finding(
		"promotes by itself as soon as the pods are ready",
		_at_strategy(["autoPromotionEnabled"]),
		_promotion,
		"false, or an analysis and autoPromotionSeconds",
	)
}

_timed if {
	_analysed("prePromotionAnalysis")
	_strategy.autoPromotionSeconds > 0
}

_promotion := "true (the default)" if shape.at(_strategy, ["autoPromotionEnabled"]) == null

_promotion := "true" if _strategy.autoPromotionEnabled

_delay := _strategy.scaleDownDelaySeconds if is_number(_strategy.scaleDownDelaySeconds)

_delay := 30 if shape.at(_strategy, ["scaleDownDelaySeconds"]) == null

_delay_said := sprintf("%v", [_delay]) if is_number(_strategy.scaleDownDelaySeconds)

_delay_said := "30 (the default)" if shape.at(_strategy, ["scaleDownDelaySeconds"]) == null

_faults contains finding if {
	_argo
	_delay < 300
	finding := _finding(
		sprintf("the old version is gone %v s after the switch, and the analysis after it is cancelled then", [_delay]),
		_at_strategy(["scaleDownDelaySeconds"]),
		_delay_said,
		"at least 300",
	)
}

_critical contains finding if {
	_argo
	not _analysed("postPromotionAnalysis")
	finding := _finding(
		"no analysis after the switch: nothing goes back by itself",
		_at_strategy(["postPromotionAnalysis"]),
		"absent",
		"postPromotionAnalysis.templates",
	)
}

# An ALB takes a while to follow the selector of a Service, and answers 503 meanwhile.
_faults contains finding if {
	_argo
	some other in input.resource.related
	other.relation == "ingress"
	_class(other.attrs) == "alb"
	finding := evidence.noted(
		_finding(
			sprintf("behind the ALB of the Ingress %s the switch may cost requests", [other.name]),
			_at_strategy(["activeService"]),
			"ingress class alb",
			"a canary with weights of the ALB",
		),
		"medium",
	)
}

_class(attrs) := shape.at(attrs, ["spec", "ingressClassName"]) if shape.at(attrs, ["spec", "ingressClassName"]) != null

_class(attrs) := shape.at(attrs, ["metadata", "annotations", "kubernetes.io/ingress.class"]) if {
	shape.at(attrs, ["spec", "ingressClassName"]) == null
}

_analysis := shape.map(shape.at(input.resource.attrs, ["spec", "analysis"]))

# Iterations without weights and without a group of users: blue/green.
_flagger if {
	input.resource.type == "flagger.app/Canary"
	_analysis.iterations
	not _analysis.stepWeight
	not _analysis.stepWeights
	count(shape.list(object.get(_analysis, "match", []))) == 0
}

_faults contains finding if {
	_flagger
	_analysis.iterations < 5
	finding := _finding(
		sprintf("%v iterations before the switch, at least 5", [_analysis.iterations]),
		["spec", "analysis", "iterations"],
		sprintf("%v", [_analysis.iterations]),
		"at least 5",
	)
}

_faults contains finding if {
	_flagger
	not is_number(shape.at(_analysis, ["threshold"]))
	finding := _finding(
		"no threshold says how many failed checks roll back",
		["spec", "analysis", "threshold"],
		"absent",
		"1 to 10",
	)
}

_faults contains finding if {
	_flagger
	hooks := {hook.type |
		some hook in shape.list(object.get(_analysis, "webhooks", []))
		is_object(hook)
	}
	count(hooks & {"pre-rollout", "confirm-promotion"}) == 0
	finding := _finding(
		"no webhook checks the new version before the switch",
		["spec", "analysis", "webhooks"],
		"no pre-rollout and no confirm-promotion",
		"a webhook of type pre-rollout or confirm-promotion",
	)
}

_faults contains finding if some finding in demand.broken(input.resource, _demands)

_demands := _codedeploy if {
	input.resource.type == "aws_codedeploy_deployment_group"
	shape.at(input.resource.attrs, ["deployment_style", 0, "deployment_type"]) == "BLUE_GREEN"
}

_demands := _ecs if {
	input.resource.type == "aws_ecs_service"
	shape.at(input.resource.attrs, ["deployment_configuration", 0, "strategy"]) == "BLUE_GREEN"
}

_codedeploy := [
	{
		"path": ["deployment_style", 0, "deployment_option"],
		"is": "WITH_TRAFFIC_CONTROL", "default": "WITHOUT_TRAFFIC_CONTROL",
	},
	{
		"path": ["load_balancer_info", 0, "target_group_pair_info", 0, "test_traffic_route"],
		"length": 1,
	},
	{
		"path": [
			"blue_green_deployment_config", 0, "terminate_blue_instances_on_deployment_success", 0,
			"termination_wait_time_in_minutes",
		],
		"least": _warm, "default": 0,
	},
]

_warm := 60 if input.resource.tier == 0

_warm := 15 if input.resource.tier != 0

_ecs := [
	{"path": ["deployment_configuration", 0, "bake_time_in_minutes"], "least": 5, "default": 0},
	{"path": ["deployment_configuration", 0, "lifecycle_hook"], "length": 1},
	{"path": ["load_balancer", 0, "advanced_configuration", 0, "test_listener_rule"], "given": true},
]

_finding(msg, path, observed, expected) := evidence.finding(input.resource.name, msg, path, observed, expected)

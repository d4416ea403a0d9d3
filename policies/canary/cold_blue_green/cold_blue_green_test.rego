package policies.canary.cold_blue_green_test

import data.policies.canary.cold_blue_green
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_slo := {"templates": [{"templateName": "orders-api-slo"}]}

_good := {
	"activeService": "orders-api",
	"previewService": "orders-api-preview",
	"prePromotionAnalysis": _slo,
	"postPromotionAnalysis": _slo,
	"autoPromotionEnabled": false,
	"scaleDownDelaySeconds": 300,
}

_rollout(blue_green) := json.patch(sample.rollout, [{
	"op": "replace", "path": "/attrs/spec/strategy", "value": {"blueGreen": blue_green},
}])

_with(change) := _rollout(object.union(_good, change))

_flagger(analysis) := json.patch(sample.flagger, [{"op": "replace", "path": "/attrs/spec/analysis", "value": analysis}])

_messages(thing) := {finding.msg | some finding in found} if {
	found := cold_blue_green.deny with input as sample.about(thing)
}

_unknown(thing) := found if {
	found := cold_blue_green.unknown with input as sample.about(thing)
}

test_allowed if {
	_messages(_rollout(_good)) == set()
	_unknown(_rollout(_good)) == set()
}

test_a_canary_is_not_judged_here if _messages(sample.rollout) == set()

test_everything_is_missing if _messages(_rollout({"activeService": "orders-api"})) == {
	"orders-api: no preview Service: nobody can look at the new version before everybody gets it",
	"orders-api: no analysis before the switch",
	"orders-api: promotes by itself as soon as the pods are ready",
	"orders-api: the old version is gone 30 s after the switch, and the analysis after it is cancelled then",
	"orders-api: no analysis after the switch: nothing goes back by itself",
}

test_preview_is_the_active_service if _messages(_with({"previewService": "orders-api"})) == {
	"orders-api: the preview Service is the active one",
}

test_nothing_behind_the_preview if _messages(_with({"previewReplicaCount": 0})) == {
	"orders-api: no replica behind the preview: there is nothing to look at",
}

test_promotion_by_itself if {
	_messages(_with({"autoPromotionEnabled": true})) == {
		"orders-api: promotes by itself as soon as the pods are ready",
	}
	_messages(_with({"autoPromotionEnabled": true, "autoPromotionSeconds": 600})) == set()
}

test_boundary_of_the_delay if count(_messages(_with({"scaleDownDelaySeconds": 299}))) == 1

test_analysis_after_the_switch_by_tier if {
	without := _rollout(object.remove(_good, ["postPromotionAnalysis"]))
	count(_messages(without)) == 1
	_messages(object.union(without, {"tier": 2})) == set()
	_unknown(object.union(without, {"tier": null})) == {resource.unclassified}
}

test_a_service_that_is_not_there if {
	lost := object.union(_rollout(_good), {"dangling": [{
		"relation": "preview-service", "kind": "Service", "namespace": "orders", "name": "orders-api-preview",
		"path": ["spec", "strategy", "blueGreen", "previewService"], "among": null,
	}]})
	{finding.msg | some finding in _unknown(lost)} == {"orders-api: the Service orders-api-preview is not in this tree"}
}

test_behind_an_alb if {
	ingress := sample.kubernetes("networking.k8s.io/Ingress", "shop", {"spec": {"ingressClassName": "alb"}})
	found := cold_blue_green.deny with input as sample.about(object.union(
		_rollout(_good),
		{"related": [sample.relation("ingress", ingress)]},
	))
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_flagger if {
	hook := {"name": "check", "type": "confirm-promotion", "url": "http://checks"}
	_messages(_flagger({"iterations": 5, "threshold": 2, "webhooks": [hook]})) == set()
	_messages(_flagger({"iterations": 4, "webhooks": [object.union(hook, {"type": "event"})]})) == {
		"orders-api: 4 iterations before the switch, at least 5",
		"orders-api: no threshold says how many failed checks roll back",
		"orders-api: no webhook checks the new version before the switch",
	}
	_messages(_flagger({"iterations": 1, "match": [{"headers": {"x": {"exact": "y"}}}]})) == set()
	_messages(_flagger({"stepWeight": 5})) == set()
}

_group := {
	"deployment_style": [{"deployment_type": "BLUE_GREEN", "deployment_option": "WITH_TRAFFIC_CONTROL"}],
	"load_balancer_info": [{"target_group_pair_info": [{"test_traffic_route": [{"listener_arns": ["arn"]}]}]}],
	"blue_green_deployment_config": [{"terminate_blue_instances_on_deployment_success": [{
		"termination_wait_time_in_minutes": 15,
	}]}],
}

_codedeploy(change, tier) := object.union(
	sample.terraform("aws_codedeploy_deployment_group", "orders", object.union(_group, change)),
	{"tier": tier},
)

test_codedeploy if {
	_messages(_codedeploy({}, 1)) == set()
	count(_messages(_codedeploy({}, 0))) == 1
	count(_messages(_codedeploy({"load_balancer_info": []}, 1))) == 1
	_messages(_codedeploy({"deployment_style": [{"deployment_type": "IN_PLACE"}]}, 1)) == set()
}

test_ecs if {
	good := {
		"deployment_configuration": [{"strategy": "BLUE_GREEN", "bake_time_in_minutes": 5, "lifecycle_hook": [{}]}],
		"load_balancer": [{"advanced_configuration": [{"test_listener_rule": "arn"}]}],
	}
	_messages(sample.terraform("aws_ecs_service", "orders", good)) == set()
	count(_messages(sample.terraform("aws_ecs_service", "orders", {
		"deployment_configuration": [{"strategy": "BLUE_GREEN"}],
	}))) == 3
	_messages(sample.terraform("aws_ecs_service", "orders", {})) == set()
}

test_not_known_before_apply if {
	group := json.patch(_codedeploy({"load_balancer_info": []}, 1), [{
		"op": "replace", "path": "/unknown", "value": [["load_balancer_info"]],
	}])
	_messages(group) == set()
	count(_unknown(group)) == 1
}

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_rollout({}), {"environment": null, "action": "present"})
	_messages(lost) == set()
	_unknown(lost) == {resource.unclassified}
}

test_odd_types_stop_nothing if {
	count(_messages(_with({"autoPromotionSeconds": "soon", "scaleDownDelaySeconds": "long"}))) == 0
	_messages(_flagger("none")) == set()
}

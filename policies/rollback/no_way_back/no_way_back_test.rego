package policies.rollback.no_way_back_test

import data.policies.lib.resource
import data.policies.lib.sample_test as sample
import data.policies.rollback.no_way_back

_deny(thing) := found if {
	found := no_way_back.deny with input as sample.about(thing)
}

_count(thing) := count(_deny(thing))

_paths(thing) := {finding.path | some finding in _deny(thing)}

_unknown(thing) := found if {
	found := no_way_back.unknown with input as sample.about(thing)
}

_with(thing, path, value) := json.patch(thing, [{"op": "add", "path": concat("", ["/attrs/", path]), "value": value}])

_tier(thing, tier) := object.union(thing, {"tier": tier})

_runs(image) := _with(sample.deployment, "spec/template/spec/containers/0/image", image)

_judge(kind, attrs) := _count(sample.terraform(kind, "orders", attrs))

test_allowed if {
	_count(sample.rollout) == 0
	_count(sample.deployment) == 0
}

test_no_history if {
	every limit in [0, 1] {
		some finding in _deny(_with(sample.deployment, "spec/revisionHistoryLimit", limit))
		finding.path == ["spec", "revisionHistoryLimit"]
	}
	_count(_with(sample.deployment, "spec/revisionHistoryLimit", 2)) == 0
}

test_latest if {
	every image in ["api", "api:latest", "ghcr.io/acme/api", "localhost:5000/api"] {
		some finding in _deny(_tier(_runs(image), 2))
		finding.path == ["spec", "template", "spec", "containers", 0, "image"]
		contains(finding.msg, "which follows latest")
	}
}

test_a_tag_is_enough_for_tier_two if {
	_count(_tier(_runs("localhost:5000/api:1.2"), 2)) == 0
	_count(_tier(_runs("api:1.2"), null)) == 0
}

test_tier_one_pins_the_digest if {
	some finding in _deny(_runs("api:1.2"))
	endswith(finding.msg, "is a tag: tier 0 and 1 pin the digest")
	_count(_runs("api:1.2@sha256:22")) == 0
}

test_an_image_that_is_missing if {
	bare := json.patch(sample.deployment, [{"op": "remove", "path": "/attrs/spec/template/spec/containers/0/image"}])
	_count(bare) == 1
}

test_init_containers if {
	_paths(_with(sample.deployment, "spec/template/spec/initContainers", [{"name": "x", "image": "busybox"}])) == {
		["spec", "template", "spec", "initContainers", 0, "image"],
	}
}

test_what_ran_before_is_shown if {
	before := json.patch(sample.deployment, [{
		"op": "replace", "path": "/before/spec/template/spec/containers/0/image", "value": "api:latest",
	}])
	{finding.enforcement | some finding in _deny(before)} == {"advisory"}
	_count(object.union(before, {"action": "create"})) == 0
}

test_daemons_keep_revisions_only if {
	daemon := object.union(_runs("api"), {"type": "apps/DaemonSet"})
	_count(daemon) == 0
	_count(_with(daemon, "spec/revisionHistoryLimit", 0)) == 1
}

test_blue_green_keeps_the_old_version if {
	quick := _with(sample.rollout, "spec/strategy", {"blueGreen": {"activeService": "api"}})
	_paths(quick) == {["spec", "strategy", "blueGreen", "scaleDownDelaySeconds"]}
	_count(_with(quick, "spec/strategy/blueGreen/scaleDownDelaySeconds", 300)) == 0
	_count(_tier(quick, 2)) == 0
}

test_the_window_is_not_longer_than_the_history if {
	window := _with(sample.rollout, "spec/rollbackWindow", {"revisions": 3})
	_count(window) == 0
	_paths(_with(window, "spec/revisionHistoryLimit", 2)) == {["spec", "rollbackWindow", "revisions"]}
}

test_helm_release if {
	release := sample.kubernetes("helm.toolkit.fluxcd.io/HelmRelease", "orders", {"spec": {}})
	_paths(release) == {["spec", "upgrade", "remediation", "retries"]}
	_count(_with(release, "spec/upgrade", {"remediation": {"retries": 3}})) == 0
	_count(_with(release, "spec/upgrade", {"remediation": {"retries": 3, "strategy": "uninstall"}})) == 1
}

test_codedeploy if {
	_judge("aws_codedeploy_deployment_group", {}) == 2
	_judge("aws_codedeploy_deployment_group", {"auto_rollback_configuration": [{
		"enabled": true, "events": ["DEPLOYMENT_FAILURE"],
	}]}) == 1
	_judge("aws_codedeploy_deployment_group", {"auto_rollback_configuration": [{
		"enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
	}]}) == 0
}

test_ecs if {
	_judge("aws_ecs_service", {}) == 2
	_judge("aws_ecs_service", {"deployment_circuit_breaker": [{"enable": true, "rollback": true}]}) == 0
	_judge("aws_ecs_service", {"deployment_circuit_breaker": [{"enable": true, "rollback": false}]}) == 1
	_judge("aws_ecs_service", {"deployment_controller": [{"type": "CODE_DEPLOY"}]}) == 0
}

test_instance_refresh if {
	_judge("aws_autoscaling_group", {}) == 0
	_judge("aws_autoscaling_group", {"instance_refresh": [{"strategy": "Rolling"}]}) == 1
	_judge("aws_autoscaling_group", {"instance_refresh": [{"preferences": [{"auto_rollback": true}]}]}) == 0
}

test_lambda_alias if {
	_judge("aws_lambda_alias", {"function_version": "$LATEST"}) == 1
	_judge("aws_lambda_alias", {"function_version": "7"}) == 0
	open := object.union(sample.terraform("aws_lambda_alias", "live", {}), {"unknown": [["function_version"]]})
	_count(open) == 0
	count(_unknown(open)) == 1
}

test_unknown if {
	thing := object.union(
		sample.terraform("aws_ecs_service", "orders", {"deployment_circuit_breaker": [{"enable": true}]}),
		{"unknown": [["deployment_circuit_breaker", 0, "rollback"]]},
	)
	_count(thing) == 0
	count(_unknown(thing)) == 1
}

test_staging_and_deleted_are_not_judged if {
	_count(object.union(_runs("api"), {"environment": "staging"})) == 0
	_count(object.union(_runs("api"), {"action": "delete"})) == 0
}

test_present_is_judged if {
	_count(object.union(_runs("api"), {"action": "present", "before": null})) == 1
	_unknown(object.union(_runs("api"), {"action": "present", "environment": null})) == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		_count(_runs(value)) >= 0
		_count(_with(sample.deployment, "spec/template/spec/containers", value)) >= 0
		_count(_with(sample.rollout, "spec/strategy", value)) >= 0
		_count(_with(sample.rollout, "spec/rollbackWindow", value)) >= 0
		_judge("aws_ecs_service", {"deployment_circuit_breaker": value, "deployment_controller": value}) >= 0
		_judge("aws_lambda_alias", {"function_version": value}) >= 0
	}
}

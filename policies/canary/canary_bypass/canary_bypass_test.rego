package policies.canary.canary_bypass_test

import data.policies.canary.canary_bypass
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_found(document) := found if {
	found := canary_bypass.deny with input as document
}

_count(thing) := count(_found(sample.about(thing)))

_flagger(field, value) := json.patch(sample.flagger, [{
	"op": "add", "path": concat("", ["/attrs/spec/", field]), "value": value,
}])

_rollout(field, value) := json.patch(sample.rollout, [{
	"op": "replace", "path": concat("", ["/attrs/spec/strategy/canary/", field]), "value": value,
}])

_deleted(thing) := object.union(thing, {"action": "delete"})

_succeeded(created) := sample.about(object.union(created, {"related": array.concat(
	created.related,
	[sample.relation("predecessor", _deleted(sample.rollout))],
)}))

_created := object.union(sample.deployment, {"action": "create"})

test_allowed if {
	_count(sample.rollout) == 0
	_count(sample.flagger) == 0
	_count(sample.deployment) == 0
}

test_skip_analysis if {
	some finding in _found(sample.about(_flagger("skipAnalysis", true)))
	finding.path == ["spec", "skipAnalysis"]
	contains(finding.msg, "skipAnalysis: true on the Canary orders-api")
}

test_suspend if _count(_flagger("suspend", true)) == 1

test_false_and_text_are_no_shortcut if {
	_count(_flagger("skipAnalysis", false)) == 0
	_count(_flagger("skipAnalysis", "yes")) == 0
}

test_removing_all_metrics if {
	_count(_flagger("analysis", {"interval": "1m"})) == 1
	_count(_flagger("analysis", {"metrics": [{"name": "latency"}]})) == 0
}

test_removing_all_steps if {
	found := _found(sample.about(_rollout("steps", [{"pause": {}}])))
	{finding.msg | some finding in found} == {"the change removes all weight steps of the canary from orders-api"}
}

test_removing_the_analysis if {
	found := _found(sample.about(_rollout("analysis", {})))
	{finding.msg | some finding in found} == {"the change removes the analysis from orders-api"}
}

test_a_reduced_canary_is_a_canary if _count(_rollout("steps", [{"setWeight": 10}, {"pause": {"duration": "5m"}}])) == 0

test_moving_to_blue_green_with_analysis if {
	strategy := {"blueGreen": {
		"previewService": "p", "prePromotionAnalysis": {"templates": [{"templateName": "x"}]},
	}}
	_count(json.patch(sample.rollout, [{"op": "replace", "path": "/attrs/spec/strategy", "value": strategy}])) == 0
}

test_what_was_never_there_is_not_removed if {
	bare := json.patch(sample.rollout, [
		{"op": "replace", "path": "/attrs/spec/strategy", "value": {"canary": {}}},
		{"op": "replace", "path": "/before/spec/strategy", "value": {"canary": {}}},
	])
	_count(bare) == 0
}

test_a_new_dry_run if {
	analysis := {"templates": [{"templateName": "x"}], "dryRun": [{"metricName": "success-rate"}]}
	found := _found(sample.about(_rollout("analysis", analysis)))
	some finding in found
	contains(finding.msg, "only dry-runs success-rate")
	finding.path == ["spec", "strategy", "canary", "analysis", "dryRun"]
}

test_an_old_dry_run_is_not_new if {
	template := sample.kubernetes("argoproj.io/AnalysisTemplate", "slo", {"spec": {"dryRun": [{"metricName": "x"}]}})
	_count(template) == 0
	_count(json.patch(template, [{"op": "remove", "path": "/before/spec/dryRun"}])) == 1
}

test_a_rollout_becomes_a_deployment if {
	found := _found(_succeeded(_created))
	some finding in found
	count(found) == 1
	contains(finding.msg, "the Rollout orders-api becomes a plain Deployment")
}

test_a_flagger_canary_takes_over if {
	taken := object.union(_created, {"related": [sample.relation("canary", sample.flagger)]})
	count(_found(_succeeded(taken))) == 0
}

test_another_workload_is_not_its_successor if {
	count(_found(sample.about(_created))) == 0
	other := sample.relation("predecessor", _deleted(object.union(sample.deployment, {"type": "apps/DaemonSet"})))
	count(_found(sample.about(object.union(_created, {"related": [other]})))) == 0
}

_without(controller, relation, workload) := sample.about(object.union(
	_deleted(controller),
	{"related": [sample.relation(relation, workload)]},
))

test_deleting_the_canary_of_a_workload_that_stays if {
	count(_found(_without(sample.flagger, "canary-target", sample.deployment))) == 1
}

test_deleting_canary_and_workload if {
	count(_found(_without(sample.flagger, "canary-target", _deleted(sample.deployment)))) == 0
}

test_deleting_one_of_two_controllers if {
	kept := object.union(sample.deployment, {"related": [{"relation": "rollout", "id": "x", "action": "no-op"}]})
	count(_found(_without(sample.flagger, "canary-target", kept))) == 0
}

test_deleting_the_rollout_of_a_workload_ref if {
	stays := object.union(sample.deployment, {"action": "no-op"})
	count(_found(_without(sample.rollout, "workload", stays))) == 1
}

test_codedeploy_turns_to_all_at_once if {
	group := sample.terraform("aws_codedeploy_deployment_group", "orders", {
		"deployment_config_name": "CodeDeployDefault.ECSAllAtOnce",
	})
	_count(group) == 0
	turned := json.patch(group, [{
		"op": "replace", "path": "/before/deployment_config_name",
		"value": "CodeDeployDefault.ECSCanary10Percent5Minutes",
	}])
	_count(turned) == 1
}

test_a_maintenance_window_is_no_exemption if {
	document := json.patch(sample.about(sample.rollout), [{
		"op": "add", "path": "/change/spec/progressiveDelivery/exempt", "value": {"reason": "Maintenance window"},
	}])
	some finding in _found(document)
	finding.at == "change"
	finding.path == ["spec", "progressiveDelivery", "exempt"]
}

test_staging_may_skip if {
	_count(object.union(_flagger("skipAnalysis", true), {"environment": "staging"})) == 0
}

test_an_unknown_environment_is_prod_when_the_change_is_real if {
	_count(object.union(_flagger("skipAnalysis", true), {"environment": null})) == 1
}

test_present_judges_what_stands_and_no_difference if {
	_count(object.union(_flagger("skipAnalysis", true), {"action": "present", "before": null})) == 1
	_count(object.union(_rollout("steps", []), {"action": "present", "before": null})) == 0
}

test_unknown_when_present_and_not_classified if {
	lost := object.union(_flagger("skipAnalysis", true), {"action": "present", "environment": null})
	found := canary_bypass.unknown with input as sample.about(lost)
	found == {resource.unclassified}
	_count(lost) == 0
}

test_nothing_to_report_nothing_unknown if {
	lost := object.union(sample.flagger, {"action": "present", "environment": null})
	found := canary_bypass.unknown with input as sample.about(lost)
	found == set()
}

test_odd_values_do_not_stop_it if {
	every attrs in [{"spec": "x"}, {"spec": {"strategy": 7, "dryRun": "x", "skipAnalysis": "true"}}, {}] {
		_count(object.union(object.remove(sample.flagger, ["attrs"]), {"attrs": attrs})) >= 0
		_count(object.union(object.remove(sample.rollout, ["attrs"]), {"attrs": attrs})) >= 0
	}
}

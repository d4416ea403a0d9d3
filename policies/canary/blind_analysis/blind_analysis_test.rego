package policies.canary.blind_analysis_test

import data.policies.canary.blind_analysis
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_success := {
	"name": "success-rate", "interval": "1m", "successCondition": "result[0] >= 0.995", "failureLimit": 2,
	"provider": {"prometheus": {"query": "sum(rate(http_requests_total{code!~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))"}},
}

_p99 := {
	"name": "latency-p99", "interval": "1m", "successCondition": "result[0] <= 0.8", "failureLimit": 2,
	"provider": {"prometheus": {"query": "histogram_quantile(0.99, x)"}},
}

_template(metrics) := sample.kubernetes("argoproj.io/AnalysisTemplate", "orders-api-slo", {
	"apiVersion": "argoproj.io/v1alpha1",
	"kind": "AnalysisTemplate",
	"metadata": {"name": "orders-api-slo"},
	"spec": {"metrics": metrics},
})

_rollout(metrics) := object.union(sample.rollout, {"related": [sample.relation("analysis-template", _template(metrics))]})

_flagger(metrics) := json.patch(sample.flagger, [{
	"op": "replace", "path": "/attrs/spec/analysis/metrics", "value": metrics,
}])

_messages(thing) := {finding.msg | some finding in found} if {
	found := blind_analysis.deny with input as sample.about(thing)
}

_unknown(thing) := found if {
	found := blind_analysis.unknown with input as sample.about(thing)
}

_conditions(metric, conditions) := object.union(object.remove(metric, ["successCondition"]), conditions)

test_allowed if {
	_messages(_template([_success, _p99])) == set()
	_messages(_rollout([_success, _p99])) == set()
	_unknown(_rollout([_success, _p99])) == set()
}

test_a_metric_without_conditions_never_fails if {
	_messages(_template([_conditions(_success, {}), _p99])) == {
		"orders-api-slo: the metric success-rate has no condition: it can never fail",
	}
}

test_a_job_judges_itself if _messages(_template([{"name": "smoke", "provider": {"job": {}}}])) == set()

test_the_wrong_way_round if {
	_messages(_template([_conditions(_success, {"successCondition": "result[0] <= 0.99"})])) == {concat("", [
		"orders-api-slo: the condition of success-rate is the wrong way round: ",
		"it passes when the success rate is low",
	])}
	_messages(_template([_conditions(_p99, {"failureCondition": "result[0] < 0.8"})])) == {concat("", [
		"orders-api-slo: the condition of latency-p99 is the wrong way round: ",
		"it passes when errors or latency are high",
	])}
	_messages(_template([_conditions(_p99, {"failureCondition": "result[0] > 0.8"})])) == set()
}

# The sample of Argo's own documentation: an error rate of 95 % passes.
test_an_error_rate_that_may_be_high if _messages(_template([{
	"name": "error-rate", "successCondition": "result[0] <= 0.95",
	"provider": {"prometheus": {"query": "sum(rate(istio_requests_total{code=~\"5.*\"}[5m]))"}},
}])) == {"orders-api-slo: the bound of error-rate is 0.95, looser than the objective allows"}

test_looser_than_the_objective if {
	document := json.patch(sample.about(_template([_success, _p99])), [{
		"op": "add", "path": "/context/slo",
		"value": {"given": true, "entries": [{"slo": "orders-availability", "service": "orders-api", "target": 0.9999}]},
	}])
	allowed := blind_analysis.deny with input as document
	allowed == set()
	stricter := json.patch(document, [{"op": "replace", "path": "/context/slo/entries/0/target", "value": 1}])
	boundary := blind_analysis.deny with input as stricter
	boundary == set()
	loose := json.patch(document, [{
		"op": "replace", "path": "/resource/attrs/spec/metrics/0/successCondition", "value": "result[0] >= 0.99",
	}])
	found := blind_analysis.deny with input as loose
	{finding.msg | some finding in found} == {
		"orders-api-slo: the bound of success-rate is 0.99, looser than the objective allows",
	}
	{finding.path | some finding in found} == {["spec", "metrics", 0, "successCondition"]}
}

test_without_an_objective if {
	_messages(_template([_conditions(_success, {"successCondition": "result[0] >= 0.95"})])) == set()
	count(_messages(_template([_conditions(_success, {"successCondition": "result[0] >= 0.94"})]))) == 1
	count(_messages(_template([_conditions(_success, {"successCondition": "result[0] >= 94"})]))) == 1
}

test_success_without_data_is_said if {
	found := blind_analysis.deny with input as sample.about(_template([_conditions(_success, {
		"successCondition": "len(result) == 0 || result[0] >= 0.995",
	})]))
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_a_rollout_that_looks_at_errors_only if {
	_messages(_rollout([_success])) == {"orders-api: the analysis does not measure latency"}
	_messages(_rollout([_p99])) == {"orders-api: the analysis does not measure error or success rate"}
}

test_the_annotation_says_what_names_do_not if {
	named := json.patch(_template([{"name": "golden", "successCondition": "result > 1", "provider": {}}]), [{
		"op": "add", "path": "/attrs/metadata/annotations", "value": {"changegate/metric-kind": "success-rate, latency"},
	}])
	_messages(object.union(sample.rollout, {"related": [sample.relation("analysis-template", named)]})) == set()
}

test_what_serves_no_requests_measures_its_lag if {
	worker := json.patch(_rollout([_success, {"name": "consumer-lag", "successCondition": "result[0] < 100"}]), [{
		"op": "remove", "path": "/attrs/spec/template/spec/containers/0/ports",
	}])
	_messages(worker) == set()
}

test_a_template_that_is_not_there if {
	lost := object.union(sample.rollout, {"dangling": [{
		"relation": "analysis-template", "kind": "argoproj.io/AnalysisTemplate", "namespace": "orders",
		"name": "orders-api-slo", "path": ["spec", "strategy", "canary", "analysis", "templates", 0], "among": null,
	}]})
	_messages(lost) == set()
	{finding.msg | some finding in _unknown(lost)} == {concat("", [
		"orders-api: the argoproj.io/AnalysisTemplate orders-api-slo is not in this tree, ",
		"what it measures is not known",
	])}
}

test_templates_of_templates_are_not_known if {
	outer := json.patch(_template([_success]), [{
		"op": "add", "path": "/attrs/spec/templates", "value": [{"templateName": "latency"}],
	}])
	thing := object.union(sample.rollout, {"related": [sample.relation("analysis-template", outer)]})
	_messages(thing) == set()
	count(_unknown(thing)) == 1
}

test_flagger if {
	good := [
		{"name": "request-success-rate", "thresholdRange": {"min": 99}},
		{"name": "request-duration", "thresholdRange": {"max": 500}},
	]
	_messages(_flagger(good)) == set()
	_messages(_flagger([good[0]])) == {"orders-api: the analysis does not measure latency"}
	_messages(_flagger([object.union(good[0], {"thresholdRange": {"min": 98}}), good[1]])) == {
		"orders-api: a success rate of 98 % passes, at least 99 %",
	}
	_messages(_flagger([{"name": "request-success-rate"}, good[1]])) == {
		"orders-api: request-success-rate has no thresholdRange: it cannot fail",
	}
}

test_flagger_metric_that_is_nothing if {
	good := {"name": "request-success-rate", "thresholdRange": {"min": 99}}
	nothing := {"name": "latency", "thresholdRange": {"max": 500}}
	_messages(_flagger([good, nothing])) == {
		"orders-api: latency is no built-in metric and names no template: it never fails",
	}
	templated := object.union(nothing, {"templateRef": {"name": "latency"}})
	_messages(_flagger([good, templated])) == set()
}

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_template([{"name": "error-rate"}]), {"environment": null, "action": "present"})
	_messages(lost) == set()
	_unknown(lost) == {resource.unclassified}
}

test_elsewhere_than_production if {
	_messages(object.union(_template([{"name": "error-rate"}]), {"environment": "staging"})) == set()
}

test_odd_types_stop_nothing if {
	_messages(_template("none")) == set()
	_messages(_flagger(["x", 3])) != set()
}

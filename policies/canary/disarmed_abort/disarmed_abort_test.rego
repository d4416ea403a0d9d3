package policies.canary.disarmed_abort_test

import data.policies.canary.disarmed_abort
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_metric := {
	"name": "success-rate", "interval": "1m", "failureLimit": 2, "successCondition": "result[0] >= 0.995",
	"provider": {"prometheus": {"query": "x"}},
}

_template(change) := _spec({"metrics": [object.union(_metric, change)]})

_spec(spec) := sample.kubernetes("argoproj.io/AnalysisTemplate", "slo", {"metadata": {"name": "slo"}, "spec": spec})

_rollout := json.patch(sample.rollout, [{"op": "add", "path": "/attrs/spec/progressDeadlineAbort", "value": true}])

_analysis(change) := json.patch(_rollout, [{
	"op": "replace", "path": "/attrs/spec/strategy/canary/analysis",
	"value": object.union({"startingStep": 1, "templates": [{"templateName": "slo"}]}, change),
}])

_flagger(change) := json.patch(sample.flagger, [{
	"op": "replace", "path": "/attrs/spec/analysis",
	"value": object.union({"interval": "1m", "threshold": 3, "alerts": [{"name": "page"}]}, change),
}])

_found(thing, enforcement) := {finding.msg |
	found := disarmed_abort.deny with input as sample.about(thing)
	some finding in found
	object.get(finding, "enforcement", "soft") == enforcement
}

_unknown(thing) := found if {
	found := disarmed_abort.unknown with input as sample.about(thing)
}

_clean(thing) if {
	_found(thing, "soft") == set()
	_found(thing, "advisory") == set()
	_unknown(thing) == set()
}

test_allowed if {
	_clean(_template({}))
	_clean(_rollout)
	_clean(_flagger({}))
}

test_never_fails if {
	_found(_template({"failureLimit": -1}), "soft") == {"slo: success-rate never fails: failureLimit -1"}
	_found(_template({"failureLimit": "-1"}), "soft") == {"slo: success-rate never fails: failureLimit -1"}
}

test_boundary_of_the_limit if {
	_clean(_template({"failureLimit": 5}))
	_found(_template({"failureLimit": 6}), "soft") == {"slo: success-rate fails only after 7 bad measurements"}
}

test_an_absent_limit_is_zero if _clean(_spec({"metrics": [object.remove(_metric, ["failureLimit"])]}))

test_count_zero_is_never_measured if {
	_found(_template({"count": 0}), "soft") == {"slo: success-rate is never measured in a step: count 0"}
	_found(_template({"count": "0"}), "soft") == {"slo: success-rate is never measured in a step: count 0"}
}

test_an_argument_is_not_known if {
	count(_unknown(_template({"failureLimit": "{{args.limit}}"}))) == 1
	_found(_template({"failureLimit": "{{args.limit}}"}), "soft") == set()
}

_dry(name) := {"metrics": [_metric, {"name": "cpu"}], "dryRun": [{"metricName": name}]}

test_dry_run_of_the_template if {
	_found(_spec(_dry("success-rate")), "soft") == {
		"slo: the metric success-rate is only dry-run: when it fails, nothing happens",
	}
	_clean(_spec(_dry("cpu")))
}

test_dry_run_of_the_rollout if {
	with_template := object.union(_analysis({"dryRun": [{"metricName": "succ.*"}]}), {"related": [
		sample.relation("analysis-template", _template({})),
	]})
	count(_found(with_template, "soft")) == 1
	count(_found(_analysis({"dryRun": [{"metricName": "*"}]}), "soft")) == 1
}

test_dry_run_of_a_step if {
	step := {"analysis": {"templates": [{"templateName": "slo"}], "dryRun": [{"metricName": "*"}]}}
	thing := json.patch(_rollout, [{"op": "add", "path": "/attrs/spec/strategy/canary/steps/-", "value": step}])
	found := disarmed_abort.deny with input as sample.about(thing)
	{finding.path | some finding in found} == {["spec", "strategy", "canary", "steps", 3, "analysis", "dryRun", 0]}
}

test_late_start if {
	late := json.patch(_analysis({"startingStep": 2}), [{
		"op": "replace", "path": "/attrs/spec/strategy/canary/steps/0/setWeight", "value": 26,
	}])
	_found(late, "soft") == {
		"orders-api: the analysis begins when 26 % of the users already have the new version",
	}
	_clean(_analysis({"startingStep": 2}))
}

_measured(interval) := object.union(_rollout, {"related": [
	sample.relation("analysis-template", _template({"interval": interval})),
]})

test_measurements_at_a_weight if {
	_clean(_measured("200s"))
	_found(_measured("201s"), "advisory") == {
		"orders-api: success-rate is measured every 201s: fewer than three times in the 10m that a weight stays",
	}
	_found(_measured("11m"), "soft") == {
		"orders-api: success-rate is measured every 11m, and a weight stays for 10m: some are never measured",
	}
}

test_a_rollout_that_hangs_is_noted if {
	_found(sample.rollout, "soft") == set()
	_found(sample.rollout, "advisory") == {
		"orders-api: a rollout that makes no progress stays as it is: progressDeadlineAbort is not true",
	}
}

test_errors_in_a_row_are_noted if {
	_clean(_template({"consecutiveErrorLimit": 10}))
	count(_found(_template({"consecutiveErrorLimit": 11}), "advisory")) == 1
}

test_flagger if {
	_clean(_flagger({"threshold": 10}))
	_found(_flagger({"threshold": 11}), "soft") == {"orders-api: rolls back after 11 failed checks"}
	_found(_flagger({"threshold": -1}), "soft") == {"orders-api: rolls back after -1 failed checks"}
	_found(_flagger({"threshold": 0}), "soft") == {"orders-api: rolls back after 0 failed checks"}
	_clean(_flagger({"interval": "30s"}))
	_found(_flagger({"interval": "29s"}), "soft") == {"orders-api: checks every 29s: too short to see anything"}
	_found(_flagger({"alerts": []}), "advisory") == {"orders-api: nobody hears of a rollback: no alerts"}
}

test_a_rehearsal_elsewhere_is_fine if _clean(object.union(_template({"failureLimit": -1}), {"environment": "staging"}))

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_template({"failureLimit": -1}), {"environment": null, "action": "present"})
	_found(lost, "soft") == set()
	_unknown(lost) == {resource.unclassified}
}

test_odd_types_stop_nothing if {
	_clean(_spec({"metrics": "none", "dryRun": "*"}))
	_clean(_spec({"metrics": [1], "dryRun": [2]}))
	_clean(_flagger({"threshold": "few", "interval": "soon"}))
}

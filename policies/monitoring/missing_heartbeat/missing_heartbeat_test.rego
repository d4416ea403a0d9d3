package policies.monitoring.missing_heartbeat_test

import data.policies.lib.resource
import data.policies.lib.sample_test as sample
import data.policies.monitoring.missing_heartbeat as policy

_good := {
	"schedule": "0 3 * * *", "timeZone": "Etc/UTC", "concurrencyPolicy": "Forbid", "startingDeadlineSeconds": 600,
	"jobTemplate": {"spec": {"backoffLimit": 2, "activeDeadlineSeconds": 3600}},
}

_rule(expression) := sample.kubernetes("monitoring.coreos.com/PrometheusRule", "jobs", {"spec": {"groups": [{
	"rules": [{"alert": "ReportIsLate", "expr": expression}],
}]}})

_last := "time() - kube_cronjob_status_last_successful_time{cronjob=\"report\"} > "

_job(fields) := sample.kubernetes("batch/CronJob", "report", {"spec": object.union(_good, fields)})

_watched(thing, relation, expression) := object.union(thing, {"related": [
	sample.relation(relation, _rule(expression)),
]})

_beating(fields, threshold) := _watched(_job(fields), "heartbeat", concat("", [_last, threshold]))

_unwatched(among) := object.union(_job({}), {"dangling": [{"relation": "rule", "among": among}]})

_messages(thing) := {finding.msg | some finding in found; not finding.enforcement} if {
	found := policy.deny with input as sample.about(thing)
}

_unknown(thing) := found if {
	found := policy.unknown with input as sample.about(thing)
}

test_allowed if {
	_messages(_beating({}, "26 * 3600")) == set()
	count(policy.deny) == 0 with input as sample.about(_beating({}, "(90000)"))
}

test_nobody_watches if {
	_messages(_unwatched(3)) == {"no alert misses a success of report: it may stop and nobody notices"}
}

test_no_rules_in_the_tree_is_unknown if {
	_messages(_unwatched(0)) == set()
	count(_unknown(_unwatched(0))) == 1
}

test_failed_jobs_are_not_enough if {
	failed := _watched(_job({}), "rule", "kube_job_status_failed{job_name=~\"report-.*\"} > 0")
	_messages(failed) == {"the alerts on report notice a run that fails, and none that never starts"}
	absent := _watched(_job({}), "rule", "absent_over_time(report_last_run{job=\"report\"}[26h])")
	_messages(absent) == set()
}

test_a_dead_mans_switch if {
	pinging := json.patch(_unwatched(3), [{"op": "add", "path": "/attrs/spec/jobTemplate/spec/template", "value": {
		"spec": {"containers": [{"command": ["sh", "-c", "report && curl https://hc-ping.com/1"]}]},
	}}])
	_messages(pinging) == set()
}

test_a_threshold_that_is_too_long if {
	count(_messages(_beating({}, "7 * 86400"))) == 1
	# The boundary: two days and an hour.
	_messages(_beating({}, "176400")) == set()
	count(_messages(_beating({}, "176401"))) == 1
}

test_periods if {
	every pair in [
		["*/5 * * * *", "4200"], ["@hourly", "10800"], ["15 * * * *", "10800"], ["0 */6 * * *", "46800"],
		["0 3 * * 1", "1213200"], ["0 3 1 * *", "5360400"],
	] {
		_messages(_beating({"schedule": pair[0]}, pair[1])) == set()
		count(_messages(_beating({"schedule": pair[0]}, sprintf("%s * 2", [pair[1]])))) == 1
	}
}

test_a_threshold_that_cannot_be_read_is_trusted if {
	_messages(_beating({}, "on(cronjob) group_left job_period")) == set()
}

test_overlap if {
	count(_messages(_beating({"concurrencyPolicy": "Allow"}, "90000"))) == 1
	bare := json.patch(_beating({}, "90000"), [{"op": "remove", "path": "/attrs/spec/concurrencyPolicy"}])
	count(_messages(bare)) == 1
	said := json.patch(bare, [{"op": "add", "path": "/attrs/metadata", "value": {"annotations": {
		"changegate/concurrent": "true",
	}}}])
	_messages(said) == set()
}

test_hygiene if {
	count(_messages(_beating({"startingDeadlineSeconds": 9}, "90000"))) == 1
	_messages(_beating({"startingDeadlineSeconds": 10}, "90000")) == set()
	count(_messages(_beating({"failedJobsHistoryLimit": 0}, "90000"))) == 1
	bare := json.patch(_beating({}, "90000"), [{"op": "remove", "path": "/attrs/spec/timeZone"}])
	_messages(bare) == set()
	found := policy.deny with input as sample.about(bare)
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_a_suspended_job_is_not_judged if _messages(json.patch(_unwatched(3), [{
	"op": "add", "path": "/attrs/spec/suspend", "value": true,
}])) == set()

test_tier_three_is_not_judged if _messages(object.union(_unwatched(3), {"tier": 3})) == set()

_schedule := sample.terraform("aws_scheduler_schedule", "nightly", {
	"name": "nightly-report", "schedule_expression": "rate(1 day)",
})

_alarm(attrs) := sample.terraform("aws_cloudwatch_metric_alarm", "late", object.union(
	{"treat_missing_data": "breaching"},
	attrs,
))

_beside(others) := count(found) if {
	document := object.union(sample.about(_schedule), {"resources": array.concat([_schedule], others)})
	found := policy.deny with input as document
}

test_schedules_of_the_cloud if {
	_beside([]) == 1
	_beside([_alarm({"dimensions": {"ScheduleName": "nightly-report"}})]) == 0
	_beside([_alarm({"dimensions": {"ScheduleName": "other"}})]) == 1
	_beside([_alarm({"treat_missing_data": "missing", "dimensions": {"ScheduleName": "nightly-report"}})]) == 1
	_beside([object.union(_alarm({}), {"unknown": [["dimensions"]]})]) == 0
}

test_event_rules_without_a_schedule_are_not_judged if {
	rule := sample.terraform("aws_cloudwatch_event_rule", "pushed", {"event_pattern": "{}"})
	count(policy.deny) == 0 with input as sample.about(rule)
}

test_unknown_tier if {
	lost := object.union(_unwatched(3), {"tier": null})
	_messages(lost) == set()
	_unknown(lost) == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every spec in ["x", null, {"schedule": 7}, {"schedule": "x", "jobTemplate": "x"}] {
		count(_messages(sample.kubernetes("batch/CronJob", "report", {"spec": spec}))) >= 0
	}
}

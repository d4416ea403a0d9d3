# METADATA
# title: Scheduled job may stop without anybody noticing
# description: >-
#   Every scheduled job of tier 0 to 2 in production is missed when it does not succeed in time: an alert compares the
#   time of its last success (kube_cronjob_status_last_successful_time) with a threshold of no more than its period
#   twice and its longest run, or the job pings a dead man's switch. An alert on failed jobs does not notice one that
#   never started. Runs do not overlap unless the annotation `changegate/concurrent` says so, a late start is bounded
#   and failures stay visible. A suspended job is not judged; where no alerting rules are in the tree, nothing is
#   known.
# related_resources:
#   - https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/cronjob-metrics.md
#   - https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
# custom:
#   id: MON-002
#   scope: resource
#   targets:
#     - batch/CronJob
#     - argoproj.io/CronWorkflow
#     - aws_scheduler_schedule
#     - aws_cloudwatch_event_rule
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC7.2, PI1.3]
#     ISO27001: ["8.16"]
#     NIST80053: [SI-4, AU-5]
#   remediation: >-
#     Alert on time() - kube_cronjob_status_last_successful_time{cronjob="NAME"} > period + longest run, and set
#     concurrencyPolicy Forbid, startingDeadlineSeconds, timeZone and activeDeadlineSeconds.
#   since: 0.1.0
package policies.monitoring.missing_heartbeat

import data.policies.lib.kubernetes
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier

deny contains finding if {
	_judged
	some fault in _faults
	tier.applies(input.resource, 2)
	finding := fault
}

unknown contains resource.unclassified if {
	_judged
	some fault in _faults
	not fault.enforcement
	tier.undecided(input.resource, 2)
}

unknown contains finding if {
	_judged
	tier.applies(input.resource, 2)
	_unwatched == 0
	finding := {
		"msg": sprintf("no alerting rules are in this tree: whether a success of %s is missed is not known", [
			input.resource.name,
		]),
		"path": ["spec", "schedule"],
	}
}

_judged if {
	resource.remains(input.resource)
	not _suspended
}

_suspended if shape.at(input.resource.attrs, ["spec", "suspend"]) == true

_suspended if shape.at(input.resource.attrs, ["state"]) == "DISABLED"

_suspended if shape.at(input.resource.attrs, ["is_enabled"]) in {false, "false"}

# Rules that start on an event keep no schedule.
_suspended if {
	input.resource.type == "aws_cloudwatch_event_rule"
	shape.at(input.resource.attrs, ["schedule_expression"]) == null
}

_kubernetes if input.resource.type in {"batch/CronJob", "argoproj.io/CronWorkflow"}

_cron_job if input.resource.type == "batch/CronJob"

_spec := shape.map(shape.at(kubernetes.settled(input.resource), ["spec"]))

_heartbeats := kubernetes.related(input.resource, {"heartbeat"})

# Among how many rules none watches it.
_unwatched := reference.among if {
	not _pings
	some reference in shape.list(shape.at(input.resource, ["dangling"]))
	reference.relation == "rule"
}

# A dead man's switch is called from the job itself.
_pings if {
	text := json.marshal([kubernetes.pod(input.resource), shape.at(input.resource.attrs, ["metadata", "annotations"])])
	regex.match(`hc-ping\.com|healthchecks\.|cronitor\.(io|link)|deadmanssnitch|nosnch\.in|uptime\.betterstack`, text)
}

_faults contains fault if {
	_kubernetes
	_unwatched > 0
	fault := {
		"msg": sprintf("no alert misses a success of %s: it may stop and nobody notices", [input.resource.name]),
		"path": ["spec", "schedule"],
	}
}

_faults contains fault if {
	_kubernetes
	not _pings
	count(_heartbeats) == 0
	mentions := kubernetes.related(input.resource, {"rule"})
	count(mentions) > 0
	not _misses_it(mentions)
	fault := {
		"msg": sprintf("the alerts on %s notice a run that fails, and none that never starts", [input.resource.name]),
		"path": ["spec", "schedule"],
		"because": [kubernetes.place(mention) | some mention in mentions],
	}
}

# A metric of the job's own that is absent, or too old.
_misses_it(mentions) if {
	some mention in mentions
	some expression in _expressions(mention)
	contains(expression, input.resource.name)
	regex.match(`absent(_over_time)?\s*\(|time\(\)\s*-`, expression)
}

_expressions(rule) := [expression |
	some each in shape.list(shape.at(rule.attrs, ["spec", "groups"]))
	some alert in shape.list(shape.at(each, ["rules"]))
	shape.at(alert, ["alert"]) != null
	expression := shape.at(alert, ["expr"])
	is_string(expression)
]

# Heartbeats whose threshold can be read, and that are about this job.
_thresholds := [[seconds, rule] |
	some rule in _heartbeats
	some expression in _expressions(rule)
	contains(expression, "kube_cronjob_status_last_successful_time")
	_may_be_about_it(expression)
	seconds := _seconds(expression)
]

_may_be_about_it(expression) if contains(expression, sprintf("\"%s\"", [input.resource.name]))

_may_be_about_it(expression) if not regex.match(`cronjob\s*=\s*"`, expression)

# What stands after the last `>`, a product of numbers.
_seconds(expression) := product([to_number(trim_space(factor)) | some factor in split(tail, "*")]) if {
	parts := split(expression, ">")
	count(parts) > 1
	tail := trim(trim_space(parts[count(parts) - 1]), "()= ")
	regex.match(`^[0-9]+(\.[0-9]+)?(\s*\*\s*[0-9]+(\.[0-9]+)?)*$`, tail)
}

# The longest that a schedule leaves between two runs, in seconds, rounded up to what the fields say.
_period := 60 if {
	_fields
	array.slice(_fields, 0, 2) == ["*", "*"]
}

_period := to_number(trim_prefix(_fields[0], "*/")) * 60 if {
	_daily
	regex.match(`^\*/[0-9]+$`, _fields[0])
	_fields[1] == "*"
}

_period := 3600 if {
	_daily
	not startswith(_fields[0], "*")
	_fields[1] == "*"
}

_period := to_number(trim_prefix(_fields[1], "*/")) * 3600 if {
	_daily
	regex.match(`^\*/[0-9]+$`, _fields[1])
}

_period := 86400 if {
	_daily
	not startswith(_fields[1], "*")
}

_period := 604800 if {
	array.slice(_fields, 2, 4) == ["*", "*"]
	_fields[4] != "*"
}

_period := 2678400 if {
	_fields[2] != "*"
	_fields[3] == "*"
}

_period := 31622400 if _fields[3] != "*"

_period := _named[_schedule]

_named := {"@hourly": 3600, "@daily": 86400, "@midnight": 86400, "@weekly": 604800, "@monthly": 2678400}

_daily if array.slice(_fields, 2, 5) == ["*", "*", "*"]

_fields := fields if {
	fields := regex.split(`\s+`, trim_space(_schedule))
	count(fields) == 5
}

_schedule := shape.at(_spec, ["schedule"]) if is_string(shape.at(_spec, ["schedule"]))

_longest_run := seconds if {
	seconds := shape.at(_spec, ["jobTemplate", "spec", "activeDeadlineSeconds"])
	is_number(seconds)
}

_longest_run := 3600 if not is_number(shape.at(_spec, ["jobTemplate", "spec", "activeDeadlineSeconds"]))

_faults contains fault if {
	_cron_job
	count(_thresholds) > 0
	late := [found | some found in _thresholds; found[0] > (2 * _period) + _longest_run]
	count(late) == count(_thresholds)
	found := late[0]
	fault := {
		"msg": sprintf("a missing success of %s is noticed after %v s, expected %v or less (twice its period and a run)", [
			input.resource.name,
			found[0],
			(2 * _period) + _longest_run,
		]),
		"path": ["spec", "schedule"],
		"because": [kubernetes.place(found[1])],
	}
}

_concurrent if {
	shape.at(input.resource.attrs, ["metadata", "annotations", "changegate/concurrent"]) in {"true", true}
}

_faults contains fault if {
	_kubernetes
	object.get(_spec, "concurrencyPolicy", "Allow") == "Allow"
	not _concurrent
	fault := {
		"msg": sprintf("runs of %s may overlap (concurrencyPolicy Allow%s): one that hangs piles up with the next", [
			input.resource.name,
			_defaulted(["spec", "concurrencyPolicy"]),
		]),
		"path": ["spec", "concurrencyPolicy"],
		"remediation": "Set concurrencyPolicy: Forbid, or annotate the job with changegate/concurrent: 'true'.",
	}
}

_defaulted(path) := ", the default" if shape.at(input.resource.attrs, path) == null

_defaulted(path) := "" if shape.at(input.resource.attrs, path) != null

_faults contains fault if {
	_kubernetes
	seconds := shape.at(_spec, ["startingDeadlineSeconds"])
	is_number(seconds)
	seconds < 10
	fault := {
		"msg": sprintf("%s may never start: startingDeadlineSeconds %v is shorter than the controller's round of 10 s", [
			input.resource.name,
			seconds,
		]),
		"path": ["spec", "startingDeadlineSeconds"],
	}
}

_faults contains fault if {
	_kubernetes
	shape.at(_spec, ["failedJobsHistoryLimit"]) == 0
	fault := {
		"msg": sprintf("failures of %s leave no trace (failedJobsHistoryLimit 0)", [input.resource.name]),
		"path": ["spec", "failedJobsHistoryLimit"],
	}
}

_wanted := {
	"startingDeadlineSeconds": ["spec", "startingDeadlineSeconds"],
	"timeZone": ["spec", "timeZone"],
	"backoffLimit": ["spec", "jobTemplate", "spec", "backoffLimit"],
	"activeDeadlineSeconds": ["spec", "jobTemplate", "spec", "activeDeadlineSeconds"],
}

_faults contains fault if {
	_cron_job
	absent := sort([name | some name, path in _wanted; shape.at(input.resource.attrs, path) == null])
	count(absent) > 0
	fault := {
		"msg": sprintf("%s leaves to chance when it may start late, fail again or run on: %s", [
			input.resource.name,
			concat(", ", absent),
		]),
		"path": ["spec"],
		"enforcement": "advisory",
		"severity": "low",
	}
}

# Alarms of CloudWatch that count silence as a breach, and name the schedule.
_faults contains fault if {
	input.resource.type in {"aws_scheduler_schedule", "aws_cloudwatch_event_rule"}
	not _alarmed
	fault := {
		"msg": sprintf("no alarm with treat_missing_data breaching names %s: it may stop and nobody notices", [
			resource.address(input.resource),
		]),
		"path": ["schedule_expression"],
	}
}

_alarmed if {
	some other in input.resources
	other.type == "aws_cloudwatch_metric_alarm"
	shape.at(other.attrs, ["treat_missing_data"]) == "breaching"
	text := json.marshal(other.attrs)
	some name in _called
	contains(text, name)
}

# Its dimensions come from elsewhere, and may name it.
_alarmed if {
	some other in input.resources
	other.type == "aws_cloudwatch_metric_alarm"
	shape.at(other.attrs, ["treat_missing_data"]) == "breaching"
	some path in other.unknown
	path[0] in {"dimensions", "metric_query"}
}

_called contains name if {
	some name in [shape.at(input.resource.attrs, ["name"]), shape.at(input.resource.attrs, ["group_name"])]
	is_string(name)
	not name in {"", "default"}
}

# METADATA
# title: Automatic abort is disarmed
# description: >-
#   A canary that cannot abort is a slow rollout. In production no metric that counts is only dry-run, a metric fails
#   after at most five bad measurements (failureLimit -1 is never), an analysis runs at all (count 0 does not), and the
#   background analysis begins before more than a quarter of the users got the new version, and measures at every
#   weight. Flagger rolls back after one to ten failed checks that are at least 30 seconds apart. Noted: a Rollout
#   that hangs without aborting (progressDeadlineAbort is false by default), more than ten errors in a row, fewer than
#   three measurements at a weight, a Flagger Canary that alerts nobody.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/analysis/#dry-run-mode
#   - https://docs.flagger.app/usage/how-it-works#canary-analysis
# custom:
#   id: CAN-004
#   scope: resource
#   targets:
#     - argoproj.io/Rollout
#     - argoproj.io/AnalysisTemplate
#     - argoproj.io/ClusterAnalysisTemplate
#     - flagger.app/Canary
#   severity: critical
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC7.3, CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, SI-4]
#   remediation: >-
#     Give every metric a failureLimit of 0 to 5 and no dryRun, start the analysis with the first weight, set
#     progressDeadlineAbort true; Flagger: threshold 1 to 10.
#   since: 0.1.0
package policies.canary.disarmed_abort

import data.policies.lib.analysis
import data.policies.lib.canary
import data.policies.lib.duration
import data.policies.lib.evidence
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults
}

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some note in _notes
	finding := evidence.noted(note, "medium")
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults) > 0
}

# An argument of the template decides, and the Rollout that gives it may be elsewhere.
unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	some key in ["failureLimit", "count"]
	written := shape.at(metric, [key])
	is_string(written)
	contains(written, "{{")
	finding := {
		"msg": sprintf("%s: %s of %v is an argument, its value is not known here", [input.resource.name, key, metric.name]),
		"path": ["spec", "metrics", index, key],
	}
}

_template if input.resource.type in {"argoproj.io/AnalysisTemplate", "argoproj.io/ClusterAnalysisTemplate"}

_rollout if input.resource.type == "argoproj.io/Rollout"

_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	limit := _number(shape.at(metric, ["failureLimit"]))
	limit < 0
	finding := _finding(
		sprintf("%v never fails: failureLimit %v", [metric.name, limit]),
		["spec", "metrics", index, "failureLimit"],
		sprintf("%v", [limit]),
		"0 to 5",
	)
}

_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	limit := _number(shape.at(metric, ["failureLimit"]))
	limit > 5
	finding := _finding(
		sprintf("%v fails only after %v bad measurements", [metric.name, limit + 1]),
		["spec", "metrics", index, "failureLimit"],
		sprintf("%v", [limit]),
		"0 to 5",
	)
}

_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	_number(shape.at(metric, ["count"])) == 0
	finding := _finding(
		sprintf("%v is never measured in a step: count 0", [metric.name]),
		["spec", "metrics", index, "count"],
		"0",
		"1 or more, or absent for a background analysis",
	)
}

# By which run or template a metric is only rehearsed.
_dry_runs := [["spec", "dryRun"]] if _template

_dry_runs := array.concat(
	[
		["spec", "strategy", "canary", "analysis", "dryRun"],
		["spec", "strategy", "blueGreen", "prePromotionAnalysis", "dryRun"],
		["spec", "strategy", "blueGreen", "postPromotionAnalysis", "dryRun"],
	],
	[["spec", "strategy", "canary", "steps", index, "analysis", "dryRun"] |
		some index, _ in canary.steps(input.resource.attrs)
	],
) if {
	_rollout
}

_faults contains finding if {
	some path in _dry_runs
	some index, entry in shape.list(shape.at(input.resource.attrs, path))
	name := shape.at(entry, ["metricName"])
	is_string(name)
	_counts(name)
	finding := _finding(
		sprintf("the metric %s is only dry-run: when it fails, nothing happens", [name]),
		array.concat(path, [index]),
		sprintf("dryRun %s", [name]),
		"no dryRun of errors, success or latency",
	)
}

# Metrics of the template, or of those that the Rollout uses; none known: all count.
_known := {metric.name |
	_template
	some metric in analysis.metrics(input.resource.attrs)
} | {metric.name |
	_rollout
	some other in input.resource.related
	other.relation == "analysis-template"
	some metric in analysis.metrics(other.attrs)
}

_counting := {metric.name |
	_template
	some metric in analysis.metrics(input.resource.attrs)
	count(analysis.kinds(metric)) > 0
} | {metric.name |
	_rollout
	some other in input.resource.related
	other.relation == "analysis-template"
	some metric in analysis.metrics(other.attrs)
	count(analysis.kinds(metric)) > 0
}

_counts(name) if count(_known) == 0

# A name is a regular expression, and `*` is every metric.
_counts(name) if name == "*"

_counts(name) if name in _counting

_counts(name) if {
	regex.is_valid(name)
	some metric in _counting
	regex.match(name, metric)
}

_background := shape.at(input.resource.attrs, ["spec", "strategy", "canary", "analysis"])

_faults contains finding if {
	_rollout
	start := _background.startingStep
	is_number(start)
	before := [step.setWeight |
		some index, step in canary.steps(input.resource.attrs)
		index < start
		is_number(step.setWeight)
	]
	count(before) > 0
	reached := before[count(before) - 1]
	reached > 25
	finding := _finding(
		sprintf("the analysis begins when %v %% of the users already have the new version", [reached]),
		["spec", "strategy", "canary", "analysis", "startingStep"],
		sprintf("step %v", [start]),
		"at 25 % or less",
	)
}

# The background analysis of a Rollout ends as successful when the steps are over, whatever it has measured by then.
_pauses := {seconds |
	some step in canary.steps(input.resource.attrs)
	seconds := duration.seconds(shape.at(step, ["pause", "duration"]))
	seconds > 0
}

_slow contains entry if {
	_rollout
	count(shape.list(shape.at(_background, ["templates"]))) > 0
	count(_pauses) > 0
	some other in input.resource.related
	other.relation == "analysis-template"
	some metric in analysis.metrics(other.attrs)
	seconds := duration.seconds(shape.at(metric, ["interval"]))
	entry := {"metric": metric.name, "seconds": seconds, "file": other.file, "line": other.line}
}

_faults contains finding if {
	some entry in _slow
	entry.seconds > min(_pauses)
	finding := _finding(
		sprintf("%v is measured every %s, and a weight stays for %s: some are never measured", [
			entry.metric,
			duration.said(entry.seconds),
			duration.said(min(_pauses)),
		]),
		["spec", "strategy", "canary", "analysis", "templates"],
		duration.said(entry.seconds),
		sprintf("at most a third of %s", [duration.said(min(_pauses))]),
	)
}

_notes contains finding if {
	some entry in _slow
	entry.seconds <= min(_pauses)
	entry.seconds * 3 > min(_pauses)
	finding := _finding(
		sprintf("%v is measured every %s: fewer than three times in the %s that a weight stays", [
			entry.metric,
			duration.said(entry.seconds),
			duration.said(min(_pauses)),
		]),
		["spec", "strategy", "canary", "analysis", "templates"],
		duration.said(entry.seconds),
		sprintf("at most a third of %s", [duration.said(min(_pauses))]),
	)
}

_notes contains finding if {
	_rollout
	not shape.at(input.resource.attrs, ["spec", "progressDeadlineAbort"]) == true
	finding := _finding(
		"a rollout that makes no progress stays as it is: progressDeadlineAbort is not true",
		["spec", "progressDeadlineAbort"],
		"false (the default)",
		"true",
	)
}

_notes contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	limit := _number(shape.at(metric, ["consecutiveErrorLimit"]))
	limit > 10
	finding := _finding(
		sprintf("%v tolerates %v errors in a row", [metric.name, limit]),
		["spec", "metrics", index, "consecutiveErrorLimit"],
		sprintf("%v", [limit]),
		"at most 10",
	)
}

_analysis := shape.map(shape.at(input.resource.attrs, ["spec", "analysis"])) if {
	input.resource.type == "flagger.app/Canary"
	is_object(shape.at(input.resource.attrs, ["spec", "analysis"]))
}

# Absent it is 1: the first failed check rolls back.
_faults contains finding if {
	threshold := _number(_analysis.threshold)
	not _armed(threshold)
	finding := _finding(
		sprintf("rolls back after %v failed checks", [threshold]),
		["spec", "analysis", "threshold"],
		sprintf("%v", [threshold]),
		"1 to 10",
	)
}

_armed(threshold) if {
	threshold >= 1
	threshold <= 10
}

_faults contains finding if {
	seconds := duration.seconds(_analysis.interval)
	seconds < 30
	finding := _finding(
		sprintf("checks every %s: too short to see anything", [duration.said(seconds)]),
		["spec", "analysis", "interval"],
		duration.said(seconds),
		"at least 30s",
	)
}

_notes contains finding if {
	count(shape.list(object.get(_analysis, "alerts", []))) == 0
	finding := _finding(
		"nobody hears of a rollback: no alerts",
		["spec", "analysis"],
		"no alerts",
		"alerts with a provider",
	)
}

# Numbers may be text.
_number(value) := value if is_number(value)

_number(value) := to_number(value) if {
	is_string(value)
	regex.match("^-?[0-9]{1,9}$", value)
}

_finding(msg, path, observed, expected) := evidence.finding(input.resource.name, msg, path, observed, expected)

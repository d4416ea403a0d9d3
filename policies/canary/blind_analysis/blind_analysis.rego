# METADATA
# title: Analysis misses errors or latency, or cannot fail
# description: >-
#   In production an analysis looks at the error (or success) rate and at latency, and each metric can fail: it has a
#   condition, in the right direction, not looser than the objective of the service (half a point below its target;
#   without one 95 %, threshold `CAN-003.success`). What serves no requests measures freshness or lag instead of
#   latency. Flagger: its built-in metrics have a thresholdRange, success at least 99 %, and any other metric names a
#   MetricTemplate: a name that is neither never fails. A condition that holds without data passes without traffic.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
#   - https://docs.flagger.app/usage/metrics
# custom:
#   id: CAN-003
#   scope: resource
#   targets:
#     - argoproj.io/Rollout
#     - argoproj.io/AnalysisTemplate
#     - argoproj.io/ClusterAnalysisTemplate
#     - flagger.app/Canary
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC7.2, CC8.1]
#     ISO27001: ["8.16"]
#     NIST80053: [SI-4, CM-4(2)]
#   remediation: >-
#     Give the analysis a success-rate metric (successCondition result[0] >= 0.995) and a p99 latency metric
#     (successCondition result[0] <= 0.5).
#   since: 0.1.0
package policies.canary.blind_analysis

import data.policies.lib.analysis
import data.policies.lib.canary
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults) > 0
}

unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _unresolved
}

_template if input.resource.type in {"argoproj.io/AnalysisTemplate", "argoproj.io/ClusterAnalysisTemplate"}

# What each metric of a template can do by itself.
_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	not analysis.conditional(metric)
	not analysis.judged_by_itself(metric)
	finding := _finding(
		sprintf("the metric %v has no condition: it can never fail", [metric.name]),
		["spec", "metrics", index],
		"no successCondition and no failureCondition",
		"a successCondition or a failureCondition",
	)
}

_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	some bound in analysis.bounds(metric)
	wanted := _direction(analysis.kinds(metric))
	bound.side != wanted
	finding := _finding(
		sprintf("the condition of %v is the wrong way round: it passes when %s", [metric.name, _wrong[wanted]]),
		["spec", "metrics", index, bound.condition],
		shape.at(metric, [bound.condition]),
		"the opposite comparison",
	)
}

_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	some bound in analysis.bounds(metric)
	analysis.kinds(metric) == {"success"}
	bound.side == 1
	analysis.share(bound.number) < _least_success
	finding := _loose(index, metric, bound, sprintf("at least %v", [_least_success]))
}

_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	some bound in analysis.bounds(metric)
	analysis.kinds(metric) == {"error"}
	bound.side == -1
	analysis.share(bound.number) > 1 - _least_success
	_rate(metric)
	finding := _loose(index, metric, bound, sprintf("at most %v", [1 - _least_success]))
}

# No data is no success. Whoever has little traffic wants it so: it is said, not forbidden.
_faults contains finding if {
	_template
	some index, metric in analysis.metrics(input.resource.attrs)
	written := shape.at(metric, ["successCondition"])
	is_string(written)
	regex.match(`len\(result\)\s*==\s*0\s*\|\||isNaN\(result(\[0\])?\)\s*\|\|`, written)
	finding := object.union(
		_finding(
			sprintf("%v succeeds without any data: a canary without traffic is promoted", [metric.name]),
			["spec", "metrics", index, "successCondition"],
			written,
			"len(result) > 0 && …, so that no data is inconclusive",
		),
		{"enforcement": "advisory", "severity": "medium"},
	)
}

# Success has to be high; errors and latency low. A metric that is both cannot be told.
_direction(kinds) := 1 if kinds == {"success"}

_direction(kinds) := -1 if kinds == {"error"}

_direction(kinds) := -1 if {
	"latency" in kinds
	not "success" in kinds
}

_wrong := {1: "the success rate is low", -1: "errors or latency are high"}

# A count of errors has no share.
_rate(metric) if regex.match("rate|ratio|percent|share", lower(sprintf("%v %v", [metric.name, metric.provider])))

_loose(index, metric, bound, expected) := _finding(
	sprintf("the bound of %v is %v, looser than the objective allows", [metric.name, bound.number]),
	["spec", "metrics", index, bound.condition],
	shape.at(metric, [bound.condition]),
	expected,
)

# Half a point below the objective of the service.
_least_success := min(_targets) - 0.005 if count(_targets) > 0

_least_success := _default_success if count(_targets) == 0

_default_success := given if {
	given := shape.at(input.config.thresholds, ["CAN-003", "success"])
	is_number(given)
}

_default_success := 0.95 if not is_number(shape.at(input.config.thresholds, ["CAN-003", "success"]))

_targets := {analysis.share(entry.target) |
	some entry in shape.list(shape.at(input.context, ["slo", "entries"]))
	is_object(entry)
	resource.service_name(entry.service) == input.resource.service
	is_number(entry.target)
	not regex.match("latency|duration", lower(sprintf("%v", [object.get(entry, "slo", "")])))
}

# A Rollout: whatever its templates measure together.
_argo if {
	input.resource.type == "argoproj.io/Rollout"
	_analysed
}

_analysed if canary.analysed(input.resource.attrs)

_analysed if {
	some part in ["prePromotionAnalysis", "postPromotionAnalysis"]
	count(shape.list(shape.at(input.resource.attrs, ["spec", "strategy", "blueGreen", part, "templates"]))) > 0
}

_templates := [other |
	some other in input.resource.related
	other.relation == "analysis-template"
]

_measured := {kind |
	some template in _templates
	some metric in analysis.metrics(template.attrs)
	some kind in analysis.kinds(metric)
} | {kind |
	some template in _templates
	some kind in analysis.declared(template.attrs)
}

_missing_of(kinds) := array.concat(
	["error or success rate" | count(kinds & {"error", "success"}) == 0],
	[_speed | count(kinds & _speeds) == 0],
)

# What serves no requests has no latency that users feel.
_serves if {
	some container in shape.list(shape.at(input.resource.attrs, ["spec", "template", "spec", "containers"]))
	is_object(container)
	count(shape.list(object.get(container, "ports", []))) > 0
}

_serves if is_object(shape.at(input.resource.attrs, ["spec", "workloadRef"]))

_serves if input.resource.type == "flagger.app/Canary"

_speeds := {"latency"} if _serves

_speeds := {"latency", "work"} if not _serves

_speed := "latency" if _serves

_speed := "freshness or lag" if not _serves

_faults contains finding if {
	_argo
	count(_open) == 0
	not _nested
	count(_templates) > 0
	missing := _missing_of(_measured)
	count(missing) > 0
	finding := _finding(
		sprintf("the analysis does not measure %s", [concat(" and ", missing)]),
		["spec", "strategy"],
		sprintf("templates %s", [concat(", ", sort({template.name | some template in _templates}))]),
		concat(" and ", missing),
	)
}

# Templates elsewhere may measure anything.
_open := [reference |
	some reference in shape.list(object.get(input.resource, "dangling", []))
	reference.relation in {"analysis-template", "metric-template"}
]

_unresolved contains finding if {
	some reference in _open
	finding := {
		"msg": sprintf("%s: the %s %s is not in this tree, what it measures is not known", [
			input.resource.name,
			reference.kind,
			reference.name,
		]),
		"path": reference.path,
	}
}

# A template of templates: what those measure is not seen from here.
_nested if {
	some template in _templates
	count(shape.list(shape.at(template.attrs, ["spec", "templates"]))) > 0
}

_unresolved contains finding if {
	_argo
	_nested
	count(_missing_of(_measured)) > 0
	finding := {
		"msg": sprintf("%s: templates refer to further templates, whether %s is measured is not known", [
			input.resource.name,
			concat(" and ", _missing_of(_measured)),
		]),
		"path": ["spec", "strategy"],
	}
}

# Flagger.
_canary_metrics := [metric |
	input.resource.type == "flagger.app/Canary"
	some entry in shape.list(shape.at(input.resource.attrs, ["spec", "analysis", "metrics"]))
	metric := shape.map(entry)
]

_faults contains finding if {
	some index, metric in _canary_metrics
	not analysis.builtin[metric.name]
	not _templated(metric)
	finding := _finding(
		sprintf("%v is no built-in metric and names no template: it never fails", [metric.name]),
		["spec", "analysis", "metrics", index],
		sprintf("%v", [metric.name]),
		"request-success-rate, request-duration, or a templateRef",
	)
}

_templated(metric) if text.given(shape.at(metric, ["templateRef", "name"]))

_templated(metric) if text.given(shape.at(metric, ["query"]))

_faults contains finding if {
	some index, metric in _canary_metrics
	_reports(metric)
	not _ranged(metric)
	finding := _finding(
		sprintf("%v has no thresholdRange: it cannot fail", [metric.name]),
		["spec", "analysis", "metrics", index],
		"no thresholdRange",
		_range_of(metric),
	)
}

_reports(metric) if analysis.builtin[metric.name]

_reports(metric) if _templated(metric)

# `threshold` is what thresholdRange was before.
_ranged(metric) if is_number(shape.at(metric, ["threshold"]))

_ranged(metric) if {
	some side in _sides(metric)
	is_number(shape.at(metric, ["thresholdRange", side]))
}

_sides(metric) := ["min"] if analysis.builtin[metric.name] == "success"

_sides(metric) := ["max"] if analysis.builtin[metric.name] == "latency"

_sides(metric) := ["min", "max"] if not analysis.builtin[metric.name]

_range_of(metric) := concat(" or ", [sprintf("thresholdRange.%s", [side]) | some side in _sides(metric)])

_faults contains finding if {
	some index, metric in _canary_metrics
	metric.name == "request-success-rate"
	least := shape.at(metric, ["thresholdRange", "min"])
	is_number(least)
	least < 99
	finding := _finding(
		sprintf("a success rate of %v %% passes, at least 99 %%", [least]),
		["spec", "analysis", "metrics", index, "thresholdRange", "min"],
		sprintf("%v", [least]),
		"at least 99",
	)
}

_faults contains finding if {
	count(_canary_metrics) > 0
	count(_open) == 0
	missing := _missing_of(_canary_kinds)
	count(missing) > 0
	finding := _finding(
		sprintf("the analysis does not measure %s", [concat(" and ", missing)]),
		["spec", "analysis", "metrics"],
		concat(", ", sort({sprintf("%v", [metric.name]) | some metric in _canary_metrics})),
		concat(" and ", missing),
	)
}

_canary_kinds := {kind |
	some metric in _canary_metrics
	some kind in analysis.kinds({"name": sprintf("%v %v", [
		metric.name,
		shape.at(metric, ["templateRef", "name"]),
	]), "provider": {"inline": metric}})
} | {kind |
	some other in input.resource.related
	other.relation == "metric-template"
	some kind in analysis.kinds({"name": other.name, "provider": {"spec": shape.at(other.attrs, ["spec"])}})
}

_finding(msg, path, observed, expected) := {
	"msg": sprintf("%s: %s", [input.resource.name, msg]),
	"path": path,
	"evidence": [{
		"pointer": concat(".", [sprintf("%v", [key]) | some key in path]),
		"observed": observed,
		"expected": expected,
	}],
}

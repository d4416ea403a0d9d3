# METADATA
# title: Canary is not progressive
# description: >-
#   A canary tells something when its steps are small, rise, and stay long enough to measure. In production the first
#   weight is at most 10 % for tier 0 and 1 (else 25 %), at least three weights rise below 100 %, no step jumps more
#   than 50 points, every weight is followed by five minutes or an analysis, and for tier 0 and 1 the whole bake is
#   half an hour. Without traffic routing the weight is a share of the replicas: there have to be enough of them, and
#   the minimum of the scaler counts. Flagger: the same of stepWeight(s), maxWeight at least 50, and a failing canary
#   is back within ten minutes. A/B tests by header or cookie (match with iterations) have no weights.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/specification/
#   - https://docs.flagger.app/usage/deployment-strategies
#   - https://sre.google/workbook/canarying-releases/
# custom:
#   id: CAN-002
#   scope: resource
#   targets:
#     - argoproj.io/Rollout
#     - flagger.app/Canary
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3(2)]
#   remediation: >-
#     Use a ladder such as 5, 10, 25, 50 % with ten minutes of pause after each weight; Flagger: stepWeight 5, maxWeight
#     50, interval 3m.
#   since: 0.1.0
package policies.canary.abrupt_canary

import data.policies.lib.canary
import data.policies.lib.duration
import data.policies.lib.evidence
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.workload

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults(_limits)
}

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _without_effect
}

# Whether it is a fault depends on a tier or an environment that nobody knows.
unknown contains resource.unclassified if {
	resource.remains(input.resource)
	_unclassified
	count(_faults(_strict)) > 0
}

_unclassified if resource.unplaced(input.resource)

_unclassified if {
	resource.production(input.resource)
	input.resource.tier == null
	count(_faults(_lax)) == 0
}

_strict := {"first": 10, "bake": 1800}

_lax := {"first": 25, "bake": 0}

_limits := _strict if input.resource.tier in {0, 1}

_limits := _lax if not input.resource.tier in {0, 1}

_faults(limits) := (_first(limits) | _short(limits)) | (((_few | _falling) | (_jumps | _hasty)) | (_coarse | _flagger))

_canary := shape.map(shape.at(input.resource.attrs, ["spec", "strategy", "canary"]))

_routed if is_object(shape.at(_canary, ["trafficRouting"]))

_steps := canary.steps(input.resource.attrs)

_full := shape.at(_canary, ["trafficRouting", "maxTrafficWeight"])

_whole := _full if is_number(_full)

_whole := 100 if not is_number(_full)

_analysis := shape.map(shape.at(input.resource.attrs, ["spec", "analysis"]))

# An A/B test sends whole groups of users, blue/green everybody: both count iterations instead of weights.
_iterated if _analysis.iterations

# The weights in order: where each stands and which percentage it is.
_weights := [weight |
	input.resource.type == "argoproj.io/Rollout"
	some index, step in _steps
	is_number(step.setWeight)
	step.setWeight > 0
	weight := {
		"index": index,
		"path": ["spec", "strategy", "canary", "steps", index, "setWeight"],
		"percent": (step.setWeight * 100) / _whole,
	}
]

_ladder := _weights if input.resource.type == "argoproj.io/Rollout"

_ladder := [{"index": index, "path": ["spec", "analysis", "stepWeights", index], "percent": percent} |
	some index, percent in shape.list(_analysis.stepWeights)
	is_number(percent)
] if {
	input.resource.type == "flagger.app/Canary"
	is_array(_analysis.stepWeights)
}

_ladder := [{"index": 0, "path": ["spec", "analysis", "stepWeight"], "percent": _analysis.stepWeight}] if {
	input.resource.type == "flagger.app/Canary"
	not is_array(shape.at(_analysis, ["stepWeights"]))
	is_number(_analysis.stepWeight)
	not _iterated
}

_first(limits) := {finding |
	first := _ladder[0]
	first.percent > limits.first
	finding := _finding(
		sprintf("the first weight is %v %%, at most %d %% of the users may meet a new version first", [
			first.percent,
			limits.first,
		]),
		first.path,
		sprintf("%v %%", [first.percent]),
		sprintf("at most %d %%", [limits.first]),
	)
}

_rungs_below := count({weight.percent | some weight in _weights; weight.percent < 100})

_few contains finding if {
	count(_weights) > 0
	_rungs_below < 3
	finding := _finding(
		sprintf("the ladder has %d of at least 3 weights below 100 %%", [_rungs_below]),
		["spec", "strategy", "canary", "steps"],
		sprintf("%d", [_rungs_below]),
		"at least 3 weights",
	)
}

_falling contains finding if {
	some index, weight in _ladder
	index > 0
	previous := _ladder[index - 1]
	weight.percent <= previous.percent
	finding := _finding(
		sprintf("weight %v %% after %v %%: weights have to rise", [weight.percent, previous.percent]),
		weight.path,
		sprintf("%v %%", [weight.percent]),
		sprintf("more than %v %%", [previous.percent]),
	)
}

_jumps contains finding if {
	some index, weight in _ladder
	index > 0
	jump := weight.percent - _ladder[index - 1].percent
	jump > 50
	finding := _finding(
		sprintf("the weight jumps by %v points to %v %%, at most 50 at once", [jump, weight.percent]),
		weight.path,
		sprintf("%v points", [jump]),
		"at most 50 points",
	)
}

# After the last step everybody gets it. A ladder with too few weights is told so already.
_jumps contains finding if {
	_rungs_below >= 3
	last := _weights[count(_weights) - 1]
	jump := 100 - last.percent
	jump > 50
	finding := _finding(
		sprintf("the last weight is %v %%: from there to everybody is a jump of %v points, at most 50 at once", [
			last.percent,
			jump,
		]),
		last.path,
		sprintf("%v points", [jump]),
		"at most 50 points",
	)
}

# The steps between a weight and the next one.
_between(weight) := array.slice(_steps, weight.index + 1, end) if {
	end := min(array.concat([count(_steps)], [other.index |
		some other in _weights
		other.index > weight.index
	]))
}

_pauses(steps) := [duration.seconds(step.pause.duration) | some step in steps]

# Somebody has to go on by hand.
_waits(steps) if {
	some step in steps
	is_object(step.pause)
	shape.at(step.pause, ["duration"]) == null
}

_measures(steps) if {
	some step in steps
	count(shape.list(shape.at(step, ["analysis", "templates"]))) > 0
}

_measures(steps) if {
	some step in steps
	is_object(step.experiment)
}

_hasty contains finding if {
	some weight in _weights
	weight.percent < 100
	steps := _between(weight)
	not _waits(steps)
	not _measures(steps)
	seconds := sum(_pauses(steps))
	seconds < 300
	finding := _finding(
		sprintf("weight %v %% is followed by %s, five minutes or an analysis are needed to see anything", [
			weight.percent,
			_pause(seconds),
		]),
		weight.path,
		_pause(seconds),
		"pause of at least 5m, or an analysis",
	)
}

_pause(seconds) := "no pause" if seconds == 0

_pause(seconds) := sprintf("a pause of %s", [duration.said(seconds)]) if seconds > 0

# How long an analysis step takes is written elsewhere, and a pause without end takes as long as somebody wants.
_short(limits) := {finding |
	count(_weights) > 0
	not _waits(_steps)
	not _measures(_steps)
	seconds := sum(_pauses(_steps))
	seconds < limits.bake
	finding := _finding(
		sprintf("the canary bakes for %s altogether, at least %s for tier 0 and 1", [
			duration.said(seconds),
			duration.said(limits.bake),
		]),
		["spec", "strategy", "canary", "steps"],
		duration.said(seconds),
		sprintf("at least %s", [duration.said(limits.bake)]),
	)
} | _short_flagger(limits)

_short_flagger(limits) := {finding |
	seconds := _rungs * _interval
	seconds < limits.bake
	finding := _finding(
		sprintf("%v steps of %s bake for %s altogether, at least %s for tier 0 and 1", [
			_rungs,
			duration.said(_interval),
			duration.said(seconds),
			duration.said(limits.bake),
		]),
		["spec", "analysis", "interval"],
		duration.said(seconds),
		sprintf("at least %s", [duration.said(limits.bake)]),
	)
}

# Replicas are whole: of ten, one is the smallest share.
_coarse contains finding if {
	count(_weights) > 0
	not _routed
	first := _weights[0].percent
	needed := ceil(100 / first)
	replicas := workload.replicas(input.resource)
	replicas < needed
	finding := _finding(
		sprintf("%v replicas without traffic routing cannot give %v %% of the traffic, %d are needed", [
			replicas,
			first,
			needed,
		]),
		_weights[0].path,
		sprintf("%v replicas", [replicas]),
		sprintf("%d replicas, or trafficRouting", [needed]),
	)
}

# Flagger looks every minute unless told otherwise, and goes up to 100 %.
_written_interval := shape.at(_analysis, ["interval"])

_interval := duration.seconds(_written_interval)

_interval := 60 if _written_interval == null

_most := _analysis.maxWeight if is_number(_analysis.maxWeight)

_most := 100 if not is_number(object.get(_analysis, "maxWeight", null))

_rungs := count(_ladder) if is_array(_analysis.stepWeights)

_rungs := ceil(_most / _analysis.stepWeight) if {
	not is_array(shape.at(_analysis, ["stepWeights"]))
	not _iterated
	_analysis.stepWeight > 0
}

_flagger contains finding if {
	_analysis.stepWeight
	not _iterated
	_most < 50
	finding := _finding(
		sprintf("maxWeight is %v: half of the users are never tried before everybody gets it", [_most]),
		["spec", "analysis", "maxWeight"],
		sprintf("%v", [_most]),
		"at least 50",
	)
}

_flagger contains finding if {
	count(_ladder) > 0
	seconds := _interval * _analysis.threshold
	seconds > 600
	finding := _finding(
		sprintf("interval × threshold is %s: so long users meet a failing canary, at most 10m", [
			duration.said(seconds),
		]),
		["spec", "analysis", "threshold"],
		duration.said(seconds),
		"at most 10m",
	)
}

_without_effect contains finding if {
	not _routed
	some index, step in _steps
	step.setCanaryScale
	finding := evidence.noted(
		_finding(
			"setCanaryScale has no effect without trafficRouting",
			["spec", "strategy", "canary", "steps", index, "setCanaryScale"],
			"setCanaryScale",
			"trafficRouting",
		),
		"low",
	)
}

_finding(msg, path, observed, expected) := evidence.finding(input.resource.name, msg, path, observed, expected)

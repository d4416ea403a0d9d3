# METADATA
# title: How long a rollout takes at least
# description: >-
#   Adds up the pauses and analyses of an Argo Rollout and the steps of a Flagger Canary. Nothing here reads `input`;
#   nanoseconds.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/specification/
#   - https://docs.flagger.app/usage/deployment-strategies
package policies.lib.rollout

import data.policies.lib.canary
import data.policies.lib.duration
import data.policies.lib.resource
import data.policies.lib.shape

_second := 1000000000

# The controllers that the change sets in motion: Rollouts and Canaries whose pods or steps change.
controllers(changed) := [{"name": thing.name, "type": thing.type, "attrs": thing.attrs, "related": thing.related} |
	some touched in changed
	resource.production(touched)
	touched.action in {"create", "update", "replace"}
	some thing in array.concat([touched], _related(touched))
	thing.type in {"argoproj.io/Rollout", "flagger.app/Canary"}
]

_related(touched) := [other |
	some other in touched.related
	other.relation in {"rollout", "canary"}
	resource.remains(other)
]

# Nanoseconds from the first step to the last; 0 where nothing is paused.
least_ns(controller) := _argo(controller) if controller.type == "argoproj.io/Rollout"

least_ns(controller) := _flagger(controller.attrs) if controller.type == "flagger.app/Canary"

# Somebody has to promote it: a pause without an end.
waits_for_a_person(controller) if {
	some step in canary.steps(controller.attrs)
	is_object(step.pause)
	not _is_time(object.get(step.pause, "duration", null))
}

_is_time(value) if is_number(duration.seconds(value))

_argo(controller) := round(_second * sum([seconds |
	some step in canary.steps(controller.attrs)
	some seconds in array.concat(_pause(step), _analysis(controller, step))
]))

_pause(step) := [duration.seconds(step.pause.duration) | _is_time(step.pause.duration)]

# The longest metric of the templates that the step names.
_analysis(controller, step) := [max(lengths) | count(lengths) > 0] if {
	names := {template.templateName | some template in shape.list(shape.at(step, ["analysis", "templates"]))}
	lengths := [length |
		some other in shape.list(object.get(controller, "related", []))
		object.get(other, "relation", "") == "analysis-template"
		other.name in names
		some metric in shape.list(shape.at(object.get(other, "attrs", {}), ["spec", "metrics"]))
		count_of := duration.seconds(object.get(metric, "count", 1))
		length := duration.seconds(object.get(metric, "interval", 0)) * count_of
	]
}

# interval × maxWeight / stepWeight, or one interval for each of the step weights; in iterations where there are no weights.
_flagger(attrs) := round((_second * interval) * _rounds(analysis)) if {
	analysis := shape.map(shape.at(attrs, ["spec", "analysis"]))
	interval := duration.seconds(object.get(analysis, "interval", "60s"))
}

_flagger(attrs) := 0 if not _has_interval(attrs)

_has_interval(attrs) if is_number(duration.seconds(object.get(shape.map(shape.at(attrs, ["spec", "analysis"])), "interval", "60s")))

_rounds(analysis) := count(analysis.stepWeights) if is_array(analysis.stepWeights)

_rounds(analysis) := ceil(object.get(analysis, "maxWeight", 100) / analysis.stepWeight) if {
	not is_array(object.get(analysis, "stepWeights", null))
	is_number(analysis.stepWeight)
	analysis.stepWeight > 0
	is_number(object.get(analysis, "maxWeight", 100))
}

_rounds(analysis) := object.get(analysis, "iterations", 1) if {
	not is_array(object.get(analysis, "stepWeights", null))
	not is_number(object.get(analysis, "stepWeight", null))
	is_number(object.get(analysis, "iterations", 1))
}

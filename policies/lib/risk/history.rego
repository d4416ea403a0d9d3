# METADATA
# title: What earlier changes of the service tell
# description: >-
#   The rate of failed changes, shrunken towards the organisation's mean so that one failure in four says little and
#   thirty in two hundred say much. Old changes count less. Ages are those at the newest entry, so that the same history
#   gives the same rate on every day. All in whole millionths: no machine rounds differently.
# related_resources:
#   - https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
package policies.lib.risk.history

import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.risk.subject
import data.policies.lib.risk.weights
import data.policies.lib.shape

_one := 1000000

_w := weights.effective["R-HISTORY"]

given if {
	input.context.deploys.given == true
	input.context.deploys.stale != true
}

# Production deployments of the services at stake that ended, with how much of a failure each was in quarters.
deployments := [deployment |
	some entry in shape.list(shape.at(input.context, ["deploys", "entries"]))
	is_object(entry)
	_service(entry) in subject.services
	_in_production(entry)
	ended := instant.ns(entry.finishedAt)
	not _is_left_out(entry)
	deployment := {
		"service": _service(entry),
		"ended_ns": ended,
		"change": object.get(entry, "change", null),
		"quarters": _quarters(entry),
		"size": object.get(entry, "resources", null),
		"caught": object.get(entry, "result", null) == "aborted-canary",
	}
]

_service(entry) := resource.service_name(entry.service)

_in_production(entry) if resource.production_word(object.get(entry, "environment", "prod"))

# What was called off says nothing, and the change at hand is no history of itself.
_is_left_out(entry) if object.get(entry, "result", null) in {"cancelled", "canceled"}

_is_left_out(entry) if {
	is_object(input.change)
	object.get(entry, "change", null) == input.change.metadata.id
}

_quarters_of := {
	"success": 0, "succeeded": 0, "successful": 0, "aborted-canary": 0, "successful-with-issues": 1,
	"successful_issues": 1, "rolled-back": 4, "failed": 4,
}

# The worst of what the deployment, its review and the incidents that it caused say.
_quarters(entry) := max(array.concat(
	[object.get(_quarters_of, _result(entry), 4)],
	array.concat(
		[object.get(_quarters_of, outcome, 4) | some outcome in _outcomes(entry)],
		[6 | _caused_an_incident(entry)],
	),
))

# What is no word counts as a failure, like a word that is not known.
_result(entry) := object.get(entry, "result", "unknown") if is_string(object.get(entry, "result", "unknown"))

_result(entry) := "unknown" if not is_string(object.get(entry, "result", "unknown"))

_outcomes(entry) := object.get(_outcomes_of, entry.change, set()) if is_string(entry.change)

_outcomes(entry) := set() if not is_string(object.get(entry, "change", null))

# Change → outcomes of its reviews. Reviews and incidents are gone through once, not once for each deployment.
_outcomes_of := shape.grouped({[review.change, review.outcome] |
	some review in shape.list(shape.at(input.context, ["pirs", "entries"]))
	is_string(review.change)
	is_string(review.outcome)
	review.outcome != "cancelled"
})

_caused_an_incident(entry) if {
	is_string(entry.change)
	entry.change in _harmful
}

_harmful := {incident.causedByChange |
	some incident in shape.list(shape.at(input.context, ["incidents", "entries"]))
	incident.severity in {"SEV1", "SEV2"}
}

_now_ns := max([deployment.ended_ns | some deployment in deployments])

# Name → what its history says. `k` and `n` count changes in the window; the interval is Wilson's at 95 %.
rates := {name: rate |
	some name in subject.services
	mine := [deployment |
		some deployment in deployments
		deployment.service == name
		_age(deployment) <= _w.days
	]
	rate := {
		"k": sum([deployment.quarters | some deployment in mine]) / 4,
		"n": count(mine),
		"caught": count([1 | some deployment in mine; deployment.caught]),
		"q": _shrunken(mine),
		"interval": _wilson(mine),
	}
}

_age(deployment) := floor((_now_ns - deployment.ended_ns) / instant.day)

# q = (Σ w·fail + m·p0) / (Σ w + m), in millionths.
_shrunken(mine) := floor(((failed + (_w.strength * (_w.prior * 1000))) * _one) / (total + (_w.strength * _one))) if {
	total := sum([_weight(_age(deployment)) | some deployment in mine])
	failed := sum([floor((_weight(_age(deployment)) * deployment.quarters) / 4) | some deployment in mine])
}

# 0.5^(age / half-life) in millionths: whole half-lives, and the series of 2^-f for the rest.
_weight(age) := floor((_one * _series((age % _w.half_life) / _w.half_life)) / bits.lsh(1, floor(age / _w.half_life)))

_series(f) := 1 - (f * (0.693147 - (f * (0.240227 - (f * (0.055504 - (f * (0.009618 - (f * 0.001333)))))))))

# Wilson's score interval of k of n in thousandths; null when nothing happened yet.
_wilson(mine) := null if count(mine) == 0

_wilson(mine) := [
	max([0, floor((1000 * (centre - half)) / scale)]),
	min([1000, ceil((1000 * (centre + half)) / scale)]),
] if {
	n := count(mine)
	n > 0
	p := min([1, sum([deployment.quarters | some deployment in mine]) / (4 * n)])
	zz := 1.96 * 1.96
	scale := 1 + (zz / n)
	centre := p + (zz / (2 * n))
	half := 1.96 * _root(((p * (1 - p)) / n) + (zz / ((4 * n) * n)))
}

# Square root of a number from 0 to 1, by Newton's steps.
_root(s) := _step(s, _step(s, _step(s, _step(s, _step(s, _step(s, _step(s, _step(s, _step(s, 1)))))))))

_step(s, x) := (x + (s / x)) / 2

# METADATA
# title: The risk of a change
# description: >-
#   Adds whole points for impact, likelihood, timing and missing evidence, takes away at most 25 for what makes harm
#   smaller, and keeps to 0 to 100. Floors come last and go by level. Every point names its evidence. It is evaluated before
#   every policy, and its result is their `input.risk`. What is not known raises the risk and never lowers it.
# related_resources:
#   - https://dora.dev/capabilities/streamlining-change-approval/
#   - https://aws.amazon.com/builders-library/automating-safe-hands-off-deployments/
package policies.lib.risk.model

import data.policies.lib.risk.evidence
import data.policies.lib.risk.history
import data.policies.lib.risk.impact
import data.policies.lib.risk.likelihood
import data.policies.lib.risk.meaning
import data.policies.lib.risk.minimum
import data.policies.lib.risk.mitigation
import data.policies.lib.risk.subject
import data.policies.lib.risk.timing
import data.policies.lib.risk.weights

# What a configuration's weights are wrong about; the gate stops.
faults := weights.faults

# The result; undefined where there is nothing to weigh.
assessment := {
	"model": weights.model,
	"score": score,
	"level": level,
	"factors": factors,
	"mitigations": mitigations,
	"floors": floors,
	"history": _history,
	"instants": sort(_instants),
} if {
	subject.exists
}

score := max([0, min([100, _raised - _lowered])])

_raised := sum([one.points | some one in factors])

_lowered := min([weights.effective.mitigations.most, sum([one.points | some one in mitigations])])

levels := ["low", "medium", "high", "very-high"]

# The level of the score, or the highest floor.
level := levels[max(array.concat([_scored], [rank | some one in floors; some rank, name in levels; name == one.level]))]

_scored := count([1 |
	some name in array.slice(levels, 1, count(levels))
	score >= weights.effective.levels[name]
])

# By group, then by name, then the heaviest first.
factors := [one |
	some key in sort([[rank, one.id, 0 - one.points, one] |
		some one in _all
		some rank, group in meaning.groups
		meaning.factors[one.id].group == group
	])
	one := key[3]
]

_all contains object.union(one, {"group": meaning.factors[one.id].group}) if {
	subject.exists
	some part in [impact.factors, likelihood.factors, timing.factors, evidence.factors]
	some one in part
	one.points > 0
}

mitigations := [one |
	some key in sort([[0 - one.points, one] | some one in mitigation.found; one.points > 0])
	one := key[1]
]

floors := [one |
	some key in sort([[0 - rank, one] | some one in minimum.found; some rank, name in levels; name == one.level])
	one := key[1]
]

_history := [one |
	some name, rate in history.rates
	one := {
		"service": name,
		"k": sprintf("%v", [rate.k]),
		"n": rate.n,
		"caught": rate.caught,
		"q": likelihood.percent(floor(rate.q / 1000)),
		"low": _end(rate.interval, 0),
		"high": _end(rate.interval, 1),
	}
]

_end(interval, index) := likelihood.percent(interval[index]) if is_array(interval)

_end(interval, _) := null if interval == null

_instants := {at | some at in likelihood.instants | evidence.instants; at > input.now_ns}

# For `changegate policy show risk`: every factor with its weights.
explanation := [{"id": id, "group": group, "title": about.title, "lower": about.lower, "weights": weights.effective[id]} |
	some group in meaning.groups
	some id, about in meaning.factors
	about.group == group
]

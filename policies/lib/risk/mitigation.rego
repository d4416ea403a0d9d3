# METADATA
# title: What makes harm smaller
# description: >-
#   Counted only where it can be seen: in the manifests, or with evidence that is dated. Together they take away no more
#   than the weights allow, and never what a floor demands.
package policies.lib.risk.mitigation

import data.policies.lib.canary
import data.policies.lib.instant
import data.policies.lib.risk.evidence
import data.policies.lib.risk.subject
import data.policies.lib.risk.weights
import data.policies.lib.shape
import data.policies.lib.text

_w := weights.effective.mitigations

found contains {"id": "canary", "points": _w.canary, "evidence": "every workload that changes has an armed canary"} if {
	_all_guarded
	count(_waves) > 0
}

found contains {"id": "blue_green", "points": _w.blue_green, "evidence": "the old version stays warm beside the new one"} if {
	_all_guarded
	some changed in evidence.rolled
	every changed in evidence.rolled {
		_stays_warm(changed)
	}
}

_all_guarded if {
	count(evidence.rolled) > 0
	count(evidence.unguarded) == 0
}

# First share of traffic of each workload that is shifted step by step.
_waves := [share |
	some changed in evidence.rolled
	some attrs in _controllers(changed)
	share := _first(attrs)
]

_controllers(changed) := [changed.attrs] if changed.type == "argoproj.io/Rollout"

_controllers(changed) := [other.attrs |
	some other in changed.related
	other.relation in {"rollout", "canary"}
] if {
	changed.type != "argoproj.io/Rollout"
}

# An Argo Rollout's steps, else Flagger's list of weights, else its fixed step.
_first(attrs) := array.concat(
	[step.setWeight | some step in canary.steps(attrs); is_number(step.setWeight)],
	array.concat(
		[weight | some weight in shape.list(shape.at(attrs, ["spec", "analysis", "stepWeights"])); is_number(weight)],
		[weight | weight := shape.at(attrs, ["spec", "analysis", "stepWeight"]); is_number(weight)],
	),
)[0]

_stays_warm(changed) if {
	some attrs in _controllers(changed)
	shape.at(attrs, ["spec", "strategy", "blueGreen", "scaleDownDelaySeconds"]) >= 30
}

found contains {"id": "first_wave", "points": _w.first_wave, "evidence": sprintf("the first step is %d %% of traffic", [most])} if {
	_all_guarded
	most := max(_waves)
	most <= 10
}

found contains {"id": "flag", "points": _w.flag, "evidence": "new behaviour waits behind a flag whose switch was tested"} if {
	flags := shape.list(shape.at(subject.spec, ["featureFlags"]))
	count(flags) > 0
	every flag in flags {
		flag.defaultState == "off"
		text.given(flag.owner)
		instant.ns(flag.killSwitchTestedAt) <= input.now_ns
	}
}

found contains {"id": "rollback", "points": _w.rollback, "evidence": sprintf("the rollback was tested at %s", [tested.at])} if {
	some tested in evidence.rollback_tests
	tested.ns <= input.now_ns
	input.now_ns < tested.ns + (30 * instant.day)
	not _tested_later(tested)
}

_tested_later(tested) if {
	some other in evidence.rollback_tests
	other.ns > tested.ns
}

found contains {"id": "template", "points": _w.template, "evidence": sprintf("the template %v succeeded %d times", [
	subject.template.id,
	successes,
])} if {
	stats := shape.map(shape.at(subject.template, ["stats"]))
	failures := object.get(stats, "failures", 0)
	is_number(stats.uses)
	is_number(failures)
	successes := stats.uses - failures
	successes >= 20
}

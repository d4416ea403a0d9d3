# METADATA
# title: Team owes post-implementation reviews
# description: >-
#   An emergency, a high risk, a freeze override, the first use of a template, a deployment that failed or was rolled
#   back, a change that caused an incident, and one in ten of the other normal changes are reviewed within five
#   business days of their end. The team's next change is told of the first overdue review; three of them, or one
#   that is more than 15 days late, stop it until they are written. Emergencies are only told. Standard changes
#   without a failure need none. The sample is drawn by the id of the change and the threshold `PIR-001.salt`,
#   which is changed each quarter.
# related_resources:
#   - https://sre.google/sre-book/postmortem-culture/
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-4
# custom:
#   id: PIR-001
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request]
#   controls:
#     SOC2: [CC8.1, CC4.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-4(2), CA-7]
#     DORARTS: [17(1)(g)]
#   remediation: >-
#     Write the missing reviews as PIR documents under .changegate/: change, outcome, actual start and end, lessons,
#     controlUpdates, reviewedBy, at. Outcome and times stand in the deploy history and the incident log.
#   since: 0.2.0
package policies.review.overdue_review

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.review

deny contains finding if {
	_judged
	context.given(input, "pirs")
	count(_overdue) > 0
	finding := object.union(_weight, {
		"msg": sprintf("%s owes %s, the oldest for %d days: %s", [
			_team,
			_reviews,
			floor(_latest / instant.day),
			concat(", ", sort([one.change | some one in _overdue])),
		]),
		"at": "change",
		"path": ["spec", "team"],
		"because": [place | some one in _overdue; some place in one.because],
		"evidence": [line |
			some one in _overdue
			line := {
				"pointer": sprintf("review of %s", [one.change]),
				"observed": sprintf("none, due %s (%s)", [time.format(one.due_ns), one.why]),
				"expected": "a PIR document with this change",
			}
		],
	})
}

unknown contains finding if {
	_judged
	not context.given(input, "deploys")
	not context.given(input, "change_indexes")
	finding := {
		"msg": context.missing("DeployHistory", "which changes need a review"),
		"at": "change",
		"path": ["spec", "team"],
	}
}

unknown contains finding if {
	_judged
	not context.given(input, "pirs")
	count(_state.needed) > 0
	finding := {
		"msg": sprintf("%s (%s)", [
			context.missing("PIR", "whether changes were reviewed"),
			concat(", ", sort(_state.needed)),
		]),
		"at": "change",
		"path": ["spec", "team"],
	}
}

unknown contains finding if {
	_judged
	context.given(input, "pirs")
	some id in _state.unended
	finding := {
		"msg": sprintf("when %s ended is not known: whether its review is overdue cannot be judged", [id]),
		"at": "change",
		"path": ["spec", "team"],
	}
}

valid_until contains instant_ns if {
	_judged
	context.given(input, "pirs")
	some instant_ns in _state.next_due_ns
}

_judged if {
	reach.judged(input)
	is_string(input.change.spec.team)
}

_team := input.change.spec.team

_state := review.state(input)

_overdue := {one |
	some one in _state.overdue
	resource.service_name(_team) in one.teams
}

_latest := max([one.late_ns | some one in _overdue])

_reviews := "one post-implementation review" if count(_overdue) == 1

_reviews := sprintf("%d post-implementation reviews", [count(_overdue)]) if count(_overdue) > 1

_stops if count(_overdue) >= 3

_stops if _latest > 15 * instant.day

_weight := {} if _blocks

_weight := {"enforcement": "advisory", "severity": "medium"} if not _blocks

_blocks if {
	_stops
	not input.change.spec.type == "emergency"
}

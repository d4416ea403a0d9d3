# METADATA
# title: Planned window does not fit the change
# description: >-
#   The window begins before it ends, is at most four hours long, and holds the pauses of the rollout and the rollback. A
#   change of tier 0 or 1 gives people a day to look: from the earliest approval of this content, or from now, to the
#   start; emergencies and overrides need none. It is applied inside the window, from the start on and before the end. A
#   Friday afternoon and nobody on call are shown and stop nothing. Thresholds: `CHG-005.max_window_hours`,
#   `lead_time_hours`.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/specification/
#   - https://docs.flagger.app/usage/deployment-strategies
# custom:
#   id: CHG-005
#   scope: change
#   targets: []
#   severity: medium
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3]
#   remediation: >-
#     Move or lengthen the window (`changegate freeze next --for` prints open slots), or shorten the rollout.
#   since: 0.1.0
package policies.change.unfit_window

import data.policies.lib.approval
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.rollout
import data.policies.lib.schedule
import data.policies.lib.shape
import data.policies.lib.text
import data.policies.lib.threshold

_minute := 60000000000

deny contains finding if {
	_plans_an_end
	_window.end_ns <= _window.start_ns
	finding := _finding("end", sprintf("the window ends at %s, not after its start %s", [_window.end, _window.start]), {
		"observed": _window.end, "expected": sprintf("after %s", [_window.start]),
	})
}

deny contains finding if {
	_type != "emergency"
	length := _window.end_ns - _window.start_ns
	length > _most_hours * instant.hour
	finding := _finding("end", sprintf("the window is %d minutes long, at most are %d", [
		_minutes(length),
		_most_hours * 60,
	]), {"observed": sprintf("%d min", [_minutes(length)]), "expected": sprintf("%d min or less", [_most_hours * 60])})
}

# The offset that is written and the zone that is named are two answers to one question.
deny contains finding if {
	_window
	some side in ["start", "end"]
	fault := schedule.offset_fault(input.change, side)
	finding := _finding(side, fault, {"observed": _window[side], "expected": "an offset of schedule.timezone at that instant"})
}

deny contains finding if {
	_plans_an_end
	_window.end_ns > _window.start_ns
	needed := _longest_rollout + _window.rollback_ns
	length := _window.end_ns - _window.start_ns
	length < needed
	finding := _finding("end", sprintf("the window is %d minutes long, the rollout takes %d and its rollback may take %d", [
		_minutes(length),
		_minutes(_longest_rollout),
		_minutes(_window.rollback_ns),
	]), {
		"observed": sprintf("%d min", [_minutes(length)]),
		"expected": sprintf("%d min or more", [ceil(needed / _minute)]),
	})
}

deny contains finding if {
	some controller in rollout.controllers(input.changed)
	rollout.waits_for_a_person(controller)
	not text.answered(shape.at(input.change, ["spec", "schedule", "manualPromotionBy"]))
	is_object(input.change)
	finding := _finding("manualPromotionBy", sprintf("%s pauses until a person promotes it, and nobody is named", [
		controller.name,
	]), {"observed": "absent", "expected": "who promotes it (schedule.manualPromotionBy)"})
}

# Lead time: a day for people to look, counted from the first approval of exactly this content.
deny contains finding if {
	_needs_lead
	lead := _window.start_ns - _known_since_ns
	lead < _lead_ns
	finding := _finding("start", sprintf("the change starts %d minutes after %s, lead time is %d hours", [
		_minutes(lead),
		_since,
		_lead_hours,
	]), {"observed": sprintf("%d min", [_minutes(lead)]), "expected": sprintf("%d h or more", [_lead_hours])})
}

# At apply the real clock decides.
deny contains finding if {
	input.stage == "apply"
	input.now_ns < _window.start_ns
	finding := _finding("start", sprintf("applied at %s, before the window opens at %s", [input.now, _window.start]), {
		"observed": input.now, "expected": sprintf("%s or later", [_window.start]),
	})
}

deny contains finding if {
	input.stage == "apply"
	_plans_an_end
	_window.end_ns <= input.now_ns
	finding := _finding("end", sprintf("applied at %s, the window ended at %s", [input.now, _window.end]), {
		"observed": input.now, "expected": sprintf("before %s", [_window.end]),
	})
}

# A check that passed for a window is withdrawn when the window ends.
deny contains finding if {
	input.stage == "pull-request"
	input.mode == "difference"
	_plans_an_end
	_window.end_ns > _window.start_ns
	_window.end_ns <= input.now_ns
	finding := _finding("end", sprintf("the window ended at %s", [_window.end]), {
		"observed": _window.end, "expected": "a window that lies ahead",
	})
}

deny contains finding if {
	_window
	schedule.friday_afternoon(input.change)
	finding := _advice("start", "the change starts on a Friday afternoon: who looks after it on Saturday?")
}

deny contains finding if {
	_window
	_judged
	not _somebody_on_call
	finding := _advice("start", "nobody is on call for the window (schedule.bookings, kind on-call)")
}

# The edges of the window, and the last instant with enough lead.
valid_until contains _window.start_ns if input.stage == "apply"

valid_until contains _window.end_ns if _plans_an_end

valid_until contains (_window.start_ns - _lead_ns) + 1 if {
	_needs_lead
	count(_approved_at) == 0
}

_judged if reach.production_scope(input.change)

_judged if {
	some changed in input.changed
	resource.production(changed)
}

_window := input.change.window if {
	_judged
	is_object(shape.at(input.change, ["window"]))
}

_schedule := shape.map(shape.at(input.change, ["spec", "schedule"]))

_type := object.get(shape.map(shape.at(input.change, ["spec"])), "type", "normal")

# An emergency names a start only.
_plans_an_end if {
	_window
	is_string(object.get(_schedule, "end", null))
}

_most_hours := threshold.number(input.config, "CHG-005", "max_window_hours", 4)

_lead_hours := threshold.number(input.config, "CHG-005", "lead_time_hours", 24)

_lead_ns := _lead_hours * instant.hour

_longest_rollout := max(array.concat(
	[0],
	[rollout.least_ns(controller) | some controller in rollout.controllers(input.changed)],
))

_needs_lead if {
	input.stage == "pull-request"
	_window
	_type == "normal"
	not is_object(shape.at(input.change, ["spec", "freezeOverride"]))
	some tier in _tiers
	_is_critical(tier)
	not _over
}

# A window that is over has another fault.
_over if _window.end_ns <= input.now_ns

_tiers := approval.tiers(input) | {service.tier |
	reach.production_scope(input.change)
	some service in shape.list(shape.at(input.change, ["services"]))
}

_is_critical(tier) if tier <= 1

_is_critical(tier) if tier == null

_approved_at := [one.at_ns |
	some one in input.approvals
	one.valid == true
	is_number(one.at_ns)
]

_known_since_ns := min(_approved_at) if count(_approved_at) > 0

_known_since_ns := input.now_ns if count(_approved_at) == 0

_since := "its first approval" if count(_approved_at) > 0

_since := "now, and nobody has approved it yet" if count(_approved_at) == 0

_somebody_on_call if {
	some booking in shape.list(object.get(_schedule, "bookings", null))
	shape.at(booking, ["kind"]) == "on-call"
	text.given(shape.at(booking, ["ref"]))
}

_somebody_on_call if text.given(shape.at(input.change, ["spec", "preChecks", "monitoring", "onCall"]))

_minutes(ns) := floor(ns / _minute)

_finding(field, msg, evidence) := {
	"msg": msg,
	"at": "change",
	"path": _place(field),
	"evidence": [object.union({"pointer": sprintf("spec.schedule.%s", [field])}, evidence)],
}

_advice(field, msg) := {
	"msg": msg,
	"at": "change",
	"path": _place(field),
	"enforcement": "advisory",
	"severity": "low",
	"remediation": "Nothing has to change: small changes at any time are better than large ones at the right time.",
}

_place(field) := ["spec", "schedule", field] if _schedule[field]

_place(field) := ["spec", "schedule"] if not _schedule[field]

# METADATA
# title: Change lands inside a freeze window
# description: >-
#   The interval that the change occupies, its rollback included, must stay clear of every freeze whose scope fits, and
#   must lie wholly inside an open slot of every calendar that is closed by default. On a pull request the planned
#   window is judged; at apply the present instant is. Intervals are half-open. An exemption that the request claims for
#   itself is honoured and shown. An emergency override lifts this policy and no other.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-3
#   - https://argo-cd.readthedocs.io/en/stable/user-guide/sync_windows/
#   - https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-change-calendar.html
# custom:
#   id: CHG-001
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-3(8), CM-5]
#     PCIDSS: ["6.5.1"]
#     DORARTS: ["17"]
#   remediation: >-
#     Move the change to a slot that is long enough for the window and its rollback (`changegate freeze next` prints
#     them), or file a freeze override.
#   since: 0.1.0
package policies.change.freeze_window

import data.policies.lib.resource

deny contains finding if {
	some window in _freezes
	window.exempt == false
	finding := object.union(_place, {
		"msg": sprintf("occupies %s to %s, inside the freeze \"%s\" (%s to %s)%s", [
			_occupied.start,
			_occupied.end,
			window.name,
			window.start,
			window.end,
			_reason(window),
		]),
		"because": [window.source],
		"evidence": [{
			"pointer": sprintf("freeze %s", [window.id]),
			"observed": sprintf("%s to %s", [_occupied.start, _occupied.end]),
			"expected": sprintf("end by %s or start from %s", [window.start, window.end]),
		}],
		"liftable": window.id,
		"remediation": _remediation,
	})
}

deny contains finding if {
	some calendar in _closed_calendars
	not _has_slot(calendar)
	finding := object.union(_place, {
		"msg": sprintf("occupies %s to %s, and the calendar \"%s\" is closed outside of slots that hold all of it", [
			_occupied.start,
			_occupied.end,
			calendar.name,
		]),
		"because": array.concat([calendar.source], _near_slots(calendar)),
		"evidence": [{
			"pointer": sprintf("calendar %s", [calendar.name]),
			"observed": sprintf("%s to %s", [_occupied.start, _occupied.end]),
			"expected": "inside one allow window, rollback included",
		}],
		"liftable": calendar.name,
		"remediation": _remediation,
	})
}

# Shown, because nobody but the request says that the exemption fits.
deny contains finding if {
	some window in _freezes
	window.exempt == true
	contains(window.exempt_by, "self-declared")
	finding := object.union(_place, {
		"msg": sprintf("exempt from the freeze \"%s\" by %s", [window.name, window.exempt_by]),
		"because": [window.source],
		"enforcement": "advisory",
		"severity": "low",
		"remediation": "Nothing to do when the exemption is right. Whoever approves the change approves the exemption.",
	})
}

unknown contains "no FreezeCalendar was given: freezes cannot be judged. Commit one under .changegate/" if {
	_occupied
	input.calendar.given == false
}

unknown contains finding if {
	input.change.window == null
	not _occupied
	finding := {
		"msg": "the request has no schedule.start: freezes cannot be judged",
		"at": "change",
		"path": ["spec"],
	}
}

# At apply the interval moves with the clock, so the edges of the windows are instants at which the answer can change.
# The planned interval of a pull request stands still.
valid_until contains instant_ns if {
	input.stage == "apply"
	some window in _live
	some instant_ns in _edges(window)
	instant_ns > input.now_ns
}

# A freeze begins to matter as soon as the rollback would reach into it, and an open slot stops being long enough.
_edges(window) := {window.start_ns - _rollback_ns, window.end_ns} if window.kind == "deny"

_edges(window) := {window.start_ns, window.end_ns - _rollback_ns} if window.kind == "allow"

_live contains window if {
	_occupied
	some window in input.calendar.windows
	window.matches == true
	window.exempt == false
}

_freezes contains window if {
	some window in input.calendar.windows
	window.kind == "deny"
	window.matches == true
	window.start_ns < _occupied.end_ns
	_occupied.start_ns < window.end_ns
}

_closed_calendars contains calendar if {
	_occupied
	some calendar in input.calendar.calendars
	calendar.default_state == "closed"
}

_has_slot(calendar) if {
	some window in _slots(calendar)
	window.start_ns <= _occupied.start_ns
	_occupied.end_ns <= window.end_ns
}

_slots(calendar) := [window |
	some window in input.calendar.windows
	window.calendar == calendar.name
	window.kind == "allow"
	window.matches == true
]

_near_slots(calendar) := [window.source |
	some window in _slots(calendar)
	window.start_ns < _occupied.end_ns
	_occupied.start_ns < window.end_ns
]

_occupied := input.change.window.occupied

# Applied without a planned window: the change occupies the present instant.
_occupied := {"start": input.now, "start_ns": input.now_ns, "end": input.now, "end_ns": input.now_ns + 1} if {
	input.stage == "apply"
	not _planned
	some changed in input.changed
	resource.changes(changed)
}

_planned if is_object(input.change.window)

_rollback_ns := input.change.window.rollback_ns

_rollback_ns := 0 if not _planned

# The next slots that hold the window and its rollback, as the calendars stand now.
_remediation := sprintf("Move the change to an open slot: %s (`changegate freeze next` prints more), or file a %s", [
	concat(", ", [sprintf("%s to %s", [slot.start, slot.end]) | some slot in input.calendar.next_open]),
	"freeze override.",
]) if {
	_has_open_slot
}

_remediation := concat(" ", [
	"No open slot is long enough for the window and its rollback within 400 days:",
	"shorten the change (`changegate freeze next --for` prints slots), or file a freeze override.",
]) if {
	not _has_open_slot
}

_has_open_slot if count(input.calendar.next_open) > 0

_reason(window) := sprintf(": %s", [window.reason]) if is_string(window.reason)

_reason(window) := "" if window.reason == null

_place := {"at": "change", "path": ["spec", "schedule"]} if _planned

_place := {} if not _planned

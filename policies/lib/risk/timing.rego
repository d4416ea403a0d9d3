# METADATA
# title: Whether the moment is a bad one
# description: Nobody at hand, the end of the week, another change at the same time, no room for a rollback.
package policies.lib.risk.timing

import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.risk.factor
import data.policies.lib.risk.subject
import data.policies.lib.risk.weights
import data.policies.lib.rollout
import data.policies.lib.schedule
import data.policies.lib.shape
import data.policies.lib.text

_w := weights.effective["R-WINDOW"]

_window := input.change.window if {
	subject.exists
	is_object(shape.at(input.change, ["window"]))
}

factors contains {"id": "R-WINDOW", "points": _w.unstaffed, "evidence": evidence} if {
	_window
	not booked
	not schedule.office_hours(input.change)
	evidence := "outside of working hours, and nobody is booked (schedule.bookings, kind on-call)"
}

# Somebody is on call for it, as far as the request says.
booked if {
	some booking in shape.list(shape.at(subject.spec, ["schedule", "bookings"]))
	booking.kind == "on-call"
	text.given(booking.ref)
}

booked if text.given(shape.at(subject.spec, ["preChecks", "monitoring", "onCall"]))

factors contains {"id": "R-WINDOW", "points": _w.week_end, "evidence": "it starts on a Friday afternoon"} if {
	_window
	schedule.friday_afternoon(input.change)
}

factors contains {"id": "R-WINDOW", "points": _w.week_end, "evidence": evidence} if {
	_window
	not schedule.friday_afternoon(input.change)
	some event in shape.list(shape.at(input.calendar, ["events"]))
	event.kind == "holiday"
	schedule.afternoon_before(input.change, event.date)
	evidence := sprintf("it starts on the afternoon before %s, a holiday", [event.date])
}

factors contains {"id": "R-WINDOW", "points": _w.peak, "evidence": evidence} if {
	_window
	busy := {sprintf("%s (%s)", [one.name, one.peak.text]) |
		some one in shape.list(shape.at(input.context, ["services", "entries"]))
		one.name in subject.services
		some at_ns in _moments
		_is_peak(one.peak, at_ns)
	}
	count(busy) > 0
	evidence := sprintf("in the peak hours of %s", [factor.listed(busy)])
}

# Every quarter of an hour of the window, of its first day at most.
_moments := {at_ns |
	some quarter in numbers.range(0, 95)
	at_ns := _window.start_ns + (quarter * 900000000000)
	at_ns < _end_ns
}

_is_peak(peak, at_ns) if {
	time.weekday([at_ns, peak.timezone]) in peak.days
	clock := time.clock([at_ns, peak.timezone])
	minute := (clock[0] * 60) + clock[1]
	some hours in peak.hours
	_within(hours, minute)
}

_within(hours, minute) if {
	hours[0] <= minute
	minute < hours[1]
}

# Past midnight: what comes after it counts for the day that it comes on.
_within(hours, minute) if {
	hours[1] < hours[0]
	minute < hours[1]
}

_within(hours, minute) if {
	hours[1] < hours[0]
	hours[0] <= minute
}

factors contains {"id": "R-WINDOW", "points": _w.overlap, "evidence": evidence} if {
	_window
	count(_others) > 0
	evidence := sprintf("at the same time as %s", [factor.listed(_others)])
}

_others := {id |
	some other in shape.list(shape.at(input.context, ["change_indexes", "entries"]))
	id := _id(other)
	id != input.change.metadata.id
	object.get(other, "status", object.get(other, "state", "scheduled")) in {"scheduled", "implement", "implementing"}
	some from in [object.get(other, "start", null), shape.at(other, ["schedule", "start"])]
	some to in [object.get(other, "end", null), shape.at(other, ["schedule", "end"])]
	instant.ns(from) < _end_ns
	_window.start_ns < instant.ns(to)
	count({resource.service_name(_ref(one)) | some one in shape.list(object.get(other, "services", []))} & subject.services) > 0
}

# Ids may be numbers.
_id(other) := sprintf("%v", [id]) if {
	id := object.get(other, "id", object.get(other, "change", null))
	id != null
} else := "another change"

_ref(one) := one if is_string(one)

_ref(one) := one.ref if is_object(one)

_end_ns := max([_window.end_ns, _window.start_ns + 1])

factors contains {"id": "R-WINDOW", "points": _w.slack, "evidence": evidence} if {
	_window.end_ns > _window.start_ns
	slack := (_window.end_ns - _window.start_ns) - max(array.concat([0], _rollouts))
	slack < _window.rollback_ns
	evidence := sprintf("after the rollout %d minutes are left, a rollback may take %d", [
		floor(slack / 60000000000),
		ceil(_window.rollback_ns / 60000000000),
	])
}

_rollouts := [rollout.least_ns(controller) | some controller in rollout.controllers(subject.touched)]

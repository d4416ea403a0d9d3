# METADATA
# title: The window as people on the spot see it
# description: >-
#   Weekday and clock in the time zone of the request, because a Friday afternoon in Sydney is a Friday morning in London.
#   Nothing here reads `input`: `change` is the change request.
package policies.lib.schedule

import data.policies.lib.instant
import data.policies.lib.shape

# Name of the weekday at the start; undefined without a zone and a start.
weekday(change) := time.weekday([change.window.start_ns, zone(change)])

# Minutes since midnight at the start.
minute(change) := (clock[0] * 60) + clock[1] if clock := time.clock([change.window.start_ns, zone(change)])

# The zone that the request names; the gate has checked that it exists.
zone(change) := name if {
	is_number(shape.at(change, ["window", "start_ns"]))
	name := shape.at(change, ["spec", "schedule", "timezone"])
	is_string(name)
}

# Saturday is close.
friday_afternoon(change) if {
	weekday(change) == "Friday"
	minute(change) >= 15 * 60
}

# From 15:00 on the day before a date (`2026-12-25`), which is a free day.
afternoon_before(change, date) if {
	minute(change) >= 15 * 60
	next := time.date([change.window.start_ns + 86400000000000, zone(change)])
	date == concat("-", [sprintf("%d", [next[0]]), _two(next[1]), _two(next[2])])
}

# Monday to Friday, 08:00 to 18:00.
office_hours(change) if {
	not weekday(change) in {"Saturday", "Sunday"}
	minute(change) >= 8 * 60
	minute(change) < 18 * 60
}

# Why what is written at `side` and the zone disagree. `Z` names no place and agrees with every zone.
offset_fault(change, side) := sprintf("schedule.%s is written as %s, in %s it is %s then", [
	side, written, zone(change), there,
]) if {
	written := shape.at(change, ["spec", "schedule", side])
	at_ns := instant.ns(written)
	not regex.match("(Z|[+-]00:00)$", written)
	clock := time.clock([at_ns, zone(change)])
	there := concat(":", [_two(clock[0]), _two(clock[1])])
	substring(written, 11, 5) != there
}

_two(number) := format_int(number, 10) if number > 9

_two(number) := sprintf("0%d", [number]) if number < 10

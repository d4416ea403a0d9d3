# METADATA
# title: How much of the week is muted
# description: >-
#   Reads the mute time intervals of an AlertmanagerConfig (Prometheus operator, v1alpha1 and v1beta1) and of
#   Alertmanager itself, and recurrences of a Datadog downtime. An interval that is bound to years does not recur;
#   one that is bound to months or days of the month takes its share of them. A time zone moves an interval and
#   makes it no longer.
# related_resources:
#   - https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0
package policies.lib.mute

import data.policies.lib.elapsed
import data.policies.lib.shape

_days := ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]

_week := 10080

# Routes that name a mute interval: {path, matchers, intervals}.
routes(attrs) := [route |
	some found in _routes(attrs)
	names := {name |
		some key in ["muteTimeIntervals", "mute_time_intervals"]
		some name in shape.list(object.get(found.route, key, []))
	}
	count(names) > 0
	route := {
		"path": found.path,
		"matchers": shape.list(object.get(found.route, "matchers", [])),
		"intervals": [interval |
			some defined in _defined(attrs)
			defined.name in names
			some key in ["timeIntervals", "time_intervals"]
			some interval in shape.list(object.get(defined, key, []))
		],
	}
]

# Three levels of routes: deeper ones are rare, and a policy cannot recurse.
_routes(attrs) := array.concat(array.concat(_root(attrs), _children(_root(attrs))), _children(_children(_root(attrs))))

_root(attrs) := [{"path": ["spec", "route"], "route": route} |
	route := shape.at(attrs, ["spec", "route"])
	is_object(route)
]

_children(parents) := [child |
	some parent in parents
	some index, route in shape.list(object.get(parent.route, "routes", []))
	is_object(route)
	child := {"path": array.concat(parent.path, ["routes", index]), "route": route}
]

_defined(attrs) := [defined |
	some key in ["muteTimeIntervals", "timeIntervals"]
	some defined in shape.list(shape.at(attrs, ["spec", key]))
	is_object(defined)
]

# Share of the week that the intervals take, at most 1.
week_share(intervals) := min([1, sum([_share(interval) | some interval in intervals; is_object(interval)])])

_share(interval) := 0 if count(shape.list(object.get(interval, "years", []))) > 0

_share(interval) := (weekly * _of_months(interval)) * _of_days(interval) if {
	weekly := (_weekdays(interval) * _minutes(interval)) / _week
	count(shape.list(object.get(interval, "years", []))) == 0
}

_weekdays(interval) := 7 if count(shape.list(object.get(interval, "weekdays", []))) == 0

_weekdays(interval) := count({day |
	some written in shape.list(interval.weekdays)
	some day in _range(lower(sprintf("%v", [written])))
}) if {
	count(shape.list(object.get(interval, "weekdays", []))) > 0
}

_range(word) := {word} if word in _days

_range(word) := {day |
	ends := split(word, ":")
	count(ends) == 2
	some from, first in _days
	first == ends[0]
	some to, last in _days
	last == ends[1]
	some index, day in _days
	_between(index, from, to)
} if {
	contains(word, ":")
}

_range(word) := set() if {
	not word in _days
	not contains(word, ":")
}

_between(index, from, to) if {
	from <= to
	index >= from
	index <= to
}

_between(index, from, to) if {
	from > to
	index >= from
}

_between(index, from, to) if {
	from > to
	index <= to
}

# Minutes of a day.
_minutes(interval) := 1440 if count(shape.list(object.get(interval, "times", []))) == 0

_minutes(interval) := sum([max([0, _clock(to) - _clock(from)]) |
	some times in shape.list(interval.times)
	from := object.get(times, "startTime", object.get(times, "start_time", "00:00"))
	to := object.get(times, "endTime", object.get(times, "end_time", "24:00"))
]) if {
	count(shape.list(object.get(interval, "times", []))) > 0
}

_clock(text) := (_digits(split(text, ":")[0]) * 60) + _digits(split(text, ":")[1]) if {
	is_string(text)
	regex.match("^[0-9]{1,2}:[0-9]{2}$", text)
}

# A number with leading zeros is none.
_digits(text) := to_number(concat("", ["1", text])) - 100 if count(text) == 2

_digits(text) := to_number(text) if count(text) == 1

_of_months(interval) := _part(shape.list(object.get(interval, "months", [])), 12)

_of_days(interval) := _part(
	array.concat(
		shape.list(object.get(interval, "daysOfMonth", [])),
		shape.list(object.get(interval, "days_of_month", [])),
	),
	30,
)

_part(written, _) := 1 if count(written) == 0

_part(written, whole) := min([1, sum([_span(one) | some one in written]) / whole]) if count(written) > 0

# How many a range names; both ends belong to it. What cannot be read is one.
_span(one) := _length(one.start, one.end) if {
	is_object(one)
	is_number(one.start)
	is_number(one.end)
}

_span(one) := _length(_number(ends[0]), _number(ends[1])) if {
	is_string(one)
	ends := split(lower(one), ":")
	count(ends) == 2
}

_span(one) := 1 if not _is_range(one)

_is_range(one) if is_object(one)

_is_range(one) if {
	is_string(one)
	count(split(one, ":")) == 2
}

_length(from, to) := (to - from) + 1 if to >= from

# Over the turn of the year.
_length(from, to) := ((to - from) + 1) + 12 if to < from

_months := [
	"january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december",
]

_number(word) := to_number(word) if regex.match("^-?[0-9]{1,2}$", word)

_number(word) := [index | some index, month in _months; month == word][0] + 1 if {
	not regex.match("^-?[0-9]{1,2}$", word)
}

# Share of the week of a downtime that recurs (RRULE); undefined where it cannot be told.
recurrence_share(recurrence) := min([1, (_times(rule) * length) / 604800000000000]) if {
	length := elapsed.ns(recurrence.duration)
	is_string(recurrence.rrule)
	rule := {pair[0]: pair[1] |
		some part in split(trim_prefix(upper(recurrence.rrule), "RRULE:"), ";")
		pair := split(part, "=")
		count(pair) == 2
	}
}

# How often in a week.
_times(rule) := (168 * _by(rule)) / _every(rule) if rule.FREQ == "HOURLY"

_times(rule) := 7 / _every(rule) if rule.FREQ == "DAILY"

_times(rule) := _by(rule) / _every(rule) if rule.FREQ == "WEEKLY"

_times(rule) := (7 * _by(rule)) / (30 * _every(rule)) if rule.FREQ == "MONTHLY"

_times(rule) := _by(rule) / (52 * _every(rule)) if rule.FREQ == "YEARLY"

_every(rule) := max([1, to_number(rule.INTERVAL)]) if regex.match("^[0-9]{1,4}$", rule.INTERVAL)

_every(rule) := 1 if not regex.match("^[0-9]{1,4}$", object.get(rule, "INTERVAL", ""))

_by(rule) := count(split(rule.BYDAY, ",")) if rule.BYDAY

_by(rule) := 1 if not rule.BYDAY

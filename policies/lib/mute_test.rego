package policies.lib.mute_test

import data.policies.lib.mute

_night := {"times": [{"startTime": "00:00", "endTime": "02:24"}]}

_near(share, expected) if abs(share - expected) < 0.0001

test_everything if {
	mute.week_share([{}]) == 1
	mute.week_share([{}, {}]) == 1
	mute.week_share([]) == 0
}

test_a_tenth_of_each_day if _near(mute.week_share([_night]), 0.1)

test_weekdays if {
	_near(mute.week_share([{"weekdays": ["Saturday", "sunday"]}]), 2 / 7)
	_near(mute.week_share([{"weekdays": ["monday:friday"]}]), 5 / 7)
	_near(mute.week_share([{"weekdays": ["friday:monday"]}]), 4 / 7)
	_near(mute.week_share([{"weekdays": ["monday", "monday:tuesday"]}]), 2 / 7)
}

test_months_and_days if {
	_near(mute.week_share([{"months": ["january"]}]), 1 / 12)
	_near(mute.week_share([{"months": ["december:february"]}]), 3 / 12)
	_near(mute.week_share([{"daysOfMonth": [{"start": 1, "end": 3}]}]), 0.1)
	_near(mute.week_share([{"days_of_month": ["1:3"]}]), 0.1)
}

test_a_year_is_no_recurrence if mute.week_share([{"years": ["2026"], "months": ["june"]}]) == 0

test_the_zone_changes_nothing if {
	mute.week_share([object.union(_night, {"location": "Asia/Tokyo"})]) == mute.week_share([_night])
}

test_both_spellings if {
	snake := mute.week_share([{"times": [{"start_time": "09:00", "end_time": "10:00"}]}])
	snake == mute.week_share([{"times": [{"startTime": "09:00", "endTime": "10:00"}]}])
}

test_only_what_a_route_uses if {
	attrs := {"spec": {
		"muteTimeIntervals": [{"name": "night", "timeIntervals": [_night]}, {"name": "unused", "timeIntervals": [{}]}],
		"route": {"receiver": "a", "routes": [
			{"matchers": [{"name": "service", "value": "x"}], "muteTimeIntervals": ["night"]},
		]},
	}}
	found := mute.routes(attrs)
	count(found) == 1
	found[0].path == ["spec", "route", "routes", 0]
	found[0].intervals == [_night]
}

test_recurrences if {
	_near(mute.recurrence_share({"rrule": "FREQ=DAILY;INTERVAL=1", "duration": "12h"}), 0.5)
	_near(mute.recurrence_share({"rrule": "FREQ=WEEKLY;BYDAY=SA,SU", "duration": "1d"}), 2 / 7)
	_near(mute.recurrence_share({"rrule": "RRULE:FREQ=WEEKLY;INTERVAL=2", "duration": "7d"}), 0.5)
	not mute.recurrence_share({"rrule": "FREQ=DAILY", "duration": "always"})
	not mute.recurrence_share({})
}

test_odd_values if {
	every odd in [null, 7, "x", [], {"spec": 7}, {"spec": {"route": {"routes": "x", "muteTimeIntervals": 7}}}] {
		mute.routes(odd) == []
	}
	mute.week_share([7, "x", {"weekdays": ["someday", 7]}]) == 0
}

package policies.lib.schedule_test

import data.policies.lib.schedule
import data.policies.lib.sample_test as sample

_at(text, ns, zone) := json.patch(sample.change, [
	{"op": "add", "path": "/spec/schedule/timezone", "value": zone},
	{"op": "replace", "path": "/spec/schedule/start", "value": text},
	{"op": "replace", "path": "/window/start_ns", "value": ns},
])

# 2026-06-12T13:59:59Z and one second later: 14:59:59 and 15:00 in London.
test_friday_afternoon_is_local if {
	not schedule.friday_afternoon(_at("2026-06-12T14:59:59+01:00", 1781272799000000000, "Europe/London"))
	schedule.friday_afternoon(_at("2026-06-12T15:00:00+01:00", 1781272800000000000, "Europe/London"))
	not schedule.friday_afternoon(_at("2026-06-12T15:00:00+01:00", 1781272800000000000, "Australia/Sydney"))
	not schedule.friday_afternoon(sample.change)
}

# 2026-12-24T13:59:59Z and one second later: 14:59:59 and 15:00 in Berlin; in Sydney Christmas has begun.
test_afternoon_before_is_local if {
	not schedule.afternoon_before(_at("2026-12-24T14:59:59+01:00", 1798120799000000000, "Europe/Berlin"), "2026-12-25")
	schedule.afternoon_before(_at("2026-12-24T15:00:00+01:00", 1798120800000000000, "Europe/Berlin"), "2026-12-25")
	not schedule.afternoon_before(_at("2026-12-24T15:00:00+01:00", 1798120800000000000, "Europe/Berlin"), "2026-12-26")
	not schedule.afternoon_before(_at("2026-12-24T15:00:00+01:00", 1798120800000000000, "Australia/Sydney"), "2026-12-25")
	not schedule.afternoon_before(sample.change, "2026-06-12")
}

test_office_hours if {
	schedule.office_hours(_at("2026-06-12T15:00:00+01:00", 1781272800000000000, "Europe/London"))
	not schedule.office_hours(_at("2026-06-12T15:00:00+01:00", 1781272800000000000, "Australia/Sydney"))
	not schedule.office_hours(sample.change)
}

test_offset_and_zone_agree if {
	not schedule.offset_fault(_at("2026-06-11T20:00:00+01:00", sample.start, "Europe/London"), "start")
	not schedule.offset_fault(_at("2026-06-11T19:00:00Z", sample.start, "Europe/London"), "start")
	not schedule.offset_fault(sample.change, "start")
}

test_offset_and_zone_disagree if {
	fault := schedule.offset_fault(_at("2026-06-11T21:00:00+02:00", sample.start, "Europe/London"), "start")
	fault == "schedule.start is written as 2026-06-11T21:00:00+02:00, in Europe/London it is 20:00 then"
}

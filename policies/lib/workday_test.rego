package policies.lib.workday_test

import data.policies.lib.instant
import data.policies.lib.workday

test_a_week_has_five if {
	every from, to in {
		"2026-06-08T09:00:00Z": "2026-06-15T09:00:00Z",
		"2026-06-12T23:59:59Z": "2026-06-19T23:59:59Z",
		"2026-06-13T12:00:00Z": "2026-06-19T12:00:00Z",
		"2026-06-14T12:00:00Z": "2026-06-19T12:00:00Z",
	} {
		workday.after(instant.ns(from), 5) == instant.ns(to)
	}
}

test_two_days_over_a_weekend if {
	workday.after(instant.ns("2026-06-12T10:00:00Z"), 2) == instant.ns("2026-06-16T10:00:00Z")
}

test_one_day if workday.after(instant.ns("2026-06-13T10:00:00Z"), 1) == instant.ns("2026-06-15T10:00:00Z")

package policies.lib.instant_test

import data.policies.lib.instant
import data.policies.lib.sample_test as sample

test_reads_an_offset if instant.ns("2026-06-11T20:00:00+01:00") == sample.start

test_reads_a_fraction if instant.ns("2026-06-11T19:00:00.000000001Z") == sample.start + 1

test_leap_days if {
	instant.valid("2028-02-29T00:00:00Z")
	not instant.valid("2026-02-29T00:00:00Z")
	not instant.valid("2100-02-29T00:00:00Z")
}

test_days_that_do_not_exist if {
	every text in [
		"2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-32T00:00:00Z",
		"2026-06-11T24:00:00Z", "2026-06-11T20:60:00Z", "2026-06-11T20:00:61Z", "2026-06-11T20:00:00",
		"2026-06-11", "2026-06-11t20:00:00z", "2026-06-11T20:00:00+25:00", "1677-01-01T00:00:00Z",
	] {
		not instant.valid(text)
	}
}

test_other_types_are_undefined if {
	every value in [7, null, true, ["2026-06-11T20:00:00Z"], {"at": 1}] {
		not instant.valid(value)
	}
}

test_fresh_until_the_boundary if instant.fresh("2026-06-10T19:00:00Z", sample.start - 1, instant.day)

test_over_at_the_boundary if not instant.fresh("2026-06-10T19:00:00Z", sample.start, instant.day)

test_the_future_is_not_fresh if not instant.fresh("2026-06-11T19:00:01Z", sample.start, instant.day)

package policies.lib.duration_test

import data.policies.lib.duration

test_numbers_and_digits_are_seconds if {
	duration.seconds(600) == 600
	duration.seconds("600") == 600
}

test_go_text if {
	duration.seconds("10m") == 600
	duration.seconds("1h30m") == 5400
	duration.seconds("1.5s") == 1.5
}

test_anything_else_is_undefined if {
	every value in ["", "10", "1d", "ten minutes", "-5m", "m", null, true, {}, [], "99999999999m"] {
		not _understood(value)
	}
}

_understood(value) if {
	value != "10"
	is_number(duration.seconds(value))
}

test_said if {
	duration.said(7200) == "2h"
	duration.said(300) == "5m"
	duration.said(90) == "90s"
	duration.said(45) == "45s"
}

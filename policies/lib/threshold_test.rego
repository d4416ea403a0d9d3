package policies.lib.threshold_test

import data.policies.lib.threshold

_config := {"thresholds": {"CHG-006": {"cooldown_minutes": 15, "odd": "x", "strict": true}, "PRE-004": 7}}

test_the_configured_number if threshold.number(_config, "CHG-006", "cooldown_minutes", 30) == 15

test_the_usual_number if {
	every row in [["CHG-006", "odd"], ["CHG-006", "other"], ["PRE-004", "days"], ["PRE-001", "days"]] {
		threshold.number(_config, row[0], row[1], 30) == 30
	}
	threshold.number({}, "CHG-006", "cooldown_minutes", 30) == 30
	threshold.number(null, "CHG-006", "cooldown_minutes", 30) == 30
}

test_a_switch if {
	threshold.on(_config, "CHG-006", "strict")
	not threshold.on(_config, "CHG-006", "cooldown_minutes")
}

package policies.lib.elapsed_test

import data.policies.lib.elapsed
import data.policies.lib.instant

test_both_spellings if {
	every text, expected in {
		"PT20M": instant.hour / 3, "pt1h": instant.hour, "P1DT2H": 26 * instant.hour, "P2W": 14 * instant.day,
		"P1D": instant.day, "PT0S": 0, "PT90.5S": 90500000000, "2h30m": 2.5 * instant.hour, "7d": 7 * instant.day,
		"30s": 30000000000,
	} {
		elapsed.ns(text) == expected
	}
}

test_other_text_is_undefined if {
	every text in ["", "P", "PT", "P1M", "P1Y", "20", "m20", "soon", "-PT5M", "PT5", 5, null, ["PT5M"], {}] {
		not elapsed.ns(text)
	}
}

package policies.lib.protection_test

import data.policies.lib.protection

test_checks_of_every_shape if {
	protection.checks({"required_status_checks": [{"contexts": ["a"]}]}) == {"a"}
	protection.checks({"required_status_checks": [{"checks": ["a:15368", "b"]}]}) == {"a", "b"}
	rules := {"rules": [{"required_status_checks": [{"required_check": [{"context": "a"}, {"context": null}]}]}]}
	protection.checks(rules) == {"a"}
}

test_odd_shapes_require_nothing if {
	every attrs in [null, {}, {"required_status_checks": "x"}, {"rules": [null]}, {"required_status_checks": [null]}] {
		protection.checks(attrs) == set()
	}
	protection.branches({"branches": [1, {"name": "main"}]}) == {"main": set()}
	protection.branches(null) == {}
}

test_relaxed if {
	protection.relaxed({"enforcement": "active"}, {"enforcement": "active"}) == set()
	count(protection.relaxed({"enforcement": "active"}, {"enforcement": "disabled"})) == 1
	count(protection.relaxed({"enforcement": "active"}, null)) == 1
	count(protection.relaxed({"enforcement": "evaluate"}, {})) == 0
}

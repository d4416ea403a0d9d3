package policies.lib.review_test

import data.policies.lib.review

_ids := [sprintf("CHG-2026-%d", [number]) | some number in numbers.range(10001, 10200)]

_drawn(salt) := {id | some id in _ids; review.drawn(id, salt)}

test_one_in_ten_is_drawn if {
	drawn := count(_drawn("2026Q2"))
	drawn > 8
	drawn < 35
}

test_another_salt_draws_others if {
	count(_drawn("2026Q2") & _drawn("2026Q3")) < 10
}

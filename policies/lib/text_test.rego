package policies.lib.text_test

import data.policies.lib.text

test_given if {
	every value in ["x", 7, 0, false, {}, []] {
		text.given(value)
	}
}

test_not_given if {
	every value in [null, "", "  "] {
		not text.given(value)
	}
}

test_placeholders_are_no_answer if {
	every value in [
		"", " ", "n/a", "N/A", "none.", "TBD", "todo", "?", "--", "Revert the PR", "git revert", "rollback",
	] {
		not text.answered(value)
	}
}

test_answers if {
	every value in ["error ratio < 0.1 %", "Revert the PR and restore the snapshot", "carol@acme.example"] {
		text.answered(value)
	}
}

test_other_types_are_no_answer if {
	every value in [7, null, [], {}] {
		not text.answered(value)
	}
}

test_star_matches_any_run if {
	text.matches(`aws_db_instance.shard["*"]`, `aws_db_instance.shard["eu.1"]`)
	text.matches("module.orders.*", "module.orders.aws_db_instance.main")
}

test_everything_else_stands_for_itself if {
	not text.matches("module.orders*", "module-orders.x")
	not text.matches(`a\d*`, "a1")
	text.matches(`a\d*`, `a\d1`)
	not text.matches("a[b]*", "ab")
	not text.matches("x.a*", "y.x.a1")
}

test_without_a_star_nothing_matches if not text.matches("a.b", "a.b")

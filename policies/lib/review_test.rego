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

# Years of changes: half of them failed, one in four of these has a review.
_years := {
	"now_ns": 1800000000000000000, "config": {},
	"context": {
		"change_indexes": {"given": true, "entries": [entry |
			some number in numbers.range(0, 799)
			entry := {
				"id": sprintf("CHG-%d", [number]), "state": "closed", "type": "normal",
				"outcome": ["failed", "successful"][number % 2],
				"team": sprintf("group:default/team-%d", [number % 7]), "closedAt": "2026-01-05T10:00:00Z",
			}
		]},
		"deploys": {"given": true, "entries": [entry |
			some number in numbers.range(0, 799)
			entry := {
				"id": number, "change": sprintf("CHG-%d", [number]), "environment": "prod",
				"result": "success", "finishedAt": "2026-01-06T10:00:00Z",
			}
		]},
		"pirs": {"given": true, "entries": [entry |
			some number in numbers.range(0, 199)
			entry := {"change": sprintf("CHG-%d", [number * 4])}
		]},
	},
}

test_years_of_changes_are_gone_through_once if {
	state := review.state(_years)
	failed := {sprintf("CHG-%d", [number * 2]) | some number in numbers.range(0, 399)}
	count(state.overdue) == 200 + count(state.needed - failed)
	count(state.unended) == 0
	some one in state.overdue
	one.change == "CHG-2"
	contains(one.why, "it ended as failed")
	one.teams == {"team-2"}
	time.format(one.due_ns) == "2026-01-13T10:00:00Z"
}

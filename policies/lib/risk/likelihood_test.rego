package policies.lib.risk.likelihood_test

import data.policies.lib.risk.likelihood
import data.policies.lib.risk.sample_test as sample

_points(document, id) := sum([factor.points | some factor in found; factor.id == id]) if {
	found := likelihood.factors with input as document
}

_context(kind, entries) := json.patch(sample.image_bump, [{
	"op": "replace", "path": sprintf("/context/%s/entries", [kind]), "value": entries,
}])

test_a_calm_world_weighs_nothing if {
	found := likelihood.factors with input as sample.image_bump
	found == set()
}

_budget(remaining, burn) := _context("slo", [{
	"slo": "availability", "service": "orders-api", "budgetRemaining": remaining, "burnRate": {"6h": burn},
}])

test_error_budget if {
	every row in [[0.5, 0], [0.49, 2], [0.25, 2], [0.24, 6], [0, 12], [0 - 0.1, 12], [null, 2]] {
		_points(_budget(row[0], 0.1), "R-BUDGET") == row[1]
	}
}

test_burning if {
	_points(_budget(0.8, 5.9), "R-BUDGET") == 0
	_points(_budget(0.8, 6), "R-BUDGET") == 6
	_points(_budget(0, 14), "R-BUDGET") == 18
}

test_another_service_has_another_budget if {
	_points(_context("slo", [{"service": "other", "budgetRemaining": 0.9}]), "R-BUDGET") == 2
}

_incident(more) := _context("incidents", [object.union(
	{"id": "INC-1", "severity": "SEV2", "status": "resolved", "services": ["orders-api"], "startedAt": "2026-06-08T09:00:00Z"},
	more,
)])

test_incidents if {
	_points(_incident({}), "R-INCIDENT") == 6
	_points(_incident({"severity": "SEV3"}), "R-INCIDENT") == 0
	_points(_incident({"severity": "SEV3", "status": "identified"}), "R-INCIDENT") == 4
	_points(_incident({"services": ["other"]}), "R-INCIDENT") == 0
	_points(_incident({"severity": "SEV1", "services": []}), "R-INCIDENT") == 6
	_points(_incident({"severity": "SEV2", "services": []}), "R-INCIDENT") == 0
}

test_an_incident_counts_for_72_hours if {
	_points(_incident({"startedAt": "2026-06-06T09:00:00.000000001Z"}), "R-INCIDENT") == 6
	_points(_incident({"startedAt": "2026-06-06T09:00:00Z"}), "R-INCIDENT") == 0
	_points(_incident({"startedAt": "2026-06-01T09:00:00Z", "status": "monitoring"}), "R-INCIDENT") == 6
}

test_the_same_cause_again if {
	entries := [entry |
		some number in [1, 2]
		entry := {
			"severity": "SEV4", "status": "resolved", "services": ["orders-api"], "causeTags": ["dns"],
			"startedAt": sprintf("2026-05-0%dT09:00:00Z", [number]),
		}
	]
	_points(_context("incidents", entries), "R-RECUR") == 5
	_points(_context("incidents", [entries[0]]), "R-RECUR") == 0
}

test_first_change_of_a_service if {
	_points(_context("deploys", []), "R-NOVEL") == 4
	_points(_context("deploys", []), "R-HISTORY") == 3
}

_deployed(more) := json.patch(sample.image_bump, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "add", "path": "/context/deploys/entries/-", "value": object.union(
		{"id": "dep-9", "service": "orders-api", "environment": "prod", "result": "success", "change": "CHG-9"},
		more,
	)},
])

test_spacing if {
	_points(_deployed({"finishedAt": "2026-06-09T08:30:00Z"}), "R-SPACING") == 0
	_points(_deployed({"finishedAt": "2026-06-09T08:30:00.000000001Z"}), "R-SPACING") == 4
	_points(_deployed({"startedAt": "2026-06-09T08:00:00Z"}), "R-SPACING") == 4
	_points(_deployed({"startedAt": "2026-06-08T08:00:00Z"}), "R-SPACING") == 0
	_points(_deployed({"startedAt": "2026-06-09T08:00:00Z", "service": "other"}), "R-SPACING") == 0
	_points(_deployed({"startedAt": "2026-06-09T08:00:00Z", "change": "CHG-2026-00417"}), "R-SPACING") == 0
}

test_batch if {
	many := [changed |
		some number in numbers.range(1, 51)
		changed := object.union(sample.image_bump.changed[0], {"id": sprintf("r%d", [number])})
	]
	_points(json.patch(sample.image_bump, [{"op": "replace", "path": "/changed", "value": many}]), "R-BATCH") == 4
	_points(json.patch(sample.image_bump, [
		{"op": "replace", "path": "/changed", "value": array.slice(many, 0, 50)},
	]), "R-BATCH") == 0
}

test_batch_against_the_service_itself if {
	sized := [object.union(entry, {"resources": 1}) | some entry in sample.image_bump.context.deploys.entries]
	pair := [sample.image_bump.changed[0], object.union(sample.image_bump.changed[0], {"id": "two"})]
	document := json.patch(_context("deploys", sized), [{"op": "replace", "path": "/changed", "value": pair}])
	_points(document, "R-BATCH") == 4
}

test_what_was_not_learnt if {
	postmortem := {"services": ["orders-api"], "actionItems": [
		{"id": "A1", "priority": "P1", "status": "open", "dueDate": "2026-06-08"},
		{"id": "A2", "priority": "P1", "status": "open", "dueDate": "2026-06-09"},
		{"id": "A3", "priority": "P2", "status": "open", "dueDate": "2026-06-01"},
		{"id": "A4", "priority": "P1", "status": "done", "dueDate": "2026-06-01"},
	]}
	document := json.patch(sample.image_bump, [{
		"op": "add", "path": "/context/postmortems", "value": {"given": true, "entries": [postmortem]},
	}])
	_points(document, "R-LEARN") == 3
}

test_a_failed_change_without_a_review if {
	failed := _deployed({"finishedAt": "2026-06-01T09:00:00Z", "result": "failed"})
	_points(failed, "R-LEARN") == 3
	reviewed := json.patch(failed, [{
		"op": "add", "path": "/context/pirs", "value": {"entries": [{"change": "CHG-9", "outcome": "failed"}]},
	}])
	_points(reviewed, "R-LEARN") == 0
}

test_odd_documents_stop_nothing if {
	every kind in ["deploys", "incidents", "slo"] {
		every odd in [7, "x", null, {}, [1, "a", null, []]] {
			likelihood.factors with input as _context(kind, odd)
		}
	}
}

_instants(incidents) := found if {
	found := likelihood.instants with input as _context("incidents", incidents)
}

_began := {"id": "INC-1", "severity": "SEV3", "services": ["orders-api"], "startedAt": "2026-06-08T09:00:00Z"}

test_only_incidents_that_count_have_instants if {
	calm := _instants([])
	cause := {"causeTags": ["cache"]}
	other := {"services": ["blog"], "severity": "SEV2"}
	_instants([_began]) == calm
	_instants([object.union(_began, cause)]) == calm
	_instants([object.union(_began, cause), object.union(_began, object.union(cause, other))]) == calm
	count(_instants([object.union(_began, cause), object.union(_began, cause)]) - calm) == 1
	count(_instants([object.union(_began, {"severity": "SEV1"})]) - calm) == 1
}

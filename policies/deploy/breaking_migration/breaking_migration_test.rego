package policies.deploy.breaking_migration_test

import data.policies.deploy.breaking_migration
import data.policies.lib.sample_test as sample

_migration := {
	"path": "db/migration/V42__x.sql", "status": "added", "previous_path": null, "tool": "flyway", "role": "versioned",
	"version": "42", "latest": "41", "behind": false, "environment": null, "exempt": false, "dialect": "postgresql",
	"is_sql": true, "statements": [_timeout], "validated": [], "source": "db/migration/V42__x.sql:1:1",
}

_timeout := _statement("lock-timeout", null, null)

_statement(op, table, column) := {
	"op": op, "table": table, "column": column, "on_new_table": false, "source": "db/migration/V42__x.sql:3:1",
}

_declaration := {
	"tool": "flyway", "version": "V42", "phase": "expand", "backwardCompatible": true, "lockTimeout": "PT2S",
	"estimatedDuration": "PT1M", "minAppVersion": "4.1.0", "expandedIn": null,
}

_contract := object.union(_declaration, {"phase": "contract", "backwardCompatible": false, "expandedIn": "CHG-2026-00399"})

_index := {"id": "CHG-2026-00399", "state": "closed", "closedAt": "2026-05-01T09:00:00Z"}

_release := {
	"service": "component:default/orders-api", "environment": "prod", "version": "4.1.3", "result": "success",
	"finishedAt": "2026-05-20T09:00:00Z",
}

_document(migrations, declarations) := json.patch(sample.document, [
	{"op": "add", "path": "/git/migrations", "value": migrations},
	{"op": "add", "path": "/change/spec/schemaMigrations", "value": declarations},
	{"op": "replace", "path": "/changed", "value": []},
	{"op": "add", "path": "/context/change_indexes", "value": {"given": true, "entries": [_index], "sources": []}},
	{"op": "add", "path": "/context/deploys", "value": {"given": true, "entries": [_release], "sources": []}},
])

# One migration with some statements after the timeout.
_doing(statements, declaration) := _document(
	[object.union(_migration, {"statements": array.concat([_timeout], statements)})],
	[declaration],
)

_with(patch) := _document([object.union(_migration, patch)], [_declaration])

_denied(document) := found if {
	found := breaking_migration.deny with input as document
}

_unknown(document) := found if {
	found := breaking_migration.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

_drop := _statement("drop-column", "orders", "note")

test_allowed if {
	count(_denied(_with({}))) == 0
	count(_unknown(_with({}))) == 0
}

test_a_merged_migration_stays_as_it_is if {
	every status in ["modified", "deleted", "renamed"] {
		count(_denied(_with({"status": status}))) == 1
	}
	every patch in [{"role": "repeatable"}, {"role": "undo"}, {"is_sql": false}] {
		count(_denied(_with(object.union({"status": "modified"}, patch)))) == 0
	}
}

test_the_path_that_was_merged_is_told if {
	some edited in _messages(_with({"status": "modified"}))
	startswith(edited, "db/migration/V42__x.sql is merged, and the change edits it")
	some moved in _messages(_with({"status": "renamed", "previous_path": "db/old/V42__x.sql"}))
	startswith(moved, "db/old/V42__x.sql is merged, and the change moves it")
}

test_one_without_a_version_is_told_by_its_path if {
	found := _denied(_document([object.union(_migration, {"role": "repeatable", "version": null})], []))
	{finding.evidence[0].expected | some finding in found} == {"db/migration/V42__x.sql"}
}

test_a_baseline_stands_for_what_it_takes_away if {
	gone := object.union(_migration, {"status": "deleted", "statements": []})
	base := object.union(_migration, {"role": "baseline", "path": "db/migration/B42__x.sql", "latest": null})
	count(_denied(_document([gone, base], [_declaration]))) == 0
}

test_versions_increase if {
	_messages(_with({"behind": true, "latest": "50"})) == {"version 42 of db/migration/V42__x.sql is not above 50, which is merged: it may never run"}
}

test_undeclared if {
	_messages(_document([_migration], [])) == {"db/migration/V42__x.sql is not declared in schemaMigrations"}
	other := object.union(_declaration, {"version": "43"})
	_messages(_document([_migration], [other])) == {"db/migration/V42__x.sql is not declared in schemaMigrations"}
}

test_versions_in_other_spellings if {
	every row in [["0042", "42"], ["1_2", "1.2"], ["1.2", "V1.2.0"], ["20260101000000", 20260101000000]] {
		document := _document([object.union(_migration, {"version": row[0]})], [object.union(_declaration, {"version": row[1]})])
		count(_denied(document)) == 0
	}
}

test_a_declaration_is_complete if {
	every field in ["tool", "version", "phase", "backwardCompatible", "lockTimeout", "estimatedDuration"] {
		count(_denied(_document([], [object.remove(_declaration, [field])]))) == 1
	}
	count(_denied(_document([], [object.union(_declaration, {"phase": "later"})]))) == 1
	count(_denied(_document([], [object.union(_declaration, {"backwardCompatible": false})]))) == 1
}

test_what_breaks_others if {
	every op in ["change-type", "add-required-column", "set-not-null", "create-index"] {
		count(_denied(_doing([_statement(op, "orders", "note")], _declaration))) == 1
		count(_denied(_doing([_statement(op, "orders", "note")], _contract))) == 1
	}
	count(_denied(_doing([_statement("alter-table", "orders", null)], _declaration))) == 0
}

test_nobody_uses_a_new_table if {
	every op in ["change-type", "create-index", "drop-column", "drop-table"] {
		statement := object.union(_statement(op, "orders", "note"), {"on_new_table": true})
		count(_denied(_doing([statement], _declaration))) == 0
	}
}

test_not_null_after_a_validated_check if {
	document := _with({"statements": [_timeout, _statement("set-not-null", "orders", "note")], "validated": ["orders"]})
	count(_denied(document)) == 0
}

test_drops_and_renames_contract if {
	every op in ["drop-table", "rename-table", "drop-column", "rename-column"] {
		count(_denied(_doing([_statement(op, "orders", null)], _declaration))) == 1
		count(_denied(_doing([_statement(op, "orders", null)], _contract))) == 0
	}
}

test_of_a_commit_the_phase_is_not_known if {
	document := json.patch(_doing([_drop], _declaration), [
		{"op": "replace", "path": "/change", "value": null},
		{"op": "replace", "path": "/stage", "value": "commit"},
	])
	count(_denied(document)) == 0
	count(_unknown(document)) == 1
	unrequested := json.patch(document, [{"op": "replace", "path": "/stage", "value": "pull-request"}])
	count(_denied(unrequested)) == 1
}

test_the_contract_waits if {
	document := _doing([_drop], _contract)
	every patch in [
		{"op": "replace", "path": "/change/spec/schemaMigrations/0/expandedIn", "value": null},
		{"op": "replace", "path": "/change/spec/schemaMigrations/0/minAppVersion", "value": null},
		{"op": "replace", "path": "/context/change_indexes/entries/0/state", "value": "implement"},
		{"op": "replace", "path": "/context/change_indexes/entries/0/closedAt", "value": "2026-05-20T09:00:00Z"},
		{"op": "replace", "path": "/context/deploys/entries/0/version", "value": "4.0.9"},
	] {
		count(_denied(json.patch(document, [patch]))) == 1
	}
	count(_unknown(document)) == 0
}

test_a_second_before_the_release_is_enough if {
	document := json.patch(_doing([_drop], _contract), [
		{"op": "replace", "path": "/context/change_indexes/entries/0/closedAt", "value": "2026-05-20T08:59:59Z"},
	])
	count(_denied(document)) == 0
}

test_only_the_latest_release_runs if {
	old := object.union(_release, {"version": "4.0.0", "finishedAt": "2026-05-10T09:00:00Z"})
	document := json.patch(_doing([_drop], _contract), [{"op": "add", "path": "/context/deploys/entries/-", "value": old}])
	count(_denied(document)) == 0
	elsewhere := json.patch(document, [{"op": "add", "path": "/context/deploys/entries/1/region", "value": "us-east-1"}])
	count(_denied(elsewhere)) == 1
}

test_what_is_not_known_of_a_contract if {
	document := _doing([_drop], _contract)
	every patch in [
		{"op": "replace", "path": "/context/change_indexes/entries", "value": []},
		{"op": "replace", "path": "/context/deploys/entries", "value": []},
		{"op": "replace", "path": "/context/deploys/entries/0/version", "value": "build-7"},
	] {
		count(_denied(json.patch(document, [patch]))) == 0
		count(_unknown(json.patch(document, [patch]))) == 1
	}
}

test_no_image_along_with_a_contract if {
	document := json.patch(_doing([_drop], _contract), [
		{"op": "replace", "path": "/changed", "value": [sample.deployment]},
		{"op": "replace", "path": "/changed/0/before/spec/template", "value": {"spec": {"containers": []}}},
	])
	{finding.resource | some finding in _denied(document)} == {"apps/Deployment/orders/orders-api"}
	expanding := json.patch(document, [{"op": "replace", "path": "/git/migrations/0/statements", "value": []}, {
		"op": "replace", "path": "/change/spec/schemaMigrations/0", "value": _declaration,
	}])
	count(_denied(expanding)) == 0
}

test_lock_timeout if {
	locking := {"statements": [_statement("alter-table", "orders", null)]}
	{finding.enforcement | some finding in _denied(_with(locking))} == {"advisory"}
	silent := _document([object.union(_migration, locking)], [object.remove(_declaration, ["lockTimeout"])])
	count(_denied(silent)) == 2
	count(_denied(_with({"statements": [_timeout, _statement("alter-table", "orders", null)]}))) == 0
}

test_what_is_not_understood_is_unknown if {
	count(_unknown(_doing([_statement("unreadable", null, null)], _declaration))) == 1
	count(_unknown(_with({"is_sql": false, "tool": "rails", "statements": []}))) == 1
	other := {"dialect": "mysql", "statements": [_statement("create-index", "orders", null)]}
	count(_unknown(_with(other))) == 1
	count(_denied(_with(other))) == 0
	count(_denied(_with({"dialect": "mysql", "statements": [_drop]}))) == 1
}

test_tests_and_other_environments_are_not_judged if {
	every patch in [{"exempt": true}, {"environment": "dev"}, {"environment": "staging"}] {
		document := _document([object.union(_migration, object.union(patch, {"statements": [_drop]}))], [])
		count(_denied(document)) == 0
	}
	count(_denied(_with({"environment": "prod", "statements": [_timeout, _drop]}))) == 1
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [1], {"a": 1}] {
		every key in object.keys(_contract) {
			count(_denied(_doing([_drop], object.union(_contract, {key: value})))) >= 0
		}
		count(_denied(_document([_migration], value))) >= 0
		count(_denied(json.patch(_doing([_drop], _contract), [{"op": "replace", "path": "/context/deploys/entries/0/version", "value": value}]))) >= 0
		count(_denied(json.patch(_doing([_drop], _contract), [{"op": "replace", "path": "/context/change_indexes/entries/0/state", "value": value}]))) >= 0
	}
}

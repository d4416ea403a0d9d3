# METADATA
# title: Migration breaks the application that still runs
# description: >-
#   The schema changes in three steps, expand, migrate and contract, each with a release between them. A migration that
#   was merged is never edited, moved or taken away, and a new one has a higher version than the merged ones. The request
#   declares every migration in schemaMigrations: tool, version, phase, backwardCompatible, lockTimeout and
#   estimatedDuration. Statements on tables that exist already must not drop or rename a table or column, change a type,
#   demand a value of rows that have none (NOT NULL without a validated CHECK, a required column without a default), or
#   build an index while writers wait. Drops and renames are for the contract phase, once the change that expanded is
#   closed, a release came after it, and no instance older than minAppVersion runs; no image changes along with them. A
#   table made in the same file is nobody's yet. SQL that a program makes at run time, blocks that hide it, and what is
#   special to other databases than PostgreSQL is unknown. The way back (down, undo) is not read: one that drops data is
#   no rollback.
# related_resources:
#   - https://squawkhq.com/docs/rules
#   - https://www.postgresql.org/docs/current/sql-altertable.html
# custom:
#   id: DEP-001
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC8.1, PI1.3]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-4, SI-7]
#     PCIDSS: ["6.5.1"]
#   remediation: >-
#     Three steps, one release each. Expand: ADD COLUMN without NOT NULL, CREATE INDEX CONCURRENTLY, ADD CONSTRAINT … CHECK (c
#     IS NOT NULL) NOT VALID. Migrate: write both, fill in batches, VALIDATE CONSTRAINT. Contract: once nothing older runs,
#     SET lock_timeout, drop or rename, in a change of its own.
#   since: 0.2.0
package policies.deploy.breaking_migration

import data.policies.lib.context
import data.policies.lib.image
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

# The series is history once it is merged.
deny contains finding if {
	some migration in _judged
	migration.is_sql
	migration.role in {"versioned", "baseline"}
	migration.status != "added"
	not _is_squashed(migration)
	finding := {
		"msg": sprintf("%s is merged, and the change %s it: databases that ran it do not run it again", [
			_merged_path(migration),
			_done[migration.status],
		]),
		"at": "file",
		"file": migration.path,
		"evidence": [{"pointer": migration.path, "observed": migration.status, "expected": "a new migration"}],
	}
}

deny contains finding if {
	some migration in _judged
	migration.is_sql
	migration.status == "added"
	migration.role == "versioned"
	migration.behind
	finding := {
		"msg": sprintf("version %s of %s is not above %s, which is merged: it may never run", [
			migration.version, migration.path, migration.latest,
		]),
		"at": "source",
		"source": migration.source,
		"evidence": [{
			"pointer": migration.path, "observed": migration.version,
			"expected": sprintf("above %s", [migration.latest]),
		}],
	}
}

# Each one is declared, and completely.
deny contains finding if {
	is_object(input.change)
	some migration in _new
	not _is_declared(migration)
	finding := {
		"msg": sprintf("%s is not declared in schemaMigrations", [migration.path]),
		"at": "change",
		"path": ["spec", "schemaMigrations"],
		"evidence": [{
			"pointer": "spec.schemaMigrations",
			"observed": concat(", ", sort([_text(one, "version") | some one in _declared])),
			"expected": _name(migration),
		}],
	}
}

deny contains finding if {
	some index, one in _declared
	missing := {field | some field in _required; not text.given(object.get(one, field, null))}
	count(missing) > 0
	finding := {
		"msg": sprintf("migration %s is declared without %s", [_text(one, "version"), concat(", ", sort(missing))]),
		"at": "change",
		"path": ["spec", "schemaMigrations", index],
	}
}

deny contains finding if {
	some index, one in _declared
	text.given(object.get(one, "phase", null))
	not one.phase in {"expand", "migrate", "contract"}
	finding := {
		"msg": sprintf("the phase of migration %s is %v, expected expand, migrate or contract", [
			_text(one, "version"),
			one.phase,
		]),
		"at": "change",
		"path": ["spec", "schemaMigrations", index, "phase"],
	}
}

deny contains finding if {
	some index, one in _declared
	one.backwardCompatible == false
	one.phase != "contract"
	finding := {
		"msg": sprintf("migration %s is not backward compatible, and its phase is %v", [_text(one, "version"), one.phase]),
		"at": "change",
		"path": ["spec", "schemaMigrations", index, "backwardCompatible"],
	}
}

# What breaks whoever uses the table now.
deny contains finding if {
	some migration in _forward
	some statement in _on_used_tables(migration)
	why := _breaking(migration, statement)
	finding := {"msg": _about(statement, why), "at": "source", "source": statement.source}
}

deny contains finding if {
	some migration in _forward
	some statement in _on_used_tables(migration)
	statement.op in _taken_away
	_may_be_contract
	not _contracts(migration)
	finding := {
		"msg": _about(statement, "only a migration of phase contract may do that"),
		"at": "source",
		"source": statement.source,
	}
}

# Nobody says how long others wait.
deny contains finding if {
	some migration in _forward
	migration.dialect == "postgresql"
	statement := _first_that_locks(migration)
	is_object(input.change)
	not _promises_timeout(migration)
	finding := {
		"msg": _about(statement, "the file sets no lock_timeout, and the request promises none"),
		"at": "source",
		"source": statement.source,
	}
}

deny contains finding if {
	some migration in _forward
	migration.dialect == "postgresql"
	statement := _first_that_locks(migration)
	_promises_timeout(migration)
	finding := {
		"msg": _about(statement, "the file sets no lock_timeout: whoever runs it has to"),
		"at": "source",
		"source": statement.source,
		"enforcement": "advisory",
		"severity": "low",
	}
}

# The last step waits for the others.
deny contains finding if {
	some index, one in _contracting
	some fault in _early(one)
	finding := {
		"msg": sprintf("migration %s contracts too early: %s", [_text(one, "version"), fault]),
		"at": "change",
		"path": ["spec", "schemaMigrations", index],
	}
}

deny contains finding if {
	count(_contracting) > 0
	some changed in input.changed
	resource.production(changed)
	changed.action in {"update", "replace"}
	some shipped in image.all(changed.attrs) - image.all(changed.before)
	finding := {
		"msg": sprintf("%s ships %s in the change that contracts: if it is taken back, its columns are gone", [
			resource.address(changed),
			shipped,
		]),
		"resource": changed.id,
		"at": "resource",
	}
}

unknown contains finding if {
	some migration in _forward
	not migration.is_sql
	finding := {
		"msg": sprintf("the SQL of %s is made by %s when it runs: render it (sqlmigrate, upgrade --sql) to have it judged", [
			migration.path,
			migration.tool,
		]),
		"at": "source",
		"source": migration.source,
	}
}

unknown contains finding if {
	some migration in _forward
	some statement in migration.statements
	why := _unreadable(migration, statement)
	finding := {"msg": _about(statement, why), "at": "source", "source": statement.source}
}

# Before there is a request, nobody can say which phase it is.
unknown contains finding if {
	not _may_be_contract
	some migration in _forward
	some statement in _on_used_tables(migration)
	statement.op in _taken_away
	finding := {
		"msg": _about(statement, "only a migration that the request declares as contract may do that"),
		"at": "source",
		"source": statement.source,
	}
}

unknown contains finding if {
	some index, one in _contracting
	some doubt in _doubts(one)
	finding := {
		"msg": sprintf("migration %s contracts: %s", [_text(one, "version"), doubt]),
		"at": "change",
		"path": ["spec", "schemaMigrations", index],
	}
}

_required := {"tool", "version", "phase", "backwardCompatible", "lockTimeout", "estimatedDuration"}

_done := {"modified": "edits", "deleted": "deletes", "renamed": "moves"}

_taken_away := {"drop-table", "rename-table", "drop-column", "rename-column"}

# Those that take a lock which others wait for.
_locks := _taken_away | {"change-type", "set-not-null", "add-required-column", "create-index", "alter-table"}

# A migration of production: neither of a test nor of another environment.
_judged := [migration |
	some migration in shape.list(shape.at(input, ["git", "migrations"]))
	not migration.exempt
	migration.environment in {null, "prod"}
]

_forward := [migration |
	some migration in _judged
	migration.role != "undo"
	migration.status in {"added", "modified", "renamed"}
]

_new := [migration | some migration in _forward; migration.status == "added"]

# A new baseline stands for all that it takes away.
_is_squashed(migration) if {
	migration.status == "deleted"
	some other in _new
	other.role == "baseline"
}

_declared := {index: one |
	some index, one in shape.list(shape.at(input.change, ["spec", "schemaMigrations"]))
	is_object(one)
}

_contracting[index] := one if {
	some index, one in _declared
	one.phase == "contract"
}

_is_declared(migration) if {
	migration.version == null
	count(_declared) > 0
}

_is_declared(migration) if {
	some one in _declared
	_means(one, migration)
}

_contracts(migration) if {
	some one in _contracting
	_means(one, migration)
}

_contracts(migration) if {
	migration.version == null
	count(_contracting) > 0
}

_means(one, migration) if _number(_text(one, "version")) == _number(migration.version)

# `V42`, `42`, `0042` and `42.0` are one version.
_number(version) := regex.replace(bare, "([.]0+)+$", "") if {
	dotted := replace(trim_left(lower(version), "v"), "_", ".")
	bare := regex.replace(dotted, "^0+([0-9])", "$1")
}

_name(migration) := migration.version if is_string(migration.version)

_name(migration) := migration.path if not is_string(object.get(migration, "version", null))

_merged_path(migration) := migration.previous_path if is_string(migration.previous_path)

_merged_path(migration) := migration.path if not is_string(object.get(migration, "previous_path", null))

_text(one, key) := sprintf("%v", [object.get(one, key, "without a version")])

# A request is there, or the stage is one that needs it.
_may_be_contract if is_object(input.change)

_may_be_contract if input.stage != "commit"

_on_used_tables(migration) := [statement |
	some statement in migration.statements
	not statement.on_new_table
]

_breaking(_, statement) := "the application that still runs reads it as it was" if statement.op == "change-type"

_breaking(_, statement) := "rows that exist, and the application that still runs, have no value for it" if {
	statement.op == "add-required-column"
}

_breaking(migration, statement) := "writers wait while the index is built: CREATE INDEX CONCURRENTLY" if {
	statement.op == "create-index"
	migration.dialect == "postgresql"
}

_breaking(migration, statement) := "no CHECK on the table was validated before: every row is read under a lock" if {
	statement.op == "set-not-null"
	migration.dialect == "postgresql"
	not statement.table in migration.validated
}

_unreadable(_, statement) := "it is not understood" if statement.op == "unreadable"

_unreadable(migration, statement) := sprintf("whether %s locks the table meanwhile is not judged", [migration.dialect]) if {
	statement.op in {"create-index", "set-not-null", "alter-table"}
	not statement.on_new_table
	migration.dialect != "postgresql"
}

# The first statement that locks a table in use, where no timeout was set before it.
_first_that_locks(migration) := statement if {
	not _sets_timeout(migration)
	locking := [one | some one in _on_used_tables(migration); one.op in _locks]
	statement := locking[0]
}

_sets_timeout(migration) if {
	some statement in migration.statements
	statement.op == "lock-timeout"
}

_promises_timeout(migration) if {
	some one in _declared
	text.given(object.get(one, "lockTimeout", null))
	_is_for(one, migration)
}

_is_for(one, migration) if _means(one, migration)

_is_for(_, migration) if migration.version == null

_early(one) := {fault |
	some key in ["expandedIn", "minAppVersion"]
	not text.given(object.get(one, key, null))
	fault := sprintf("it does not say %s", [key])
} | {fault |
	some change in _expanding(one)
	not change.state in _over
	fault := sprintf("%v, which expanded, is %v", [one.expandedIn, object.get(change, "state", "not closed")])
} | {fault |
	some change in _expanding(one)
	change.state in _over
	closed := instant.ns(change.closedAt)
	count(_releases) > 0
	every record in _releases { instant.ns(record.finishedAt) <= closed }
	fault := sprintf("there was no release since %v was closed at %v", [one.expandedIn, change.closedAt])
} | {fault |
	some record in _running
	semver.is_valid(_text(one, "minAppVersion"))
	semver.is_valid(_text(record, "version"))
	semver.compare(_text(record, "version"), _text(one, "minAppVersion")) < 0
	fault := sprintf("%v runs %v, older than %v", [record.service, record.version, one.minAppVersion])
}

_doubts(one) := {doubt |
	text.given(object.get(one, "expandedIn", null))
	count(_expanding(one)) == 0
	doubt := sprintf("whether %v is closed is not known (ChangeIndex)", [one.expandedIn])
} | {doubt |
	count(_running) == 0
	doubt := "which versions run is not known (DeployHistory)"
} | {doubt |
	some record in _running
	not semver.is_valid(_text(record, "version"))
	doubt := sprintf("whether %v of %v is older than %v cannot be told", [
		_text(record, "version"), record.service, _text(one, "minAppVersion"),
	])
}

_over := {"closed", "review", "implemented", "3", "0"}

_expanding(one) := [change |
	some _, change in context.entries(input, "change_indexes")
	_text(change, "id") == _text(one, "expandedIn")
]

# Deployments of the services to production.
_releases := [record |
	some _, record in context.entries(input, "deploys")
	record.result == "success"
	resource.production_word(record.environment)
	instant.valid(record.finishedAt)
	resource.service_name(record.service) in object.keys(reach.services(input))
]

# The latest one to each place.
_running := [record |
	some record in _releases
	every other in _releases {
		not _replaces(other, record)
	}
]

_replaces(other, record) if {
	other.service == record.service
	object.get(other, "region", "") == object.get(record, "region", "")
	instant.ns(other.finishedAt) > instant.ns(record.finishedAt)
}

_about(statement, why) := sprintf("%s: %s", [_what(statement), why])

_what(statement) := sprintf("%s %s.%s", [_verb(statement), statement.table, statement.column]) if {
	statement.table != null
	statement.column != null
}

_what(statement) := sprintf("%s %s", [_verb(statement), statement.table]) if {
	statement.table != null
	statement.column == null
}

_what(statement) := "a statement" if statement.table == null

_verb(statement) := replace(statement.op, "-", " ")

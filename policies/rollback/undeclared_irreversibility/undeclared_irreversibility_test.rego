package policies.rollback.undeclared_irreversibility_test

import data.policies.lib.sample_test as sample
import data.policies.rollback.undeclared_irreversibility

_declared := {
	"dataReversibility": "reversible-with-data-loss", "pointOfNoReturn": 2,
	"forwardFixPlan": "Replay the order events of the window from the broker",
}

_document(changed, rollback) := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": [changed]},
	{"op": "replace", "path": "/change/spec/rollback", "value": object.union(sample.change.spec.rollback, rollback)},
	{"op": "add", "path": "/change/spec/implementationPlan", "value": [{"step": 1}, {"step": 2}]},
])

_denied(document) := found if {
	found := undeclared_irreversibility.deny with input as document
}

_unknown(document) := found if {
	found := undeclared_irreversibility.unknown with input as document
}

_version(from, to) := object.union(sample.database, {
	"attrs": object.union(sample.database.attrs, {"engine_version": to, "allow_major_version_upgrade": true}),
	"before": object.union(sample.database.before, {"engine_version": from}),
})

_upgrade := _version("15.7", "16.4")

_replaced := object.union(sample.database, {"action": "replace"})

_triggers(changed) if count(_denied(_document(changed, {}))) > 0

_gone(kind) := object.union(sample.terraform(kind, "x", {}), {"action": "delete"})

_migrating(migration) := json.patch(_document(sample.rollout, {}), [{
	"op": "add", "path": "/change/spec/schemaMigrations", "value": [migration],
}])

test_ordinary_changes_declare_nothing if {
	count(_denied(sample.document)) == 0
	not _triggers(sample.database)
	not _triggers(object.union(sample.database, {"action": "delete"}))
}

test_a_declared_step_is_allowed if {
	count(_denied(_document(_upgrade, _declared))) == 0
	count(_denied(_document(_replaced, _declared))) == 0
}

test_each_missing_field if {
	every key in object.keys(_declared) {
		found := _denied(_document(_replaced, object.remove(_declared, [key])))
		count(found) >= 1
		some finding in found
		contains(finding.msg, "aws_db_instance.orders is replaced")
		not finding.pending
	}
	every patch in [{"dataReversibility": "maybe"}, {"forwardFixPlan": "tbd"}, {"pointOfNoReturn": null}] {
		count(_denied(_document(_replaced, object.union(_declared, patch)))) >= 1
	}
}

test_the_point_of_no_return_is_a_step_of_the_plan if {
	every number in [0, 3, -1, "2"] {
		count(_denied(_document(_replaced, object.union(_declared, {"pointOfNoReturn": number})))) == 1
	}
	count(_denied(_document(_replaced, object.union(_declared, {"pointOfNoReturn": 1})))) == 0
	without_plan := json.patch(_document(_replaced, _declared), [{"op": "remove", "path": "/change/spec/implementationPlan"}])
	count(_denied(without_plan)) == 0
}

test_major_versions if {
	_triggers(_upgrade)
	_triggers(_version("9.5.2", "9.6.1"))
	not _triggers(_version("16.3", "16.4"))
	not _triggers(_version("9.6.1", "9.6.24"))
	mysql := {"engine": "mysql"}
	_triggers(_engine(_version("5.7.44", "8.0.36"), mysql))
	_triggers(_engine(_version("8.0.36", "8.4.3"), mysql))
	not _triggers(_engine(_version("8.0.35", "8.0.36"), mysql))
}

_engine(changed, patch) := object.union(changed, {"attrs": object.union(changed.attrs, patch)})

test_terraform_refuses_a_major_version_that_is_not_allowed if {
	not _triggers(json.patch(_upgrade, [{"op": "remove", "path": "/attrs/allow_major_version_upgrade"}]))
}

test_versions_of_other_clouds if {
	google := sample.terraform("google_sql_database_instance", "orders", {"database_version": "POSTGRES_16"})
	_triggers(object.union(google, {"before": {"database_version": "POSTGRES_15"}}))
	not _triggers(google)
}

test_a_version_that_is_not_known if {
	hidden := json.patch(_upgrade, [{"op": "remove", "path": "/before/engine_version"}])
	count(_unknown(_document(hidden, {}))) == 1
	count(_unknown(_document(hidden, _declared))) == 0
	count(_unknown(_document(_upgrade, {}))) == 0
}

test_keys_queues_and_topics if {
	every kind in ["aws_kms_key", "aws_sqs_queue", "google_pubsub_topic", "aws_sns_topic"] {
		_triggers(_gone(kind))
	}
	not _triggers(_gone("aws_instance"))
}

test_a_contracting_migration if {
	count(_denied(_migrating({"version": "V42", "phase": "contract"}))) > 0
	count(_denied(_migrating({"version": "V42", "backwardCompatible": false}))) > 0
	count(_denied(_migrating({"version": "V42", "phase": "expand", "backwardCompatible": true}))) == 0
}

test_only_forward if {
	count(_denied(_document(sample.rollout, {"strategy": "roll-forward-only"}))) > 0
	whole := object.union(_declared, {"strategy": "roll-forward-only"})
	count(_denied(_document(sample.rollout, whole))) == 0
}

test_a_definition_that_drops_its_storage_version if {
	crd := object.union(
		sample.kubernetes("apiextensions.k8s.io/CustomResourceDefinition", "widgets", {"spec": {"versions": [
			{"name": "v2", "storage": true},
		]}}),
		{"before": {"spec": {"versions": [{"name": "v1", "storage": true}]}}},
	)
	_triggers(crd)
	kept := json.patch(crd, [{"op": "add", "path": "/attrs/spec/versions/-", "value": {"name": "v1", "storage": false}}])
	not _triggers(kept)
}

test_prepare_and_activate_is_reversible if {
	count(_denied(_document(_upgrade, {"dataReversibility": "reversible", "pointOfNoReturn": null}))) == 0
}

test_not_everything_can_be_called_reversible if {
	every document in [
		_document(_gone("aws_kms_key"), {"dataReversibility": "reversible"}),
		_document(sample.rollout, {"dataReversibility": "reversible", "strategy": "roll-forward-only"}),
	] {
		some finding in _denied(document)
		startswith(finding.msg, "the request calls it reversible")
	}
}

test_the_board_sees_what_is_irreversible if {
	irreversible := object.union(_declared, {"dataReversibility": "irreversible"})
	document := _document(_replaced, irreversible)
	{finding.pending | some finding in _denied(document)} == {true}
	approved := json.patch(document, [{"op": "add", "path": "/change/spec/cab", "value": {"decision": "approved"}}])
	count(_denied(approved)) == 0
	rejected := json.patch(document, [{"op": "add", "path": "/change/spec/cab", "value": {"decision": "rejected"}}])
	{finding.pending | some finding in _denied(rejected)} == {false}
}

test_caches_may_be_replaced if {
	document := json.patch(_document(_replaced, {}), [{
		"op": "replace", "path": "/context/services/entries/1/ephemeral", "value": true,
	}])
	count(_denied(document)) == 0
}

test_staging_is_not_judged if {
	not _triggers(object.union(_replaced, {"environment": "staging"}))
	_triggers(object.union(_replaced, {"environment": null}))
}

test_silent_without_a_request if {
	document := json.patch(_document(_replaced, {}), [{"op": "replace", "path": "/change", "value": null}])
	count(_denied(document)) == 0
	count(_unknown(document)) == 0
}

test_judged_by_the_request_without_a_base if {
	document := json.patch(sample.present, [{"op": "replace", "path": "/change/spec/rollback/strategy", "value": "roll-forward-only"}])
	count(_denied(document)) > 0
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [1], {"a": 1}] {
		document := _document(_replaced, {})
		count(_denied(json.patch(document, [{"op": "replace", "path": "/change/spec/rollback", "value": value}]))) > 0
		count(_denied(json.patch(document, [{"op": "replace", "path": "/change/spec/implementationPlan", "value": value}]))) > 0
		count(_denied(json.patch(document, [{"op": "add", "path": "/change/spec/cab", "value": value}]))) > 0
		count(_denied(json.patch(document, [{"op": "add", "path": "/change/spec/schemaMigrations", "value": value}]))) > 0
		count(_denied(json.patch(document, [{"op": "replace", "path": "/changed/0/attrs", "value": value}]))) > 0
		count(_denied(json.patch(document, [{"op": "replace", "path": "/changed/0/before", "value": value}]))) > 0
	}
}

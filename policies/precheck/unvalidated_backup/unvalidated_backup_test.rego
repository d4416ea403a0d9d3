package policies.precheck.unvalidated_backup_test

import data.policies.lib.sample_test as sample
import data.policies.precheck.unvalidated_backup

_found(document) := found if {
	found := unvalidated_backup.deny with input as document
}

_backup := {
	"resource": "aws_db_instance.orders", "backupId": "rds:orders-prod-pre-change", "takenAt": "2026-06-11T17:00:00Z",
	"method": "snapshot", "location": "eu-central-1/acct-backup/vault-orders",
	"verification": {
		"kind": "restore-test", "at": "2026-06-11T17:45:00Z", "result": "pass",
		"evidence": "https://ci.acme.example/runs/995",
	},
}

_document(thing, backups) := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": [thing]},
	{"op": "replace", "path": "/change/spec/preChecks/backups", "value": backups},
])

_upgraded(backups) := _document(sample.database, backups)

# The same five minutes into the window.
_applied(document) := json.patch(document, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "replace", "path": "/now_ns", "value": _apply_ns},
])

_apply_ns := sample.start + (5 * sample.minute)

_with(path, value) := json.patch(_backup, [{"op": "add", "path": path, "value": value}])

_one(document) := finding if {
	found := _found(document)
	count(found) == 1
	some finding in found
}

_updated(path) := json.patch(sample.database, [{"op": "replace", "path": "/changed", "value": [path]}])

_deleted := object.union(sample.database, {"action": "delete"})

test_allowed_without_stateful_changes if count(_found(sample.document)) == 0

test_allowed_with_a_validated_backup if count(_found(_applied(_upgraded([_backup])))) == 0

test_no_entry_is_denied_at_both_stages if {
	finding := _one(_upgraded([]))
	finding.resource == "aws_db_instance.orders"
	finding.path == ["spec", "preChecks", "backups"]
	not finding.pending
	count(_found(_applied(_upgraded([])))) == 1
}

test_an_entry_of_another_resource_is_none if {
	contains(_one(_upgraded([_with("/resource", "aws_db_instance.payments")])).msg, "has no entry")
}

test_an_announced_entry_is_pending_on_a_pull_request if {
	finding := _one(_upgraded([{"resource": "aws_db_instance.orders"}]))
	finding.pending == true
	finding.path == ["spec", "preChecks", "backups", 0]
}

test_an_announced_entry_is_not_enough_at_apply if {
	finding := _one(_applied(_upgraded([{"resource": "aws_db_instance.orders"}])))
	finding.pending == false
}

test_a_backup_to_be_taken_is_pending if _one(_upgraded([_backup])).pending == true

test_one_validated_entry_is_enough if {
	count(_found(_applied(_upgraded([{"resource": "aws_db_instance.orders"}, _backup])))) == 0
}

test_each_field if {
	every field in ["backupId", "takenAt", "method", "location", "verification"] {
		count(_found(_applied(_upgraded([object.remove(_backup, [field])])))) == 1
	}
	every field in ["kind", "at", "result", "evidence"] {
		partial := json.patch(_backup, [{"op": "remove", "path": concat("", ["/verification/", field])}])
		count(_found(_applied(_upgraded([partial])))) == 1
	}
}

test_taken_a_day_before_the_start if {
	taken := _with("/takenAt", "2026-06-10T19:00:00Z")
	count(_found(_applied(_upgraded([taken])))) == 0
}

test_taken_a_second_earlier if {
	taken := _with("/takenAt", "2026-06-10T18:59:59Z")
	contains(_one(_applied(_upgraded([taken]))).msg, "taken 1440 min before the start, at most 1440")
}

test_ages_wait_for_apply if {
	taken := _with("/takenAt", "2026-06-01T06:00:00Z")
	early := json.patch(taken, [{"op": "replace", "path": "/verification/at", "value": "2026-06-01T07:00:00Z"}])
	count(_found(_upgraded([early]))) == 0
	count(_found(_applied(_upgraded([early])))) == 1
}

test_verified_before_it_was_taken if {
	contains(_one(_applied(_upgraded([_with("/verification/at", "2026-06-11T16:59:59Z")]))).msg, "before it was taken")
}

test_verification_age_by_tier if {
	recovery := json.patch(_backup, [
		{"op": "replace", "path": "/method", "value": "point-in-time-recovery"},
		{"op": "replace", "path": "/verification/at", "value": "2026-06-05T19:00:00Z"},
	])
	count(_found(_applied(_upgraded([recovery])))) == 0
	critical := object.union(sample.database, {"tier": 1})
	count(_found(_applied(_document(critical, [recovery])))) == 1
	lost := object.union(sample.database, {"tier": null})
	count(_found(_applied(_document(lost, [recovery])))) == 1
}

test_point_in_time_recovery_reaches_within_the_rpo if {
	recovery := _with("/method", "point-in-time-recovery")
	document := _applied(_upgraded([recovery]))
	exact := json.patch(document, [{
		"op": "replace", "path": "/context/services/entries/1/rpo_ns", "value": 2 * sample.hour,
	}])
	count(_found(exact)) == 0
	short := json.patch(document, [{
		"op": "replace", "path": "/context/services/entries/1/rpo_ns", "value": (2 * sample.hour) - 1,
	}])
	count(_found(short)) == 1
}

test_a_destruction_needs_a_restore_test if {
	count(_found(_applied(_document(_deleted, [_backup])))) == 0
	count(_found(_applied(_document(_deleted, [_with("/verification/kind", "checksum")])))) == 1
	count(_found(_applied(_upgraded([_with("/verification/kind", "checksum")])))) == 0
}

test_a_destruction_needs_a_backup_elsewhere if {
	count(_found(_applied(_document(_deleted, [_with("/location", "eu-west-1")])))) == 1
	count(_found(_applied(_upgraded([_with("/location", "eu-west-1")])))) == 0
}

test_a_failed_restore if {
	contains(_one(_applied(_upgraded([_with("/verification/result", "fail")]))).msg, "verification.result is fail")
}

test_harmless_updates_need_no_backup if {
	every path in [["tags"], ["copy_tags_to_snapshot"], ["settings", 0, "ip_configuration"], ["spec", "template"]] {
		count(_found(_document(_updated(path), []))) == 0
	}
}

test_risky_updates_need_one if {
	every path in [
		["storage_type"], ["allocated_storage"], ["kms_key_id"], ["settings", 0, "tier"], ["settings"],
		["spec", "volumeClaimTemplates", 0],
	] {
		count(_found(_document(_updated(path), []))) == 1
	}
}

test_creating_and_forgetting_need_none if {
	every action in ["create", "forget", "no-op"] {
		count(_found(_document(object.union(sample.database, {"action": action}), []))) == 0
	}
}

test_staging_needs_none if {
	count(_found(_document(object.union(sample.database, {"environment": "staging"}), []))) == 0
}

test_an_unknown_environment_is_prod_when_the_change_is_real if {
	count(_found(_document(object.union(sample.database, {"environment": null}), []))) == 1
}

test_ephemeral_services_are_exempt if {
	document := json.patch(_upgraded([]), [{
		"op": "replace", "path": "/context/services/entries/1/ephemeral", "value": true,
	}])
	count(_found(document)) == 0
}

test_without_a_request_there_is_no_entry if {
	document := json.patch(_upgraded([]), [{"op": "replace", "path": "/change", "value": null}])
	finding := _one(document)
	not finding.at
}

test_a_migration_needs_a_backup if {
	document := json.patch(sample.document, [{
		"op": "add", "path": "/change/spec/schemaMigrations", "value": [{"tool": "flyway", "version": "V42"}],
	}])
	contains(_one(document).msg, "migrates a schema")
}

test_present_touches_nothing if count(_found(sample.present)) == 0

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, {"a": 1}, [7, "x"], [{"resource": 7}]] {
		count(_found(_upgraded(value))) == 1
	}
	every value in [7, "2026", "2026-02-30T00:00:00Z", null, []] {
		count(_found(_applied(_upgraded([_with("/takenAt", value)])))) == 1
		count(_found(_applied(_upgraded([_with("/verification", value)])))) == 1
	}
}

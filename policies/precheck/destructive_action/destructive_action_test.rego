package policies.precheck.destructive_action_test

import data.policies.lib.resource
import data.policies.lib.sample_test as sample
import data.policies.precheck.destructive_action

_found(document) := found if {
	found := destructive_action.deny with input as document
}

_count(thing) := count(_found(sample.about(thing)))

_unknown(thing) := found if {
	found := destructive_action.unknown with input as sample.about(thing)
}

_action(action) := object.union(sample.database, {"action": action, "replace_paths": [["db_name"]]})

_declared(thing) := json.patch(sample.about(thing), [{
	"op": "add", "path": "/change/spec/scope/destructiveActions",
	"value": [{"address": thing.address, "action": thing.action, "maxCount": 1}],
}])

_before(field, value) := json.patch(_action("replace"), [{
	"op": "add", "path": concat("", ["/before/", field]), "value": value,
}])

_after(thing, field, value) := json.patch(thing, [{
	"op": "add", "path": concat("", ["/attrs/", field]), "value": value,
}])

# Without protection, before and after.
_bare := json.patch(sample.database, [
	{"op": "remove", "path": "/attrs/deletion_protection"},
	{"op": "remove", "path": "/before/deletion_protection"},
])

_bucket := sample.terraform("aws_s3_bucket", "orders", {"bucket": "orders", "force_destroy": true})

_class(policy) := json.patch(
	sample.kubernetes("storage.k8s.io/StorageClass", "fast", {"reclaimPolicy": policy}),
	[{"op": "replace", "path": "/namespace", "value": null}],
)

test_allowed if _count(sample.database) == 0

test_undeclared_actions if {
	every action in ["delete", "replace", "forget"] {
		_count(_action(action)) == 1
	}
}

test_says_what_forces_the_replacement if {
	some finding in _found(sample.about(_action("replace")))
	finding.msg == "replace of the stateful aws_db_instance.orders is not declared, forced by db_name"
}

test_allowed_when_declared if count(_found(_declared(_action("replace")))) == 0

test_declared_for_another_action if {
	document := json.patch(_declared(_action("replace")), [{
		"op": "replace", "path": "/change/spec/scope/destructiveActions/0/action", "value": "delete",
	}])
	count(_found(document)) == 1
}

test_undeclared_without_a_request if {
	document := json.patch(sample.about(_action("delete")), [{"op": "replace", "path": "/change", "value": null}])
	count(_found(document)) == 1
}

test_a_skipped_final_snapshot_before_the_change_counts if {
	document := _declared(_before("skip_final_snapshot", true))
	some finding in _found(document)
	count(_found(document)) == 1
	finding.path == ["skip_final_snapshot"]
}

test_a_skipped_final_snapshot_after_the_change_does_not if {
	count(_found(_declared(_after(_action("replace"), "skip_final_snapshot", true)))) == 0
}

test_a_final_snapshot_needs_a_name if {
	count(_found(_declared(_before("final_snapshot_identifier", null)))) == 1
}

test_a_replica_needs_no_final_snapshot if {
	replica := json.patch(_before("skip_final_snapshot", true), [{
		"op": "add", "path": "/before/replicate_source_db", "value": "orders",
	}])
	count(_found(_declared(replica))) == 0
}

test_forgetting_needs_no_final_snapshot if {
	forgotten := json.patch(_action("forget"), [{
		"op": "add", "path": "/before/skip_final_snapshot", "value": true,
	}])
	count(_found(_declared(forgotten))) == 0
}

test_kubernetes_claims if {
	claim := object.union(sample.kubernetes("PersistentVolumeClaim", "data", {}), {"action": "delete"})
	_count(claim) == 1
}

test_staging_is_not_judged if {
	_count(object.union(_action("delete"), {"environment": "staging"})) == 0
	_count(object.union(_bare, {"environment": "staging"})) == 0
}

test_an_unknown_environment_is_prod_when_the_change_is_real if {
	_count(object.union(_action("delete"), {"environment": null})) == 1
}

test_ephemeral_services_are_exempt if {
	document := json.patch(sample.about(_action("delete")), [{
		"op": "replace", "path": "/context/services/entries/1/ephemeral", "value": true,
	}])
	count(_found(document)) == 0
}

test_turning_the_protection_off if {
	some finding in _found(sample.about(_after(sample.database, "deletion_protection", false)))
	finding.path == ["deletion_protection"]
	contains(finding.msg, "it was true: this is the first half of a deletion")
}

test_removing_the_protection_is_turning_it_off if {
	removed := json.patch(sample.database, [{"op": "remove", "path": "/attrs/deletion_protection"}])
	some finding in _found(sample.about(removed))
	contains(finding.msg, "deletion_protection of aws_db_instance.orders is false, it was true")
}

test_never_protected if {
	some finding in _found(sample.about(_bare))
	finding.msg == "deletion_protection of aws_db_instance.orders is false"
}

test_present_is_judged if {
	_count(object.union(_bare, {"action": "present", "before": null})) == 1
	_count(object.union(sample.database, {"action": "present", "before": null})) == 0
}

test_present_without_an_environment_is_unknown if {
	lost := object.union(_bare, {"action": "present", "environment": null})
	_count(lost) == 0
	_unknown(lost) == {resource.unclassified}
	_unknown(object.union(sample.database, {"action": "present", "environment": null})) == set()
}

test_prevent_destroy_protects_too if _count(object.union(_bare, {"lifecycle": {"prevent_destroy": true}})) == 0

test_prevent_destroy_does_not_excuse_turning_it_off if {
	off := _after(sample.database, "deletion_protection", false)
	_count(object.union(off, {"lifecycle": {"prevent_destroy": true}})) == 1
}

test_defaults_of_google if {
	whole := {"settings": [{"deletion_protection_enabled": true}]}
	_count(sample.terraform("google_sql_database_instance", "orders", whole)) == 0
	_count(sample.terraform("google_sql_database_instance", "orders", {"settings": [{}]})) == 1
	_count(sample.terraform("google_container_cluster", "shop", {})) == 0
	_count(sample.terraform("google_container_cluster", "shop", {"deletion_protection": false})) == 1
}

test_load_balancers_are_protected_and_not_stateful if {
	_count(sample.terraform("aws_lb", "shop", {})) == 1
	balancer := sample.terraform("aws_lb", "shop", {"enable_deletion_protection": true})
	_count(balancer) == 0
	_count(object.union(balancer, {"action": "delete"})) == 0
}

test_buckets if {
	_count(_bucket) == 1
	_count(_after(_bucket, "force_destroy", false)) == 0
	_count(json.patch(_bucket, [{"op": "remove", "path": "/attrs/force_destroy"}])) == 0
}

test_storage_classes if {
	_count(_class("Delete")) == 1
	_count(_class("Retain")) == 0
	_count(object.union(_class("Delete"), {"tier": 2})) == 0
	_count(json.patch(_class("Delete"), [{"op": "remove", "path": "/attrs/reclaimPolicy"}])) == 1
}

test_unknown_protection if {
	open := json.patch(_bare, [{"op": "replace", "path": "/unknown", "value": [["deletion_protection"]]}])
	_count(open) == 0
	found := _unknown(open)
	{finding.msg | some finding in found} == {"deletion_protection of aws_db_instance.orders is not known"}
	_unknown(object.union(open, {"lifecycle": {"prevent_destroy": true}})) == set()
}

test_odd_values_do_not_stop_it if {
	_count(_after(sample.database, "deletion_protection", [1])) == 1
	_count(_after(sample.database, "deletion_protection", "true")) == 0
	_count(sample.terraform("google_sql_database_instance", "orders", {"settings": "x"})) == 1
}

# What terraform may do to the objects is not known: not a pass.
test_unknown_force_destroy if {
	bucket := json.patch(_bucket, [
		{"op": "remove", "path": "/attrs/force_destroy"},
		{"op": "replace", "path": "/unknown", "value": [["force_destroy"]]},
	])
	_count(bucket) == 0
	some finding in _unknown(bucket)
	finding.path == ["force_destroy"]
}

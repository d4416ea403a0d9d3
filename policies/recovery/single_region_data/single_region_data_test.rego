package policies.recovery.single_region_data_test

import data.policies.lib.resource
import data.policies.lib.sample_test as sample
import data.policies.recovery.single_region_data

_deny(document) := found if {
	found := single_region_data.deny with input as document
}

_unknown(document) := found if {
	found := single_region_data.unknown with input as document
}

_thing(kind, attrs) := object.union(sample.terraform(kind, "orders", attrs), {"tier": 1})

_judge(kind, attrs) := count(_deny(sample.about(_thing(kind, attrs))))

_among(thing, others) := object.union(sample.about(thing), {"resources": array.concat([thing], others)})

_db := _thing("aws_db_instance", {"identifier": "orders", "arn": "arn:aws:rds:eu-west-1:1:db:orders"})

_copy(source) := sample.terraform("aws_db_instance_automated_backups_replication", "orders", {
	"source_db_instance_arn": source,
})

test_denied if {
	some finding in _deny(sample.about(_db))
	finding.msg == "aws_db_instance.orders has no copy in another region"
}

test_allowed_with_replicated_backups if {
	_deny(_among(_db, [_copy("arn:aws:rds:eu-west-1:1:db:orders")])) == set()
}

test_a_copy_of_something_else if count(_deny(_among(_db, [_copy("arn:aws:rds:eu-west-1:1:db:other")]))) == 1

test_unknown_when_the_reference_is_not_known if {
	open := object.union(_copy(null), {"unknown": [["source_db_instance_arn"]]})
	_deny(_among(_db, [open])) == set()
	count(_unknown(_among(_db, [open]))) == 1
}

test_a_replica_counts_in_another_region_only if {
	replica := _thing("aws_db_instance", {"replicate_source_db": "arn:aws:rds:eu-west-1:1:db:orders"})
	_deny(_among(_db, [object.union(replica, {"id": "r"})])) == set()
	neighbour := _thing("aws_db_instance", {"replicate_source_db": "orders"})
	count(_deny(_among(_db, [object.union(neighbour, {"id": "r"})]))) == 1
	_judge("aws_db_instance", {"replicate_source_db": "orders"}) == 0
}

_selection := sample.terraform("aws_backup_selection", "all", {"resources": ["*"]})

_plan(arn, paths) := object.union(
	sample.terraform("aws_backup_plan", "all", {"rule": [{"copy_action": [{"destination_vault_arn": arn}]}]}),
	{"unknown": paths},
)

test_allowed_with_a_backup_copy if {
	_deny(_among(_db, [_selection, _plan("arn:aws:backup:eu-central-1:1:backup-vault:dr", [])])) == set()
	count(_deny(_among(_db, [_selection, _plan("arn:aws:backup:eu-west-1:1:backup-vault:dr", [])]))) == 1
}

test_unknown_when_the_vault_is_not_known if {
	document := _among(_db, [_selection, _plan(null, [["rule", 0, "copy_action", 0, "destination_vault_arn"]])])
	_deny(document) == set()
	count(_unknown(document)) == 1
}

test_tier_two_needs_none if _deny(sample.about(object.union(_db, {"tier": 2}))) == set()

test_an_unknown_tier_is_unknown if {
	document := sample.about(object.union(_db, {"tier": null}))
	_deny(document) == set()
	_unknown(document) == {resource.unclassified}
}

_locked(basis) := json.patch(sample.about(_db), [{
	"op": "add", "path": "/config/thresholds/DR-004", "value": {"region_locked": {"orders-db": basis}},
}])

test_region_locked_with_a_legal_basis if {
	_deny(_locked("Swiss banking act, article 47")) == set()
	count(_deny(_locked(""))) == 1
}

test_global_clusters_and_tables if {
	every kind in ["aws_rds_cluster", "aws_docdb_cluster"] {
		_judge(kind, {"global_cluster_identifier": "orders-global"}) == 0
		_judge(kind, {}) == 1
	}
	_judge("aws_dynamodb_table", {"name": "orders", "replica": [{"region_name": "eu-central-1"}]}) == 0
	_judge("aws_dynamodb_table", {"name": "orders", "replica": []}) == 1
}

test_buckets if {
	bucket := _thing("aws_s3_bucket", {"bucket": "orders"})
	count(_deny(sample.about(bucket))) == 1
	replication := sample.terraform("aws_s3_bucket_replication_configuration", "orders", {"bucket": "orders"})
	_deny(_among(bucket, [replication])) == set()
}

_rules(rule) := _judge("aws_s3_bucket_replication_configuration", {"rule": [rule]})

test_bucket_replication if {
	_rules({"status": "Enabled", "delete_marker_replication": [{"status": "Disabled"}]}) == 0
	_rules({"status": "Disabled", "delete_marker_replication": [{"status": "Disabled"}]}) == 1
	_rules({"status": "Enabled"}) == 1
}

test_a_short_rpo_needs_timed_replication if {
	document := json.patch(
		sample.about(_thing("aws_s3_bucket_replication_configuration", {"rule": [{
			"status": "Enabled", "delete_marker_replication": [{"status": "Disabled"}],
		}]})),
		[{"op": "replace", "path": "/context/services/entries/1/rpo_ns", "value": 15 * sample.minute}],
	)
	{finding.path | some finding in _deny(document)} == {
		["rule", 0, "destination", 0, "replication_time", 0, "status"],
	}
	longer := json.patch(document, [{
		"op": "replace", "path": "/context/services/entries/1/rpo_ns", "value": (15 * sample.minute) + 1,
	}])
	_deny(longer) == set()
}

test_google if {
	_judge("google_storage_bucket", {"location": "EU"}) == 0
	_judge("google_storage_bucket", {"location": "eur4"}) == 0
	_judge("google_storage_bucket", {"location": "EUROPE-WEST1"}) == 1
	count(_unknown(sample.about(object.union(_thing("google_storage_bucket", {}), {"unknown": [["location"]]})))) == 1
}

test_azure if {
	_judge("azurerm_storage_account", {"account_replication_type": "RAGZRS"}) == 0
	_judge("azurerm_storage_account", {"account_replication_type": "LRS"}) == 1
	_judge("azurerm_postgresql_flexible_server", {"geo_redundant_backup_enabled": true}) == 0
	_judge("azurerm_mysql_flexible_server", {}) == 1
	_judge("azurerm_mssql_database", {}) == 0
}

test_staging_and_deleted_are_not_judged if {
	_deny(sample.about(object.union(_db, {"environment": "staging"}))) == set()
	_deny(sample.about(object.union(_db, {"action": "delete"}))) == set()
}

test_present_is_judged if {
	count(_deny(sample.about(object.union(_db, {"action": "present", "before": null})))) == 1
	_unknown(sample.about(object.union(_db, {"action": "present", "environment": null}))) == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		_judge("aws_s3_bucket_replication_configuration", {"rule": value}) >= 0
		_judge("google_storage_bucket", {"location": value, "custom_placement_config": value}) >= 0
		_judge("aws_dynamodb_table", {"replica": value, "name": value}) >= 0
		count(_deny(_among(_db, [_plan(value, []), _copy(value), _selection]))) >= 0
	}
}

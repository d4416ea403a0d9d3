package policies.recovery.missing_backups_test

import data.policies.lib.resource
import data.policies.lib.sample_test as sample
import data.policies.recovery.missing_backups

_deny(document) := found if {
	found := missing_backups.deny with input as document
}

_unknown(document) := found if {
	found := missing_backups.unknown with input as document
}

_judge(kind, attrs) := count(_deny(sample.about(sample.terraform(kind, "orders", attrs))))

_db(days) := sample.terraform("aws_db_instance", "orders", {
	"backup_retention_period": days, "delete_automated_backups": false, "tags": {"backup": "daily"},
})

_among(thing, others) := object.union(sample.about(thing), {"resources": array.concat([thing], others)})

_tier(thing, tier) := object.union(thing, {"tier": tier})

test_denied if {
	some finding in _deny(sample.about(_db(6)))
	finding.msg == "backup_retention_period of aws_db_instance.orders is 6, expected at least 7"
	finding.path == ["backup_retention_period"]
	not finding.enforcement
}

test_seven_days_are_enough_for_tier_two if _deny(sample.about(_db(7))) == set()

test_thirty_five_for_tier_one if {
	_deny(sample.about(_tier(_db(35), 1))) == set()
	count(_deny(sample.about(_tier(_db(34), 1)))) == 1
	count(_deny(sample.about(_tier(_db(34), 0)))) == 1
}

test_absent_is_no_backup_at_all if {
	bare := sample.terraform("aws_db_instance", "orders", {"delete_automated_backups": false})
	{finding.msg | some finding in _deny(sample.about(bare))} == {
		"backup_retention_period of aws_db_instance.orders is 0 (the default), expected at least 7",
	}
}

test_absent_is_one_day_for_a_cluster if {
	some finding in _deny(sample.about(sample.terraform("aws_rds_cluster", "orders", {})))
	finding.msg == "backup_retention_period of aws_rds_cluster.orders is 1 (the default), expected at least 7"
}

test_backups_that_die_with_the_instance_are_soft if {
	thing := sample.terraform("aws_db_instance", "orders", {"backup_retention_period": 7})
	{finding.enforcement | some finding in _deny(sample.about(thing))} == {"soft"}
}

_selection(attrs, paths) := object.union(
	sample.terraform("aws_backup_selection", "daily", attrs),
	{"unknown": paths},
)

_daily := _selection({"selection_tag": [{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}]}, [])

test_aws_backup_keeps_the_rest if {
	_deny(_among(_tier(_db(7), 1), [_daily])) == set()
	count(_deny(_among(_tier(_db(6), 1), [_daily]))) == 1
}

test_an_unknown_selection_may_keep_the_rest if {
	document := _among(_tier(_db(7), 1), [_selection({}, [["resources"]])])
	_deny(document) == set()
	count(_unknown(document)) == 1
	count(_deny(_among(_tier(_db(6), 1), [_selection({}, [["resources"]])]))) == 1
}

test_unknown_retention if {
	document := sample.about(object.union(
		sample.terraform("aws_db_instance", "orders", {"delete_automated_backups": false}),
		{"unknown": [["backup_retention_period"]]},
	))
	_deny(document) == set()
	{finding.path | some finding in _unknown(document)} == {["backup_retention_period"]}
}

test_an_unknown_tier_is_unknown_between_the_floors if {
	_unknown(sample.about(_tier(_db(14), null))) == {resource.unclassified}
	_unknown(sample.about(_tier(_db(35), null))) == set()
	count(_deny(sample.about(_tier(_db(1), null)))) == 1
}

test_thresholds_replace_the_numbers if {
	document := json.patch(sample.about(_db(7)), [{
		"op": "add", "path": "/config/thresholds/DR-005", "value": {"retention_days": {"2": 14, "1": "x"}},
	}])
	count(_deny(document)) == 1
}

test_caches if {
	every kind in ["aws_elasticache_replication_group", "aws_memorydb_cluster"] {
		_judge(kind, {"snapshot_retention_limit": 1}) == 0
		_judge(kind, {}) == 1
	}
	_judge("aws_elasticache_replication_group", {"engine": "memcached"}) == 0
}

test_dynamodb if {
	_judge("aws_dynamodb_table", {"point_in_time_recovery": [{"enabled": true}]}) == 0
	_judge("aws_dynamodb_table", {"point_in_time_recovery": [{"enabled": false}]}) == 1
	_judge("aws_dynamodb_table", {}) == 1
}

_sql(version, backups) := _judge("google_sql_database_instance", {
	"database_version": version, "settings": [{"backup_configuration": [backups]}],
})

test_cloud_sql if {
	_sql("POSTGRES_16", {"enabled": true, "point_in_time_recovery_enabled": true}) == 0
	_sql("POSTGRES_16", {"enabled": true, "binary_log_enabled": true}) == 1
	_sql("MYSQL_8_0", {"enabled": true, "binary_log_enabled": true}) == 0
	_sql("MYSQL_8_0", {}) == 2
}

test_alloydb_backs_up_by_default if {
	_judge("google_alloydb_cluster", {}) == 0
	_judge("google_alloydb_cluster", {"continuous_backup_config": [{"enabled": false}]}) == 1
}

test_flexible_servers if {
	_judge("azurerm_postgresql_flexible_server", {"backup_retention_days": 14}) == 0
	_judge("azurerm_mysql_flexible_server", {"backup_retention_days": 13}) == 1
	_judge("azurerm_mysql_flexible_server", {}) == 1
}

test_replicas_are_exempt if {
	_judge("aws_db_instance", {"replicate_source_db": "orders", "delete_automated_backups": false}) == 0
	_judge("google_sql_database_instance", {"master_instance_name": "orders"}) == 0
}

_files := sample.terraform("aws_efs_file_system", "orders", {"id": "fs-1"})

_policy(id, status) := sample.terraform("aws_efs_backup_policy", "orders", {
	"file_system_id": id, "backup_policy": [{"status": status}],
})

test_file_systems if {
	count(_deny(sample.about(_files))) == 1
	_deny(_among(_files, [_policy("fs-1", "ENABLED")])) == set()
	count(_deny(_among(_files, [_policy("fs-1", "DISABLED")]))) == 1
	open := object.union(_policy(null, "ENABLED"), {"unknown": [["file_system_id"]]})
	_deny(_among(_files, [open])) == set()
	count(_unknown(_among(_files, [open]))) == 1
}

_claim := sample.kubernetes("PersistentVolumeClaim", "data", {"spec": {}})

_schedule(spec) := sample.kubernetes("velero.io/Schedule", "daily", {"spec": spec})

test_claims if {
	count(_deny(sample.about(_claim))) == 1
	every spec in [{}, {"template": {"includedNamespaces": ["orders"]}}, {"template": {"includedNamespaces": []}}] {
		_deny(_among(_claim, [_schedule(spec)])) == set()
	}
	every spec in [
		{"paused": true},
		{"template": {"snapshotVolumes": false}},
		{"template": {"includedNamespaces": ["other"]}},
		{"template": {"excludedNamespaces": ["orders"]}},
	] {
		count(_deny(_among(_claim, [_schedule(spec)]))) == 1
	}
	_deny(sample.about(_tier(_claim, 2))) == set()
}

test_cloudnativepg if {
	cluster := sample.kubernetes("postgresql.cnpg.io/Cluster", "orders", {"spec": {}})
	backup := sample.kubernetes("postgresql.cnpg.io/ScheduledBackup", "daily", {"spec": {
		"cluster": {"name": "orders"}, "schedule": "0 0 0 * * *",
	}})
	count(_deny(sample.about(cluster))) == 1
	_deny(_among(cluster, [backup])) == set()
}

test_ephemeral_services_are_exempt if {
	document := json.patch(sample.about(_db(0)), [{
		"op": "replace", "path": "/context/services/entries/1/ephemeral", "value": true,
	}])
	_deny(document) == set()
}

test_staging_and_forgotten_are_not_judged if {
	_deny(sample.about(object.union(_db(0), {"environment": "staging"}))) == set()
	_deny(sample.about(object.union(_db(0), {"action": "forget"}))) == set()
}

test_present_is_judged if {
	count(_deny(sample.about(object.union(_db(0), {"action": "present", "before": null})))) == 1
	_unknown(sample.about(object.union(_db(0), {"action": "present", "environment": null}))) == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		count(_deny(sample.about(_db(value)))) >= 0
		_judge("aws_dynamodb_table", {"point_in_time_recovery": value}) >= 0
		_judge("google_sql_database_instance", {"database_version": value, "settings": [value]}) >= 0
		count(_deny(_among(_claim, [_schedule(value), _selection({"selection_tag": value}, [])]))) >= 0
		count(_deny(_among(_db(7), [_selection({"resources": value, "selection_tag": [value]}, [])]))) >= 0
	}
}

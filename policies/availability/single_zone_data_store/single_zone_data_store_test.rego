package policies.availability.single_zone_data_store_test

import data.policies.availability.single_zone_data_store
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_deny(thing) := found if {
	found := single_zone_data_store.deny with input as sample.about(thing)
}

_count(thing) := count(_deny(thing))

_messages(thing) := {finding.msg | some finding in _deny(thing)}

_unknown(thing) := found if {
	found := single_zone_data_store.unknown with input as sample.about(thing)
}

_db(attrs) := sample.terraform("aws_db_instance", "orders", attrs)

_judge(kind, attrs) := _count(sample.terraform(kind, "orders", attrs))

test_denied if {
	some finding in _deny(_db({"multi_az": false}))
	finding.msg == "multi_az of aws_db_instance.orders is false, expected true"
	finding.path == ["multi_az"]
	object.get(finding, "enforcement", "soft") == "soft"
}

test_allowed if _count(_db({"multi_az": true})) == 0

test_absent_is_false if {
	_messages(_db({})) == {"multi_az of aws_db_instance.orders is false (the default), expected true"}
	_count(_db({"multi_az": null})) == 1
}

test_unknown_is_no_pass_and_no_fail if {
	thing := object.union(_db({}), {"unknown": [["multi_az"]]})
	_count(thing) == 0
	{finding.path | some finding in _unknown(thing)} == {["multi_az"]}
}

test_hard_for_tier_zero if {
	some finding in _deny(object.union(_db({"multi_az": false}), {"tier": 0}))
	finding.enforcement == "hard"
}

test_soft_where_the_tier_is_not_known if {
	some finding in _deny(object.union(_db({"multi_az": false}), {"tier": null}))
	not finding.enforcement
}

test_replicas_and_custom_oracle_are_exempt if {
	_count(_db({"replicate_source_db": "orders"})) == 0
	_count(_db({"engine": "custom-oracle-ee"})) == 0
	_count(_db({"engine": "oracle-ee"})) == 1
}

test_staging_is_not_judged if _count(object.union(_db({}), {"environment": "staging"})) == 0

test_what_goes_is_not_judged if {
	every action in ["delete", "forget"] {
		_count(object.union(_db({"multi_az": false}), {"action": action})) == 0
	}
}

test_ephemeral_services_are_exempt if {
	document := json.patch(sample.about(_db({})), [{
		"op": "replace", "path": "/context/services/entries/1/ephemeral", "value": true,
	}])
	count(single_zone_data_store.deny) == 0 with input as document
}

test_present_is_judged if _count(object.union(_db({}), {"action": "present", "before": null})) == 1

test_present_without_an_environment_is_unknown if {
	lost := object.union(_db({}), {"action": "present", "environment": null})
	_count(lost) == 0
	_unknown(lost) == {resource.unclassified}
	_unknown(object.union(lost, {"attrs": {"multi_az": true}})) == set()
}

test_a_change_without_an_environment_is_prod if _count(object.union(_db({}), {"environment": null})) == 1

test_elasticache if {
	whole := {"automatic_failover_enabled": true, "multi_az_enabled": true, "num_cache_clusters": 2}
	_judge("aws_elasticache_replication_group", whole) == 0
	_judge("aws_elasticache_replication_group", {}) == 3
	_judge("aws_elasticache_replication_group", object.union(whole, {"num_cache_clusters": 1})) == 1
	sharded := object.union(object.remove(whole, ["num_cache_clusters"]), {"replicas_per_node_group": 1})
	_judge("aws_elasticache_replication_group", sharded) == 0
	groups := object.union(
		object.remove(whole, ["num_cache_clusters"]),
		{"node_group_configuration": [{"replica_count": 1}, {"replica_count": 0}]},
	)
	_judge("aws_elasticache_replication_group", groups) == 1
}

test_elasticache_with_an_unknown_number_of_nodes if {
	cache := object.union(
		sample.terraform("aws_elasticache_replication_group", "orders", {
			"automatic_failover_enabled": true, "multi_az_enabled": true,
		}),
		{"unknown": [["num_cache_clusters"]]},
	)
	_count(cache) == 0
	count(_unknown(cache)) == 1
}

test_memorydb_has_a_replica_by_default if {
	_judge("aws_memorydb_cluster", {}) == 0
	_judge("aws_memorydb_cluster", {"num_replicas_per_shard": 0}) == 1
}

test_opensearch if {
	_judge("aws_opensearch_domain", {}) == 1
	_judge("aws_opensearch_domain", {"cluster_config": [{"zone_awareness_enabled": true}]}) == 0
	_judge("aws_opensearch_domain", {"cluster_config": [{
		"zone_awareness_enabled": true, "zone_awareness_config": [{"availability_zone_count": 1}],
	}]}) == 1
	_judge("aws_opensearch_domain", {"cluster_config": [{"multi_az_with_standby_enabled": true}]}) == 0
}

test_msk if {
	_judge("aws_msk_cluster", _brokers(6, ["a", "b", "c"])) == 0
	_judge("aws_msk_cluster", _brokers(4, ["a", "b", "c"])) == 1
	_judge("aws_msk_cluster", _brokers(2, ["a", "b"])) == 1
	_judge("aws_msk_cluster", _brokers(3, ["a"])) == 1
}

_brokers(number, subnets) := {
	"number_of_broker_nodes": number,
	"broker_node_group_info": [{"client_subnets": subnets}],
}

test_google if {
	_judge("google_sql_database_instance", {"settings": [{"availability_type": "REGIONAL"}]}) == 0
	_judge("google_sql_database_instance", {"settings": [{}]}) == 1
	_judge("google_sql_database_instance", {"master_instance_name": "orders", "settings": [{}]}) == 0
	_judge("google_redis_instance", {"tier": "STANDARD_HA"}) == 0
	_judge("google_redis_instance", {}) == 1
}

test_azure if {
	every kind in ["azurerm_postgresql_flexible_server", "azurerm_mysql_flexible_server"] {
		_judge(kind, {"high_availability": [{"mode": "ZoneRedundant"}]}) == 0
		_judge(kind, {"high_availability": [{"mode": "SameZone"}]}) == 1
		_judge(kind, {}) == 1
	}
	_judge("azurerm_mssql_database", {"zone_redundant": true}) == 0
	_judge("azurerm_mssql_database", {}) == 1
	_judge("azurerm_mssql_database", {"elastic_pool_id": "pool"}) == 0
	_judge("azurerm_redis_cache", {"zones": ["1", "2"]}) == 0
	_judge("azurerm_redis_cache", {}) == 1
}

test_cloudnativepg if {
	three := sample.kubernetes("postgresql.cnpg.io/Cluster", "orders", {"spec": {"instances": 3}})
	_count(three) == 0
	_count(json.patch(three, [{"op": "replace", "path": "/attrs/spec/instances", "value": 2}])) == 1
}

_aurora := sample.terraform("aws_rds_cluster", "orders", {
	"engine": "aurora-postgresql", "cluster_identifier": "orders",
})

_instance(name, attrs) := sample.terraform("aws_rds_cluster_instance", name, attrs)

_with(members) := object.union(sample.about(_aurora), {"resources": array.concat([_aurora], members)})

_members(members) := {finding.msg | some finding in found} if {
	found := single_zone_data_store.deny with input as _with(members)
}

test_aurora_with_one_instance if {
	_members([_instance("a", {"cluster_identifier": "orders"})]) == {
		"aws_rds_cluster.orders has 1 instances in the tree, expected 2 or more in different zones",
	}
}

test_aurora_with_two_instances if {
	_members([
		_instance("a", {"cluster_identifier": "orders", "availability_zone": "eu-west-1a"}),
		_instance("b", {"cluster_identifier": "orders", "availability_zone": "eu-west-1b"}),
	]) == set()
	_members([
		_instance("a", {"cluster_identifier": "orders"}),
		_instance("b", {"cluster_identifier": "orders"}),
	]) == set()
}

test_aurora_in_one_zone if {
	_members([
		_instance("a", {"cluster_identifier": "orders", "availability_zone": "eu-west-1a"}),
		_instance("b", {"cluster_identifier": "orders", "availability_zone": "eu-west-1a"}),
	]) == {"all instances of aws_rds_cluster.orders are in eu-west-1a, expected different zones"}
}

test_aurora_with_instances_of_an_unknown_cluster if {
	open := object.union(_instance("a", {}), {"unknown": [["cluster_identifier"]]})
	document := _with([open, object.union(open, {"id": "b"})])
	count(single_zone_data_store.deny) == 0 with input as document
	count(single_zone_data_store.unknown) == 1 with input as document
	count(_members([open])) == 1
}

test_multi_az_clusters_and_serverless_v1_need_no_instances if {
	_judge("aws_rds_cluster", {"engine": "postgres", "db_cluster_instance_class": "db.m6gd.large"}) == 0
	_judge("aws_rds_cluster", {"engine": "aurora-mysql", "engine_mode": "serverless"}) == 0
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		_judge("aws_db_instance", {"multi_az": value, "engine": value}) >= 0
		_judge("aws_rds_cluster", {"engine": value, "cluster_identifier": value}) >= 0
		_judge("aws_msk_cluster", {"number_of_broker_nodes": value, "broker_node_group_info": value}) >= 0
		_judge("aws_opensearch_domain", {"cluster_config": value}) >= 0
		_judge("google_sql_database_instance", {"settings": value}) >= 0
		_judge("aws_elasticache_replication_group", {"node_group_configuration": value}) >= 0
	}
}

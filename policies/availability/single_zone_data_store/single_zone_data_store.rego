# METADATA
# title: Managed data store lives in one zone
# description: >-
#   A production data store survives the loss of a zone: RDS is multi-AZ, Aurora has two instances that are not in one
#   zone, caches have a replica and fail over, search and Kafka clusters spread over zones, Cloud SQL is REGIONAL,
#   Azure servers are ZoneRedundant (SameZone is not), CloudNativePG runs three instances. Absent attributes count as
#   what the provider makes of them. Read replicas, RDS Custom for Oracle and ephemeral services are exempt. Hard for
#   tier 0.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.html
#   - https://cloud.google.com/sql/docs/postgres/high-availability
#   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-high-availability
# custom:
#   id: HA-009
#   scope: resource
#   targets:
#     - aws_db_instance
#     - aws_rds_cluster
#     - aws_elasticache_replication_group
#     - aws_memorydb_cluster
#     - aws_opensearch_domain
#     - aws_msk_cluster
#     - google_sql_database_instance
#     - google_redis_instance
#     - azurerm_postgresql_flexible_server
#     - azurerm_mysql_flexible_server
#     - azurerm_mssql_database
#     - azurerm_redis_cache
#     - postgresql.cnpg.io/Cluster
#   severity: critical
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-7, CP-10, SC-36]
#     HIPAA: [164.308(a)(7)(ii)(C)]
#     GDPR: [32(1)(b)]
#     DORA: ["11", "12"]
#   remediation: Turn zone redundancy on; for RDS `multi_az = true`.
#   since: 0.1.0
package policies.availability.single_zone_data_store

import data.policies.lib.demand
import data.policies.lib.reference
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains finding if {
	_judged
	resource.production(input.resource)
	some fault in _faults
	finding := object.union(fault, _enforcement)
}

unknown contains finding if {
	_judged
	resource.production(input.resource)
	some finding in _undecided
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	_judged
	count(_faults) > 0
}

_judged if {
	resource.remains(input.resource)
	not _exempt
	not _is_ephemeral
}

_is_ephemeral if service.ephemeral(input.context.services, input.resource.service)

_enforcement := {"enforcement": "hard"} if input.resource.tier == 0

_enforcement := {} if input.resource.tier != 0

_attrs := shape.map(input.resource.attrs)

# A replica has its source; what has a pool takes its zones from there.
_exempt if {
	some key in ["replicate_source_db", "master_instance_name", "source_server_id", "elastic_pool_id"]
	is_string(_attrs[key])
}

_exempt if startswith(_engine, "custom-oracle")

_exempt if _attrs.instance_type == "READ_REPLICA_INSTANCE"

# Standby zones replace zone awareness of one's own.
_exempt if _attrs.cluster_config[0].multi_az_with_standby_enabled == true

# Not Aurora: a Multi-AZ cluster has three zones by itself. Serverless v1 fails over by itself.
_exempt if {
	input.resource.type == "aws_rds_cluster"
	not _aurora
}

_aurora if {
	startswith(_engine, "aurora")
	not _attrs.engine_mode == "serverless"
}

_engine := demand.said(object.get(_attrs, "engine", null))

_flexible_server := [{"path": ["high_availability", 0, "mode"], "is": "ZoneRedundant"}]

_demands := {
	"aws_db_instance": [{"path": ["multi_az"], "is": true, "default": false}],
	"aws_elasticache_replication_group": [
		{"path": ["automatic_failover_enabled"], "is": true, "default": false},
		{"path": ["multi_az_enabled"], "is": true, "default": false},
	],
	"aws_memorydb_cluster": [{"path": ["num_replicas_per_shard"], "least": 1, "default": 1}],
	"aws_opensearch_domain": [
		{"path": ["cluster_config", 0, "zone_awareness_enabled"], "is": true, "default": false},
		{
			"path": ["cluster_config", 0, "zone_awareness_config", 0, "availability_zone_count"],
			"least": 2, "default": 2,
		},
	],
	"aws_msk_cluster": [
		{"path": ["number_of_broker_nodes"], "least": 3},
		{"path": ["broker_node_group_info", 0, "client_subnets"], "length": 2},
	],
	"google_sql_database_instance": [
		{"path": ["settings", 0, "availability_type"], "is": "REGIONAL", "default": "ZONAL"},
	],
	"google_redis_instance": [{"path": ["tier"], "is": "STANDARD_HA", "default": "BASIC"}],
	"azurerm_postgresql_flexible_server": _flexible_server,
	"azurerm_mysql_flexible_server": _flexible_server,
	"azurerm_mssql_database": [{"path": ["zone_redundant"], "is": true, "default": false}],
	"azurerm_redis_cache": [{"path": ["zones"], "length": 2}],
	"postgresql.cnpg.io/Cluster": [{"path": ["spec", "instances"], "least": 3, "default": 1}],
}

_faults contains fault if some fault in demand.broken(input.resource, _demands[input.resource.type])

_faults contains fault if {
	input.resource.type == "aws_elasticache_replication_group"
	not _cache_has_replicas
	not _cache_is_hidden
	fault := {
		"msg": sprintf("%s has no replica to fail over to", [resource.address(input.resource)]),
		"path": ["num_cache_clusters"],
		"evidence": [{
			"pointer": "num_cache_clusters, replicas_per_node_group",
			"observed": concat(", ", [demand.said(shape.at(_attrs, path)) | some path in _cache_counts]),
			"expected": "2 or more nodes, or 1 or more replicas",
		}],
	}
}

# One broker per zone and round: other numbers leave a zone behind.
_faults contains fault if {
	input.resource.type == "aws_msk_cluster"
	brokers := demand.number(_attrs.number_of_broker_nodes)
	zones := count(shape.list(_attrs.broker_node_group_info[0].client_subnets))
	zones > 0
	floor(brokers / zones) * zones != brokers
	fault := {
		"msg": sprintf("%s spreads %v brokers over %d zones, expected a multiple", [
			resource.address(input.resource),
			brokers,
			zones,
		]),
		"path": ["number_of_broker_nodes"],
	}
}

_faults contains fault if {
	_members
	count(_members.sure) + count(_members.open) < 2
	fault := {
		"msg": sprintf("%s has %d instances in the tree, expected 2 or more in different zones", [
			resource.address(input.resource),
			count(_members.sure) + count(_members.open),
		]),
		"evidence": [{
			"pointer": "aws_rds_cluster_instance",
			"observed": concat(", ", [resource.address(member) | some member in _members.sure]),
			"expected": "2 or more in different zones",
		}],
	}
}

_faults contains fault if {
	count(_members.open) == 0
	count(_members.sure) > 1
	zones := {member.attrs.availability_zone | some member in _members.sure}
	count(zones) == 1
	every member in _members.sure {
		is_string(member.attrs.availability_zone)
	}
	fault := {"msg": sprintf("all instances of %s are in %s, expected different zones", [
		resource.address(input.resource),
		concat("", zones),
	])}
}

_undecided contains finding if some finding in demand.undecided(input.resource, _demands[input.resource.type])

_undecided contains finding if {
	input.resource.type == "aws_elasticache_replication_group"
	not _cache_has_replicas
	_cache_is_hidden
	finding := {
		"msg": sprintf("the number of replicas of %s is not known", [resource.address(input.resource)]),
		"path": ["num_cache_clusters"],
	}
}

_undecided contains finding if {
	count(_members.sure) < 2
	count(_members.sure) + count(_members.open) >= 2
	finding := {"msg": sprintf("which instances belong to %s is not known", [resource.address(input.resource)])}
}

_cache_counts := [["num_cache_clusters"], ["replicas_per_node_group"], ["node_group_configuration"]]

_cache_has_replicas if demand.number(_attrs.num_cache_clusters) >= 2

_cache_has_replicas if demand.number(_attrs.replicas_per_node_group) >= 1

_cache_has_replicas if {
	groups := shape.list(_attrs.node_group_configuration)
	count(groups) > 0
	every group in groups {
		demand.number(group.replica_count) >= 1
	}
}

_cache_is_hidden if {
	some path in _cache_counts
	resource.touches(input.resource.unknown, path)
}

_members := reference.links(
	input.resources,
	"aws_rds_cluster_instance",
	["cluster_identifier"],
	reference.identities(input.resource),
) if {
	input.resource.type == "aws_rds_cluster"
	_aurora
}

# METADATA
# title: Change reduces redundancy
# description: >-
#   A ratchet: no change lowers replicas, zones, nodes, backup retention or copies, or turns failover, spreading,
#   health checks or a disruption budget off, even where enough is left for the tier. Effective values are compared: to
#   write a default down is no reduction. The request lifts it by naming the resource in scope.redundancyReduction with
#   a reason; for tier 0 and 1, and where the tier is not known, the CAB approves as well.
# related_resources:
#   - https://developer.hashicorp.com/terraform/internals/json-format#change-representation
#   - https://kubernetes.io/docs/tasks/run-application/configure-pdb/
# custom:
#   id: HA-014
#   scope: resource
#   targets:
#     - aws_db_instance
#     - aws_rds_cluster
#     - aws_docdb_cluster
#     - aws_neptune_cluster
#     - aws_elasticache_replication_group
#     - aws_memorydb_cluster
#     - aws_opensearch_domain
#     - aws_msk_cluster
#     - aws_dynamodb_table
#     - aws_autoscaling_group
#     - aws_ecs_service
#     - aws_eks_node_group
#     - aws_lb
#     - aws_lb_target_group
#     - aws_s3_bucket_versioning
#     - aws_s3_bucket_replication_configuration
#     - aws_efs_replication_configuration
#     - aws_db_instance_automated_backups_replication
#     - google_sql_database_instance
#     - google_redis_instance
#     - azurerm_postgresql_flexible_server
#     - azurerm_mysql_flexible_server
#     - azurerm_mssql_database
#     - azurerm_storage_account
#     - azurerm_kubernetes_cluster_node_pool
#     - apps/Deployment
#     - apps/StatefulSet
#     - argoproj.io/Rollout
#     - autoscaling/HorizontalPodAutoscaler
#     - keda.sh/ScaledObject
#     - policy/PodDisruptionBudget
#     - postgresql.cnpg.io/Cluster
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [A1.2, CC8.1]
#     ISO27001: ["8.14", "8.32"]
#     NIST80053: [CM-4, CP-2]
#   remediation: >-
#     Keep the value, or name the resource with its reason in scope.redundancyReduction (tier 0 and 1: with the CAB).
#   since: 0.1.0
package policies.availability.reduced_redundancy

import data.policies.lib.demand
import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	_judged
	some loss in _losses
	not _accepted(loss.key)
	finding := {
		"msg": sprintf("%s of %s goes from %s to %s", [loss.key, _address, loss.before, loss.after]),
		"path": loss.path,
		"pending": _announced(loss.key),
		"evidence": [{
			"pointer": loss.key,
			"observed": sprintf("%s → %s", [loss.before, loss.after]),
			"expected": sprintf("%s, or a reduction that the request names%s", [loss.before, _board]),
		}],
	}
}

deny contains finding if {
	input.resource.action == "delete"
	_relevant
	input.resource.type in _protectors
	not _accepted("delete")
	finding := {
		"msg": sprintf("%s is deleted: what it protects loses it", [_address]),
		"pending": _announced("delete"),
		"evidence": [{
			"pointer": _address,
			"observed": "delete",
			"expected": sprintf("kept, or a reduction that the request names%s", [_board]),
		}],
	}
}

unknown contains finding if {
	_judged
	some ratchet in _ratchets[input.resource.type]
	demand.hidden(input.resource, ratchet)
	not shape.at(input.resource.before, ratchet.path) in {null, false, 0}
	not _accepted(demand.name(ratchet.path))
	finding := {
		"msg": sprintf("whether %s of %s is reduced is not known", [demand.name(ratchet.path), _address]),
		"path": ratchet.path,
	}
}

# An acceptance ends with no new commit.
valid_until contains instant_ns if {
	_judged
	some entry in _named
	instant_ns := instant.ns(entry.until)
	instant_ns > input.now_ns
}

_address := resource.address(input.resource)

_judged if {
	input.resource.action in {"update", "replace"}
	is_object(input.resource.before)
	_relevant
}

_relevant if {
	resource.production(input.resource)
	not _is_ephemeral
}

_is_ephemeral if service.ephemeral(input.context.services, input.resource.service)

# What only exists to protect something else.
_protectors := {
	"policy/PodDisruptionBudget",
	"aws_s3_bucket_replication_configuration",
	"aws_efs_replication_configuration",
	"aws_db_instance_automated_backups_replication",
}

_losses contains loss if {
	some ratchet in _ratchets[input.resource.type]
	not demand.hidden(input.resource, ratchet)
	not _scaled(ratchet)
	before := demand.effective(input.resource.before, ratchet)
	after := demand.effective(input.resource.attrs, ratchet)
	_worse(ratchet, before, after)
	loss := {
		"key": demand.name(ratchet.path),
		"path": ratchet.path,
		"before": _said(ratchet, before),
		"after": _said(ratchet, after),
	}
}

_worse(ratchet, before, after) if {
	ratchet.more
	demand.number(after) < demand.number(before)
}

_worse(ratchet, before, after) if {
	ratchet.less
	demand.number(after) > demand.number(before)
}

_worse(ratchet, before, after) if {
	ratchet.length
	count(_entries(after)) < count(_entries(before))
}

# From better to worse.
_worse(ratchet, before, after) if {
	some better, value in ratchet.order
	value == demand.said(before)
	some worse, other in ratchet.order
	other == demand.said(after)
	better < worse
}

_worse(ratchet, before, after) if {
	ratchet.present
	before != null
	after == null
}

_entries(value) := shape.list(value) if not is_object(value)

_entries(value) := [1 | some _, _ in value] if is_object(value)

_said(ratchet, value) := sprintf("%d", [count(_entries(value))]) if ratchet.length

_said(ratchet, value) := demand.said(value) if not ratchet.length

# Replicas that a scaler sets, and that the manifest only starts with.
_scaled(ratchet) if {
	ratchet.path in [["spec", "replicas"], ["desired_count"]]
	some other in input.resource.related
	other.relation in {"scaler", "rollout", "canary"}
	resource.remains(other)
}

_named := [entry |
	some written in shape.list(input.change.spec.scope.redundancyReduction)
	entry := shape.map(written)
	text.answered(object.get(entry, "reason", null))
	_means(entry)
]

_means(entry) if {
	some key in ["address", "resource"]
	resource.named(input.resource, entry[key])
}

_means(entry) if {
	is_string(input.resource.service)
	resource.service_name(entry.service) == input.resource.service
}

_covers(entry, key) if object.get(entry, "attribute", null) in {null, key}

_lasts(entry) if object.get(entry, "until", null) == null

_lasts(entry) if instant.ns(entry.until) > input.now_ns

_declared(key) if {
	some entry in _named
	_covers(entry, key)
	_lasts(entry)
}

_accepted(key) if {
	_declared(key)
	not _needs_board
}

_accepted(key) if {
	_declared(key)
	input.change.spec.cab.decision == "approved"
}

_needs_board if not is_number(input.resource.tier)

_needs_board if input.resource.tier <= 1

_board := " and the CAB approves" if _needs_board

_board := "" if not _needs_board

# Only the CAB is missing, and it has not said no.
_announced(key) if {
	_declared(key)
	not _rejected
}

_announced(key) := false if not _declared(key)

_announced(_) := false if _rejected

_rejected if input.change.spec.cab.decision == "rejected"

_flag(path) := _switch(path, false)

_switch(path, fallback) := {"path": path, "order": ["true", "false"], "default": fallback}

_number(path, fallback) := {"path": path, "more": true, "default": fallback}

_workload := [
	_number(["spec", "replicas"], 1),
	{"path": ["spec", "template", "spec", "topologySpreadConstraints"], "length": 1},
	{"path": ["spec", "template", "spec", "affinity", "podAntiAffinity"], "present": true},
]

_cluster := [_number(["backup_retention_period"], 1)]

_flexible_server := [
	{"path": ["high_availability", 0, "mode"], "order": ["ZoneRedundant", "SameZone", "absent"]},
	_flag(["geo_redundant_backup_enabled"]),
	_number(["backup_retention_days"], 7),
]

_ratchets := {
	"aws_db_instance": [
		_flag(["multi_az"]),
		_number(["backup_retention_period"], 0),
	],
	"aws_rds_cluster": _cluster,
	"aws_docdb_cluster": _cluster,
	"aws_neptune_cluster": _cluster,
	"aws_elasticache_replication_group": [
		_flag(["automatic_failover_enabled"]),
		_flag(["multi_az_enabled"]),
		_number(["num_cache_clusters"], null),
		_number(["replicas_per_node_group"], null),
		_number(["snapshot_retention_limit"], 0),
	],
	"aws_memorydb_cluster": [
		_number(["num_replicas_per_shard"], 1),
		_number(["snapshot_retention_limit"], 0),
	],
	"aws_opensearch_domain": [
		_flag(["cluster_config", 0, "zone_awareness_enabled"]),
		_flag(["cluster_config", 0, "multi_az_with_standby_enabled"]),
		_flag(["cluster_config", 0, "dedicated_master_enabled"]),
		_number(["cluster_config", 0, "zone_awareness_config", 0, "availability_zone_count"], 2),
		_number(["cluster_config", 0, "instance_count"], 1),
	],
	"aws_msk_cluster": [
		_number(["number_of_broker_nodes"], null),
		{"path": ["broker_node_group_info", 0, "client_subnets"], "length": 1},
	],
	"aws_dynamodb_table": [
		_flag(["point_in_time_recovery", 0, "enabled"]),
		{"path": ["replica"], "length": 1},
	],
	"aws_autoscaling_group": [
		_number(["min_size"], null),
		{"path": ["vpc_zone_identifier"], "length": 1},
		{"path": ["availability_zones"], "length": 1},
		{"path": ["health_check_type"], "order": ["ELB", "EC2"], "default": "EC2"},
	],
	"aws_ecs_service": [_number(["desired_count"], null)],
	"aws_eks_node_group": [
		_number(["scaling_config", 0, "min_size"], null),
		{"path": ["subnet_ids"], "length": 1},
	],
	"aws_lb": [
		{"path": ["subnets"], "length": 1},
		{"path": ["subnet_mapping"], "length": 1},
		_flag(["enable_cross_zone_load_balancing"]),
		_flag(["enable_zonal_shift"]),
	],
	"aws_lb_target_group": [
		_switch(["health_check", 0, "enabled"], true),
		{
			"path": ["load_balancing_cross_zone_enabled"],
			"order": ["true", "use_load_balancer_configuration", "false"],
			"default": "use_load_balancer_configuration",
		},
	],
	"aws_s3_bucket_versioning": [
		{"path": ["versioning_configuration", 0, "status"], "order": ["Enabled", "Suspended", "Disabled"]},
	],
	"aws_s3_bucket_replication_configuration": [
		{"path": ["rule", 0, "status"], "order": ["Enabled", "Disabled"]},
		{"path": ["rule"], "length": 1},
	],
	"google_sql_database_instance": [
		{"path": ["settings", 0, "availability_type"], "order": ["REGIONAL", "ZONAL"], "default": "ZONAL"},
		_flag(["settings", 0, "backup_configuration", 0, "enabled"]),
		_flag(["settings", 0, "backup_configuration", 0, "point_in_time_recovery_enabled"]),
		_flag(["settings", 0, "backup_configuration", 0, "binary_log_enabled"]),
	],
	"google_redis_instance": [
		{"path": ["tier"], "order": ["STANDARD_HA", "BASIC"], "default": "BASIC"},
		_number(["replica_count"], null),
	],
	"azurerm_postgresql_flexible_server": _flexible_server,
	"azurerm_mysql_flexible_server": _flexible_server,
	"azurerm_mssql_database": [
		_flag(["zone_redundant"]),
		_switch(["geo_backup_enabled"], true),
	],
	"azurerm_storage_account": [{
		"path": ["account_replication_type"],
		"order": ["RAGZRS", "GZRS", "RAGRS", "GRS", "ZRS", "LRS"],
	}],
	"azurerm_kubernetes_cluster_node_pool": [
		{"path": ["zones"], "length": 1},
		_number(["min_count"], null),
		_number(["node_count"], null),
	],
	"apps/Deployment": _workload,
	"apps/StatefulSet": _workload,
	"argoproj.io/Rollout": _workload,
	"autoscaling/HorizontalPodAutoscaler": [_number(["spec", "minReplicas"], 1)],
	"keda.sh/ScaledObject": [_number(["spec", "minReplicaCount"], 0)],
	"policy/PodDisruptionBudget": [
		_number(["spec", "minAvailable"], null),
		{"path": ["spec", "maxUnavailable"], "less": true},
		{"path": ["spec", "minAvailable"], "present": true},
	],
	"postgresql.cnpg.io/Cluster": [_number(["spec", "instances"], 1)],
}

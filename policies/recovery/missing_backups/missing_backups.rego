# METADATA
# title: Data has no backups, or keeps them too briefly
# description: >-
#   Stateful production resources have automatic backups that are kept seven days (35 for tier 0 and 1, unless AWS
#   Backup selects them) and, where the type has it, point-in-time recovery. Absent attributes count as what the
#   provider makes of them: a database instance without backup_retention_period has no backups. Backups outlive their
#   instance. A claim of tier 0 or 1 is covered by a Velero schedule of the tree, a CloudNativePG cluster by a
#   ScheduledBackup. Replicas and ephemeral services are exempt. The threshold `DR-005.retention_days`, by tier,
#   replaces the numbers.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html
#   - https://velero.io/docs/main/api-types/schedule/
# custom:
#   id: DR-005
#   scope: resource
#   targets:
#     - aws_db_instance
#     - aws_rds_cluster
#     - aws_docdb_cluster
#     - aws_neptune_cluster
#     - aws_elasticache_replication_group
#     - aws_memorydb_cluster
#     - aws_dynamodb_table
#     - aws_efs_file_system
#     - google_sql_database_instance
#     - google_alloydb_cluster
#     - azurerm_postgresql_flexible_server
#     - azurerm_mysql_flexible_server
#     - PersistentVolumeClaim
#     - postgresql.cnpg.io/Cluster
#   severity: critical
#   enforcement: hard
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.13"]
#     NIST80053: [CP-9]
#     HIPAA: [164.308(a)(7)(ii)(A)]
#     GDPR: [32(1)(c)]
#     DORA: ["12"]
#   remediation: Turn backups and point-in-time recovery on and keep them as long as the tier needs.
#   since: 0.1.0
package policies.recovery.missing_backups

import data.policies.lib.backup
import data.policies.lib.demand
import data.policies.lib.reference
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains fault if {
	_judged
	resource.production(input.resource)
	some fault in _faults
	not _perhaps_elsewhere(fault)
}

deny contains finding if {
	_judged
	resource.production(input.resource)
	input.resource.type in {"aws_db_instance", "aws_rds_cluster"}
	some fault in demand.broken(input.resource, [_outlives])
	finding := object.union(fault, {
		"enforcement": "soft",
		"severity": "medium",
		"remediation": "Set delete_automated_backups = false: the backups are needed most when the instance is gone.",
	})
}

unknown contains finding if {
	_judged
	resource.production(input.resource)
	some finding in _undecided
}

# Long enough for some tiers only.
unknown contains resource.unclassified if {
	_judged
	_unclassified
	count(_faults | demand.broken(input.resource, _strictest)) > 0
}

_judged if {
	resource.remains(input.resource)
	not _exempt
	not _is_ephemeral
}

_is_ephemeral if service.ephemeral(input.context.services, input.resource.service)

_unclassified if resource.unplaced(input.resource)

_unclassified if {
	resource.production(input.resource)
	input.resource.tier == null
}

_attrs := shape.map(input.resource.attrs)

_exempt if {
	some key in ["replicate_source_db", "replication_source_identifier", "master_instance_name", "source_server_id"]
	is_string(_attrs[key])
}

_exempt if _attrs.engine == "memcached"

_exempt if _attrs.cluster_type == "SECONDARY"

_days := object.union(
	{"0": 35, "1": 35, "2": 7, "3": 7},
	{tier: number |
		some tier, number in shape.map(input.config.thresholds["DR-005"].retention_days)
		is_number(number)
	},
)

_most := max([number | some _, number in _days])

_fewest := min([number | some _, number in _days])

# AWS Backup keeps the rest.
_needed := _fewest if _in_aws_backup

_needed := object.get(_days, demand.said(input.resource.tier), _fewest) if not _in_aws_backup

_in_aws_backup if backup.selected(input.resources, input.resource)

_retention := {
	"aws_db_instance": {"path": ["backup_retention_period"], "default": 0},
	"aws_rds_cluster": {"path": ["backup_retention_period"], "default": 1},
	"aws_docdb_cluster": {"path": ["backup_retention_period"], "default": 1},
	"aws_neptune_cluster": {"path": ["backup_retention_period"], "default": 1},
}

_outlives := {"path": ["delete_automated_backups"], "is": false, "default": true}

_demands contains object.union(_retention[input.resource.type], {"least": _needed})

_demands contains one if some one in _switches[input.resource.type]

_demands contains {"path": path, "is": true, "default": false} if {
	input.resource.type == "google_sql_database_instance"
	path := ["settings", 0, "backup_configuration", 0, _google_log]
}

# MySQL recovers from its binary log.
_google_log := "binary_log_enabled" if _is_mysql

_google_log := "point_in_time_recovery_enabled" if not _is_mysql

_is_mysql if startswith(demand.said(object.get(_attrs, "database_version", null)), "MYSQL")

_snapshots := [{"path": ["snapshot_retention_limit"], "least": 1, "default": 0}]

_flexible_server := [{"path": ["backup_retention_days"], "least": 14, "default": 7}]

_switches := {
	"aws_elasticache_replication_group": _snapshots,
	"aws_memorydb_cluster": _snapshots,
	"aws_dynamodb_table": [{"path": ["point_in_time_recovery", 0, "enabled"], "is": true, "default": false}],
	"google_sql_database_instance": [
		{"path": ["settings", 0, "backup_configuration", 0, "enabled"], "is": true, "default": false},
	],
	"google_alloydb_cluster": [{"path": ["continuous_backup_config", 0, "enabled"], "is": true, "default": true}],
	"azurerm_postgresql_flexible_server": _flexible_server,
	"azurerm_mysql_flexible_server": _flexible_server,
}

_strictest contains object.union(_retention[input.resource.type], {"least": _most}) if not _in_aws_backup

_faults contains fault if some fault in demand.broken(input.resource, _demands)

_faults contains fault if {
	_file_system
	not _in_aws_backup
	count(_file_system.sure) == 0
	count(_file_system.open) == 0
	fault := {
		"msg": sprintf("%s has no aws_efs_backup_policy that is ENABLED", [resource.address(input.resource)]),
		"evidence": [{
			"pointer": "aws_efs_backup_policy", "observed": "none in the tree", "expected": "ENABLED",
		}],
	}
}

_faults contains fault if {
	input.resource.type in {"PersistentVolumeClaim", "postgresql.cnpg.io/Cluster"}
	_critical
	not _scheduled
	fault := {
		"msg": sprintf("%s is covered by no backup schedule of the tree", [input.resource.id]),
		"evidence": [{
			"pointer": input.resource.id,
			"observed": "no velero.io/Schedule or postgresql.cnpg.io/ScheduledBackup covers it",
			"expected": "a schedule that is not paused and takes its volumes along",
		}],
	}
}

_critical if {
	is_number(input.resource.tier)
	input.resource.tier <= 1
}

# Enough for AWS Backup to keep the rest, and what its selections name is not known.
_perhaps_elsewhere(fault) if {
	fault.path == ["backup_retention_period"]
	backup.open(input.resources)
	demand.number(demand.effective(_attrs, _retention[input.resource.type])) >= _fewest
}

_undecided contains finding if some finding in demand.undecided(input.resource, _demands)

_undecided contains finding if {
	some fault in _faults
	_perhaps_elsewhere(fault)
	finding := {
		"msg": sprintf("%s; whether AWS Backup selects it is not known", [fault.msg]),
		"path": fault.path,
	}
}

_undecided contains finding if {
	_file_system
	not _in_aws_backup
	count(_file_system.sure) == 0
	count(_file_system.open) > 0
	finding := {"msg": sprintf("which backup policy %s has is not known", [resource.address(input.resource)])}
}

_file_system := {"sure": [policy | some policy in links.sure; _enabled(policy)], "open": links.open} if {
	input.resource.type == "aws_efs_file_system"
	names := reference.identities(input.resource)
	links := reference.links(input.resources, "aws_efs_backup_policy", ["file_system_id"], names)
}

_enabled(policy) if policy.attrs.backup_policy[0].status == "ENABLED"

_scheduled if {
	some schedule in input.resources
	schedule.type == "velero.io/Schedule"
	resource.remains(schedule)
	not schedule.attrs.spec.paused == true
	not schedule.attrs.spec.template.snapshotVolumes == false
	_includes(shape.at(schedule.attrs, ["spec", "template"]), input.resource.namespace)
}

_scheduled if {
	some schedule in input.resources
	schedule.type == "postgresql.cnpg.io/ScheduledBackup"
	resource.remains(schedule)
	schedule.namespace == input.resource.namespace
	schedule.attrs.spec.cluster.name == input.resource.name
	not schedule.attrs.spec.suspend == true
}

# No list of namespaces means all of them.
_includes(template, namespace) if {
	not _names_others(shape.list(object.get(shape.map(template), "includedNamespaces", [])), namespace)
	not namespace in shape.list(object.get(shape.map(template), "excludedNamespaces", []))
}

_names_others(included, namespace) if {
	count(included) > 0
	every name in included {
		not name in {namespace, "*"}
	}
}

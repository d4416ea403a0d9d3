# METADATA
# title: Stateful resource is destroyed undeclared, or loses its deletion protection
# description: >-
#   Deleting, replacing or forgetting a stateful resource in production has to be declared in scope.destructiveActions,
#   and a database that goes leaves a final snapshot: its settings before the change decide that. What stays keeps its
#   deletion protection (or lifecycle.prevent_destroy), buckets refuse to be destroyed with their content, and a
#   StorageClass of tier 0 or 1 retains its volumes. Turning the protection off is denied whatever else protects, since
#   the deletion would come with the next change. Services that the catalogue calls ephemeral are exempt.
# related_resources:
#   - https://developer.hashicorp.com/terraform/language/modules/develop/refactoring
#   - https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_instance#skip_final_snapshot
# custom:
#   id: PRE-005
#   scope: resource
#   targets:
#     - aws_db_instance
#     - aws_rds_cluster
#     - aws_rds_global_cluster
#     - aws_docdb_cluster
#     - aws_neptune_cluster
#     - aws_dynamodb_table
#     - aws_elasticache_replication_group
#     - aws_memorydb_cluster
#     - aws_opensearch_domain
#     - aws_msk_cluster
#     - aws_efs_file_system
#     - aws_ebs_volume
#     - aws_s3_bucket
#     - aws_kinesis_stream
#     - aws_sqs_queue
#     - aws_kms_key
#     - aws_backup_vault
#     - aws_route53_zone
#     - aws_cloudwatch_log_group
#     - aws_secretsmanager_secret
#     - aws_eks_cluster
#     - aws_lb
#     - google_sql_database_instance
#     - google_alloydb_cluster
#     - google_spanner_instance
#     - google_spanner_database
#     - google_bigtable_instance
#     - google_storage_bucket
#     - google_redis_instance
#     - google_filestore_instance
#     - google_pubsub_topic
#     - google_kms_crypto_key
#     - google_container_cluster
#     - google_bigquery_dataset
#     - azurerm_postgresql_flexible_server
#     - azurerm_mysql_flexible_server
#     - azurerm_mssql_database
#     - azurerm_cosmosdb_account
#     - azurerm_storage_account
#     - azurerm_redis_cache
#     - azurerm_eventhub_namespace
#     - azurerm_servicebus_namespace
#     - azurerm_key_vault
#     - azurerm_recovery_services_vault
#     - azurerm_kubernetes_cluster
#     - PersistentVolumeClaim
#     - PersistentVolume
#     - Namespace
#     - apps/StatefulSet
#     - apiextensions.k8s.io/CustomResourceDefinition
#     - storage.k8s.io/StorageClass
#     - postgresql.cnpg.io/Cluster
#     - kafka.strimzi.io/Kafka
#     - kafka.strimzi.io/KafkaTopic
#     - elasticsearch.k8s.elastic.co/Elasticsearch
#     - rabbitmq.com/RabbitmqCluster
#   severity: critical
#   enforcement: hard
#   stages: [commit, pull-request, apply]
#   controls:
#     SOC2: [A1.2, CC8.1]
#     ISO27001: ["8.13", "8.14", "8.32"]
#     NIST80053: [CP-9, CM-3, SI-12]
#     HIPAA: [164.308(a)(7)(ii)(A)]
#     GDPR: [32(1)(b), 32(1)(c)]
#   remediation: >-
#     Rename with a `moved` block, turn the protection back on, or declare the action with its reason, keep the final
#     snapshot and take it to the CAB.
#   since: 0.1.0
package policies.precheck.destructive_action

import data.policies.lib.declaration
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	_destroyed
	not _declared
	finding := {
		"msg": sprintf("%s of the stateful %s is not declared%s", [input.resource.action, _address, _forced]),
		"evidence": [{
			"pointer": _address,
			"observed": sprintf("%s%s", [input.resource.action, _forced]),
			"expected": "listed in scope.destructiveActions of the request",
		}],
	}
}

deny contains finding if {
	_destroyed
	input.resource.action in {"delete", "replace"}
	input.resource.type in _snapshots
	not _is_replica
	some fault in _snapshot_faults
	finding := {
		"msg": sprintf("%s of %s leaves no final snapshot: before the change %s", [
			input.resource.action,
			_address,
			fault.msg,
		]),
		"path": [fault.key],
		"evidence": [{"pointer": fault.key, "observed": fault.observed, "expected": fault.expected}],
	}
}

deny contains finding if {
	some finding in _exposures
	_kept
}

unknown contains finding if {
	_kept
	some protection in _protections[input.resource.type]
	_not_known(protection.path)
	not _prevented
	finding := {"msg": sprintf("%s of %s is not known", [_name(protection), _address]), "path": protection.path}
}

unknown contains finding if {
	_kept
	input.resource.type in _buckets
	_not_known(["force_destroy"])
	finding := {"msg": sprintf("force_destroy of %s is not known", [_address]), "path": ["force_destroy"]}
}

unknown contains resource.unclassified if {
	input.resource.environment == null
	input.resource.action == "present"
	count(_exposures) > 0
	not _ephemeral
}

_exposures contains finding if {
	some protection in _protections[input.resource.type]
	not _not_known(protection.path)
	not _on(_value(input.resource.attrs, protection))
	not _excused(protection)
	finding := {
		"msg": sprintf("%s of %s is %s%s", [
			_name(protection),
			_address,
			_said(_value(input.resource.attrs, protection)),
			_turned(protection),
		]),
		"path": protection.path,
		"evidence": [{
			"pointer": _name(protection),
			"observed": _said(_value(input.resource.attrs, protection)),
			"expected": "true",
		}],
	}
}

_exposures contains finding if {
	input.resource.type in _buckets
	_on(input.resource.attrs.force_destroy)
	not _not_known(["force_destroy"])
	finding := {
		"msg": sprintf("force_destroy of %s is true: the bucket goes together with its objects", [_address]),
		"path": ["force_destroy"],
		"evidence": [{"pointer": "force_destroy", "observed": "true", "expected": "false"}],
	}
}

_exposures contains finding if {
	input.resource.type == "storage.k8s.io/StorageClass"
	is_number(input.resource.tier)
	input.resource.tier <= 1
	policy := object.get(shape.map(input.resource.attrs), "reclaimPolicy", "Delete (the default)")
	policy != "Retain"
	finding := {
		"msg": sprintf("reclaimPolicy of %s is %v: a deleted claim takes its volume along", [_address, policy]),
		"path": ["reclaimPolicy"],
		"evidence": [{"pointer": "reclaimPolicy", "observed": sprintf("%v", [policy]), "expected": "Retain"}],
	}
}

_buckets := {"aws_s3_bucket", "google_storage_bucket"}

# Only configured here; they hold no data.
_stateless := {"aws_lb", "storage.k8s.io/StorageClass"}

_destroyed if {
	resource.destroys(input.resource)
	resource.production(input.resource)
	not input.resource.type in _stateless
	not _ephemeral
}

_kept if {
	resource.remains(input.resource)
	resource.production(input.resource)
	not _ephemeral
}

_ephemeral if {
	some entry in input.context.services.entries
	entry.name == input.resource.service
	entry.ephemeral == true
}

_declared if {
	entries := declaration.entries(input.change)
	declaration.declared(declaration.exact(entries), declaration.patterns(entries), input.resource)
}

_address := resource.address(input.resource)

_forced := sprintf(", forced by %s", [concat(", ", sort(_forcing))]) if count(_forcing) > 0

_forced := "" if count(_forcing) == 0

_forcing := {concat(".", [sprintf("%v", [key]) | some key in path]) | some path in input.resource.replace_paths}

_snapshots := {"aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"}

# A replica has its source; AWS refuses a final snapshot of it.
_is_replica if {
	some key in ["replicate_source_db", "replication_source_identifier"]
	is_string(_before[key])
}

_snapshot_faults contains fault if {
	_on(_before.skip_final_snapshot)
	fault := {
		"key": "skip_final_snapshot", "msg": "skip_final_snapshot is true", "observed": "true", "expected": "false",
	}
}

_snapshot_faults contains fault if {
	not _on(object.get(_before, "skip_final_snapshot", false))
	not is_string(object.get(_before, "final_snapshot_identifier", null))
	fault := {
		"key": "final_snapshot_identifier", "msg": "final_snapshot_identifier is not set", "observed": "absent",
		"expected": "a name for the snapshot",
	}
}

_off_by_default := [{"path": ["deletion_protection"], "default": false}]

# Attributes that protect, with what the provider makes of an absent one.
_protections := {
	"aws_db_instance": _off_by_default,
	"aws_rds_cluster": _off_by_default,
	"aws_rds_global_cluster": _off_by_default,
	"aws_docdb_cluster": _off_by_default,
	"aws_neptune_cluster": _off_by_default,
	"aws_eks_cluster": _off_by_default,
	"aws_dynamodb_table": [{"path": ["deletion_protection_enabled"], "default": false}],
	"aws_lb": [{"path": ["enable_deletion_protection"], "default": false}],
	"google_sql_database_instance": [
		{"path": ["deletion_protection"], "default": true},
		{"path": ["settings", 0, "deletion_protection_enabled"], "default": false},
	],
	"google_container_cluster": [{"path": ["deletion_protection"], "default": true}],
}

_value(attrs, protection) := written if {
	written := shape.at(attrs, protection.path)
	written != null
}

_value(attrs, protection) := protection["default"] if shape.at(attrs, protection.path) == null

_on(value) if value in {true, "true"}

_not_known(path) if resource.touches(input.resource.unknown, path)

# Terraform itself refuses to destroy it: enough for what was never protected, not for taking a protection away.
_excused(protection) if {
	_prevented
	not _turned_off(protection)
}

_prevented if shape.map(input.resource.lifecycle).prevent_destroy == true

_turned_off(protection) if {
	is_object(input.resource.before)
	input.resource.action in {"update", "replace"}
	_on(_value(_before, protection))
}

_turned(protection) := ", it was true: this is the first half of a deletion" if _turned_off(protection)

_turned(protection) := "" if not _turned_off(protection)

_before := input.resource.before if is_object(input.resource.before)

_before := shape.map(input.resource.attrs) if not is_object(input.resource.before)

_name(protection) := concat(".", [key | some key in protection.path; is_string(key)])

_said(value) := sprintf("%v", [value])

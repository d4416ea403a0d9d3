# METADATA
# title: Critical data stays in one region
# description: >-
#   Production data of tier 0 and 1 has a copy in another region: geo-redundant storage or backups (Azure), a
#   multi-region or dual-region bucket (Google), and on AWS a global cluster or table, a replica, replicated backups,
#   bucket or file system replication, or an AWS Backup plan that copies to another region. A replication that is
#   disabled is none, a bucket's says what happens to delete markers, and for an RPO of 15 minutes or less it is timed.
#   Services that the threshold `DR-004.region_locked` lists with their legal basis are exempt.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/plan-for-disaster-recovery-dr.html
#   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html
# custom:
#   id: DR-004
#   scope: resource
#   targets:
#     - aws_db_instance
#     - aws_rds_cluster
#     - aws_docdb_cluster
#     - aws_dynamodb_table
#     - aws_s3_bucket
#     - aws_s3_bucket_replication_configuration
#     - aws_efs_file_system
#     - google_storage_bucket
#     - azurerm_storage_account
#     - azurerm_postgresql_flexible_server
#     - azurerm_mysql_flexible_server
#     - azurerm_mssql_database
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.13", "8.14"]
#     NIST80053: [CP-6, CP-6(1), CP-9(3), CP-9(6)]
#     HIPAA: [164.308(a)(7)(ii)(A)]
#     GDPR: [32(1)(c)]
#     DORA: ["12"]
#   remediation: >-
#     Replicate the data or copy its backups to another region, with a key that is readable there; or name the legal
#     basis that keeps it where it is.
#   since: 0.1.0
package policies.recovery.single_region_data

import data.policies.lib.backup
import data.policies.lib.demand
import data.policies.lib.reference
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape
import data.policies.lib.text

deny contains fault if {
	_judged
	resource.production(input.resource)
	_critical
	some fault in _faults
}

unknown contains finding if {
	_judged
	resource.production(input.resource)
	_critical
	some finding in _undecided
}

unknown contains resource.unclassified if {
	_judged
	_unclassified
	count(_faults) > 0
}

_judged if {
	resource.remains(input.resource)
	not _is_ephemeral
	not _region_locked
	not _replica
}

_is_ephemeral if service.ephemeral(input.context.services, input.resource.service)

_critical if {
	is_number(input.resource.tier)
	input.resource.tier <= 1
}

_unclassified if {
	resource.unplaced(input.resource)
	not input.resource.tier > 1
}

_unclassified if {
	resource.production(input.resource)
	input.resource.tier == null
}

_attrs := shape.map(input.resource.attrs)

_address := resource.address(input.resource)

_region_locked if text.answered(input.config.thresholds["DR-004"].region_locked[input.resource.service])

# The copy itself.
_replica if {
	some key in ["replicate_source_db", "replication_source_identifier", "source_server_id"]
	is_string(_attrs[key])
}

_geo_backup := [{"path": ["geo_redundant_backup_enabled"], "is": true, "default": false}]

_demands := {
	"azurerm_storage_account": [{
		"path": ["account_replication_type"], "among": {"GRS", "RAGRS", "GZRS", "RAGZRS"},
	}],
	"azurerm_postgresql_flexible_server": _geo_backup,
	"azurerm_mysql_flexible_server": _geo_backup,
	"azurerm_mssql_database": [{"path": ["geo_backup_enabled"], "is": true, "default": true}],
	"aws_s3_bucket_replication_configuration": _rule_demands,
}

_rule_demands contains one if {
	some index, _ in shape.list(_attrs.rule)
	some one in [
		{"path": ["rule", index, "status"], "is": "Enabled"},
		{"path": ["rule", index, "delete_marker_replication"], "length": 1},
	]
}

_rule_demands contains {"path": path, "is": "Enabled"} if {
	service.entry(input.context.services, input.resource.service).rpo_ns <= 15 * 60000000000
	some index, _ in shape.list(_attrs.rule)
	path := ["rule", index, "destination", 0, "replication_time", 0, "status"]
}

_faults contains fault if some fault in demand.broken(input.resource, _demands[input.resource.type])

_faults contains fault if {
	input.resource.type == "google_storage_bucket"
	is_string(_attrs.location)
	not _spans_regions
	fault := {
		"msg": sprintf("%s is in %s alone, expected a multi-region or dual-region location", [
			_address,
			_attrs.location,
		]),
		"path": ["location"],
		"evidence": [{
			"pointer": "location", "observed": _attrs.location, "expected": "a multi-region or dual-region location",
		}],
	}
}

_faults contains fault if {
	_mechanisms[input.resource.type]
	not _copied
	not _may_be_copied
	fault := {
		"msg": sprintf("%s has no copy in another region", [_address]),
		"evidence": [{
			"pointer": _address,
			"observed": "no replication and no backup copy in the tree",
			"expected": concat(" or ", _ways),
		}],
	}
}

_undecided contains finding if some finding in demand.undecided(input.resource, _demands[input.resource.type])

_undecided contains finding if {
	_mechanisms[input.resource.type]
	not _copied
	_may_be_copied
	finding := {"msg": sprintf("whether %s is copied to another region is not known: the references are not", [_address])}
}

_undecided contains finding if {
	input.resource.type == "google_storage_bucket"
	not is_string(object.get(_attrs, "location", null))
	finding := {"msg": sprintf("location of %s is not known", [_address]), "path": ["location"]}
}

_spans_regions if {
	is_string(_attrs.location)
	upper(_attrs.location) in {"US", "EU", "ASIA", "NAM4", "EUR4", "EUR5", "EUR7", "EUR8", "ASIA1"}
}

_spans_regions if count(shape.list(_attrs.custom_placement_config)) > 0

# What copies each type, where it names its source, and what the source says of it itself.
_mechanisms := {
	"aws_db_instance": {"by": [
		{"type": "aws_db_instance_automated_backups_replication", "path": ["source_db_instance_arn"]},
		{"type": "aws_db_instance", "path": ["replicate_source_db"]},
	]},
	"aws_rds_cluster": {
		"own": "global_cluster_identifier",
		"by": [
			{"type": "aws_rds_cluster", "path": ["replication_source_identifier"]},
			{"type": "aws_rds_global_cluster", "path": ["source_db_cluster_identifier"]},
		],
	},
	"aws_docdb_cluster": {
		"own": "global_cluster_identifier",
		"by": [{"type": "aws_docdb_global_cluster", "path": ["source_db_cluster_identifier"]}],
	},
	"aws_dynamodb_table": {
		"own": "replica",
		"by": [{"type": "aws_dynamodb_table_replica", "path": ["global_table_arn"]}],
	},
	"aws_s3_bucket": {
		"own": "replication_configuration",
		"by": [{"type": "aws_s3_bucket_replication_configuration", "path": ["bucket"]}],
	},
	"aws_efs_file_system": {"by": [{"type": "aws_efs_replication_configuration", "path": ["source_file_system_id"]}]},
}

_ways := array.concat([way.type | some way in _mechanisms[input.resource.type].by], ["aws_backup_plan copy_action"])

_links := [reference.links(input.resources, way.type, way.path, names) |
	names := reference.identities(input.resource)
	some way in _mechanisms[input.resource.type].by
]

_copied if {
	some link in _links
	some copy in link.sure
	not _same_region(copy)
}

_copied if {
	own := _attrs[_mechanisms[input.resource.type].own]
	not own in {null, "", []}
}

_copied if {
	backup.selected(input.resources, input.resource)
	backup.copies(input.resources, input.resource.region)
}

# A replica next door: it names its source without the ARN.
_same_region(copy) if {
	is_string(copy.attrs.replicate_source_db)
	not startswith(copy.attrs.replicate_source_db, "arn:")
}

_may_be_copied if {
	some link in _links
	count(link.open) > 0
}

_may_be_copied if resource.touches(input.resource.unknown, [_mechanisms[input.resource.type].own])

_may_be_copied if {
	_may_be_selected
	_copies_somewhere
}

_may_be_selected if backup.open(input.resources)

_may_be_selected if backup.selected(input.resources, input.resource)

_copies_somewhere if backup.may_copy(input.resources)

_copies_somewhere if backup.copies(input.resources, input.resource.region)

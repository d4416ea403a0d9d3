//! Attributes whose change makes the provider destroy the object and create another one.
//!
//! Only types whose loss loses data (catalogue 2.1), and only attributes that the provider's schema marks
//! `ForceNew` whatever their value; where a provider decides by the values (`CustomizeDiff`), a plan is needed.

use crate::facts::{Action, Resource};
use crate::parse::tree::{Path, Step};

/// Turns updates from configuration into replacements where the provider cannot update in place.
///
/// A change from or to a value that is not known counts as well: whoever reads `replace` sees the path and that
/// it is unknown. Plans know better and are left alone by calling this for what was compared only.
pub fn mark_replacements(resources: &mut [Resource]) {
    for resource in resources.iter_mut().filter(|r| r.action == Action::Update) {
        let names = attributes(&resource.kind);
        let forces = |path: &&Path| matches!(path.first(), Some(Step::Key(name)) if names.contains(&&**name));
        let paths: Vec<Path> = resource.changed.iter().filter(forces).cloned().collect();
        if !paths.is_empty() {
            resource.action = Action::Replace;
            resource.replace_paths = paths;
        }
    }
}

/// The attributes of a type that force a replacement; none for types that are not in the table.
pub fn attributes(kind: &str) -> &'static [&'static str] {
    let found = FORCE_NEW.binary_search_by_key(&kind, |(kind, _)| kind);
    found.ok().and_then(|at| FORCE_NEW.get(at)).map_or(&[], |(_, attributes)| attributes)
}

/// `ForceNew: true` of top-level arguments in the schemas of terraform-provider-aws 5 and 6, of
/// terraform-provider-google 7.45 and of terraform-provider-azurerm 5.2; `aws_*` as the provider's documentation
/// has it ("Forces new resource").
#[rustfmt::skip]
const FORCE_NEW: &[(&str, &[&str])] = &[
    ("aws_backup_vault", &["kms_key_arn", "name"]),
    ("aws_cloudwatch_log_group", &["name", "name_prefix"]),
    ("aws_db_instance", &[
        "availability_zone", "backup_target", "character_set_name", "custom_iam_instance_profile", "db_name", "engine",
        "kms_key_id", "nchar_character_set_name", "restore_to_point_in_time", "snapshot_identifier", "storage_encrypted",
        "timezone", "username",
    ]),
    ("aws_docdb_cluster", &[
        "availability_zones", "cluster_identifier", "cluster_identifier_prefix", "db_subnet_group_name", "engine",
        "kms_key_id", "master_username", "restore_to_point_in_time", "snapshot_identifier", "storage_encrypted",
    ]),
    ("aws_dynamodb_table", &["hash_key", "local_secondary_index", "name", "range_key"]),
    ("aws_ebs_volume", &["availability_zone", "encrypted", "kms_key_id", "outpost_arn", "snapshot_id"]),
    ("aws_efs_file_system", &["availability_zone_name", "creation_token", "encrypted", "kms_key_id", "performance_mode"]),
    ("aws_eks_cluster", &["name", "role_arn"]),
    ("aws_elasticache_replication_group", &[
        "at_rest_encryption_enabled", "kms_key_id", "port", "replication_group_id", "snapshot_arns", "snapshot_name",
        "subnet_group_name",
    ]),
    ("aws_kinesis_stream", &["name"]),
    ("aws_kms_key", &["custom_key_store_id", "customer_master_key_spec", "key_usage", "multi_region", "xks_key_id"]),
    ("aws_memorydb_cluster", &[
        "auto_minor_version_upgrade", "data_tiering", "kms_key_arn", "name", "port", "snapshot_arns", "snapshot_name",
        "subnet_group_name", "tls_enabled",
    ]),
    ("aws_msk_cluster", &["cluster_name", "encryption_info"]),
    ("aws_neptune_cluster", &[
        "availability_zones", "cluster_identifier", "cluster_identifier_prefix", "engine", "kms_key_arn",
        "neptune_subnet_group_name", "snapshot_identifier", "storage_encrypted",
    ]),
    ("aws_opensearch_domain", &["domain_name"]),
    ("aws_rds_cluster", &[
        "availability_zones", "cluster_identifier", "cluster_identifier_prefix", "cluster_scalability_type",
        "database_name", "db_subnet_group_name", "db_system_id", "engine", "engine_mode", "kms_key_id",
        "master_username", "restore_to_point_in_time", "snapshot_identifier", "source_region", "storage_encrypted",
    ]),
    ("aws_rds_global_cluster", &[
        "database_name", "engine", "global_cluster_identifier", "source_db_cluster_identifier", "storage_encrypted",
    ]),
    ("aws_route53_zone", &["delegation_set_id", "name"]),
    ("aws_s3_bucket", &["bucket", "bucket_prefix", "object_lock_enabled"]),
    ("aws_secretsmanager_secret", &["name", "name_prefix"]),
    ("aws_sqs_queue", &["fifo_queue", "name", "name_prefix"]),
    ("azurerm_cosmosdb_account", &[
        "create_mode", "free_tier_enabled", "key_vault_key_id", "kind", "location", "name", "resource_group_name",
    ]),
    ("azurerm_eventhub_namespace", &["dedicated_cluster_id", "location", "name", "resource_group_name"]),
    ("azurerm_key_vault", &["location", "name", "resource_group_name"]),
    ("azurerm_kubernetes_cluster", &[
        "disk_encryption_set_id", "dns_prefix", "dns_prefix_private_cluster", "edge_zone", "location", "name",
        "node_resource_group", "private_cluster_enabled", "private_dns_zone_id", "resource_group_name",
    ]),
    ("azurerm_mssql_database", &[
        "collation", "create_mode", "creation_source_database_id", "ledger_enabled", "name", "secondary_type", "server_id",
    ]),
    ("azurerm_mysql_flexible_server", &[
        "administrator_login", "create_mode", "delegated_subnet_id", "geo_redundant_backup_enabled", "location", "name",
        "point_in_time_restore_time_in_utc", "private_dns_zone_id", "resource_group_name", "source_server_id",
    ]),
    ("azurerm_postgresql_flexible_server", &[
        "customer_managed_key", "delegated_subnet_id", "geo_redundant_backup_enabled", "location", "name",
        "point_in_time_restore_time_in_utc", "resource_group_name", "source_server_id",
    ]),
    ("azurerm_recovery_services_vault", &["classic_vmware_replication_enabled", "location", "name", "resource_group_name"]),
    ("azurerm_redis_cache", &[
        "location", "name", "private_static_ip_address", "resource_group_name", "subnet_id", "zones",
    ]),
    ("azurerm_servicebus_namespace", &["location", "name", "premium_messaging_partitions", "resource_group_name"]),
    ("azurerm_storage_account", &[
        "account_tier", "dns_endpoint_type", "edge_zone", "immutability_policy", "infrastructure_encryption_enabled",
        "is_hns_enabled", "location", "name", "nfsv3_enabled", "provisioned_billing_model_version",
        "queue_encryption_key_type", "resource_group_name", "table_encryption_key_type",
    ]),
    ("google_alloydb_cluster", &[
        "cluster_id", "location", "project", "restore_backup_source", "restore_backupdr_backup_source",
        "restore_backupdr_pitr_source", "restore_continuous_backup_source",
    ]),
    ("google_bigquery_dataset", &["dataset_id", "external_dataset_reference", "location", "project"]),
    ("google_bigtable_instance", &["name", "project"]),
    ("google_container_cluster", &[
        "datapath_provider", "default_max_pods_per_node", "description", "enable_autopilot", "enable_kubernetes_alpha",
        "enable_tpu", "initial_node_count", "ip_allocation_policy", "location", "name", "network", "networking_mode",
        "project", "subnetwork",
    ]),
    ("google_filestore_instance", &[
        "initial_replication", "kms_key_name", "location", "networks", "project", "protocol", "tier", "zone",
    ]),
    ("google_kms_crypto_key", &[
        "crypto_key_backend", "destroy_scheduled_duration", "import_only", "key_ring", "name", "purpose",
    ]),
    ("google_pubsub_topic", &["name", "project"]),
    ("google_redis_instance", &[
        "alternative_location_id", "authorized_network", "connect_mode", "customer_managed_key", "location_id", "name",
        "project", "region", "reserved_ip_range", "tier", "transit_encryption_mode",
    ]),
    ("google_spanner_database", &["database_dialect", "encryption_config", "instance", "name", "project"]),
    ("google_spanner_instance", &["config", "name", "project"]),
    ("google_sql_database_instance", &["encryption_key_name", "name", "project", "region"]),
    ("google_storage_bucket", &["enable_object_retention", "hierarchical_namespace", "location", "name", "project"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::is_stateful;

    #[test]
    fn the_table_is_sorted_and_holds_stateful_types_only() {
        assert!(FORCE_NEW.is_sorted_by(|(a, _), (b, _)| a < b));
        for (kind, attributes) in FORCE_NEW {
            assert!(is_stateful(kind), "{kind}");
            assert!(attributes.is_sorted_by(|a, b| a < b) && !attributes.is_empty(), "{kind}");
        }
    }

    #[test]
    fn an_update_of_such_an_attribute_is_a_replacement() {
        let changed = |kind: &str, name: &str| {
            let changed = vec![vec![Step::from(name)]];
            let mut one = [Resource { kind: kind.into(), action: Action::Update, changed, ..Resource::default() }];
            mark_replacements(&mut one);
            let [one] = one;
            (one.action, one.replace_paths.len())
        };
        assert_eq!(changed("aws_db_instance", "storage_encrypted"), (Action::Replace, 1));
        assert_eq!(changed("aws_db_instance", "multi_az"), (Action::Update, 0));
        assert_eq!(changed("aws_instance", "ami"), (Action::Update, 0));
    }
}

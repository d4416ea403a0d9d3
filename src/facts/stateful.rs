//! Kinds whose loss loses data (catalogue 2.1).

/// Whether losing a resource of this kind loses data: a Terraform type, or a version-less `group/Kind`.
pub fn is_stateful(kind: &str) -> bool {
    STATEFUL.iter().any(|kinds| kinds.contains(&kind))
}

const STATEFUL: [&[&str]; 4] = [AWS, GOOGLE, AZURE, KUBERNETES];

const AWS: &[&str] = &[
    "aws_backup_vault",
    "aws_cloudwatch_log_group",
    "aws_db_instance",
    "aws_docdb_cluster",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_efs_file_system",
    "aws_eks_cluster",
    "aws_elasticache_replication_group",
    "aws_kinesis_stream",
    "aws_kms_key",
    "aws_memorydb_cluster",
    "aws_msk_cluster",
    "aws_neptune_cluster",
    "aws_opensearch_domain",
    "aws_rds_cluster",
    "aws_rds_global_cluster",
    "aws_route53_zone",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_sqs_queue",
];

const GOOGLE: &[&str] = &[
    "google_alloydb_cluster",
    "google_bigquery_dataset",
    "google_bigtable_instance",
    "google_container_cluster",
    "google_filestore_instance",
    "google_kms_crypto_key",
    "google_pubsub_topic",
    "google_redis_instance",
    "google_spanner_database",
    "google_spanner_instance",
    "google_sql_database_instance",
    "google_storage_bucket",
];

const AZURE: &[&str] = &[
    "azurerm_cosmosdb_account",
    "azurerm_eventhub_namespace",
    "azurerm_key_vault",
    "azurerm_kubernetes_cluster",
    "azurerm_mssql_database",
    "azurerm_mysql_flexible_server",
    "azurerm_postgresql_flexible_server",
    "azurerm_recovery_services_vault",
    "azurerm_redis_cache",
    "azurerm_servicebus_namespace",
    "azurerm_storage_account",
];

/// The operators' kinds are those of CloudNativePG, Strimzi, ECK, RabbitMQ, Bank-Vaults and the two etcd
/// operators.
const KUBERNETES: &[&str] = &[
    "Namespace",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "apiextensions.k8s.io/CustomResourceDefinition",
    "apps/StatefulSet",
    "druid.gardener.cloud/Etcd",
    "elasticsearch.k8s.elastic.co/Elasticsearch",
    "etcd.database.coreos.com/EtcdCluster",
    "kafka.strimzi.io/Kafka",
    "kafka.strimzi.io/KafkaNodePool",
    "kafka.strimzi.io/KafkaTopic",
    "operator.etcd.io/EtcdCluster",
    "postgresql.cnpg.io/Cluster",
    "rabbitmq.com/RabbitmqCluster",
    "vault.banzaicloud.com/Vault",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_with_their_group() {
        assert!(is_stateful("aws_db_instance") && is_stateful("apps/StatefulSet") && is_stateful("Namespace"));
        assert!(!is_stateful("aws_instance") && !is_stateful("apps/Deployment") && !is_stateful("StatefulSet"));
    }

    #[test]
    fn the_table_is_sorted_and_names_each_kind_once() {
        for kinds in STATEFUL {
            assert!(kinds.is_sorted_by(|a, b| a < b));
        }
    }
}

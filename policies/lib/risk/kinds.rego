# METADATA
# title: Kinds and attributes that weigh more
# description: >-
#   Which kinds decide who may do what and what reaches what, and which attributes interrupt a service when they change in
#   place. Nothing here reads `input`.
# related_resources:
#   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
#   - https://docs.aws.amazon.com/wellarchitected/latest/operational-excellence-pillar/welcome.html
package policies.lib.risk.kinds

import data.policies.lib.resource
import data.policies.lib.shape

_terraform := concat("|", [
	"aws_(iam|organizations|ssoadmin|identitystore)_.+",
	"aws_(vpc|subnet|route|route_table|security_group|network_acl|internet_gateway|nat_gateway|customer_gateway)(_.+)?",
	"aws_(vpn|ec2_transit_gateway|dx|networkfirewall|wafv2|networkmanager|vpclattice)_.+",
	"aws_(route53|cloudfront|globalaccelerator|route53recoverycontrolconfig)_.+",
	"google_.*_iam_.+|google_(service_account|organization_policy|org_policy_policy)(_.+)?",
	"google_(dns|vpc_access)_.+|google_compute_(network|subnetwork|firewall|router|route|vpn_.+|global_.+)(_.+)?",
	"google_compute_(security_policy|shared_vpc_.+)",
	"azurerm_(role|policy|management_group|user_assigned_identity|federated_identity_credential)(_.+)?",
	"azurerm_(virtual_network|subnet|network_security|firewall|route|nat_gateway|vpn|express_route|virtual_hub)(_.+)?",
	"azurerm_(dns|private_dns|frontdoor|cdn_frontdoor|traffic_manager)_.+",
])

_kubernetes := concat("|", [
	"rbac[.]authorization[.]k8s[.]io/.+",
	"networking[.]k8s[.]io/NetworkPolicy|policy[.]networking[.]k8s[.]io/.+|cilium[.]io/.*NetworkPolicy|crd[.]projectcalico[.]org/.+",
	"security[.]istio[.]io/.+|(networking[.]istio[.]io|gateway[.]networking[.]k8s[.]io)/Gateway",
	"admissionregistration[.]k8s[.]io/.+",
])

# Identity, network, names or something global: everybody behind it feels the change.
perimeter(kind) if regex.match(concat("", ["^(", _terraform, "|", _kubernetes, ")$"]), kind)

# Changed in place, each of these restarts the service or fails it over.
_interrupting := {
	"aws_db_instance": {
		"engine_version", "instance_class", "parameter_group_name", "multi_az", "storage_type", "ca_cert_identifier",
		"apply_immediately", "port", "db_subnet_group_name", "option_group_name",
	},
	"aws_rds_cluster": {"engine_version", "db_cluster_parameter_group_name", "port", "db_cluster_instance_class"},
	"aws_rds_cluster_instance": {"instance_class", "db_parameter_group_name", "ca_cert_identifier"},
	"aws_docdb_cluster": {"engine_version"},
	"aws_neptune_cluster": {"engine_version"},
	"aws_elasticache_replication_group": {"engine_version", "node_type", "parameter_group_name", "num_cache_clusters"},
	"aws_memorydb_cluster": {"engine_version", "node_type", "parameter_group_name"},
	"aws_opensearch_domain": {"engine_version", "cluster_config", "ebs_options", "advanced_options"},
	"aws_msk_cluster": {"kafka_version", "broker_node_group_info", "configuration_info"},
	"aws_eks_cluster": {"version"},
	"aws_eks_node_group": {"version", "release_version", "launch_template"},
	"google_sql_database_instance": {"database_version", "settings"},
	"google_container_cluster": {"min_master_version", "node_version"},
	"google_container_node_pool": {"version", "node_config"},
	"google_redis_instance": {"redis_version", "memory_size_gb", "tier"},
	"azurerm_postgresql_flexible_server": {"version", "sku_name", "high_availability", "storage_mb"},
	"azurerm_mysql_flexible_server": {"version", "sku_name", "high_availability"},
	"azurerm_kubernetes_cluster": {"kubernetes_version"},
	"azurerm_redis_cache": {"sku_name", "capacity", "family", "redis_version"},
}

_interrupting_objects := {
	"apps/StatefulSet": ["spec", "template"],
	"postgresql.cnpg.io/Cluster": ["spec", "imageName"],
	"kafka.strimzi.io/Kafka": ["spec", "kafka", "version"],
	"elasticsearch.k8s.elastic.co/Elasticsearch": ["spec", "version"],
	"rabbitmq.com/RabbitmqCluster": ["spec", "image"],
}

interrupts(changed) if {
	some path in changed.changed
	path[0] in _interrupting[changed.type]
	not _describes(path)
}

interrupts(changed) if resource.touches(changed.changed, _interrupting_objects[changed.type])

# Tags, labels and words: nothing works differently afterwards.
cosmetic(changed) if {
	changed.action == "update"
	changed.iac == "terraform"
	count(changed.changed) > 0
	every path in changed.changed {
		_describes(path)
	}
}

_describes(path) if path[0] in {"tags", "tags_all", "labels", "terraform_labels", "effective_labels", "description"}

# Data is at stake even though the resource stays.
touches_data(changed) if {
	changed.action == "update"
	changed.stateful == true
	some path in changed.changed
	is_string(path[0])
	regex.match("^(engine_version|instance_class|parameter_group_name|kms_key_id|storage|allocated_storage)", path[0])
}

touches_data(changed) if {
	changed.action == "update"
	changed.stateful == true
	resource.touches(changed.changed, ["spec", "volumeClaimTemplates"])
}

_scaling := [
	["spec", "maxReplicas"], ["spec", "maxReplicaCount"], ["spec", "metrics"], ["spec", "triggers"], ["max_size"],
	["max_capacity"], ["instance_class"], ["instance_type"], ["node_type"], ["machine_type"], ["sku_name"],
]

# How much it carries, or when it grows, changes.
scales(changed) if {
	changed.action in {"update", "replace"}
	some path in _scaling
	path in shape.list(changed.changed)
}

package policies.availability.unfit_quorum_test

import data.policies.availability.unfit_quorum as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_own := {"matchLabels": {"app": "etcd"}}

_zone := {
	"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
	"labelSelector": _own,
}

_set(number, container, pods) := sample.kubernetes("apps/StatefulSet", "etcd", {"spec": {
	"replicas": number,
	"template": {
		"metadata": {"labels": {"app": "etcd"}},
		"spec": object.union({"containers": [container], "topologySpreadConstraints": [_zone]}, pods),
	},
}})

_image(name) := {"name": "main", "image": name}

_kept(thing, spec) := object.union(thing, {"related": [sample.relation(
	"pdb",
	sample.kubernetes("policy/PodDisruptionBudget", "etcd", {"spec": spec}),
)]})

_etcd(number) := _kept(_set(number, _image("quay.io/coreos/etcd:v3.5.9"), {}), {"maxUnavailable": 1})

_messages(thing) := {finding.msg | some finding in found; not finding.enforcement} if {
	found := policy.deny with input as sample.about(thing)
}

_custom(kind, spec) := sample.kubernetes(kind, "group", {"spec": spec})

test_allowed if {
	_messages(_etcd(3)) == set()
	_messages(_etcd(5)) == set()
	_messages(sample.deployment) == set()
}

test_an_even_number if {
	count(_messages(object.union(_etcd(4), {"action": "present", "before": null}))) == 1
}

test_too_few if {
	count(_messages(_etcd(1))) == 1
	count(_messages(_etcd(2))) == 1
}

test_absent_replicas_are_one if {
	bare := json.patch(_etcd(3), [
		{"op": "remove", "path": "/attrs/spec/replicas"},
		{"op": "remove", "path": "/before/spec/replicas"},
	])
	count(_messages(bare)) == 1
}

test_software_by_its_image if {
	every image in ["bitnami/zookeeper:3.9", "registry:5000/etcd@sha256:aa"] {
		count(_messages(_kept(_set(2, _image(image), {}), {"maxUnavailable": 1}))) == 1
	}
	_messages(_kept(_set(2, _image("acme/etcd-backup:1"), {}), {})) == set()
}

test_consul_servers_vote_and_agents_do_not if {
	server := object.union(_image("consul:1.18"), {"args": ["agent", "-server", "-bootstrap-expect=2"]})
	count(_messages(_kept(_set(2, server, {}), {"maxUnavailable": 1}))) == 1
	agent := object.union(_image("consul:1.18"), {"args": ["agent"]})
	_messages(_kept(_set(2, agent, {}), {})) == set()
}

test_kafka_brokers_do_not_vote_and_controllers_do if {
	controller := object.union(_image("apache/kafka:4.0"), {"env": [{
		"name": "KAFKA_PROCESS_ROLES", "value": "broker,controller",
	}]})
	count(_messages(_kept(_set(4, controller, {}), {"maxUnavailable": 1}))) == 1
	_messages(_set(4, _image("apache/kafka:3.5"), {})) == set()
	count(_messages(_custom("kafka.strimzi.io/KafkaNodePool", {"roles": ["controller"], "replicas": 2}))) == 1
	_messages(_custom("kafka.strimzi.io/KafkaNodePool", {"roles": ["broker"], "replicas": 2})) == set()
}

test_vault_votes_on_raft_only if {
	raft := object.union(_image("hashicorp/vault:1.17"), {"env": [{"name": "VAULT_RAFT_NODE_ID", "value": "a"}]})
	count(_messages(_kept(_set(2, raft, {}), {"maxUnavailable": 1}))) == 1
	_messages(_set(2, _image("hashicorp/vault:1.17"), {})) == set()
	config := sample.relation("config", sample.kubernetes("ConfigMap", "v", {"data": {"v.hcl": "storage \"raft\" {}"}}))
	configured := object.union(_set(2, _image("hashicorp/vault:1.17"), {}), {"related": [config]})
	count(_messages(configured)) == 1
}

test_one_rabbit_is_no_group if {
	_messages(_custom("rabbitmq.com/RabbitmqCluster", {})) == set()
	count(_messages(_custom("rabbitmq.com/RabbitmqCluster", {"replicas": 2}))) == 1
}

test_operators if {
	count(_messages(_custom("operator.etcd.io/EtcdCluster", {"size": 4}))) == 1
	_messages(_custom("zookeeper.pravega.io/ZookeeperCluster", {})) == set()
	masters := {"nodeSets": [
		{"count": 2, "config": {"node.roles": ["master"]}},
		{"count": 5, "config": {"node.roles": ["data"]}},
	]}
	count(_messages(_custom("elasticsearch.k8s.elastic.co/Elasticsearch", masters))) == 1
}

test_dedicated_masters if {
	domain := sample.terraform("aws_opensearch_domain", "search", {"cluster_config": [{
		"dedicated_master_enabled": true, "dedicated_master_count": 2,
	}]})
	count(_messages(domain)) == 1
	_messages(json.patch(domain, [{
		"op": "replace", "path": "/attrs/cluster_config/0/dedicated_master_count", "value": 3,
	}])) == set()
	_messages(json.patch(domain, [{
		"op": "replace", "path": "/attrs/cluster_config/0/dedicated_master_enabled", "value": false,
	}])) == set()
	found := policy.unknown with input as sample.about(object.union(domain, {"unknown": [["cluster_config"]]}))
	count(found) == 1
}

test_a_budget_that_lets_the_majority_go if {
	five := _set(5, _image("etcd:3"), {})
	_messages(_kept(five, {"maxUnavailable": 2})) == set()
	count(_messages(_kept(five, {"maxUnavailable": 3}))) == 1
	_messages(_kept(five, {"minAvailable": 3})) == set()
	count(_messages(_kept(five, {"minAvailable": 2}))) == 1
	count(_messages(_kept(five, {"maxUnavailable": "50%"}))) == 1
}

test_no_budget if {
	_messages(_set(3, _image("etcd:3"), {})) == {"no PodDisruptionBudget keeps the quorum of etcd while nodes are drained"}
}

test_zones_are_binding if {
	soft := object.union(_zone, {"whenUnsatisfiable": "ScheduleAnyway"})
	two := object.union(_zone, {"minDomains": 2})
	other := object.union(_zone, {"labelSelector": {"matchLabels": {"app": "other"}}})
	every constraint in [soft, two, other] {
		pods := {"topologySpreadConstraints": [constraint]}
		count(_messages(_kept(_set(3, _image("etcd:3"), pods), {"maxUnavailable": 1}))) == 1
	}
	anti := {"topologySpreadConstraints": [], "affinity": {"podAntiAffinity": {
		"requiredDuringSchedulingIgnoredDuringExecution": [{
			"topologyKey": "topology.kubernetes.io/zone", "labelSelector": _own,
		}],
	}}}
	_messages(_kept(_set(3, _image("etcd:3"), anti), {"maxUnavailable": 1})) == set()
}

test_one_member_at_a_time if {
	grown := object.union(_etcd(5), {"before": {"spec": {"replicas": 3}}})
	count(_messages(grown)) == 1
	# On the way from three to five.
	step := object.union(_etcd(4), {"before": {"spec": {"replicas": 3}}})
	_messages(step) == set()
	found := policy.deny with input as sample.about(step)
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_several_updated_at_once if {
	hasty := json.patch(_etcd(5), [{"op": "add", "path": "/attrs/spec/updateStrategy", "value": {"rollingUpdate": {
		"maxUnavailable": 2,
	}}}])
	count(_messages(hasty)) == 1
}

test_an_unknown_environment_that_changes_is_production if {
	lost := object.union(_etcd(2), {"environment": null, "tier": null})
	count(_messages(lost)) == 1
	present := object.union(lost, {"action": "present"})
	_messages(present) == set()
	found := policy.unknown with input as sample.about(present)
	found == {resource.unclassified}
}

test_staging_and_deleted_ones_are_not_judged if {
	_messages(object.union(_etcd(2), {"environment": "staging"})) == set()
	_messages(object.union(_etcd(2), {"action": "delete"})) == set()
}

test_text_for_a_number_is_unknown if {
	odd := json.patch(_etcd(3), [{"op": "replace", "path": "/attrs/spec/replicas", "value": "${n}"}])
	_messages(odd) == set()
	found := policy.unknown with input as sample.about(odd)
	count(found) == 1
}

test_odd_values_do_not_stop_it if {
	every spec in ["x", null, {"template": "x"}, {"template": {"spec": {"containers": [{"image": 1}, "x"]}}}] {
		count(_messages(_custom("apps/StatefulSet", spec))) >= 0
	}
	count(_messages(_custom("elasticsearch.k8s.elastic.co/Elasticsearch", {"nodeSets": ["x", {"count": "x"}]}))) >= 0
}

# METADATA
# title: Consensus group loses its quorum too easily
# description: >-
#   In production a group that decides by majority (etcd, ZooKeeper, Consul servers, Vault on raft, NATS JetStream,
#   RabbitMQ, KRaft controllers, Elasticsearch and OpenSearch masters) has an odd number of members, three or more: an
#   even number costs a member and gains nothing. Its disruption budget never lets the majority go, its members are
#   bound to spread over zones (in two zones the bigger one takes the quorum with it), and one change adds or removes
#   one member; the even number on the way is only told. Learners and Kafka brokers do not vote and do not count.
# related_resources:
#   - https://etcd.io/docs/v3.5/faq/#why-an-odd-number-of-cluster-members
#   - https://kubernetes.io/docs/tasks/run-application/configure-pdb/
# custom:
#   id: HA-011
#   scope: resource
#   targets:
#     - apps/StatefulSet
#     - apps/Deployment
#     - rabbitmq.com/RabbitmqCluster
#     - zookeeper.pravega.io/ZookeeperCluster
#     - etcd.database.coreos.com/EtcdCluster
#     - operator.etcd.io/EtcdCluster
#     - vault.banzaicloud.com/Vault
#     - kafka.strimzi.io/Kafka
#     - kafka.strimzi.io/KafkaNodePool
#     - elasticsearch.k8s.elastic.co/Elasticsearch
#     - aws_opensearch_domain
#     - aws_elasticsearch_domain
#   severity: high
#   enforcement: hard
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-10, SC-36]
#   remediation: >-
#     Three or five members, one for each zone with whenUnsatisfiable DoNotSchedule, a PodDisruptionBudget with
#     maxUnavailable 1, and one member at a time.
#   since: 0.1.0
package policies.availability.unfit_quorum

import data.policies.lib.demand
import data.policies.lib.kubernetes
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	_judged
	some finding in _faults
}

unknown contains finding if {
	_judged
	_votes
	not _counted
	finding := {
		"msg": sprintf("how many members the quorum of %s has is not known", [resource.address(input.resource)]),
		"path": _count.path,
	}
}

# Nobody can tell whether it is production, and no change forces the answer.
unknown contains resource.unclassified if {
	resource.remains(input.resource)
	not resource.production(input.resource)
	input.resource.environment == null
	some fault in _faults
	not fault.enforcement
}

_judged if {
	resource.remains(input.resource)
	resource.production(input.resource)
}

_type := input.resource.type

_workload if _type in {"apps/StatefulSet", "apps/Deployment"}

_spec := shape.map(shape.at(input.resource.attrs, ["spec"]))

# Where each kind keeps the number of its voters, and what an absent one means.
_counts := {
	"apps/StatefulSet": {"path": ["spec", "replicas"], "default": 1},
	"apps/Deployment": {"path": ["spec", "replicas"], "default": 1},
	"rabbitmq.com/RabbitmqCluster": {"path": ["spec", "replicas"], "default": 1},
	"zookeeper.pravega.io/ZookeeperCluster": {"path": ["spec", "replicas"], "default": 3},
	"etcd.database.coreos.com/EtcdCluster": {"path": ["spec", "size"]},
	"operator.etcd.io/EtcdCluster": {"path": ["spec", "size"]},
	"vault.banzaicloud.com/Vault": {"path": ["spec", "size"], "default": 1},
	"kafka.strimzi.io/Kafka": {"path": ["spec", "zookeeper", "replicas"]},
	"kafka.strimzi.io/KafkaNodePool": {"path": ["spec", "replicas"]},
	"elasticsearch.k8s.elastic.co/Elasticsearch": {"path": ["spec", "nodeSets"]},
	"aws_opensearch_domain": {"path": ["cluster_config", 0, "dedicated_master_count"]},
	"aws_elasticsearch_domain": {"path": ["cluster_config", 0, "dedicated_master_count"]},
}

_count := _counts[_type]

_members := _members_of(input.resource.attrs)

_counted if is_number(_members)

_members_of(attrs) := demand.number(demand.effective(attrs, _count)) if {
	_type != "elasticsearch.k8s.elastic.co/Elasticsearch"
	not demand.hidden(input.resource, _count)
}

_members_of(attrs) := sum([number |
	some each in shape.list(shape.at(attrs, ["spec", "nodeSets"]))
	set := shape.map(each)
	_is_master(set)
	number := shape.at(set, ["count"])
	is_number(number)
]) if {
	_type == "elasticsearch.k8s.elastic.co/Elasticsearch"
}

# Every node votes unless its roles say otherwise.
_is_master(set) if {
	roles := shape.at(set, ["config", "node.roles"])
	is_array(roles)
	"master" in roles
}

_is_master(set) if {
	not is_array(shape.at(set, ["config", "node.roles"]))
	not shape.at(set, ["config", "node.master"]) == false
}

# It is a group that decides by majority.
_votes if {
	_workload
	_software in _always
}

# These run alone as well: a single one is no group, and HA-001 asks for more.
_votes if {
	_workload
	_software in {"nats", "rabbitmq", "vault"}
	_members > 1
	_on_raft
}

_votes if {
	_type == "kafka.strimzi.io/KafkaNodePool"
	"controller" in shape.list(shape.at(_spec, ["roles"]))
}

_votes if {
	_type == "kafka.strimzi.io/Kafka"
	is_object(shape.at(_spec, ["zookeeper"]))
}

_votes if {
	_type in {"aws_opensearch_domain", "aws_elasticsearch_domain"}
	shape.at(input.resource.attrs, ["cluster_config", 0, "dedicated_master_enabled"]) in {true, "true"}
}

_votes if {
	_type in {"rabbitmq.com/RabbitmqCluster", "vault.banzaicloud.com/Vault"}
	_members > 1
}

_votes if {
	_type in {
		"zookeeper.pravega.io/ZookeeperCluster",
		"etcd.database.coreos.com/EtcdCluster",
		"operator.etcd.io/EtcdCluster",
		"elasticsearch.k8s.elastic.co/Elasticsearch",
	}
}

_always := {"etcd", "zookeeper", "consul", "kraft"}

_running := [{"software": _repository(entry.container.image), "container": entry.container} |
	some entry in kubernetes.containers(input.resource)
	entry.role == "container"
	is_string(shape.at(entry.container, ["image"]))
]

# Containers of one of these images.
_of(names) := [each.container | some each in _running; each.software in names]

# The last part of an image's name, without tag and digest.
_repository(image) := split(split(last, "@")[0], ":")[0] if {
	parts := split(image, "/")
	last := parts[count(parts) - 1]
}

_software := "etcd" if count(_of({"etcd"})) > 0

_software := "zookeeper" if count(_of({"zookeeper", "kubernetes-zookeeper", "cp-zookeeper"})) > 0

# Agents ask the servers and do not vote.
_software := "consul" if {
	some container in _of({"consul"})
	regex.match(`(^|[\s"'])-(server|bootstrap-expect)`, json.marshal(_said(container)))
}

_software := "kraft" if {
	some container in _of({"kafka", "cp-kafka", "cp-server", "kafka-native"})
	some variable in shape.list(shape.at(container, ["env"]))
	shape.at(variable, ["name"]) in {"KAFKA_PROCESS_ROLES", "KAFKA_CFG_PROCESS_ROLES"}
	is_string(shape.at(variable, ["value"]))
	contains(variable.value, "controller")
}

_software := name if {
	some name in ["nats", "rabbitmq", "vault"]
	count(_of({name})) > 0
}

_said(container) := [shape.at(container, ["command"]), shape.at(container, ["args"])]

# RabbitMQ and a cluster of NATS always agree by majority; Vault only where its storage is raft.
_on_raft if _software in {"nats", "rabbitmq"}

_on_raft if {
	_software == "vault"
	some container in _of({"vault"})
	some variable in shape.list(shape.at(container, ["env"]))
	shape.at(variable, ["name"]) == "VAULT_RAFT_NODE_ID"
}

_on_raft if {
	_software == "vault"
	some config in kubernetes.related(input.resource, {"config"})
	some text in shape.map(shape.at(config.attrs, ["data"]))
	is_string(text)
	regex.match(`storage\s+"?raft"?`, text)
}

_faults contains fault if {
	_votes
	_members < 3
	fault := _numbered(sprintf("%s has %v %s, expected 3 or more: a majority survives no loss", [
		resource.address(input.resource),
		_members,
		_word,
	]))
}

_faults contains fault if {
	_votes
	_members >= 3
	_members % 2 == 0
	not _on_the_way
	fault := _numbered(sprintf("%s has %v %s, expected an odd number: %v survive the loss of no more than %v do", [
		resource.address(input.resource),
		_members,
		_word,
		_members,
		_members - 1,
	]))
}

_faults contains fault if {
	_votes
	_members >= 3
	_members % 2 == 0
	_on_the_way
	fault := object.union(
		_numbered(sprintf("%s has %v %s on the way: go on to an odd number", [
			resource.address(input.resource),
			_members,
			_word,
		])),
		{"enforcement": "advisory"},
	)
}

_word := "members" if not startswith(_type, "aws_")

_word := "dedicated masters" if startswith(_type, "aws_")

_numbered(text) := {"msg": text, "path": _count.path, "evidence": [{
	"pointer": concat(".", [key | some key in _count.path; is_string(key)]),
	"observed": sprintf("%v", [_members]),
	"expected": "3 or 5",
}]}

_before := _members_of(input.resource.before) if {
	input.resource.action == "update"
	is_object(input.resource.before)
}

# One step from an odd number.
_on_the_way if abs(_members - _before) == 1

_faults contains fault if {
	_votes
	not startswith(_type, "aws_")
	abs(_members - _before) > 1
	fault := {
		"msg": sprintf("%s goes from %v to %v members at once, expected one at a time: each waits for the one before", [
			resource.address(input.resource),
			_before,
			_members,
		]),
		"path": _count.path,
	}
}

# How many may be gone while a majority stays.
_spare := floor((_members - 1) / 2)

_faults contains fault if {
	_votes
	_workload
	_members >= 3
	some budget in kubernetes.related(input.resource, {"pdb"})
	allowed := _allowed(shape.map(shape.at(budget.attrs, ["spec"])))
	allowed > _spare
	fault := {
		"msg": sprintf("PodDisruptionBudget %s lets %v of %v members go: the quorum survives the loss of %v", [
			budget.name,
			allowed,
			_members,
			_spare,
		]),
		"path": ["spec", "replicas"],
		"because": [kubernetes.place(budget)],
	}
}

_allowed(spec) := kubernetes.scaled(spec.maxUnavailable, _members)

_allowed(spec) := _members - kubernetes.scaled(spec.minAvailable, _members) if {
	shape.at(spec, ["maxUnavailable"]) == null
}

_faults contains fault if {
	_votes
	_workload
	_members >= 3
	count(kubernetes.related(input.resource, {"pdb"})) == 0
	fault := {
		"msg": sprintf("no PodDisruptionBudget keeps the quorum of %s while nodes are drained", [input.resource.name]),
		"path": ["spec"],
	}
}

_faults contains fault if {
	_votes
	_type == "apps/StatefulSet"
	at_once := shape.at(_spec, ["updateStrategy", "rollingUpdate", "maxUnavailable"])
	kubernetes.scaled(at_once, _members) > 1
	fault := {
		"msg": sprintf("%s updates %v members at once, expected one", [input.resource.name, at_once]),
		"path": ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"],
	}
}

_zones := {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}

_faults contains fault if {
	_votes
	_workload
	_members >= 3
	not _bound_to_zones
	not shape.at(input.config.thresholds, ["HA-004", "single_zone"]) == true
	fault := {
		"msg": sprintf("the members of %s may stand in two zones or in one, whose loss takes the quorum: %s", [
			input.resource.name,
			"expected a zone constraint with DoNotSchedule or required anti-affinity",
		]),
		"path": kubernetes.spec_path(input.resource),
	}
}

_bound_to_zones if {
	some entry in shape.list(shape.at(kubernetes.pod(input.resource), ["topologySpreadConstraints"]))
	constraint := shape.map(entry)
	constraint.topologyKey in _zones
	constraint.whenUnsatisfiable == "DoNotSchedule"
	not constraint.minDomains == 2
	kubernetes.selects(shape.at(constraint, ["labelSelector"]), kubernetes.labels(input.resource))
}

_bound_to_zones if {
	field := "requiredDuringSchedulingIgnoredDuringExecution"
	some entry in shape.list(shape.at(kubernetes.pod(input.resource), ["affinity", "podAntiAffinity", field]))
	term := shape.map(entry)
	term.topologyKey in _zones
	kubernetes.selects(shape.at(term, ["labelSelector"]), kubernetes.labels(input.resource))
}

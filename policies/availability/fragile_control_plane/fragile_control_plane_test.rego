package policies.availability.fragile_control_plane_test

import data.policies.availability.fragile_control_plane as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_labels := {"app": "istiod"}

_pods := {
	"priorityClassName": "system-cluster-critical",
	"topologySpreadConstraints": [{
		"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway",
		"labelSelector": {"matchLabels": _labels},
	}],
	"containers": [{"name": "discovery"}],
}

_named(name, number, pods) := object.union(
	sample.kubernetes("apps/Deployment", name, {"spec": {
		"replicas": number, "template": {"metadata": {"labels": _labels}, "spec": pods},
	}}),
	{"related": [sample.relation("pdb", sample.kubernetes("policy/PodDisruptionBudget", "istiod", {}))]},
)

_istiod(number, pods) := _named("istiod", number, pods)

_messages(thing) := {finding.msg | some finding in found} if {
	found := policy.deny with input as sample.about(thing)
}

_in_zone(zone) := sample.terraform("aws_subnet", zone, {"availability_zone": zone})

_nat(attrs) := sample.terraform("aws_nat_gateway", "main", attrs)

_among(thing, others) := count(found) if {
	document := object.union(sample.about(thing), {"resources": array.concat([thing], others)})
	found := policy.deny with input as document
}

test_allowed if _messages(_istiod(3, _pods)) == set()

test_other_workloads_are_not_judged if _messages(_named("orders-api", 1, {})) == set()

test_too_few_replicas if count(_messages(_istiod(2, _pods))) == 1

test_no_budget if count(_messages(object.union(_istiod(3, _pods), {"related": []}))) == 1

test_one_zone if {
	count(_messages(_istiod(3, object.union(_pods, {"topologySpreadConstraints": []})))) == 1
}

test_no_priority if {
	count(_messages(_istiod(3, object.remove(_pods, ["priorityClassName"])))) == 1
	_messages(_istiod(3, object.union(_pods, {"priorityClassName": "platform"}))) == set()
}

_classed(value) := object.union(low, {"related": array.concat(low.related, [class])}) if {
	low := _istiod(3, object.union(_pods, {"priorityClassName": "batch"}))
	class := sample.relation("priority-class", sample.kubernetes("scheduling.k8s.io/PriorityClass", "batch", {
		"value": value,
	}))
}

test_a_low_priority_class if {
	count(_messages(_classed(1000))) == 1
	_messages(_classed(1000000)) == set()
}

test_a_daemon_needs_only_its_priority if {
	daemon := sample.kubernetes("apps/DaemonSet", "ingress-nginx-controller", {"spec": {"template": {"spec": {}}}})
	count(_messages(daemon)) == 1
}

test_by_the_label_of_its_chart if {
	chart := json.patch(_named("shop-edge", 1, _pods), [{
		"op": "replace", "path": "/attrs/spec/template/metadata/labels", "value": {
			"app.kubernetes.io/name": "traefik", "app": "istiod",
		},
	}])
	count(_messages(chart)) == 1
	backend := json.patch(chart, [{
		"op": "add", "path": "/attrs/spec/template/metadata/labels/app.kubernetes.io~1component", "value": "webhook",
	}])
	_messages(backend) == set()
}

test_clusters if {
	count(_messages(sample.terraform("aws_eks_cluster", "main", {"vpc_config": [{"subnet_ids": ["a"]}]}))) == 1
	_messages(sample.terraform("aws_eks_cluster", "main", {"vpc_config": [{"subnet_ids": ["a", "b"]}]})) == set()
	count(_messages(sample.terraform("azurerm_kubernetes_cluster", "main", {}))) == 1
	_messages(sample.terraform("azurerm_kubernetes_cluster", "main", {"sku_tier": "Standard"})) == set()
	zonal := object.union(
		sample.terraform("google_container_cluster", "main", {"location": "europe-west1-b"}),
		{"tier": 1},
	)
	count(_messages(zonal)) == 1
	_messages(object.union(zonal, {"attrs": {"location": "europe-west1"}})) == set()
	_messages(object.union(zonal, {"tier": 2})) == set()
}

test_endpoints if {
	count(_messages(sample.terraform("aws_vpc_endpoint", "e", {
		"vpc_endpoint_type": "Interface", "subnet_ids": ["a"],
	}))) == 1
	_messages(sample.terraform("aws_vpc_endpoint", "e", {"vpc_endpoint_type": "Gateway"})) == set()
}

test_one_nat_gateway_for_several_zones if {
	_among(_nat({}), [_in_zone("a"), _in_zone("b"), _in_zone("c")]) == 1
	_among(_nat({}), [_in_zone("a")]) == 0
	_among(_nat({}), [_in_zone("a"), _in_zone("b"), object.union(_nat({}), {"id": "other"})]) == 0
	_among(_nat({"availability_mode": "regional"}), [_in_zone("a"), _in_zone("b")]) == 0
}

test_subnets_that_are_not_known if {
	cluster := sample.terraform("aws_eks_cluster", "main", {"vpc_config": [{}]})
	found := policy.unknown with input as sample.about(object.union(cluster, {
		"unknown": [["vpc_config", 0, "subnet_ids"]],
	}))
	count(found) == 1
}

test_unknown_environment if {
	lost := object.union(_istiod(1, _pods), {"environment": null, "tier": null})
	_messages(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_staging_is_not_judged if _messages(object.union(_istiod(1, {}), {"environment": "staging"})) == set()

package policies.availability.single_zone_compute_test

import data.policies.availability.single_zone_compute
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_deny(thing) := found if {
	found := single_zone_compute.deny with input as sample.about(thing)
}

_count(thing) := count(_deny(thing))

_unknown(thing) := found if {
	found := single_zone_compute.unknown with input as sample.about(thing)
}

_paths(thing) := {finding.path | some finding in _deny(thing)}

_group(attrs) := sample.terraform("aws_autoscaling_group", "web", object.union(
	{"min_size": 2, "max_size": 6, "availability_zones": ["eu-west-1a", "eu-west-1b"]},
	attrs,
))

_lb(attrs) := sample.terraform("aws_lb", "web", object.union({"subnets": ["subnet-1", "subnet-2"]}, attrs))

_judge(kind, attrs) := _count(sample.terraform(kind, "web", attrs))

test_allowed if {
	_count(_group({})) == 0
	_count(_lb({})) == 0
}

test_one_zone if {
	thing := _group({"availability_zones": ["eu-west-1a"]})
	_paths(thing) == {["availability_zones"]}
}

test_tier_zero_needs_three_zones if {
	_count(object.union(_group({}), {"tier": 0})) == 1
	three := _group({"availability_zones": ["a", "b", "c"]})
	_count(object.union(three, {"tier": 0})) == 0
}

test_one_instance if {
	_paths(_group({"min_size": 1})) == {["min_size"]}
	_count(_group({"min_size": "2"})) == 0
}

test_missing_zones if {
	bare := sample.terraform("aws_autoscaling_group", "web", {"min_size": 2})
	_paths(bare) == {["vpc_zone_identifier"]}
}

test_behind_a_load_balancer if {
	behind := {"target_group_arns": ["arn:aws:x"]}
	some finding in _deny(_group(behind))
	finding.msg == "health_check_type of aws_autoscaling_group.web is EC2 (the default), expected ELB or VPC_LATTICE"
	_count(_group(object.union(behind, {"health_check_type": "ELB"}))) == 0
	impatient := object.union(behind, {"health_check_type": "ELB", "health_check_grace_period": 0})
	_paths(_group(impatient)) == {["health_check_grace_period"]}
}

test_perhaps_behind_a_load_balancer if {
	_paths(object.union(_group({}), {"unknown": [["target_group_arns", 0]]})) == {["health_check_type"]}
}

test_batch_groups_are_exempt if {
	_count(_group({"min_size": 0, "tag": [{"key": "workload", "value": "batch"}]})) == 0
	_count(_group({"min_size": 0, "tags": {"workload": "Spot"}})) == 0
	_count(_group({"min_size": 0, "tag": [{"key": "workload", "value": "web"}]})) == 1
}

test_singletons_are_exempt if {
	document := json.patch(sample.about(_group({"min_size": 1})), [{
		"op": "replace", "path": "/context/services/entries/1/singleton", "value": true,
	}])
	count(single_zone_compute.deny) == 0 with input as document
}

_subnet(id, zone) := sample.terraform("aws_subnet", id, {"id": id, "availability_zone": zone})

_in_subnets(ids, paths) := object.union(
	sample.terraform("aws_autoscaling_group", "web", {"min_size": 2, "vpc_zone_identifier": ids}),
	{"unknown": paths},
)

_among(thing, subnets) := object.union(sample.about(thing), {"resources": array.concat([thing], subnets)})

test_subnets_in_two_zones if {
	document := _among(_in_subnets(["s1", "s2"], []), [_subnet("s1", "a"), _subnet("s2", "b")])
	count(single_zone_compute.deny) == 0 with input as document
	count(single_zone_compute.unknown) == 0 with input as document
}

test_subnets_in_one_zone if {
	document := _among(_in_subnets(["s1", "s2"], []), [_subnet("s1", "a"), _subnet("s2", "a")])
	found := single_zone_compute.deny with input as document
	{finding.msg | some finding in found} == {"the subnets of aws_autoscaling_group.web are in a, expected 2 zones"}
}

test_subnets_of_unknown_zones if {
	every thing in [_in_subnets(["s1", "s2"], []), _in_subnets([null, null], [["vpc_zone_identifier", 0]])] {
		_count(thing) == 0
		count(_unknown(thing)) == 1
	}
}

test_one_subnet_is_one_zone if {
	_paths(_in_subnets([null], [["vpc_zone_identifier", 0]])) == {["vpc_zone_identifier"]}
}

test_an_unknown_list_is_unknown if {
	thing := object.union(
		sample.terraform("aws_autoscaling_group", "web", {"min_size": 2}),
		{"unknown": [["vpc_zone_identifier"]]},
	)
	_count(thing) == 0
	count(_unknown(thing)) == 1
}

test_a_load_balancer_has_one_subnet_per_zone if {
	_count(_lb({"subnets": ["subnet-1"]})) == 1
	_count(object.union(_lb({"subnets": [null, null]}), {"unknown": [["subnets", 0], ["subnets", 1]]})) == 0
	mapped := {"subnet_mapping": [{"subnet_id": "a"}, {"subnet_id": "b"}]}
	_judge("aws_lb", mapped) == 0
	_judge("aws_lb", {"subnet_mapping": [{"subnet_id": "a"}]}) == 1
}

test_network_load_balancers_cross_zones if {
	network := _lb({"load_balancer_type": "network"})
	_paths(network) == {["enable_cross_zone_load_balancing"]}
	_count(_lb({"load_balancer_type": "network", "enable_cross_zone_load_balancing": true})) == 0
	group := sample.terraform("aws_lb_target_group", "web", {"load_balancing_cross_zone_enabled": "true"})
	count(single_zone_compute.deny) == 0 with input as _among(network, [group])
}

test_zonal_shift_for_tier_zero if {
	_paths(object.union(_lb({}), {"tier": 0})) == {["enable_zonal_shift"]}
	_count(object.union(_lb({"enable_zonal_shift": true}), {"tier": 0})) == 0
}

test_classic_load_balancers if {
	_judge("aws_elb", {"availability_zones": ["a", "b"]}) == 0
	_judge("aws_elb", {"availability_zones": ["a", "b"], "cross_zone_load_balancing": false}) == 1
	_judge("aws_elb", {"subnets": ["a"]}) == 1
}

test_target_groups if {
	_judge("aws_lb_target_group", {}) == 0
	_judge("aws_lb_target_group", {"load_balancing_cross_zone_enabled": "false"}) == 1
}

test_google if {
	_judge("google_compute_instance_group_manager", {"zone": "europe-west1-b"}) == 1
	_judge("google_compute_region_instance_group_manager", {}) == 0
	_judge("google_compute_region_instance_group_manager", {"distribution_policy_zones": ["europe-west1-b"]}) == 1
}

test_azure if {
	_judge("azurerm_kubernetes_cluster_node_pool", {"zones": ["1", "2"]}) == 0
	_judge("azurerm_kubernetes_cluster_node_pool", {}) == 1
}

test_node_groups if _judge("aws_eks_node_group", {"subnet_ids": ["s1"]}) == 1

test_staging_is_not_judged if _count(object.union(_group({"min_size": 1}), {"environment": "staging"})) == 0

test_what_goes_is_not_judged if _count(object.union(_group({"min_size": 1}), {"action": "delete"})) == 0

test_present_is_judged if {
	_count(object.union(_group({"min_size": 1}), {"action": "present", "before": null})) == 1
}

test_present_without_an_environment_is_unknown if {
	lost := object.union(_group({"min_size": 1}), {"action": "present", "environment": null})
	_count(lost) == 0
	_unknown(lost) == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		_count(_group({"vpc_zone_identifier": value, "min_size": value, "tag": value, "tags": value})) >= 0
		_count(_lb({"subnets": value, "subnet_mapping": value, "load_balancer_type": value})) >= 0
		_judge("aws_eks_node_group", {"subnet_ids": value}) >= 0
	}
}

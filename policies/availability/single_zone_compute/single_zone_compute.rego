# METADATA
# title: Compute group or load balancer depends on one zone
# description: >-
#   In production an autoscaling group keeps two instances in two zones (three for tier 0) and, behind a load balancer,
#   is healed by its health check; load balancers have subnets in two zones and send traffic across them; tier 0 allows
#   a zonal shift; instance groups of Google are regional; node pools name two zones. A load balancer has one subnet
#   per zone, other groups may have several, so that their zones come from the subnets of the tree. Groups with a tag
#   value batch or spot, and services that the catalogue calls singleton or ephemeral, are exempt.
# related_resources:
#   - https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
#   - https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
# custom:
#   id: HA-008
#   scope: resource
#   targets:
#     - aws_autoscaling_group
#     - aws_lb
#     - aws_alb
#     - aws_elb
#     - aws_lb_target_group
#     - aws_eks_node_group
#     - google_compute_instance_group_manager
#     - google_compute_region_instance_group_manager
#     - azurerm_kubernetes_cluster_node_pool
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-10, SC-36]
#     DORA: ["11"]
#   remediation: Name subnets or zones of different zones, and let the load balancer's health check replace instances.
#   since: 0.1.0
package policies.availability.single_zone_compute

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains fault if {
	_judged
	resource.production(input.resource)
	some fault in _faults
}

unknown contains finding if {
	_judged
	resource.production(input.resource)
	some finding in _undecided
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	_judged
	count(_faults) > 0
}

_judged if {
	resource.remains(input.resource)
	not _interruptible
	not _is_ephemeral
	not _is_singleton
}

_is_ephemeral if service.ephemeral(input.context.services, input.resource.service)

_is_singleton if service.singleton(input.context.services, input.resource.service)

_attrs := shape.map(input.resource.attrs)

_interruptible if {
	some value in _tag_values
	lower(value) in {"batch", "spot"}
}

_tag_values contains value if {
	some key in ["tags", "tags_all"]
	some _, value in shape.map(_attrs[key])
	is_string(value)
}

_tag_values contains tag.value if {
	some tag in shape.list(_attrs.tag)
	is_string(tag.value)
}

_demands contains one if {
	input.resource.type == "aws_autoscaling_group"
	some one in [{"path": ["min_size"], "least": 2, "default": 0}, _group_zones]
}

# The default, EC2, keeps an instance that answers no request. A grace period of zero kills it while it boots.
_demands contains one if {
	input.resource.type == "aws_autoscaling_group"
	_balanced
	some one in [
		{"path": ["health_check_type"], "among": {"ELB", "VPC_LATTICE"}, "default": "EC2"},
		{"path": ["health_check_grace_period"], "least": 1, "default": 300},
	]
}

_demands contains {"path": _balancer_subnets, "length": 2} if input.resource.type in _balancers

# Application load balancers always do.
_demands contains {"path": ["enable_cross_zone_load_balancing"], "is": true, "default": false} if {
	_attrs.load_balancer_type in {"network", "gateway"}
	not _groups_cross_zones
}

_demands contains {"path": ["enable_zonal_shift"], "is": true, "default": false} if {
	input.resource.type in {"aws_lb", "aws_alb"}
	input.resource.tier == 0
}

_demands contains {"path": ["cross_zone_load_balancing"], "is": true, "default": true} if {
	input.resource.type == "aws_elb"
}

_demands contains one if {
	input.resource.type == "aws_lb_target_group"
	one := {
		"path": ["load_balancing_cross_zone_enabled"],
		"among": {"true", "use_load_balancer_configuration"},
		"default": "use_load_balancer_configuration",
	}
}

_demands contains {"path": ["subnet_ids"], "length": _needed} if input.resource.type == "aws_eks_node_group"

# Without a choice of its own a regional group takes three zones.
_demands contains {"path": ["distribution_policy_zones"], "length": 2} if {
	input.resource.type == "google_compute_region_instance_group_manager"
	_mentions("distribution_policy_zones")
}

_demands contains {"path": ["zones"], "length": 2} if input.resource.type == "azurerm_kubernetes_cluster_node_pool"

_balancers := {"aws_lb", "aws_alb", "aws_elb"}

_balanced if {
	some key in ["target_group_arns", "load_balancers", "traffic_source"]
	_mentions(key)
}

# The list has entries, or may have.
_mentions(key) if count(shape.list(_attrs[key])) > 0

_mentions(key) if resource.touches(input.resource.unknown, [key])

# A target group may override its load balancer.
_groups_cross_zones if {
	some group in input.resources
	group.type == "aws_lb_target_group"
	group.module == input.resource.module
	demand.said(group.attrs.load_balancing_cross_zone_enabled) == "true"
}

_needed := 3 if input.resource.tier == 0

_needed := 2 if input.resource.tier != 0

_group_zones := {"path": ["availability_zones"], "length": _needed} if _by_zone

_group_zones := {"path": ["vpc_zone_identifier"], "length": _needed} if not _by_zone

_by_zone if count(shape.list(_attrs.availability_zones)) > 0

_balancer_subnets := [_subnet_lists[0]] if count(_subnet_lists) > 0

_balancer_subnets := ["subnets"] if count(_subnet_lists) == 0

_subnet_lists := [key | some key in ["subnets", "subnet_mapping", "availability_zones"]; _mentions(key)]

_faults contains fault if some fault in demand.broken(input.resource, _demands)

_faults contains fault if {
	input.resource.type == "google_compute_instance_group_manager"
	fault := {
		"msg": sprintf("%s is an instance group of one zone, expected google_compute_region_instance_group_manager", [
			resource.address(input.resource),
		]),
		"path": ["zone"],
	}
}

_faults contains fault if {
	count(_subnets.open) == 0
	count(_subnets.zones) < _needed
	count(_subnets.ids) >= _needed
	fault := {
		"msg": sprintf("the subnets of %s are in %s, expected %d zones", [
			resource.address(input.resource),
			concat(", ", sort(_subnets.zones)),
			_needed,
		]),
		"path": [_subnets.key],
		"evidence": [{
			"pointer": _subnets.key,
			"observed": concat(", ", sort(_subnets.zones)),
			"expected": sprintf("%d zones", [_needed]),
		}],
	}
}

_undecided contains finding if some finding in demand.undecided(input.resource, _demands)

_undecided contains finding if {
	count(_subnets.open) > 0
	count(_subnets.zones) < _needed
	count(_subnets.ids) >= _needed
	finding := {
		"msg": sprintf("the zones of the subnets of %s are not known, expected %d", [
			resource.address(input.resource),
			_needed,
		]),
		"path": [_subnets.key],
	}
}

_subnet_keys := {"aws_autoscaling_group": "vpc_zone_identifier", "aws_eks_node_group": "subnet_ids"}

# The zones of those subnets that the tree knows by id.
_subnets := {"key": key, "ids": ids, "zones": zones, "open": open} if {
	key := _subnet_keys[input.resource.type]
	ids := shape.list(_attrs[key])
	found := [pair | some pair in _subnet_zones; pair.id in ids]
	zones := {pair.zone | some pair in found}
	open := [id | some id in ids; not id in {pair.id | some pair in found}]
}

_subnet_zones contains {"id": id, "zone": zone} if {
	some subnet in input.resources
	subnet.type == "aws_subnet"
	zone := subnet.attrs.availability_zone
	is_string(zone)
	some attrs in [subnet.attrs, subnet.before]
	id := attrs.id
	is_string(id)
}

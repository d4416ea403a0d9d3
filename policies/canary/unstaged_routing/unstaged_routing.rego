# METADATA
# title: Traffic or configuration moves all at once
# description: >-
#   Moving traffic by hand is a deployment, too. In production of tier 0 and 1 no single change moves more than 25
#   points of a route's weight (VirtualService, HTTPRoute, load balancer listener, weighted DNS record, traffic dial),
#   unless a Rollout or a Canary manages the route, the request lists the ladder, or it is the way out of an incident.
#   A record that moves has had a time to live of at most 300 s before. A new WAF rule counts before it blocks. A
#   ConfigMap or Secret that pods read is rolled out with them: by a checksum annotation, Reloader, or Flagger.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/traffic-management/
#   - https://docs.flagger.app/usage/how-it-works#canary-analysis
#   - https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-testing.html
# custom:
#   id: CAN-008
#   scope: resource
#   targets:
#     - networking.istio.io/VirtualService
#     - gateway.networking.k8s.io/HTTPRoute
#     - gateway.networking.k8s.io/GRPCRoute
#     - ConfigMap
#     - Secret
#     - aws_lb_listener
#     - aws_lb_listener_rule
#     - aws_route53_record
#     - aws_globalaccelerator_endpoint_group
#     - aws_wafv2_web_acl
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3]
#   remediation: >-
#     Move 25 points or less per change, or list the steps under progressiveDelivery of the request; roll configuration
#     out with its pods.
#   since: 0.1.0
package policies.canary.unstaged_routing

import data.policies.lib.canary
import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	_judged
	input.resource.tier in {0, 1}
	some finding in _faults
}

unknown contains resource.unclassified if {
	_judged
	input.resource.tier == null
	count(_faults) > 0
}

unknown contains finding if {
	_judged
	not input.resource.tier in {2, 3}
	some finding in _undecided
}

# What existed is changed, in production or nobody knows where.
_judged if {
	input.resource.action in {"update", "replace"}
	resource.production(input.resource)
	not _way_out
}

# Failing over is what one does in an incident.
_way_out if {
	input.change.spec.type == "emergency"
	count(shape.list(input.change.spec.relatedIncidents)) > 0
}

_managed if {
	some other in input.resource.related
	other.relation in {"rollout", "canary"}
	resource.remains(other)
}

_staged if _managed

_staged if canary.planned(input.change)

_attrs := shape.map(input.resource.attrs)

_before := shape.map(input.resource.before)

# Every set of weights that belong together: the place of the list, and the weight of each backend.
_groups(attrs) := array.concat(_istio(attrs), array.concat(_gateway(attrs), _listener(attrs)))

_istio(attrs) := [group |
	input.resource.type == "networking.istio.io/VirtualService"
	some protocol in ["http", "tcp", "tls"]
	some index, entry in shape.list(shape.at(attrs, ["spec", protocol]))
	routes := shape.list(shape.at(entry, ["route"]))
	group := {
		"key": sprintf("%s %v", [protocol, _named(entry, index)]),
		"path": ["spec", protocol, index, "route"],
		"weights": _weights([backend |
			some route in routes
			backend := {
				"name": sprintf("%v/%v", [
					shape.at(route, ["destination", "host"]),
					shape.at(route, ["destination", "subset"]),
				]),
				"weight": object.get(shape.map(route), "weight", _alone(routes)),
			}
		]),
	}
]

_gateway(attrs) := [group |
	input.resource.type in {"gateway.networking.k8s.io/HTTPRoute", "gateway.networking.k8s.io/GRPCRoute"}
	some index, rule in shape.list(shape.at(attrs, ["spec", "rules"]))
	group := {
		"key": sprintf("rule %v", [_named(rule, index)]),
		"path": ["spec", "rules", index, "backendRefs"],
		"weights": _weights([backend |
			some reference in shape.list(shape.at(rule, ["backendRefs"]))
			backend := {
				"name": sprintf("%v:%v", [shape.at(reference, ["name"]), shape.at(reference, ["port"])]),
				"weight": object.get(shape.map(reference), "weight", 1),
			}
		]),
	}
]

_listener(attrs) := [group |
	input.resource.type in {"aws_lb_listener", "aws_lb_listener_rule"}
	some block in ["default_action", "action"]
	some index, action in shape.list(shape.at(attrs, [block]))
	targets := shape.list(shape.at(action, ["forward", 0, "target_group"]))
	count(targets) > 0
	group := {
		"key": sprintf("%s %d", [block, index]),
		"path": [block, index, "forward", 0, "target_group"],
		"weights": _weights([backend |
			some target in targets
			backend := {
				"name": sprintf("%v", [shape.at(target, ["arn"])]),
				"weight": object.get(shape.map(target), "weight", 1),
			}
		]),
	}
]

# A single destination gets everything; of several, one without a weight gets nothing.
_alone(routes) := 100 if count(routes) == 1

_alone(routes) := 0 if count(routes) != 1

_named(entry, index) := index if shape.at(entry, ["name"]) == null

_named(entry, _) := shape.at(entry, ["name"]) if shape.at(entry, ["name"]) != null

# Shares in percent, whatever the weights add up to.
_weights(backends) := {name: share |
	total := sum([demand.number(backend.weight) | some backend in backends])
	total > 0
	some backend in backends
	name := backend.name
	share := (sum([demand.number(other.weight) | some other in backends; other.name == name]) * 100) / total
}

_moved(group) := max([abs(object.get(group.weights, name, 0) - object.get(earlier.weights, name, 0)) |
	some earlier in _groups(_before)
	earlier.key == group.key
	count(earlier.weights) > 0
	some name in object.keys(group.weights) | object.keys(earlier.weights)
])

_faults contains finding if {
	not _staged
	some group in _groups(_attrs)
	count(group.weights) > 0
	moved := _moved(group)
	moved > 25
	finding := _finding(
		sprintf("%v points of the traffic move at once, at most 25", [round(moved)]),
		group.path,
		sprintf("%v points", [round(moved)]),
		"at most 25 points, or a ladder in the request",
	)
}

# One weighted record says nothing alone: its share depends on the others of the name.
_record := shape.at(_attrs, ["weighted_routing_policy", 0, "weight"])

_record_before := shape.at(_before, ["weighted_routing_policy", 0, "weight"])

_siblings := [other |
	input.resource.type == "aws_route53_record"
	some other in input.changed
	other.type == "aws_route53_record"
	other.id != input.resource.id
	shape.at(other.attrs, ["name"]) == _attrs.name
	shape.at(other.attrs, ["type"]) == _attrs.type
]

_share(own, side) := (own * 100) / total if {
	total := own + sum([demand.number(shape.at(other[side], ["weighted_routing_policy", 0, "weight"])) |
		some other in _siblings
	])
	total > 0
}

_faults contains finding if {
	input.resource.type == "aws_route53_record"
	not _staged
	count(_siblings) > 0
	moved := abs(_share(demand.number(_record), "attrs") - _share(demand.number(_record_before), "before"))
	moved > 25
	finding := _finding(
		sprintf("%v points of the name's answers move at once, at most 25", [round(moved)]),
		["weighted_routing_policy", 0, "weight"],
		sprintf("%v points", [round(moved)]),
		"at most 25 points, or a ladder in the request",
	)
}

_undecided contains finding if {
	input.resource.type == "aws_route53_record"
	not _staged
	count(_siblings) == 0
	demand.number(_record) != demand.number(_record_before)
	finding := {
		"msg": sprintf("the weight of %s changes, and the other records of the name are not in this change", [
			resource.address(input.resource),
		]),
		"path": ["weighted_routing_policy", 0, "weight"],
	}
}

_undecided contains finding if {
	some path in [["weighted_routing_policy"], ["traffic_dial_percentage"], ["default_action"], ["action"]]
	input.resource.iac == "terraform"
	input.resource.type != "aws_wafv2_web_acl"
	not _staged
	resource.touches(input.resource.unknown, path)
	_weighted(path)
	finding := {"msg": sprintf("%s of %s is not known", [path[0], resource.address(input.resource)]), "path": path}
}

# An ARN that does not exist yet is no weight.
_weighted(path) if {
	some unknown_path in input.resource.unknown
	resource.touches([unknown_path], path)
	unknown_path[count(unknown_path) - 1] in {"weight", "traffic_dial_percentage", "weighted_routing_policy"}
}

_faults contains finding if {
	input.resource.type == "aws_globalaccelerator_endpoint_group"
	not _staged
	moved := abs(_dial(_attrs) - _dial(_before))
	moved > 25
	finding := _finding(
		sprintf("the traffic dial moves %v points at once, at most 25", [moved]),
		["traffic_dial_percentage"],
		sprintf("%v points", [moved]),
		"at most 25 points, or a ladder in the request",
	)
}

_dial(attrs) := demand.number(object.get(attrs, "traffic_dial_percentage", 100))

# Resolvers keep the old answer for the old time to live.
_faults contains finding if {
	input.resource.type == "aws_route53_record"
	some key in ["records", "alias"]
	resource.touches(input.resource.changed, [key])
	seconds := demand.number(shape.at(_before, ["ttl"]))
	seconds > 300
	finding := _finding(
		sprintf("resolvers keep the old answer for %v s: lower the time to live first, in a change of its own", [seconds]),
		[key],
		sprintf("ttl %v before the change", [seconds]),
		"at most 300 for at least as long as the old ttl",
	)
}

_faults contains finding if {
	input.resource.type == "aws_wafv2_web_acl"
	some index, rule in shape.list(shape.at(_attrs, ["rule"]))
	not shape.at(rule, ["name"]) in {shape.at(old, ["name"]) | some old in shape.list(shape.at(_before, ["rule"]))}
	some blocking in _blocking(rule)
	finding := _finding(
		sprintf("the new rule %v blocks from the first request on", [shape.at(rule, ["name"])]),
		["rule", index],
		blocking,
		"count first, block in a later change",
	)
}

_blocking(rule) := {"action block" | count(shape.list(shape.at(rule, ["action", 0, "block"]))) > 0} |
	{"override_action none" | count(shape.list(shape.at(rule, ["override_action", 0, "none"]))) > 0}

# Pods read configuration when they start (or whenever, one after the other): without new pods no canary sees it.
_faults contains finding if {
	input.resource.type in {"ConfigMap", "Secret"}
	some key in ["data", "binaryData", "stringData"]
	resource.touches(input.resource.changed, [key])
	some workload in input.resource.related
	workload.relation == "workload"
	resource.remains(workload)
	not _rolled(workload)
	finding := _finding(
		sprintf("%s reads it, and the change of it makes no new pods: no canary sees it, or everybody at once", [
			workload.id,
		]),
		[key],
		"no rollout of its reader",
		"a checksum annotation on the pods, a name with a hash, Reloader, or a Flagger Canary",
	)
}

# The pods change, too (a checksum, another name), or somebody watches the configuration.
_rolled(workload) if {
	some other in input.changed
	other.id == workload.id
	other.action == "update"
	resource.touches(other.changed, ["spec", "template"])
}

_rolled(workload) if {
	some place in [["metadata", "annotations"], ["spec", "template", "metadata", "annotations"]]
	some key, value in shape.map(shape.at(workload.attrs, place))
	regex.match(`^(configmap\.|secret\.)?reloader\.stakater\.com/`, key)
	text.given(value)
}

_rolled(workload) if {
	some other in workload.related
	other.relation == "canary"
}

# What ends by itself reads it the next time that it starts.
_rolled(workload) if workload.type in {"batch/Job", "batch/CronJob"}

_finding(msg, path, observed, expected) := {
	"msg": sprintf("%s: %s", [resource.address(input.resource), msg]),
	"path": path,
	"evidence": [{
		"pointer": concat(".", [sprintf("%v", [key]) | some key in path]),
		"observed": observed,
		"expected": expected,
	}],
}

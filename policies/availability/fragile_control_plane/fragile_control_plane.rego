# METADATA
# title: Control plane hangs on one node, zone or gateway
# description: >-
#   What all services depend on is redundant at the strictest tier's numbers: the mesh's control plane, ingress and
#   gateway controllers and cluster DNS keep three replicas spread over zones with a disruption budget and a priority
#   class that is not evicted first. Clusters are regional, with subnets in two zones and a paid control plane;
#   interface endpoints have two subnets; one NAT gateway for subnets of several zones is the usual hidden single
#   point.
# related_resources:
#   - https://istio.io/latest/docs/ops/best-practices/deployment/
#   - https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
# custom:
#   id: HA-012
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/DaemonSet
#     - aws_eks_cluster
#     - google_container_cluster
#     - azurerm_kubernetes_cluster
#     - aws_nat_gateway
#     - aws_vpc_endpoint
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14", "8.20"]
#     NIST80053: [CP-8, CP-10, SC-36]
#   remediation: >-
#     Three replicas in three zones, a PodDisruptionBudget, priorityClassName system-cluster-critical; regional
#     clusters; one NAT gateway for each zone.
#   since: 0.1.0
package policies.availability.fragile_control_plane

import data.policies.lib.demand
import data.policies.lib.kubernetes
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier

deny contains finding if {
	resource.remains(input.resource)
	some fault in _faults
	tier.applies(input.resource, fault.last)
	finding := object.remove(fault, ["last"])
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	tier.undecided(input.resource, fault.last)
}

unknown contains finding if {
	resource.remains(input.resource)
	tier.applies(input.resource, 3)
	some finding in demand.undecided(input.resource, _demands)
}

_names := {
	"ambassador", "cilium-operator", "contour", "coredns", "emissary-ingress", "envoy-gateway", "haproxy-ingress",
	"ingress-nginx", "ingress-nginx-controller", "istio-egressgateway", "istio-gateway", "istio-ingress",
	"istio-ingressgateway", "istiod", "kong", "kong-gateway", "linkerd-destination", "linkerd-identity",
	"linkerd-proxy-injector", "nginx-ingress", "nginx-ingress-controller", "traefik",
}

# Named so itself, or by the label that charts set.
_component if {
	input.resource.type in {"apps/Deployment", "apps/DaemonSet"}
	_called in _names
}

_called := input.resource.name if input.resource.name in _names

_called := name if {
	not input.resource.name in _names
	name := shape.at(kubernetes.labels(input.resource), ["app.kubernetes.io/name"])
	shape.at(kubernetes.labels(input.resource), ["app.kubernetes.io/component"]) in {null, "controller", "gateway"}
}

_deployment if {
	_component
	input.resource.type == "apps/Deployment"
}

_faults contains fault if {
	_deployment
	floor := kubernetes.floor(input.resource)
	floor < 3
	fault := {
		"msg": sprintf("%s keeps %d replicas, expected 3 or more: every service depends on it", [
			input.resource.name,
			floor,
		]),
		"path": ["spec", "replicas"],
		"last": 3,
	}
}

_faults contains fault if {
	_deployment
	count(kubernetes.related(input.resource, {"pdb"})) == 0
	fault := {
		"msg": sprintf("no PodDisruptionBudget keeps %s while nodes are drained", [input.resource.name]),
		"path": ["spec"],
		"last": 3,
	}
}

_faults contains fault if {
	_deployment
	not _spread
	not shape.at(input.config.thresholds, ["HA-004", "single_zone"]) == true
	not shape.at(input.config.thresholds, ["HA-004", "default_constraints"]) == true
	fault := {
		"msg": sprintf("nothing keeps the replicas of %s from standing in one zone", [input.resource.name]),
		"path": kubernetes.spec_path(input.resource),
		"last": 3,
	}
}

_faults contains fault if {
	_component
	not _prior
	fault := {
		"msg": sprintf("%s may be evicted for any other pod: it names no priority class of the system's or the highest", [
			input.resource.name,
		]),
		"path": array.concat(kubernetes.spec_path(input.resource), ["priorityClassName"]),
		"remediation": "Set priorityClassName: system-cluster-critical.",
		"last": 3,
	}
}

_zones := {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}

_terms := array.concat(
	shape.list(shape.at(kubernetes.pod(input.resource), ["topologySpreadConstraints"])),
	array.concat(
		shape.list(shape.at(kubernetes.pod(input.resource), [
			"affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
		])),
		[shape.at(term, ["podAffinityTerm"]) |
			some term in shape.list(shape.at(kubernetes.pod(input.resource), [
				"affinity", "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution",
			]))
		],
	),
)

_spread if {
	some entry in _terms
	term := shape.map(entry)
	term.topologyKey in _zones
	kubernetes.selects(shape.at(term, ["labelSelector"]), kubernetes.labels(input.resource))
}

_class := shape.at(kubernetes.pod(input.resource), ["priorityClassName"])

_prior if {
	is_string(_class)
	startswith(_class, "system-")
}

# One that is not in the tree may be as high as any.
_prior if {
	is_string(_class)
	count(kubernetes.related(input.resource, {"priority-class"})) == 0
}

_prior if {
	some class in kubernetes.related(input.resource, {"priority-class"})
	class.attrs.value >= 1000000
}

_demands := _demands_of[input.resource.type]

_demands_of := {
	"aws_eks_cluster": [{"path": ["vpc_config", 0, "subnet_ids"], "length": 2}],
	"aws_vpc_endpoint": _endpoint,
	"azurerm_kubernetes_cluster": [{"path": ["sku_tier"], "among": {"Standard", "Premium"}, "default": "Free"}],
}

_endpoint := [{"path": ["subnet_ids"], "length": 2}] if {
	shape.at(input.resource.attrs, ["vpc_endpoint_type"]) == "Interface"
}

_endpoint := [] if not shape.at(input.resource.attrs, ["vpc_endpoint_type"]) == "Interface"

_faults contains fault if {
	some broken in demand.broken(input.resource, _demands)
	fault := object.union(broken, {"last": 3})
}

_faults contains fault if {
	input.resource.type == "google_container_cluster"
	location := shape.at(input.resource.attrs, ["location"])
	is_string(location)
	regex.match(`^[a-z]+-[a-z]+[0-9]+-[a-z]$`, location)
	fault := {
		"msg": sprintf("%s stands in the zone %s, expected a region: its control plane is one machine", [
			resource.address(input.resource),
			location,
		]),
		"path": ["location"],
		"last": 1,
	}
}

# Of the same place: module, environment and folder.
_beside(other) if {
	other.module == input.resource.module
	other.environment == input.resource.environment
	_folder(other.file) == _folder(input.resource.file)
}

_folder(file) := concat("/", array.slice(parts, 0, count(parts) - 1)) if parts := split(file, "/")

_faults contains fault if {
	input.resource.type == "aws_nat_gateway"
	not shape.at(input.resource.attrs, ["availability_mode"]) == "regional"
	not shape.at(input.resource.attrs, ["connectivity_type"]) == "private"
	count([1 |
		some other in input.resources
		other.type == "aws_nat_gateway"
		resource.remains(other)
		_beside(other)
	]) == 1
	zones := {zone |
		some other in input.resources
		other.type == "aws_subnet"
		_beside(other)
		zone := shape.at(other.attrs, ["availability_zone"])
		is_string(zone)
	}
	count(zones) > 1
	fault := {
		"msg": sprintf("%s is the only NAT gateway for subnets in %s: the loss of its zone cuts all of them off", [
			resource.address(input.resource),
			concat(", ", sort(zones)),
		]),
		"path": ["subnet_id"],
		"last": 3,
	}
}

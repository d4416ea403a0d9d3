# METADATA
# title: Replicas may all stand on one node or in one zone
# description: >-
#   In production the replicas of a workload of tier 0 to 2 that keeps two or more are spread over nodes, by a topology
#   spread constraint or pod anti-affinity whose selector matches the pods themselves; of tier 0 and 1 over zones as
#   well, and bindingly: whenUnsatisfiable DoNotSchedule with maxSkew 1, or required anti-affinity. A constraint whose
#   selector does not match its own pods protects nothing and is the commonest defect. Clusters with default constraints
#   say so in the threshold `HA-004.default_constraints`, clusters of one zone in `HA-004.single_zone`.
# related_resources:
#   - https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
#   - https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#affinity-and-anti-affinity
# custom:
#   id: HA-004
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/StatefulSet
#     - argoproj.io/Rollout
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-10, SC-36]
#   remediation: >-
#     Add topologySpreadConstraints for topology.kubernetes.io/zone (DoNotSchedule, maxSkew 1) and
#     kubernetes.io/hostname, with the labels of the pods.
#   since: 0.1.0
package policies.availability.unspread_replicas

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier
import data.policies.lib.kubernetes

deny contains finding if {
	_judged
	some fault in _faults
	tier.applies(input.resource, fault.last)
	finding := object.remove(fault, ["last"])
}

unknown contains resource.unclassified if {
	_judged
	some fault in _faults
	tier.undecided(input.resource, fault.last)
}

_judged if {
	resource.remains(input.resource)
	kubernetes.has_template(input.resource)
	_redundant
}

_redundant if kubernetes.floor(input.resource) >= 2

# A number that is not known may well be two.
_redundant if kubernetes.floor(input.resource) == null

_thresholds := shape.map(shape.at(input.config.thresholds, ["HA-004"]))

_hosts := {"kubernetes.io/hostname"}

_zones := {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}

_path := kubernetes.spec_path(input.resource)

_pod := kubernetes.pod(input.resource)

_labels := kubernetes.labels(input.resource)

# Every rule that says where pods go relative to each other: its path, key, whether it binds, and its selector.
_rules contains rule if {
	some index, entry in shape.list(shape.at(_pod, ["topologySpreadConstraints"]))
	constraint := shape.map(entry)
	rule := {
		"path": array.concat(_path, ["topologySpreadConstraints", index]),
		"word": "topology spread constraint",
		"key": shape.at(constraint, ["topologyKey"]),
		"binds": _binds(constraint),
		"selector": shape.at(constraint, ["labelSelector"]),
	}
}

_rules contains rule if {
	field := "requiredDuringSchedulingIgnoredDuringExecution"
	some index, entry in shape.list(shape.at(_pod, ["affinity", "podAntiAffinity", field]))
	term := shape.map(entry)
	rule := {
		"path": array.concat(_path, ["affinity", "podAntiAffinity", field, index]),
		"word": "pod anti-affinity",
		"key": shape.at(term, ["topologyKey"]),
		"binds": true,
		"selector": shape.at(term, ["labelSelector"]),
	}
}

_rules contains rule if {
	field := "preferredDuringSchedulingIgnoredDuringExecution"
	some index, entry in shape.list(shape.at(_pod, ["affinity", "podAntiAffinity", field]))
	term := shape.map(shape.at(entry, ["podAffinityTerm"]))
	rule := {
		"path": array.concat(_path, ["affinity", "podAntiAffinity", field, index]),
		"word": "pod anti-affinity",
		"key": shape.at(term, ["topologyKey"]),
		"binds": false,
		"selector": shape.at(term, ["labelSelector"]),
	}
}

_binds(constraint) if {
	constraint.whenUnsatisfiable == "DoNotSchedule"
	constraint.maxSkew == 1
}

_binds(constraint) := false if not constraint.whenUnsatisfiable == "DoNotSchedule"

_binds(constraint) := false if not constraint.maxSkew == 1

# Anti-affinity is often against others; only a constraint is meant for the pods themselves.
_faults contains fault if {
	some rule in _rules
	rule.word == "topology spread constraint"
	not kubernetes.selects(rule.selector, _labels)
	fault := {
		"msg": sprintf("the %s on %v of %s does not select its own pods: it spreads nothing", [
			rule.word,
			rule.key,
			input.resource.name,
		]),
		"path": rule.path,
		"evidence": [{
			"pointer": concat(".", [sprintf("%v", [step]) | some step in rule.path]),
			"observed": sprintf("labelSelector %v", [json.marshal(rule.selector)]),
			"expected": sprintf("a selector of the pods' labels %v", [json.marshal(_labels)]),
		}],
		"last": 2,
	}
}

_effective(keys) := [rule |
	some rule in _rules
	rule.key in keys
	kubernetes.selects(rule.selector, _labels)
]

_faults contains fault if {
	count(_effective(_hosts)) == 0
	not _thresholds.default_constraints == true
	not _binding_over_zones
	fault := {
		"msg": sprintf("nothing keeps the replicas of %s from standing on one node", [input.resource.name]),
		"path": _path,
		"last": 2,
	}
}

_faults contains fault if {
	count(_effective(_zones)) == 0
	not _thresholds.default_constraints == true
	not _thresholds.single_zone == true
	fault := {
		"msg": sprintf("nothing keeps the replicas of %s from standing in one zone", [input.resource.name]),
		"path": _path,
		"last": 1,
	}
}

_faults contains fault if {
	rules := _effective(_zones)
	count(rules) > 0
	not _binding(rules)
	not _thresholds.single_zone == true
	fault := {
		"msg": sprintf("the replicas of %s are spread over zones only where it is easy%s", [
			input.resource.name,
			", expected whenUnsatisfiable DoNotSchedule with maxSkew 1 or required anti-affinity",
		]),
		"path": rules[0].path,
		"last": 1,
	}
}

_binding(rules) if {
	some rule in rules
	rule.binds
}

# Required anti-affinity over zones keeps two from one node, too.
_binding_over_zones if {
	some rule in _effective(_zones)
	rule.word == "pod anti-affinity"
	rule.binds
}

# METADATA
# title: Disruption budget is missing, blocks or protects nothing
# description: >-
#   In production a workload of tier 0 to 2 that keeps two replicas or more has exactly one PodDisruptionBudget, found
#   by its selector over the whole tree. A budget that allows no eviction blocks every drain and upgrade of a node
#   (maxUnavailable 0, minAvailable 100 % or all replicas that the scaler keeps); one that matches no pods, or allows
#   all evictions, protects nothing; two for one pod make the API refuse evictions. An empty selector of policy/v1
#   matches every pod of the namespace. What a budget matches outside the tree is unknown.
# related_resources:
#   - https://kubernetes.io/docs/tasks/run-application/configure-pdb/
#   - https://kubernetes.io/docs/concepts/workloads/pods/disruptions/
# custom:
#   id: HA-003
#   scope: resource
#   targets:
#     - policy/PodDisruptionBudget
#     - apps/Deployment
#     - apps/StatefulSet
#     - argoproj.io/Rollout
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-10, MA-2]
#   remediation: >-
#     Give each workload one PodDisruptionBudget with the labels of its pods, maxUnavailable 1 and
#     unhealthyPodEvictionPolicy AlwaysAllow.
#   since: 0.1.0
package policies.availability.unfit_disruption_budget

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier
import data.policies.lib.kubernetes

deny contains finding if {
	resource.remains(input.resource)
	some fault in _faults
	tier.applies(input.resource, fault.last)
	finding := object.remove(fault, ["last"])
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	not fault.enforcement
	tier.undecided(input.resource, fault.last)
}

unknown contains finding if {
	resource.remains(input.resource)
	input.resource.environment == "prod"
	some reference in shape.list(shape.at(input.resource, ["dangling"]))
	reference.relation == "workload"
	not reference.among > 0
	finding := {
		"msg": sprintf("%s matches no pods of this tree: whether it matches any is not known", [input.resource.name]),
		"path": ["spec", "selector"],
	}
}

_workloads := {"apps/Deployment", "apps/StatefulSet", "argoproj.io/Rollout"}

_spec := shape.map(shape.at(input.resource.attrs, ["spec"]))

_budgets := kubernetes.related(input.resource, {"pdb"}) if input.resource.type in _workloads

_floor := kubernetes.floor(input.resource) if input.resource.type in _workloads

_redundant if {
	is_number(_floor)
	_floor >= 2
}

# The Rollout that refers to a workload makes its pods.
_referred if count(kubernetes.related(input.resource, {"rollout"})) > 0

_faults contains fault if {
	_redundant
	not _referred
	count(_budgets) == 0
	fault := {
		"msg": sprintf("%s keeps %d replicas and no PodDisruptionBudget matches its pods", [input.resource.name, _floor]),
		"path": ["spec"],
		"last": 2,
	}
}

_faults contains fault if {
	not _referred
	count(_budgets) > 1
	fault := {
		"msg": sprintf("%d PodDisruptionBudgets match the pods of %s, expected one: the API refuses to evict them", [
			count(_budgets),
			input.resource.name,
		]),
		"path": ["spec"],
		"because": [kubernetes.place(budget) | some budget in _budgets],
		"last": 3,
	}
}

# Whether a budget leaves room is told by the workload, whose scaler knows how few there may be.
_faults contains fault if {
	not _referred
	is_number(_floor)
	_floor >= 1
	some budget in _budgets
	_alone(budget)
	demanded := shape.at(budget.attrs, ["spec", "minAvailable"])
	least := kubernetes.scaled(demanded, _floor)
	least >= _floor
	not demanded == "100%"
	fault := {
		"msg": sprintf("%s keeps %d replicas and its PodDisruptionBudget %s demands %v: no drain of a node can go on", [
			input.resource.name,
			_floor,
			budget.name,
			demanded,
		]),
		"path": ["spec", "replicas"],
		"because": [kubernetes.place(budget)],
		"evidence": [{
			"pointer": sprintf("%s spec.minAvailable", [budget.name]),
			"observed": sprintf("%v of %d", [demanded, _floor]),
			"expected": sprintf("fewer than %d, or maxUnavailable: 1", [_floor]),
		}],
		"last": 3,
	}
}

_faults contains fault if {
	not _referred
	_floor == 1
	some budget in _budgets
	shape.at(budget.attrs, ["spec", "minAvailable"]) == null
	not _allows_nothing(shape.at(budget.attrs, ["spec"]))
	fault := {
		"msg": sprintf("%s keeps one replica: its PodDisruptionBudget %s protects nothing", [
			input.resource.name,
			budget.name,
		]),
		"path": ["spec", "replicas"],
		"because": [kubernetes.place(budget)],
		"last": 2,
	}
}

# It matches this workload and no other, but for the Rollout that refers to it.
_alone(budget) if count({other.id |
	some other in shape.list(shape.at(budget, ["related"]))
	other.relation == "workload"
	other.action != "delete"
}) == 1

_is_budget if input.resource.type == "policy/PodDisruptionBudget"

_faults contains fault if {
	_is_budget
	_allows_nothing(_spec)
	field := [name | some name in ["maxUnavailable", "minAvailable"]; shape.at(_spec, [name]) != null][0]
	fault := {
		"msg": sprintf("%s allows no eviction (%s %v): no drain of a node can go on", [
			input.resource.name,
			field,
			_spec[field],
		]),
		"path": ["spec", field],
		"evidence": [{
			"pointer": sprintf("spec.%s", [field]),
			"observed": sprintf("%v", [_spec[field]]),
			"expected": "maxUnavailable 1 or more",
		}],
		"last": 3,
	}
}

_faults contains fault if {
	_is_budget
	_allows_everything(_spec)
	fault := {
		"msg": sprintf("%s allows every eviction: it protects nothing", [input.resource.name]),
		"path": ["spec"],
		"last": 3,
	}
}

_faults contains fault if {
	_is_budget
	_matches_nothing
	fault := {
		"msg": sprintf("the selector of %s matches the pods of no workload in its namespace: it protects nothing", [
			input.resource.name,
		]),
		"path": ["spec", "selector"],
		"last": 3,
	}
}

_faults contains fault if {
	_is_budget
	not _allows_nothing(_spec)
	shape.at(_spec, ["unhealthyPodEvictionPolicy"]) != "AlwaysAllow"
	fault := {
		"msg": sprintf("%s keeps pods that are broken already from being evicted (unhealthyPodEvictionPolicy %s)", [
			input.resource.name,
			object.get(_spec, "unhealthyPodEvictionPolicy", "IfHealthyBudget, the default"),
		]),
		"path": ["spec", "unhealthyPodEvictionPolicy"],
		"enforcement": "advisory",
		"severity": "low",
		"remediation": "Set unhealthyPodEvictionPolicy: AlwaysAllow.",
		"last": 3,
	}
}

_allows_nothing(spec) if shape.at(spec, ["maxUnavailable"]) in {0, "0", "0%"}

_allows_nothing(spec) if shape.at(spec, ["minAvailable"]) == "100%"

_allows_everything(spec) if {
	shape.at(spec, ["maxUnavailable"]) == null
	shape.at(spec, ["minAvailable"]) in {null, 0, "0%"}
}

_allows_everything(spec) if shape.at(spec, ["maxUnavailable"]) == "100%"

# Others of the namespace are in the tree, and it picks none of them.
_matches_nothing if {
	some reference in shape.list(shape.at(input.resource, ["dangling"]))
	reference.relation == "workload"
	reference.among > 0
}

# Without a selector it picks nothing, wherever the pods are.
_matches_nothing if shape.at(_spec, ["selector"]) == null

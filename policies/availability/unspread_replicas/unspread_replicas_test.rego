package policies.availability.unspread_replicas_test

import data.policies.availability.unspread_replicas as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_own := {"matchLabels": {"app": "orders"}}

_constraint(key, when, selector) := {
	"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": when, "labelSelector": selector,
}

_zone := _constraint("topology.kubernetes.io/zone", "DoNotSchedule", _own)

_host := _constraint("kubernetes.io/hostname", "ScheduleAnyway", _own)

_workload(pods) := json.patch(sample.deployment, [{"op": "replace", "path": "/attrs/spec", "value": {
	"replicas": 3,
	"template": {"metadata": {"labels": {"app": "orders", "tier": "web"}}, "spec": pods},
}}])

_spread(constraints) := _workload({"topologySpreadConstraints": constraints})

_messages(thing) := {finding.msg | some finding in found} if {
	found := policy.deny with input as sample.about(thing)
}

_with_threshold(thing, threshold) := count(found) if {
	document := json.patch(sample.about(thing), [{
		"op": "add", "path": "/config/thresholds/HA-004", "value": threshold,
	}])
	found := policy.deny with input as document
}

_anti(field, terms) := {"affinity": {"podAntiAffinity": {field: terms}}}

_required := "requiredDuringSchedulingIgnoredDuringExecution"

test_allowed if _messages(_spread([_zone, _host])) == set()

test_nothing_at_all if {
	_messages(_workload({})) == {
		"nothing keeps the replicas of orders-api from standing on one node",
		"nothing keeps the replicas of orders-api from standing in one zone",
	}
}

test_tier_two_needs_nodes_only if {
	_messages(object.union(_spread([_host]), {"tier": 2})) == set()
	count(_messages(object.union(_workload({}), {"tier": 2}))) == 1
}

test_tier_three_and_one_replica_need_nothing if {
	_messages(object.union(_workload({}), {"tier": 3})) == set()
	one := json.patch(_workload({}), [{"op": "replace", "path": "/attrs/spec/replicas", "value": 1}])
	_messages(one) == set()
}

test_a_selector_of_other_pods_spreads_nothing if {
	wrong := _constraint("topology.kubernetes.io/zone", "DoNotSchedule", {"matchLabels": {"app": "ordres"}})
	found := policy.deny with input as sample.about(_spread([wrong, _host]))
	some finding in found
	finding.path == ["spec", "template", "spec", "topologySpreadConstraints", 0]
	contains(finding.msg, "does not select its own pods")
	count(_messages(_spread([object.remove(_zone, ["labelSelector"]), _host]))) == 2
}

test_best_effort_over_zones_is_not_enough_for_tier_one if {
	soft := _constraint("topology.kubernetes.io/zone", "ScheduleAnyway", _own)
	count(_messages(_spread([soft, _host]))) == 1
	_messages(object.union(_spread([soft, _host]), {"tier": 2})) == set()
	count(_messages(_spread([object.union(_zone, {"maxSkew": 2}), _host]))) == 1
}

test_required_anti_affinity if {
	term := {"topologyKey": "topology.kubernetes.io/zone", "labelSelector": _own}
	_messages(_workload(_anti(_required, [term]))) == set()
	host := {"topologyKey": "kubernetes.io/hostname", "labelSelector": _own}
	count(_messages(_workload(_anti(_required, [host])))) == 1
}

test_preferred_anti_affinity_counts_for_nodes if {
	term := {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": _own}}
	pods := _anti("preferredDuringSchedulingIgnoredDuringExecution", [term])
	_messages(object.union(_workload(pods), {"tier": 2})) == set()
}

test_anti_affinity_against_others_is_no_fault_and_no_spread if {
	term := {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "batch"}}}
	_messages(object.union(_workload(_anti(_required, [term])), {"tier": 2})) == {
		"nothing keeps the replicas of orders-api from standing on one node",
	}
}

test_thresholds if {
	_with_threshold(_workload({}), {"default_constraints": true}) == 0
	_with_threshold(_spread([_host]), {"single_zone": true}) == 0
	_with_threshold(_spread([_host]), {"single_zone": false}) == 1
}

test_a_rollout_without_a_template_is_judged_at_its_workload if {
	_messages(json.patch(sample.rollout, [{"op": "remove", "path": "/attrs/spec/template"}])) == set()
	parked := json.patch(_workload({}), [{"op": "replace", "path": "/attrs/spec/replicas", "value": 0}])
	held := object.union(parked, {"related": [sample.relation("rollout", sample.rollout)]})
	count(_messages(held)) == 2
}

test_unknown_tier_and_environment if {
	lost := object.union(_workload({}), {"tier": null})
	_messages(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
	count(policy.unknown) == 0 with input as sample.about(object.union(_spread([_zone, _host]), {"tier": null}))
}

test_staging_and_deleted_ones_are_not_judged if {
	_messages(object.union(_workload({}), {"environment": "staging"})) == set()
	_messages(object.union(_workload({}), {"action": "delete"})) == set()
}

test_odd_values_do_not_stop_it if {
	every pods in ["x", {"topologySpreadConstraints": "x"}, {"topologySpreadConstraints": ["x"]}, {"affinity": []}] {
		count(_messages(_workload(pods))) >= 0
	}
}

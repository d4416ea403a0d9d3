package policies.availability.unfit_disruption_budget_test

import data.policies.availability.unfit_disruption_budget as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_good := {
	"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow",
	"selector": {"matchLabels": {"app": "orders"}},
}

_budget(spec) := sample.kubernetes("policy/PodDisruptionBudget", "orders-api", {"spec": spec})

_with(fields) := _budget(object.union(object.remove(_good, ["maxUnavailable"]), fields))

# As a workload sees the budget, which matches it alone.
_matched(spec) := object.union(sample.relation("pdb", _budget(spec)), {"related": [{
	"relation": "workload", "id": sample.deployment.id, "action": "update",
}]})

_workload(count, related) := object.union(
	json.patch(sample.deployment, [{"op": "replace", "path": "/attrs/spec/replicas", "value": count}]),
	{"related": related},
)

_messages(thing) := {finding.msg | some finding in found; not finding.enforcement} if {
	found := policy.deny with input as sample.about(thing)
}

_unknown(thing) := found if {
	found := policy.unknown with input as sample.about(thing)
}

_missing(among) := object.union(_budget(_good), {"dangling": [{"relation": "workload", "among": among}]})

test_allowed if {
	_messages(_budget(_good)) == set()
	_messages(_workload(3, [_matched(_good)])) == set()
	count(policy.deny) == 0 with input as sample.about(_budget(_good))
}

test_no_budget if {
	_messages(_workload(3, [])) == {"orders-api keeps 3 replicas and no PodDisruptionBudget matches its pods"}
}

test_one_replica_needs_no_budget if _messages(_workload(1, [])) == set()

test_tier_three_needs_no_budget if _messages(object.union(_workload(3, []), {"tier": 3})) == set()

test_the_scalers_minimum_counts_and_not_the_replicas if {
	scaler := sample.relation("scaler", sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "h", {"spec": {
		"minReplicas": 2,
	}}))
	count(_messages(_workload(10, [scaler, _matched({"minAvailable": 2, "selector": {}})]))) == 1
	count(_messages(_workload(10, [_matched({"minAvailable": 2, "selector": {}})]))) == 0
}

test_two_budgets_for_one_pod if {
	_messages(_workload(3, [_matched(_good), _matched(object.union(_good, {"maxUnavailable": 2}))])) == {concat("", [
		"2 PodDisruptionBudgets match the pods of orders-api, expected one: the API refuses to evict them",
	])}
}

test_a_deleted_budget_is_none if {
	count(_messages(_workload(3, [object.union(_matched(_good), {"action": "delete"})]))) == 1
}

test_budgets_that_block if {
	every fields in [
		{"maxUnavailable": 0},
		{"maxUnavailable": "0%"},
		{"minAvailable": "100%"},
	] {
		count(_messages(_with(fields))) == 1
	}
}

test_percentages_are_rounded_up if {
	# Half of three is two: one may go. Nine tenths of three are three: none may.
	_messages(_workload(3, [_matched({"minAvailable": "50%", "selector": {}})])) == set()
	count(_messages(_workload(3, [_matched({"minAvailable": "90%", "selector": {}})]))) == 1
}

test_all_replicas_demanded if {
	_messages(_workload(2, [_matched({"minAvailable": 2, "selector": {}})])) == {concat("", [
		"orders-api keeps 2 replicas and its PodDisruptionBudget orders-api demands 2: ",
		"no drain of a node can go on",
	])}
}

test_a_budget_on_one_replica if {
	count(_messages(_workload(1, [_matched(_good)]))) == 1
	count(_messages(_workload(1, [_matched({"minAvailable": 1, "selector": {}})]))) == 1
}

test_budgets_that_protect_nothing if {
	every fields in [{}, {"minAvailable": 0}, {"maxUnavailable": "100%"}] {
		_messages(_with(fields)) == {"orders-api allows every eviction: it protects nothing"}
	}
}

test_a_selector_that_matches_nothing if {
	count(_messages(_missing(4))) == 1
	count(_messages(_budget(object.remove(_good, ["selector"])))) == 1
}

test_what_may_stand_elsewhere_is_unknown if {
	every among in [0, null] {
		_messages(_missing(among)) == set()
		count(_unknown(_missing(among))) == 1
	}
}

test_a_budget_over_several_workloads_is_not_counted_against_one if {
	shared := object.union(_matched({"minAvailable": 3, "selector": {}}), {"related": [
		{"relation": "workload", "id": "a", "action": "no-op"},
		{"relation": "workload", "id": "b", "action": "no-op"},
	]})
	_messages(_workload(3, [shared])) == set()
}

test_broken_pods_stay_advisory if {
	found := policy.deny with input as sample.about(_budget(object.remove(_good, ["unhealthyPodEvictionPolicy"])))
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_staging_is_not_judged if {
	staging := object.union(_with({"maxUnavailable": 0}), {"environment": "staging", "tier": null})
	_messages(staging) == set()
	_unknown(staging) == set()
}

test_unknown_environment if {
	lost := object.union(_with({"maxUnavailable": 0}), {"environment": null, "tier": null})
	_messages(lost) == set()
	_unknown(lost) == {resource.unclassified}
	_unknown(object.union(_budget(_good), {"environment": null})) == set()
}

test_odd_values_do_not_stop_it if {
	every spec in ["x", null, {"maxUnavailable": [1]}, {"minAvailable": "half", "selector": "x"}] {
		count(_messages(_budget(spec))) >= 0
	}
}

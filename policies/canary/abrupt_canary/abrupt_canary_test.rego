package policies.canary.abrupt_canary_test

import data.policies.canary.abrupt_canary
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_weight(percent) := {"setWeight": percent}

_pause(text) := {"pause": {"duration": text}}

_good := [
	_weight(10), _pause("10m"), _weight(25), _pause("10m"), _weight(50), _pause("10m"), _weight(75), _pause("10m"),
]

_rollout(steps) := json.patch(sample.rollout, [{
	"op": "replace", "path": "/attrs/spec/strategy/canary/steps", "value": steps,
}])

_routed(steps) := json.patch(_rollout(steps), [{
	"op": "add", "path": "/attrs/spec/strategy/canary/trafficRouting", "value": {"nginx": {}},
}])

_flagger(analysis) := json.patch(sample.flagger, [{"op": "replace", "path": "/attrs/spec/analysis", "value": analysis}])

_messages(thing) := {finding.msg | some finding in found} if {
	found := abrupt_canary.deny with input as sample.about(thing)
}

_unknown(thing) := found if {
	found := abrupt_canary.unknown with input as sample.about(thing)
}

_tier(thing, tier) := object.union(thing, {"tier": tier})

test_allowed if {
	_messages(_rollout(_good)) == set()
	_unknown(_rollout(_good)) == set()
}

test_first_weight_by_tier if {
	steps := array.concat([_weight(20), _pause("10m")], array.slice(_good, 2, 8))
	_messages(_routed(steps)) == {concat("", [
		"orders-api: the first weight is 20 %, at most 10 % of the users may meet a new version first",
	])}
	_messages(_tier(_routed(steps), 2)) == set()
	_messages(_tier(_routed(array.concat([_weight(26), _pause("10m")], array.slice(_good, 4, 8))), 2)) != set()
}

test_the_path_is_the_step if {
	found := abrupt_canary.deny with input as sample.about(_routed(array.concat([_weight(20), _pause("10m")], _good)))
	some finding in found
	finding.path == ["spec", "strategy", "canary", "steps", 0, "setWeight"]
}

test_boundary_of_the_jump if {
	_messages(_routed([
		_weight(1), _pause("10m"), _weight(10), _pause("10m"), _weight(50), _pause("10m"),
	])) == set()
	_messages(_routed([
		_weight(1), _pause("10m"), _weight(10), _pause("10m"), _weight(49), _pause("10m"),
	])) == {"orders-api: the last weight is 49 %: from there to everybody is a jump of 51 points, at most 50 at once"}
}

test_too_few_weights if _messages(_routed([_weight(10), _pause("20m"), _weight(50), _pause("20m")])) == {
	"orders-api: the ladder has 2 of at least 3 weights below 100 %",
}

test_falling_weights if {
	steps := array.concat(_good, [_weight(60), _pause("5m")])
	"orders-api: weight 60 % after 75 %: weights have to rise" in _messages(_rollout(steps))
}

test_a_weight_without_time if {
	steps := array.concat([_weight(5), _pause(299)], _good)
	_messages(_routed(steps)) == {concat("", [
		"orders-api: weight 5 % is followed by a pause of 299s, ",
		"five minutes or an analysis are needed to see anything",
	])}
	_messages(_routed(array.concat([_weight(5), _pause("300")], _good))) == set()
}

test_an_analysis_step_is_time if {
	step := {"analysis": {"templates": [{"templateName": "slo"}]}}
	_messages(_routed([_weight(10), step, _weight(30), step, _weight(60), step])) == set()
}

test_a_pause_without_end_waits_for_somebody if {
	_messages(_routed([_weight(10), {"pause": {}}, _weight(30), {"pause": {}}, _weight(60), {"pause": {}}])) == set()
}

test_short_bake if {
	steps := [_weight(10), _pause("9m"), _weight(30), _pause("10m"), _weight(60), _pause("10m")]
	"orders-api: the canary bakes for 29m altogether, at least 30m for tier 0 and 1" in _messages(_routed(steps))
	_messages(_tier(_routed(steps), 2)) == set()
}

test_replicas_quantise_the_weight if {
	steps := array.concat([_weight(5), _pause("10m")], _good)
	_messages(_rollout(steps)) == {concat("", [
		"orders-api: 10 replicas without traffic routing cannot give 5 % of the traffic, 20 are needed",
	])}
	_messages(_routed(steps)) == set()
}

test_the_scaler_decides_how_many_replicas_there_are if {
	hpa := sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": {"minReplicas": 4}})
	scaled := object.union(_rollout(_good), {"related": [sample.relation("scaler", hpa)]})
	"orders-api: 4 replicas without traffic routing cannot give 10 % of the traffic, 10 are needed" in _messages(scaled)
}

test_weights_are_shares_of_the_maximum if {
	thousand := json.patch(_routed([
		_weight(100), _pause("10m"), _weight(300), _pause("10m"), _weight(600), _pause("10m"),
	]), [{
		"op": "replace",
		"path": "/attrs/spec/strategy/canary/trafficRouting",
		"value": {"maxTrafficWeight": 1000, "nginx": {}},
	}])
	_messages(thousand) == set()
}

test_canary_scale_needs_routing if {
	found := abrupt_canary.deny with input as sample.about(_rollout(array.concat([{"setCanaryScale": {"replicas": 1}}], _good)))
	{finding.enforcement | some finding in found} == {"advisory"}
}

# That is what CAN-001 says.
test_no_steps_are_not_judged_here if _messages(_rollout([])) == set()

test_flagger if {
	good := {"interval": "3m", "stepWeight": 5, "maxWeight": 50, "threshold": 3}
	_messages(_flagger(good)) == set()
	_messages(_flagger(object.union(good, {"stepWeight": 20, "interval": "15m", "threshold": 0}))) == {concat("", [
		"orders-api: the first weight is 20 %, at most 10 % of the users may meet a new version first",
	])}
	_messages(_flagger(object.union(good, {"maxWeight": 40, "interval": "4m", "threshold": 2}))) == {concat("", [
		"orders-api: maxWeight is 40: half of the users are never tried before everybody gets it",
	])}
	_messages(_flagger(object.union(good, {"interval": "1m"}))) == {concat("", [
		"orders-api: 10 steps of 1m bake for 10m altogether, at least 30m for tier 0 and 1",
	])}
	_messages(_flagger(object.union(good, {"threshold": 4}))) == {concat("", [
		"orders-api: interval × threshold is 12m: so long users meet a failing canary, at most 10m",
	])}
}

test_flagger_ladder if {
	good := {"interval": "8m", "stepWeights": [5, 20, 50, 80], "threshold": 1}
	_messages(_flagger(good)) == set()
	_messages(_flagger(object.union(good, {"stepWeights": [5, 60, 50, 80]}))) == {
		"orders-api: the weight jumps by 55 points to 60 %, at most 50 at once",
		"orders-api: weight 50 % after 60 %: weights have to rise",
	}
}

test_tests_of_groups_have_no_weights if _messages(_flagger({
	"interval": "1m", "iterations": 10, "threshold": 2, "match": [{"headers": {"x-user": {"exact": "b"}}}],
})) == set()

test_elsewhere_than_production if _messages(object.union(_rollout([_weight(90)]), {"environment": "staging"})) == set()

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_rollout([_weight(90)]), {"environment": null, "action": "present"})
	_messages(lost) == set()
	_unknown(lost) == {resource.unclassified}
	_unknown(object.union(_rollout(_good), {"environment": null, "action": "present"})) == set()
}

test_unknown_tier if {
	steps := array.concat([_weight(20), _pause("10m")], array.slice(_good, 2, 8))
	_messages(_tier(_routed(steps), null)) == set()
	_unknown(_tier(_routed(steps), null)) == {resource.unclassified}
}

test_odd_types_stop_nothing if {
	_messages(_rollout("many")) == set()
	_messages(_rollout([1, "two", {"setWeight": "5"}, {"pause": "no"}])) == set()
	_messages(_flagger("none")) == set()
	_messages(_flagger({"stepWeights": "5,10", "interval": {}})) == set()
}

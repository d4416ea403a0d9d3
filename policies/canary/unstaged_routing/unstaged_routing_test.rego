package policies.canary.unstaged_routing_test

import data.policies.canary.unstaged_routing
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

# Without a plan in the request.
_document(thing) := json.patch(sample.about(thing), [{"op": "replace", "path": "/change", "value": null}])

_messages(thing) := {finding.msg | some finding in found} if {
	found := unstaged_routing.deny with input as _document(thing)
}

_unknown(thing) := found if {
	found := unstaged_routing.unknown with input as _document(thing)
}

_service(stable, canary) := {"spec": {"http": [{"route": [
	{"destination": {"host": "orders", "subset": "stable"}, "weight": stable},
	{"destination": {"host": "orders", "subset": "canary"}, "weight": canary},
]}]}}

_updated(thing, before, changed) := json.patch(thing, [
	{"op": "replace", "path": "/before", "value": before},
	{"op": "replace", "path": "/changed", "value": changed},
])

_shift(before, after) := _updated(
	sample.kubernetes("networking.istio.io/VirtualService", "orders", after),
	before,
	[["spec", "http"]],
)

test_allowed if {
	_messages(_shift(_service(100, 0), _service(75, 25))) == set()
	_unknown(_shift(_service(100, 0), _service(75, 25))) == set()
}

test_more_than_a_quarter if {
	found := unstaged_routing.deny with input as _document(_shift(_service(100, 0), _service(74, 26)))
	some finding in found
	finding.msg == concat("", [
		"networking.istio.io/VirtualService/orders/orders: 26 points of the traffic move at once, at most 25",
	])
	finding.path == ["spec", "http", 0, "route"]
}

test_weights_are_relative if _messages(_shift(_service(4, 0), _service(3, 1))) == set()

test_a_new_destination if {
	single := {"spec": {"http": [{"route": [{"destination": {"host": "orders", "subset": "stable"}}]}]}}
	count(_messages(_shift(single, _service(50, 50)))) == 1
}

test_a_controller_moves_it if {
	managed := object.union(_shift(_service(100, 0), _service(0, 100)), {"related": [
		sample.relation("rollout", sample.rollout),
	]})
	_messages(managed) == set()
}

test_the_request_lists_the_ladder if {
	count(unstaged_routing.deny) == 0 with input as sample.about(_shift(_service(100, 0), _service(0, 100)))
}

test_the_way_out_of_an_incident if {
	emergency := json.patch(sample.about(_shift(_service(100, 0), _service(0, 100))), [
		{"op": "remove", "path": "/change/spec/progressiveDelivery"},
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
		{"op": "replace", "path": "/change/spec/relatedIncidents", "value": ["INC-1"]},
	])
	count(unstaged_routing.deny) == 0 with input as emergency
	count(unstaged_routing.deny) == 1 with input as json.patch(emergency, [{
		"op": "replace", "path": "/change/spec/relatedIncidents", "value": [],
	}])
}

test_tiers if {
	large := _shift(_service(100, 0), _service(0, 100))
	_messages(object.union(large, {"tier": 2})) == set()
	_messages(object.union(large, {"tier": null})) == set()
	_unknown(object.union(large, {"tier": null})) == {resource.unclassified}
	_messages(object.union(large, {"environment": "staging"})) == set()
}

_rules(stable, canary) := {"spec": {"rules": [{"backendRefs": [
	{"name": "stable", "port": 80, "weight": stable}, {"name": "canary", "port": 80, "weight": canary},
]}]}}

_route(before, after) := _updated(
	sample.kubernetes("gateway.networking.k8s.io/HTTPRoute", "orders", after),
	before,
	[["spec", "rules"]],
)

test_weights_of_a_route if {
	_messages(_route(_rules(90, 10), _rules(70, 30))) == set()
	count(_messages(_route(_rules(90, 10), _rules(50, 50)))) == 1
}

_aws(kind, before, after, changed) := object.union(
	_updated(sample.terraform(kind, "orders", after), before, changed),
	{"tier": 1},
)

_forward(blue, green) := {"default_action": [{"type": "forward", "forward": [{"target_group": [
	{"arn": "blue", "weight": blue}, {"arn": "green", "weight": green},
]}]}]}

test_listener if {
	_messages(_aws("aws_lb_listener", _forward(100, 0), _forward(80, 20), [["default_action"]])) == set()
	count(_messages(_aws("aws_lb_listener", _forward(100, 0), _forward(0, 100), [["default_action"]]))) == 1
}

_record(name, weight) := {
	"name": "orders.acme.example", "type": "A", "set_identifier": name, "weighted_routing_policy": [{"weight": weight}],
}

test_weighted_records if {
	one := _aws("aws_route53_record", _record("blue", 100), _record("blue", 10), [["weighted_routing_policy"]])
	other := object.union(
		_aws("aws_route53_record", _record("green", 0), _record("green", 90), [["weighted_routing_policy"]]),
		{"id": "aws_route53_record.green"},
	)
	document := json.patch(_document(one), [{"op": "replace", "path": "/changed", "value": [one, other]}])
	count(unstaged_routing.deny) == 1 with input as document
	_messages(one) == set()
	count(_unknown(one)) == 1
}

test_the_dial if {
	_messages(_aws("aws_globalaccelerator_endpoint_group", {}, {"traffic_dial_percentage": 75}, [])) == set()
	count(_messages(_aws("aws_globalaccelerator_endpoint_group", {}, {"traffic_dial_percentage": 0}, []))) == 1
}

_cutover(ttl) := _aws(
	"aws_route53_record",
	{"name": "a", "type": "A", "ttl": ttl, "records": ["10.0.0.1"]},
	{"name": "a", "type": "A", "ttl": 60, "records": ["10.0.0.2"]},
	[["records"], ["ttl"]],
)

test_the_old_answer_is_kept if {
	_messages(_cutover(300)) == set()
	count(_messages(_cutover(301))) == 1
}

_rule(name, action) := object.union({"name": name, "priority": 1}, action)

test_a_new_rule_counts_first if {
	old := {"rule": [_rule("old", {"action": [{"block": [{}]}]})]}
	counting := {"rule": [old.rule[0], _rule("new", {"action": [{"count": [{}]}]})]}
	blocking := {"rule": [old.rule[0], _rule("new", {"action": [{"block": [{}]}]})]}
	managed := {"rule": [old.rule[0], _rule("new", {"override_action": [{"none": [{}]}]})]}
	_messages(_aws("aws_wafv2_web_acl", old, counting, [["rule"]])) == set()
	count(_messages(_aws("aws_wafv2_web_acl", old, blocking, [["rule"]]))) == 1
	count(_messages(_aws("aws_wafv2_web_acl", old, managed, [["rule"]]))) == 1
}

_config := object.union(
	sample.kubernetes("ConfigMap", "orders-api", {"data": {"level": "debug"}}),
	{"changed": [["data", "level"]], "related": [sample.relation("workload", sample.deployment)]},
)

test_configuration_without_new_pods if {
	document := json.patch(_document(_config), [{"op": "replace", "path": "/changed", "value": [_config]}])
	found := unstaged_routing.deny with input as document
	count(found) == 1
	rolled := json.patch(_document(_config), [{
		"op": "replace", "path": "/changed", "value": [_config, sample.deployment],
	}])
	count(unstaged_routing.deny) == 0 with input as rolled
}

test_somebody_watches_the_configuration if {
	watched := json.patch(sample.deployment, [{
		"op": "add", "path": "/attrs/metadata/annotations", "value": {"reloader.stakater.com/auto": "true"},
	}])
	_messages(object.union(_config, {"related": [sample.relation("workload", watched)]})) == set()
	led := object.union(sample.deployment, {"related": [{"relation": "canary", "id": "c", "action": "present"}]})
	_messages(object.union(_config, {"related": [sample.relation("workload", led)]})) == set()
	job := object.union(sample.deployment, {"type": "batch/CronJob"})
	_messages(object.union(_config, {"related": [sample.relation("workload", job)]})) == set()
}

test_configuration_that_nobody_reads if _messages(object.union(_config, {"related": []})) == set()

test_not_known_before_apply if {
	listener := object.union(
		_aws("aws_lb_listener", _forward(100, 0), _forward(100, 0), []),
		{"unknown": [["default_action", 0, "forward", 0, "target_group", 0, "weight"]]},
	)
	count(_unknown(listener)) == 1
	arn := object.union(listener, {"unknown": [["default_action", 0, "forward", 0, "target_group", 0, "arn"]]})
	_unknown(arn) == set()
}

test_a_tree_without_a_base_moves_nothing if {
	_messages(object.union(_shift(_service(100, 0), _service(0, 100)), {"action": "present"})) == set()
}

test_odd_types_stop_nothing if {
	_messages(_shift({"spec": {"http": "x"}}, {"spec": {"http": [1, {"route": "y"}]}})) == set()
	_messages(_aws("aws_wafv2_web_acl", {"rule": "x"}, {"rule": [1]}, [])) == set()
}

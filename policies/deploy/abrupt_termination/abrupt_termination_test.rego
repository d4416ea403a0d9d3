package policies.deploy.abrupt_termination_test

import data.policies.deploy.abrupt_termination
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_service(attrs) := sample.kubernetes("Service", "orders-api", object.union({"spec": {"clusterIP": "10.0.0.1"}}, attrs))

_behind(thing, service) := object.union(thing, {"related": [sample.relation("service", service)]})

_hooked(hook) := json.patch(sample.deployment, [{
	"op": "add", "path": "/attrs/spec/template/spec/containers/0/lifecycle", "value": {"preStop": hook},
}])

_graced(thing, seconds) := json.patch(thing, [{
	"op": "add", "path": "/attrs/spec/template/spec/terminationGracePeriodSeconds", "value": seconds,
}])

_messages(thing) := {finding.msg | some finding in found} if {
	found := abrupt_termination.deny with input as sample.about(thing)
}

test_allowed if _messages(_behind(_hooked({"sleep": {"seconds": 10}}), _service({}))) == set()

test_no_hook if {
	_messages(_behind(sample.deployment, _service({}))) == {
		"orders-api: the container api stops at once, and requests still come to it for a moment",
	}
}

test_nobody_calls_it if _messages(sample.deployment) == set()

test_a_headless_service if _messages(_behind(sample.deployment, _service({"spec": {"clusterIP": "None"}}))) == set()

test_a_sidecar_without_a_port if {
	two := json.patch(_hooked({"sleep": {"seconds": 5}}), [{
		"op": "add", "path": "/attrs/spec/template/spec/containers/-", "value": {"name": "logs"},
	}])
	_messages(_behind(two, _service({}))) == set()
}

test_boundary_of_the_grace_period if {
	waits := _behind(_hooked({"exec": {"command": ["sh", "-c", "sleep 30"]}}), _service({}))
	_messages(waits) == {concat("", [
		"orders-api: the container api waits 30 s and is killed after 30 s: ",
		"no time is left for its requests",
	])}
	_messages(_graced(waits, 31)) == set()
}

test_the_load_balancer_drains_longer if {
	key := "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes"
	drains := _service({"metadata": {"annotations": {
		key: "stickiness.enabled=true, deregistration_delay.timeout_seconds=60",
	}}})
	_messages(_behind(_hooked({"sleep": {"seconds": 10}}), drains)) == {
		"orders-api: the load balancer drains for 60 s, and pods are killed after 30 s",
	}
	_messages(_behind(_graced(_hooked({"sleep": {"seconds": 10}}), 60), drains)) == set()
}

_group(attrs) := sample.terraform("aws_lb_target_group", "orders", attrs)

test_target_groups if {
	_messages(_group({})) == set()
	_messages(_group({"deregistration_delay": "10"})) == set()
	_messages(_group({"deregistration_delay": 9})) == {"orders: targets drain for 9 s"}
	_messages(_group({"deregistration_delay": 301})) == {"orders: targets drain for 301 s"}
}

test_not_known_before_apply if {
	group := object.union(_group({}), {"unknown": [["deregistration_delay"]]})
	_messages(group) == set()
	found := abrupt_termination.unknown with input as sample.about(group)
	count(found) == 1
}

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_behind(sample.deployment, _service({})), {"environment": null, "action": "present"})
	_messages(lost) == set()
	found := abrupt_termination.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_odd_types_stop_nothing if {
	_messages(_behind(_graced(_hooked("wait"), "long"), _service({"spec": "x"}))) == set()
	_messages(_group({"deregistration_delay": "soon"})) == set()
}

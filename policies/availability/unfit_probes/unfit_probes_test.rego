package policies.availability.unfit_probes_test

import data.policies.availability.unfit_probes as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_ready := {"httpGet": {"path": "/ready", "port": "http"}}

_live := {"httpGet": {"path": "/live", "port": "http"}, "timeoutSeconds": 2, "failureThreshold": 6}

_container(fields) := object.union({"name": "api", "ports": [{"name": "http", "containerPort": 8080}]}, fields)

_pods(pods) := json.patch(sample.deployment, [{
	"op": "replace", "path": "/attrs/spec/template/spec", "value": pods,
}])

_one(fields) := _pods({"containers": [_container(fields)]})

_good := _one({"readinessProbe": _ready, "livenessProbe": _live})

_livened(fields) := _one({"readinessProbe": _ready, "livenessProbe": object.union(_live, fields)})

_found(thing) := found if {
	found := policy.deny with input as sample.about(thing)
}

_messages(thing) := {finding.msg | some finding in _found(thing); not finding.enforcement}

test_allowed if {
	_found(_good) == set()
	_found(_one({"readinessProbe": _ready})) == set()
}

test_no_readiness if {
	_messages(_one({})) == {concat("", [
		"orders-api takes requests and container api has no readinessProbe: it gets them before it can answer",
	])}
}

test_no_port_and_no_service_takes_no_requests if {
	quiet := _pods({"containers": [{"name": "worker"}]})
	_messages(quiet) == set()
	service := sample.relation("service", sample.kubernetes("Service", "s", {}))
	count(_messages(object.union(quiet, {"related": [service]}))) == 1
}

test_a_headless_service_only_lists_them if {
	listed := sample.relation("service", sample.kubernetes("Service", "s", {"spec": {"clusterIP": "None"}}))
	balanced := sample.relation("service", sample.kubernetes("Service", "t", {"spec": {}}))
	_messages(object.union(_one({}), {"related": [listed]})) == set()
	count(_messages(object.union(_one({}), {"related": [listed, balanced]}))) == 1
}

test_one_container_that_asks_is_enough if {
	proxy := {"name": "proxy", "ports": [{"name": "metrics", "containerPort": 9090}]}
	_messages(_pods({"containers": [proxy, _container({"readinessProbe": _ready})]})) == set()
}

test_exec_and_grpc_count if {
	_messages(_one({"readinessProbe": {"exec": {"command": ["ok"]}}})) == set()
	_messages(_one({"readinessProbe": {"grpc": {"port": 8080}}})) == set()
}

test_readiness_gates_count if {
	gated := {"containers": [_container({})], "readinessGates": [{"conditionType": "target-health.alb"}]}
	_messages(_pods(gated)) == set()
}

test_sidecars_are_judged if {
	sidecar := {"name": "mesh", "restartPolicy": "Always", "livenessProbe": {"failureThreshold": 1, "timeoutSeconds": 3}}
	pods := {"containers": [_container({"readinessProbe": _ready})], "initContainers": [sidecar]}
	some finding in _found(_pods(pods))
	finding.path == ["spec", "template", "spec", "initContainers", 0, "livenessProbe"]
	init := object.remove(sidecar, ["restartPolicy"])
	_found(_pods(object.union(pods, {"initContainers": [init]}))) == set()
}

test_liveness_is_readiness if {
	same := _one({"readinessProbe": _ready, "livenessProbe": object.union(_ready, {"timeoutSeconds": 2})})
	{finding.enforcement | some finding in _found(same)} == {"advisory"}
	patient := _one({"readinessProbe": _ready, "livenessProbe": object.union(_ready, {
		"timeoutSeconds": 2, "failureThreshold": 10,
	})})
	_found(patient) == set()
}

test_aggressive_liveness if {
	_messages(_livened({"failureThreshold": 1, "periodSeconds": 5})) == {concat("", [
		"container api is killed after 5 s of failing livenessProbe, expected 30 or more",
	])}
	# The boundary.
	_messages(_livened({"failureThreshold": 3, "periodSeconds": 10})) == set()
	count(_messages(_livened({"failureThreshold": 29, "periodSeconds": 1}))) == 1
}

test_a_written_timeout_is_denied_and_the_default_is_told if {
	count(_messages(_livened({"timeoutSeconds": 1}))) == 1
	bare := _one({"readinessProbe": _ready, "livenessProbe": object.remove(_live, ["timeoutSeconds"])})
	_messages(bare) == set()
	{finding.enforcement | some finding in _found(bare)} == {"advisory"}
}

test_a_slow_start_belongs_to_a_startup_probe if {
	count(_found(_livened({"initialDelaySeconds": 120}))) == 1
	started := _one({
		"readinessProbe": _ready, "startupProbe": _ready,
		"livenessProbe": object.union(_live, {"initialDelaySeconds": 120}),
	})
	_found(started) == set()
}

test_a_readiness_that_asks_downstream if {
	count(_messages(_one({"readinessProbe": {"httpGet": {"path": "/health/deep", "port": "http"}}}))) == 1
	_messages(_one({"readinessProbe": {"httpGet": {"path": "/fullness", "port": "http"}}})) == set()
}

test_a_port_that_is_not_there if {
	_messages(_one({"readinessProbe": {"httpGet": {"path": "/", "port": "web"}}})) == {concat("", [
		"the readinessProbe of container api asks port web, which the container does not name",
	])}
	_messages(_one({"readinessProbe": {"tcpSocket": {"port": 9999}}})) == set()
}

test_knative_asks_by_itself if {
	knative := sample.kubernetes("serving.knative.dev/Service", "f", {"spec": {"template": {"spec": {
		"containers": [_container({})],
	}}}})
	_messages(knative) == set()
	probed := json.patch(knative, [{
		"op": "add", "path": "/attrs/spec/template/spec/containers/0/livenessProbe", "value": {
			"periodSeconds": 1, "timeoutSeconds": 2,
		},
	}])
	count(_messages(probed)) == 1
}

test_tier_three_is_told if {
	{finding.enforcement | some finding in _found(object.union(_one({}), {"tier": 3}))} == {"advisory"}
}

test_unknown_environment if {
	lost := object.union(_one({}), {"environment": null})
	_found(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_staging_is_not_judged if _found(object.union(_one({}), {"environment": "staging"})) == set()

test_odd_values_do_not_stop_it if {
	every pods in ["x", {"containers": ["x"]}, {"containers": [{"name": 1, "ports": "x", "livenessProbe": "x"}]}] {
		count(_found(_pods(pods))) >= 0
	}
}

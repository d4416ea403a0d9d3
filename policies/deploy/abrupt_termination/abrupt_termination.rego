# METADATA
# title: Pods or targets leave while they still serve
# description: >-
#   A pod that leaves still gets requests for a moment, and needs time for those it has. In production a pod behind a
#   Service waits before it stops (a preStop hook), and its grace period is longer than that wait; it is not shorter
#   than the load balancer takes to drain it, where the Ingress says how long that is. A target group drains for 10 to
#   300 seconds. A sidecar that starts first (restartPolicy Always) ends after the others by itself.
# related_resources:
#   - https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
#   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
# custom:
#   id: DEP-007
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/StatefulSet
#     - argoproj.io/Rollout
#     - aws_lb_target_group
#   severity: medium
#   enforcement: advisory
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2]
#     ISO27001: ["8.14"]
#     NIST80053: [CP-10]
#   remediation: >-
#     Add lifecycle.preStop with sleep 10 to the container that serves, and a terminationGracePeriodSeconds that is
#     longer than the wait and the longest request.
#   since: 0.1.0
package policies.deploy.abrupt_termination

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in _faults
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults) > 0
}

unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	input.resource.type == "aws_lb_target_group"
	resource.touches(input.resource.unknown, ["deregistration_delay"])
	finding := {
		"msg": sprintf("deregistration_delay of %s is not known", [resource.address(input.resource)]),
		"path": ["deregistration_delay"],
	}
}

_pods := shape.map(shape.at(input.resource.attrs, ["spec", "template", "spec"]))

# A headless Service only names pods; clients of it keep their own connections.
_serves if {
	some other in input.resource.related
	other.relation == "service"
	not shape.at(other.attrs, ["spec", "clusterIP"]) == "None"
}

_grace := seconds if {
	seconds := shape.at(_pods, ["terminationGracePeriodSeconds"])
	is_number(seconds)
}

_grace := 30 if shape.at(_pods, ["terminationGracePeriodSeconds"]) == null

# Containers that requests come to: those with a port, or all where none says.
_serving := {index |
	some index, container in shape.list(shape.at(_pods, ["containers"]))
	count(shape.list(shape.at(container, ["ports"]))) > 0
}

_hook(container) := shape.at(container, ["lifecycle", "preStop"])

_faults contains finding if {
	_serves
	some index, container in shape.list(shape.at(_pods, ["containers"]))
	index in _serving
	_hook(container) == null
	finding := _finding(
		sprintf("the container %v stops at once, and requests still come to it for a moment", [
			shape.at(container, ["name"]),
		]),
		["spec", "template", "spec", "containers", index],
		"no lifecycle.preStop",
		"lifecycle.preStop with a sleep of some seconds",
	)
}

# Seconds that a hook sleeps, where it can be read.
_wait(hook) := shape.at(hook, ["sleep", "seconds"]) if is_number(shape.at(hook, ["sleep", "seconds"]))

_wait(hook) := to_number(split(words, " ")[1]) if {
	words := regex.find_n("sleep [0-9]{1,5}", concat(" ", [word |
		some word in shape.list(shape.at(hook, ["exec", "command"]))
		is_string(word)
	]), 1)[0]
}

_faults contains finding if {
	_serves
	some index, container in shape.list(shape.at(_pods, ["containers"]))
	seconds := _wait(_hook(container))
	seconds >= _grace
	finding := _finding(
		sprintf("the container %v waits %v s and is killed after %v s: no time is left for its requests", [
			shape.at(container, ["name"]),
			seconds,
			_grace,
		]),
		["spec", "template", "spec", "containers", index, "lifecycle", "preStop"],
		sprintf("grace period %v s", [_grace]),
		sprintf("more than %v s", [seconds]),
	)
}

# The AWS load balancer controller reads the time to drain from the Ingress or the Service.
_drains := {seconds |
	some other in input.resource.related
	other.relation in {"ingress", "service"}
	some key in [
		"alb.ingress.kubernetes.io/target-group-attributes",
		"service.beta.kubernetes.io/aws-load-balancer-target-group-attributes",
	]
	written := shape.at(other.attrs, ["metadata", "annotations", key])
	is_string(written)
	some part in split(written, ",")
	startswith(trim_space(part), "deregistration_delay.timeout_seconds=")
	seconds := to_number(regex.find_n("[0-9]{1,5}$", trim_space(part), 1)[0])
}

_faults contains finding if {
	some seconds in _drains
	seconds > _grace
	finding := _finding(
		sprintf("the load balancer drains for %v s, and pods are killed after %v s", [seconds, _grace]),
		["spec", "template", "spec", "terminationGracePeriodSeconds"],
		sprintf("%v s", [_grace]),
		sprintf("at least %v s", [seconds]),
	)
}

_faults contains finding if {
	input.resource.type == "aws_lb_target_group"
	not resource.touches(input.resource.unknown, ["deregistration_delay"])
	written := shape.at(input.resource.attrs, ["deregistration_delay"])
	written != null
	seconds := demand.number(written)
	not _drained(seconds)
	finding := _finding(
		sprintf("targets drain for %v s", [seconds]),
		["deregistration_delay"],
		sprintf("%v", [seconds]),
		"10 to 300",
	)
}

_drained(seconds) if {
	seconds >= 10
	seconds <= 300
}

_finding(msg, path, observed, expected) := {
	"msg": sprintf("%s: %s", [input.resource.name, msg]),
	"path": path,
	"evidence": [{
		"pointer": concat(".", [sprintf("%v", [key]) | some key in path]),
		"observed": observed,
		"expected": expected,
	}],
}

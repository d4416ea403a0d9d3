# METADATA
# title: Probes are missing or raise false alarms
# description: >-
#   Pods that take requests say when they are ready (a Service balances between them, or nothing but their ports is
#   known), and a liveness probe kills a container only when nothing else helps: a failure lasts 30 seconds or more, an
#   answer may take two, the start is left to a startup probe, and it is not the readiness probe over again. A readiness
#   probe asks the container itself and not what stands behind it. A port that a probe names exists. Sidecars (init
#   containers that keep running) are judged like containers; jobs are not judged. Defaults count as written:
#   periodSeconds 10, failureThreshold 3, timeoutSeconds 1. Tier 3 is told, not blocked.
# related_resources:
#   - https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
#   - https://srcco.de/posts/kubernetes-liveness-probes-are-dangerous.html
# custom:
#   id: HA-006
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/StatefulSet
#     - apps/DaemonSet
#     - argoproj.io/Rollout
#     - serving.knative.dev/Service
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [A1.2, CC7.2]
#     ISO27001: ["8.14", "8.16"]
#     NIST80053: [SI-4, CP-10]
#   remediation: >-
#     readinessProbe on what the container alone answers for; livenessProbe on another path with periodSeconds 10,
#     timeoutSeconds 2, failureThreshold 6; startupProbe for a slow start.
#   since: 0.1.0
package policies.availability.unfit_probes

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier
import data.policies.lib.kubernetes

deny contains finding if {
	resource.remains(input.resource)
	some fault in _faults
	tier.applies(input.resource, 3)
	finding := object.union(fault, _softened)
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	not fault.enforcement
	tier.undecided(input.resource, 3)
}

_softened := {"enforcement": "advisory"} if input.resource.tier == 3

_softened := {} if not input.resource.tier == 3

_running := [entry |
	some entry in kubernetes.containers(input.resource)
	entry.role in {"container", "sidecar"}
]

# Those with a port; a Service may lead to any of them.
_serving := [entry |
	some entry in _running
	count(shape.list(shape.at(entry.container, ["ports"]))) > 0
]

_serving_or_all := _serving if count(_serving) > 0

_serving_or_all := [entry | some entry in _running; entry.role == "container"] if count(_serving) == 0

_probe(entry, name) := probe if {
	probe := shape.at(entry.container, [name])
	is_object(probe)
}

_name(entry) := sprintf("%v", [shape.at(entry.container, ["name"])])

# A pod is ready when all its containers are: one that asks is enough. Knative asks by itself.
_faults contains fault if {
	input.resource.type != "serving.knative.dev/Service"
	kubernetes.serves(input.resource)
	not _only_listed
	count(_serving_or_all) > 0
	count([1 | some entry in _running; _probe(entry, "readinessProbe")]) == 0
	count(shape.list(shape.at(kubernetes.pod(input.resource), ["readinessGates"]))) == 0
	entry := _serving_or_all[0]
	fault := {
		"msg": sprintf("%s takes requests and container %s has no readinessProbe: it gets them before it can answer", [
			input.resource.name,
			_name(entry),
		]),
		"path": entry.path,
	}
}

# Headless Services list pods for somebody who asks each of them, a monitor or a peer: no load is balanced.
_only_listed if {
	services := kubernetes.related(input.resource, {"service"})
	count(services) > 0
	every service in services { shape.at(service.attrs, ["spec", "clusterIP"]) == "None" }
}

_faults contains fault if {
	some entry in _running
	liveness := _probe(entry, "livenessProbe")
	readiness := _probe(entry, "readinessProbe")
	_behaviour(liveness) == _behaviour(readiness)
	fault := {
		"msg": sprintf("container %s is killed for what only makes it unready: livenessProbe and readinessProbe are one", [
			_name(entry),
		]),
		"path": array.concat(entry.path, ["livenessProbe"]),
		"enforcement": "advisory",
		"severity": "medium",
	}
}

# What is asked, and how patiently.
_behaviour(probe) := object.union(
	{"period": _number(probe, "periodSeconds", 10), "failures": _number(probe, "failureThreshold", 3)},
	object.filter(probe, ["httpGet", "tcpSocket", "exec", "grpc"]),
)

_number(probe, field, fallback) := value if {
	value := shape.at(probe, [field])
	is_number(value)
}

_number(probe, field, fallback) := fallback if not is_number(shape.at(probe, [field]))

_faults contains fault if {
	some entry in _running
	liveness := _probe(entry, "livenessProbe")
	lasts := _number(liveness, "failureThreshold", 3) * _number(liveness, "periodSeconds", 10)
	lasts < 30
	fault := {
		"msg": sprintf("container %s is killed after %d s of failing livenessProbe, expected 30 or more", [
			_name(entry),
			lasts,
		]),
		"path": array.concat(entry.path, ["livenessProbe"]),
		"evidence": [{
			"pointer": "failureThreshold × periodSeconds",
			"observed": sprintf("%v × %v", [
				_number(liveness, "failureThreshold", 3),
				_number(liveness, "periodSeconds", 10),
			]),
			"expected": "30 or more",
		}],
	}
}

_faults contains fault if {
	some entry in _running
	liveness := _probe(entry, "livenessProbe")
	timeout := _number(liveness, "timeoutSeconds", 1)
	timeout < 2
	fault := object.union(
		{
			"msg": sprintf("the livenessProbe of container %s waits %v s for an answer%s, expected 2 or more", [
				_name(entry),
				timeout,
				_defaulted(entry),
			]),
			"path": array.concat(entry.path, ["livenessProbe", "timeoutSeconds"]),
		},
		_mild(entry),
	)
}

_written_timeout(entry) := shape.at(input.resource.attrs, array.concat(entry.path, ["livenessProbe", "timeoutSeconds"]))

_defaulted(entry) := " (the default)" if _written_timeout(entry) == null

_defaulted(entry) := "" if _written_timeout(entry) != null

# Who wrote nothing meant nothing by it.
_mild(entry) := {"enforcement": "advisory", "severity": "low"} if _written_timeout(entry) == null

_mild(entry) := {} if _written_timeout(entry) != null

_faults contains fault if {
	some entry in _running
	liveness := _probe(entry, "livenessProbe")
	delay := _number(liveness, "initialDelaySeconds", 0)
	delay > 60
	not _probe(entry, "startupProbe")
	fault := {
		"msg": sprintf("container %s is given %d s to start in its livenessProbe: a hang in that time is not noticed", [
			_name(entry),
			delay,
		]),
		"path": array.concat(entry.path, ["livenessProbe", "initialDelaySeconds"]),
		"remediation": "Leave the start to a startupProbe, and drop initialDelaySeconds.",
		"enforcement": "advisory",
		"severity": "medium",
	}
}

_faults contains fault if {
	some entry in _running
	some name in ["readinessProbe", "livenessProbe"]
	path := shape.at(_probe(entry, name), ["httpGet", "path"])
	is_string(path)
	regex.match(`(?i)[/_-](deep|full|dependencies|downstream)([/_?-]|$)`, path)
	fault := {
		"msg": sprintf("the %s of container %s asks %s: a fault behind it takes all replicas out at once", [
			name,
			_name(entry),
			path,
		]),
		"path": array.concat(entry.path, [name, "httpGet", "path"]),
	}
}

_faults contains fault if {
	some entry in _running
	some name in ["readinessProbe", "livenessProbe", "startupProbe"]
	some handler in ["httpGet", "tcpSocket"]
	port := shape.at(_probe(entry, name), [handler, "port"])
	is_string(port)
	not regex.match(`^[0-9]+$`, port)
	not port in {declared | some each in shape.list(shape.at(entry.container, ["ports"])); declared := each.name}
	fault := {
		"msg": sprintf("the %s of container %s asks port %s, which the container does not name", [
			name,
			_name(entry),
			port,
		]),
		"path": array.concat(entry.path, [name, handler, "port"]),
	}
}

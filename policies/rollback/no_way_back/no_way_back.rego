# METADATA
# title: Nothing to roll back to, or nobody who does it
# description: >-
#   Production workloads keep two revisions or more, and run images by an immutable reference: a tag other than latest,
#   for tier 0 and 1 a digest. A blue/green Rollout of tier 0 or 1 keeps the old version for 300 seconds, a HelmRelease
#   rolls failed upgrades back, and so do CodeDeploy, the circuit breaker of an ECS service and the instance refresh of
#   an autoscaling group. A Lambda alias names a version. An image that was mutable before the change is shown: what
#   runs now has to be written down before it can be restored.
# related_resources:
#   - https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#clean-up-policy
#   - https://argo-rollouts.readthedocs.io/en/stable/features/specification/
#   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
# custom:
#   id: RBK-003
#   scope: resource
#   targets:
#     - apps/Deployment
#     - apps/StatefulSet
#     - apps/DaemonSet
#     - argoproj.io/Rollout
#     - helm.toolkit.fluxcd.io/HelmRelease
#     - aws_ecs_service
#     - aws_codedeploy_deployment_group
#     - aws_autoscaling_group
#     - aws_lambda_alias
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-2(3), CP-10]
#   remediation: Pin the image by digest, keep old revisions, and switch the automatic rollback on.
#   since: 0.1.0
package policies.rollback.no_way_back

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape

deny contains fault if {
	_judged
	resource.production(input.resource)
	some fault in _faults
}

deny contains finding if {
	_judged
	resource.production(input.resource)
	input.resource.action in {"update", "replace"}
	some entry in _images(input.resource.before)
	fault := _mutable(entry.image)
	finding := {
		"msg": sprintf("what runs now, %s, %s: write its digest down, or there is nothing to go back to", [
			demand.said(entry.image),
			fault,
		]),
		"path": entry.path,
		"enforcement": "advisory",
		"severity": "low",
	}
}

unknown contains finding if {
	_judged
	resource.production(input.resource)
	some finding in demand.undecided(input.resource, _demands)
}

unknown contains resource.unclassified if {
	_judged
	resource.unplaced(input.resource)
	count(_faults) > 0
}

_judged if resource.remains(input.resource)

_attrs := shape.map(input.resource.attrs)

_critical if {
	is_number(input.resource.tier)
	input.resource.tier <= 1
}

_history := [{"path": ["spec", "revisionHistoryLimit"], "least": 2, "default": 10}]

_always := {
	"apps/Deployment": _history,
	"apps/StatefulSet": _history,
	"apps/DaemonSet": _history,
	"argoproj.io/Rollout": _history,
	"helm.toolkit.fluxcd.io/HelmRelease": [
		{"path": ["spec", "upgrade", "remediation", "retries"], "least": 1, "default": 0},
		{"path": ["spec", "upgrade", "remediation", "strategy"], "is": "rollback", "default": "rollback"},
	],
	"aws_codedeploy_deployment_group": [
		{"path": ["auto_rollback_configuration", 0, "enabled"], "is": true, "default": false},
		{
			"path": ["auto_rollback_configuration", 0, "events"],
			"includes": {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"},
		},
	],
}

_demands contains one if some one in _always[input.resource.type]

_demands contains {"path": ["spec", "strategy", "blueGreen", "scaleDownDelaySeconds"], "least": 300, "default": 30} if {
	_critical
	input.resource.type == "argoproj.io/Rollout"
	_attrs.spec.strategy.blueGreen
}

_demands contains {"path": ["deployment_circuit_breaker", 0, key], "is": true, "default": false} if {
	input.resource.type == "aws_ecs_service"
	not _deployed_otherwise
	some key in ["enable", "rollback"]
}

_demands contains {"path": path, "is": true, "default": false} if {
	input.resource.type == "aws_autoscaling_group"
	count(shape.list(_attrs.instance_refresh)) > 0
	path := ["instance_refresh", 0, "preferences", 0, "auto_rollback"]
}

# CodeDeploy and other controllers roll back by their own settings.
_deployed_otherwise if _attrs.deployment_controller[0].type in {"CODE_DEPLOY", "EXTERNAL"}

_faults contains fault if some fault in demand.broken(input.resource, _demands)

_faults contains fault if {
	input.resource.type == "argoproj.io/Rollout"
	revisions := _attrs.spec.rollbackWindow.revisions
	kept := demand.effective(_attrs, _history[0])
	demand.number(revisions) > demand.number(kept)
	fault := {
		"msg": sprintf("rollbackWindow of %s spans %v revisions, only %v are kept", [
			input.resource.id,
			revisions,
			kept,
		]),
		"path": ["spec", "rollbackWindow", "revisions"],
	}
}

_faults contains fault if {
	some entry in _images(_attrs)
	wrong := _wrong(entry.image)
	fault := {
		"msg": sprintf("container %s of %s runs %s, which %s", [
			entry.name,
			input.resource.id,
			demand.said(entry.image),
			wrong,
		]),
		"path": entry.path,
		"evidence": [{
			"pointer": "image", "observed": demand.said(entry.image), "expected": _reference,
		}],
	}
}

_faults contains fault if {
	input.resource.type == "aws_lambda_alias"
	not resource.touches(input.resource.unknown, ["function_version"])
	version := object.get(_attrs, "function_version", null)
	version in {"$LATEST", null}
	fault := {
		"msg": sprintf("%s points to %s, expected a published version", [
			resource.address(input.resource),
			demand.said(version),
		]),
		"path": ["function_version"],
		"evidence": [{
			"pointer": "function_version", "observed": demand.said(version), "expected": "a published version",
		}],
	}
}

_demands contains {"path": ["function_version"], "given": true} if {
	input.resource.type == "aws_lambda_alias"
	resource.touches(input.resource.unknown, ["function_version"])
}

# Their revisions are all there is to judge.
_without_images := {"apps/DaemonSet"}

_images(attrs) := [entry |
	not input.resource.type in _without_images
	some list in ["initContainers", "containers"]
	some index, written in shape.list(shape.map(attrs).spec.template.spec[list])
	container := shape.map(written)
	entry := {
		"name": demand.said(object.get(container, "name", null)),
		"image": object.get(container, "image", null),
		"path": ["spec", "template", "spec", list, index, "image"],
	}
]

_reference := "a digest" if _critical

_reference := "a digest or a version tag" if not _critical

_wrong(image) := fault if fault := _mutable(image)

_wrong(image) := "is a tag: tier 0 and 1 pin the digest" if {
	_critical
	is_string(image)
	not contains(image, "@sha256:")
	not _mutable(image)
}

# Why the reference may mean something else tomorrow; undefined when it cannot.
_mutable(image) := "is no reference" if not is_string(image)

_mutable(image) := "follows latest" if {
	is_string(image)
	not contains(image, "@sha256:")
	_tag(image) == "latest"
}

# Without a tag the registry serves latest.
_tag(image) := parts[1] if {
	parts := split(_last(image), ":")
	count(parts) == 2
}

_tag(image) := "latest" if not contains(_last(image), ":")

_last(image) := parts[count(parts) - 1] if parts := split(image, "/")

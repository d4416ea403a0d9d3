# METADATA
# title: Change is large, or follows the last one too closely
# description: >-
#   Size and overlap make changes fail, not frequency: more than 50 resources, three services or five deletions at once
#   are shown, and so is a deployment of the same service that is still in progress or ended less than 30 minutes before
#   this one begins. Changes of tags and words do not count. Thresholds: `CHG-008.resources`, `services`, `deletes`,
#   `minutes`.
# related_resources:
#   - https://dora.dev/guides/dora-metrics/
# custom:
#   id: CHG-008
#   scope: change
#   targets: []
#   severity: low
#   enforcement: advisory
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3]
#   remediation: >-
#     Split the change by service or by wave, and let each part prove itself before the next.
#   since: 0.1.0
package policies.change.oversized_batch

import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.risk.kinds
import data.policies.lib.shape
import data.policies.lib.threshold

deny contains finding if {
	some size in _sizes
	size.number > size.most
	finding := {
		"msg": sprintf("%d %s at once, usual are up to %d", [size.number, size.what, size.most]),
		"evidence": [{
			"pointer": size.what,
			"observed": format_int(size.number, 10),
			"expected": sprintf("%d or fewer", [size.most]),
		}],
	}
}

deny contains finding if {
	some deployment in _deployments
	_in_progress(deployment)
	finding := {"msg": sprintf("the deployment %v of %s is still in progress", [
		object.get(deployment, "id", "before"),
		resource.service_name(deployment.service),
	])}
}

deny contains finding if {
	some deployment in _deployments
	_begins_ns >= instant.ns(deployment.finishedAt)
	_begins_ns < _baked_ns(deployment)
	finding := {"msg": sprintf("the deployment %v of %s ended at %s, less than %d minutes before", [
		object.get(deployment, "id", "before"),
		resource.service_name(deployment.service),
		deployment.finishedAt,
		_minutes,
	])}
}

_counted := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
	resource.changes(changed)
	not kinds.cosmetic(changed)
]

_services := {changed.service | some changed in _counted; is_string(changed.service)}

_sizes := [
	{"what": "resources", "number": count(_counted), "most": threshold.number(input.config, "CHG-008", "resources", 50)},
	{"what": "services", "number": count(_services), "most": threshold.number(input.config, "CHG-008", "services", 3)},
	{
		"what": "deletions", "most": threshold.number(input.config, "CHG-008", "deletes", 5),
		"number": count([1 | some changed in _counted; changed.action == "delete"]),
	},
]

_minutes := threshold.number(input.config, "CHG-008", "minutes", 30)

# Production deployments of the same services, this change's own left out.
_deployments := [deployment |
	some deployment in shape.list(shape.at(input.context, ["deploys", "entries"]))
	is_object(deployment)
	resource.service_name(deployment.service) in _services
	resource.production_word(object.get(deployment, "environment", "prod"))
	object.get(deployment, "change", "") != shape.at(input.change, ["metadata", "id"])
]

_in_progress(deployment) if {
	not instant.valid(object.get(deployment, "finishedAt", null))
	began := instant.ns(deployment.startedAt)
	began <= input.now_ns
	_begins_ns - began < instant.day
}

_baked_ns(deployment) := instant.ns(deployment.finishedAt) + (_minutes * 60000000000)

# On a pull request the start lies ahead.
_begins_ns := max([input.now_ns, input.change.window.start_ns]) if _ahead

_begins_ns := input.now_ns if not _ahead

_ahead if {
	input.stage == "pull-request"
	is_number(shape.at(input.change, ["window", "start_ns"]))
}

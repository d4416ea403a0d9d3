# METADATA
# title: Logs are not kept as long as they have to be
# description: >-
#   In production operational logs are kept 365 days, and the logs of a service as long as the strictest of its
#   regulations asks (pci 365 days, soc2 730, dora 1825, hipaa 2190). The same holds for lifecycle rules and object
#   locks of buckets that are named after an audit, a trail or an archive. A CloudWatch retention of 0, or none, keeps
#   for ever. No change shortens a retention. The threshold `AUD-003.retention_days`, by regulation and `operational`,
#   replaces the numbers; `AUD-003.max_days`, by regulation, sets an upper bound.
# related_resources:
#   - https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_log_group#retention_in_days
#   - https://gdpr-info.eu/art-5-gdpr/
# custom:
#   id: AUD-003
#   scope: resource
#   targets:
#     - aws_cloudwatch_log_group
#     - google_logging_project_bucket_config
#     - azurerm_log_analytics_workspace
#     - aws_s3_bucket_lifecycle_configuration
#     - aws_s3_bucket_object_lock_configuration
#     - google_storage_bucket
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC7.2, C1.2]
#     ISO27001: ["5.33", "8.15"]
#     NIST80053: [AU-11, SI-12]
#     HIPAA: [164.316(b)(2)(i)]
#     PCIDSS: ["10.5.1"]
#     GDPR: [5(1)(e)]
#     DORA: ["28"]
#   remediation: Keep the logs as long as the regulation asks, and no longer than it allows.
#   since: 0.1.0
package policies.audit.short_retention

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains fault if {
	_judged
	resource.production(input.resource)
	some fault in _faults
}

unknown contains finding if {
	_judged
	resource.production(input.resource)
	some entry in _retentions(input.resource.attrs)
	_hidden(entry.path)
	finding := {
		"msg": sprintf("%s of %s is not known", [demand.name(entry.path), resource.address(input.resource)]),
		"path": entry.path,
	}
}

unknown contains resource.unclassified if {
	_judged
	resource.unplaced(input.resource)
	count(_faults) > 0
}

_judged if {
	resource.remains(input.resource)
	not _is_ephemeral
}

_is_ephemeral if service.ephemeral(input.context.services, input.resource.service)

_faults contains fault if {
	some entry in _retentions(input.resource.attrs)
	not _hidden(entry.path)
	entry.days < _least
	fault := _fault(entry, sprintf("at least %d (%s)", [_least, concat(", ", sort(_reasons))]))
}

_faults contains fault if {
	some entry in _retentions(input.resource.attrs)
	not _hidden(entry.path)
	entry.days > _most
	fault := _fault(entry, sprintf("at most %v", [_most]))
}

_faults contains fault if {
	input.resource.action in {"update", "replace"}
	some entry in _retentions(input.resource.attrs)
	not _hidden(entry.path)
	some earlier in _retentions(input.resource.before)
	earlier.path == entry.path
	entry.days < earlier.days
	fault := _fault(entry, sprintf("not less than before (%s)", [_said(earlier.days)]))
}

_fault(entry, expected) := {
	"msg": sprintf("%s keeps its logs %s days, expected %s", [
		resource.address(input.resource),
		_said(entry.days),
		expected,
	]),
	"path": entry.path,
	"evidence": [{"pointer": demand.name(entry.path), "observed": _said(entry.days), "expected": expected}],
}

# More days than anybody asks for.
_for_ever := 1000000

_said(days) := "infinitely many" if days == _for_ever

_said(days) := sprintf("%v", [days]) if days != _for_ever

_hidden(path) if resource.touches(array.concat(input.resource.unknown, input.resource.sensitive), path)

_schedule := object.union(
	{"operational": 365, "pci": 365, "soc2": 730, "dora": 1825, "hipaa": 2190},
	_numbers("retention_days"),
)

_numbers(key) := {name: days |
	some name, days in shape.map(input.config.thresholds["AUD-003"][key])
	is_number(days)
}

_regulations := {"operational"} | {lower(name) |
	some name in service.entry(input.context.services, input.resource.service).regulatory
}

_least := max({_schedule[name] | some name in _regulations})

# The regulations that ask for that long.
_reasons := {name | some name in _regulations; _schedule[name] == _least}

_most := min({days | some name, days in _numbers("max_days"); name in _regulations})

# How long each part of the resource is kept, in days.
_retentions(attrs) := [{"path": path, "days": _days(written, entry)} |
	entry := _single[input.resource.type]
	path := entry.path
	written := shape.at(attrs, path)
] if {
	_single[input.resource.type]
}

_retentions(attrs) := [entry |
	_archive
	some index, rule in shape.list(shape.map(attrs).rule)
	rule.status == "Enabled"
	path := ["rule", index, "expiration", 0, "days"]
	entry := {"path": path, "days": demand.number(shape.at(attrs, path))}
] if {
	input.resource.type == "aws_s3_bucket_lifecycle_configuration"
}

_retentions(attrs) := [{"path": array.concat(_lock, [unit]), "days": days} |
	_archive
	some unit, factor in {"days": 1, "years": 365}
	days := demand.number(shape.at(attrs, array.concat(_lock, [unit]))) * factor
] if {
	input.resource.type == "aws_s3_bucket_object_lock_configuration"
}

_retentions(attrs) := [entry |
	_archive
	some index, rule in shape.list(shape.map(attrs).lifecycle_rule)
	rule.action[0].type == "Delete"
	path := ["lifecycle_rule", index, "condition", 0, "age"]
	entry := {"path": path, "days": demand.number(shape.at(attrs, path))}
] if {
	input.resource.type == "google_storage_bucket"
}

_lock := ["rule", 0, "default_retention", 0]

# Where the number stands, what an absent one means, and which number means for ever.
_single := {
	"aws_cloudwatch_log_group": {"path": ["retention_in_days"], "default": 0, "for_ever": 0},
	"google_logging_project_bucket_config": {"path": ["retention_days"], "default": 30},
	"azurerm_log_analytics_workspace": {"path": ["retention_in_days"], "default": 30},
}

_days(written, entry) := _for_ever if _number(written, entry) == object.get(entry, "for_ever", null)

_days(written, entry) := _number(written, entry) if {
	_number(written, entry) != object.get(entry, "for_ever", null)
}

_number(written, entry) := entry["default"] if written == null

_number(written, _) := demand.number(written) if written != null

# A bucket that keeps records, by its name.
_archive if {
	some name in [input.resource.name, object.get(shape.map(input.resource.attrs), "bucket", null)]
	is_string(name)
	regex.match("(^|[-_.])(audit|archive|archives|trail|cloudtrail)([-_.]|$)", lower(name))
}

_archive if {
	name := object.get(shape.map(input.resource.attrs), "name", null)
	is_string(name)
	regex.match("(^|[-_.])(audit|archive|archives|trail|cloudtrail)([-_.]|$)", lower(name))
}

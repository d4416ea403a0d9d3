# METADATA
# title: Platform changes are not logged
# description: >-
#   A CloudTrail trail logs all regions and global services, validates its files and delivers to CloudWatch; the
#   recorder of AWS Config is on; an EKS control plane logs api, audit and authenticator; GKE keeps its logs; an Azure
#   diagnostic setting has a log category. With an organization trail elsewhere (threshold `AUD-002.organization_trail:
#   true`) a trail of an account may do less. Whoever turns logging off that was on, or deletes it, is denied as
#   critical, and only a removal that the request declares in scope.destructiveActions and the CAB approves is let
#   through.
# related_resources:
#   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html
#   - https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
# custom:
#   id: AUD-002
#   scope: resource
#   targets:
#     - aws_cloudtrail
#     - aws_config_configuration_recorder
#     - aws_config_configuration_recorder_status
#     - aws_eks_cluster
#     - google_project_iam_audit_config
#     - google_container_cluster
#     - azurerm_monitor_diagnostic_setting
#     - notification.toolkit.fluxcd.io/Alert
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC7.2, CC8.1]
#     ISO27001: ["8.15"]
#     NIST80053: [AU-2, AU-12, CM-5(1), CM-6]
#     HIPAA: [164.312(b)]
#     PCIDSS: ["10.2.1"]
#   remediation: Turn the log on, and keep it on.
#   since: 0.1.0
package policies.audit.unlogged_platform

import data.policies.lib.declaration
import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some fault in _faults
	finding := object.union(fault, _weight(fault))
}

deny contains finding if {
	input.resource.action == "delete"
	resource.production(input.resource)
	not _declared
	finding := object.union(_critical, {
		"msg": sprintf("%s is deleted: the platform loses a log", [_address]),
		"evidence": [{
			"pointer": _address,
			"observed": "delete",
			"expected": "kept, or declared in scope.destructiveActions and approved by the CAB",
		}],
	})
}

unknown contains finding if {
	resource.remains(input.resource)
	resource.production(input.resource)
	some finding in demand.undecided(input.resource, _demands)
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	count(_faults) > 0
}

_address := resource.address(input.resource)

_attrs := shape.map(input.resource.attrs)

_critical := {"severity": "critical", "enforcement": "hard"}

# What was in order before the change is turned off by it.
_weight(fault) := _critical if fault.path in _turned_off

_weight(fault) := {} if not fault.path in _turned_off

_turned_off := {lost.path |
	_was
	not _declared
	some lost in demand.broken(input.resource, _kept)
}

_was if {
	input.resource.action in {"update", "replace"}
	is_object(input.resource.before)
}

# As much of each demand as was met before.
_kept contains one if {
	some one in _demands
	demand.met(one, demand.effective(input.resource.before, one))
}

_kept contains object.union(one, {"includes": wanted & before}) if {
	some one in _demands
	wanted := one.includes
	before := {entry | some entry in shape.list(demand.effective(input.resource.before, one))}
}

_declared if {
	input.change.spec.cab.decision == "approved"
	entries := declaration.entries(input.change)
	declaration.declared(declaration.exact(entries), declaration.patterns(entries), input.resource)
}

_faults := demand.broken(input.resource, _demands)

_always := {
	"aws_cloudtrail": [{"path": ["enable_logging"], "is": true, "default": true}],
	"aws_config_configuration_recorder": [
		{"path": ["recording_group", 0, "all_supported"], "is": true, "default": true},
	],
	"aws_config_configuration_recorder_status": [{"path": ["is_enabled"], "is": true}],
	"aws_eks_cluster": [{"path": ["enabled_cluster_log_types"], "includes": {"api", "audit", "authenticator"}}],
	"google_container_cluster": [
		{"path": ["logging_service"], "among": {_stackdriver, "absent"}},
		{
			"path": ["logging_config", 0, "enable_components"],
			"includes": {"SYSTEM_COMPONENTS"}, "default": ["SYSTEM_COMPONENTS"],
		},
	],
	"notification.toolkit.fluxcd.io/Alert": [{"path": ["spec", "suspend"], "is": false, "default": false}],
}

_stackdriver := "logging.googleapis.com/kubernetes"

_trail := [
	{"path": ["is_multi_region_trail"], "is": true, "default": false},
	{"path": ["enable_log_file_validation"], "is": true, "default": false},
	{"path": ["cloud_watch_logs_group_arn"], "given": true},
	{"path": ["include_global_service_events"], "is": true, "default": true},
]

_demands contains one if some one in _always[input.resource.type]

_demands contains one if {
	input.resource.type == "aws_cloudtrail"
	not input.config.thresholds["AUD-002"].organization_trail == true
	some one in _trail
}

# `log` is what version 3 of the provider called it.
_demands contains {"path": ["enabled_log"], "length": 1} if {
	input.resource.type == "azurerm_monitor_diagnostic_setting"
	count(shape.list(object.get(_attrs, "log", []))) == 0
}

# As many log types as before.
_demands contains {"path": ["audit_log_config"], "length": before} if {
	input.resource.type == "google_project_iam_audit_config"
	_was
	before := count(shape.list(input.resource.before.audit_log_config))
	before > 0
}

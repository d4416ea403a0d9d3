package policies.audit.unlogged_platform_test

import data.policies.audit.unlogged_platform
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_deny(document) := found if {
	found := unlogged_platform.deny with input as document
}

_about(thing) := _deny(sample.about(thing))

_unknown(thing) := found if {
	found := unlogged_platform.unknown with input as sample.about(thing)
}

_created(kind, attrs) := object.union(
	object.remove(sample.terraform(kind, "main", attrs), ["before"]),
	{"action": "create", "before": null},
)

_judge(kind, attrs) := count(_about(_created(kind, attrs)))

_step(kind, before, after) := object.union(
	object.remove(sample.terraform(kind, "main", after), ["before"]),
	{"before": before},
)

_trail := {
	"enable_logging": true, "is_multi_region_trail": true, "enable_log_file_validation": true,
	"cloud_watch_logs_group_arn": "arn:aws:logs:x", "include_global_service_events": true,
}

_less(changes) := object.union(_trail, changes)

test_allowed if _judge("aws_cloudtrail", _trail) == 0

test_each_part_of_a_trail if {
	every key in ["enable_logging", "is_multi_region_trail", "enable_log_file_validation", "include_global_service_events"] {
		_judge("aws_cloudtrail", _less({key: false})) == 1
	}
	_judge("aws_cloudtrail", _less({"cloud_watch_logs_group_arn": ""})) == 1
}

test_missing_fields if {
	{finding.path | some finding in _about(_created("aws_cloudtrail", {}))} == {
		["is_multi_region_trail"], ["enable_log_file_validation"], ["cloud_watch_logs_group_arn"],
	}
}

test_unknown if {
	thing := object.union(
		_created("aws_cloudtrail", object.remove(_trail, ["cloud_watch_logs_group_arn"])),
		{"unknown": [["cloud_watch_logs_group_arn"]]},
	)
	_about(thing) == set()
	count(_unknown(thing)) == 1
}

test_an_organization_trail_elsewhere if {
	document := json.patch(sample.about(_created("aws_cloudtrail", {"enable_logging": true})), [{
		"op": "add", "path": "/config/thresholds/AUD-002", "value": {"organization_trail": true},
	}])
	_deny(document) == set()
}

test_turning_off_is_critical if {
	some finding in _about(_step("aws_cloudtrail", _trail, _less({"enable_logging": false})))
	finding.enforcement == "hard"
	finding.severity == "critical"
}

test_never_on_is_not if {
	some finding in _about(_step("aws_cloudtrail", _less({"enable_logging": false}), _less({"enable_logging": false})))
	not finding.enforcement
}

test_log_types_of_a_cluster if {
	all := {"enabled_cluster_log_types": ["api", "audit", "authenticator"]}
	_judge("aws_eks_cluster", all) == 0
	_judge("aws_eks_cluster", {}) == 1
	_judge("aws_eks_cluster", {"enabled_cluster_log_types": ["api"]}) == 1
	{finding.enforcement | some finding in _about(_step("aws_eks_cluster", all, {}))} == {"hard"}
	some half in [{"enabled_cluster_log_types": ["audit"]}]
	{finding.enforcement | some finding in _about(_step("aws_eks_cluster", half, {}))} == {"hard"}
	some finding in _about(_step("aws_eks_cluster", half, half))
	not finding.enforcement
}

_gone := object.union(sample.terraform("aws_cloudtrail", "main", _trail), {"action": "delete"})

test_deletion_is_critical if {
	some finding in _about(_gone)
	finding.enforcement == "hard"
	finding.msg == "aws_cloudtrail.main is deleted: the platform loses a log"
}

test_a_declared_deletion_needs_the_board if {
	declared := json.patch(sample.about(_gone), [{
		"op": "add", "path": "/change/spec/scope/destructiveActions",
		"value": [{"address": "aws_cloudtrail.main", "action": "delete"}],
	}])
	count(_deny(declared)) == 1
	_deny(json.patch(declared, [{
		"op": "add", "path": "/change/spec/cab", "value": {"decision": "approved"},
	}])) == set()
}

test_config_recorder if {
	_judge("aws_config_configuration_recorder", {}) == 0
	_judge("aws_config_configuration_recorder", {"recording_group": [{"all_supported": false}]}) == 1
	_judge("aws_config_configuration_recorder_status", {"is_enabled": true}) == 0
	_judge("aws_config_configuration_recorder_status", {}) == 1
}

test_google if {
	_judge("google_container_cluster", {}) == 0
	_judge("google_container_cluster", {"logging_service": "none"}) == 1
	_judge("google_container_cluster", {"logging_config": [{"enable_components": []}]}) == 1
	_judge("google_container_cluster", {"logging_config": [{"enable_components": ["SYSTEM_COMPONENTS"]}]}) == 0
	two := {"audit_log_config": [{"log_type": "DATA_READ"}, {"log_type": "DATA_WRITE"}]}
	one := {"audit_log_config": [{"log_type": "DATA_READ"}]}
	_judge("google_project_iam_audit_config", one) == 0
	{finding.enforcement | some finding in _about(_step("google_project_iam_audit_config", two, one))} == {"hard"}
}

test_azure if {
	_judge("azurerm_monitor_diagnostic_setting", {"enabled_log": [{"category": "Administrative"}]}) == 0
	_judge("azurerm_monitor_diagnostic_setting", {"log": [{"category": "Administrative"}]}) == 0
	_judge("azurerm_monitor_diagnostic_setting", {}) == 1
}

test_flux_alerts if {
	alert := sample.kubernetes("notification.toolkit.fluxcd.io/Alert", "chat", {"spec": {"suspend": true}})
	count(_about(alert)) == 1
	count(_about(object.union(alert, {"attrs": {"spec": {"suspend": false}}}))) == 0
}

test_staging_is_not_judged if {
	_about(object.union(_created("aws_cloudtrail", {}), {"environment": "staging"})) == set()
}

test_present_is_judged if {
	present := object.union(_created("aws_eks_cluster", {}), {"action": "present"})
	count(_about(present)) == 1
	_about(object.union(present, {"environment": null})) == set()
	_unknown(object.union(present, {"environment": null})) == {resource.unclassified}
}

_odd := [null, 7, "x", [], {}, [7], [null], [{}], true]

test_odd_log_types_do_not_stop_it if {
	every value in _odd {
		_judge("aws_eks_cluster", {"enabled_cluster_log_types": value}) >= 0
		count(_about(_step("aws_eks_cluster", {"enabled_cluster_log_types": value}, {}))) >= 1
	}
}

test_odd_logging_does_not_stop_it if {
	every value in _odd {
		_judge("google_container_cluster", {"logging_config": value, "logging_service": value}) >= 0
	}
}

test_odd_audit_configs_do_not_stop_it if {
	every value in _odd {
		count(_about(_step("google_project_iam_audit_config", {"audit_log_config": value}, {"audit_log_config": value}))) == 0
	}
}

test_odd_settings_do_not_stop_it if {
	every value in _odd {
		_judge("azurerm_monitor_diagnostic_setting", {"log": value, "enabled_log": value}) >= 0
	}
}

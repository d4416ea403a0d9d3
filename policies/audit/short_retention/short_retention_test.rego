package policies.audit.short_retention_test

import data.policies.audit.short_retention
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_deny(document) := found if {
	found := short_retention.deny with input as document
}

_unknown(thing) := found if {
	found := short_retention.unknown with input as sample.about(thing)
}

_logs(attrs) := sample.terraform("aws_cloudwatch_log_group", "orders", attrs)

_judge(kind, name, attrs) := count(_deny(sample.about(sample.terraform(kind, name, attrs))))

_days(days) := _deny(sample.about(_logs({"retention_in_days": days})))

_regulated(thing, names) := json.patch(sample.about(thing), [{
	"op": "add", "path": "/context/services/entries/1/regulatory", "value": names,
}])

_threshold(document, value) := json.patch(document, [{
	"op": "add", "path": "/config/thresholds/AUD-003", "value": value,
}])

test_denied if {
	some finding in _days(364)
	finding.msg == "aws_cloudwatch_log_group.orders keeps its logs 364 days, expected at least 365 (operational)"
	finding.path == ["retention_in_days"]
}

test_a_year_is_enough if {
	_days(365) == set()
	_days("400") == set()
}

test_zero_and_absent_keep_for_ever if {
	_days(0) == set()
	_deny(sample.about(_logs({}))) == set()
}

test_the_strictest_regulation_counts if {
	every pair in [[["pci"], 365], [["soc2"], 730], [["PCI", "hipaa"], 2190]] {
		_deny(_regulated(_logs({"retention_in_days": pair[1]}), pair[0])) == set()
		count(_deny(_regulated(_logs({"retention_in_days": pair[1] - 1}), pair[0]))) == 1
	}
}

test_unknown_regulations_ask_for_nothing if _deny(_regulated(_logs({"retention_in_days": 365}), ["iso"])) == set()

test_an_upper_bound if {
	document := _threshold(_regulated(_logs({"retention_in_days": 731}), ["gdpr"]), {"max_days": {"gdpr": 730}})
	count(_deny(document)) == 1
	_deny(_threshold(_regulated(_logs({"retention_in_days": 730}), ["gdpr"]), {"max_days": {"gdpr": 730}})) == set()
	for_ever := _threshold(_regulated(_logs({}), ["gdpr"]), {"max_days": {"gdpr": 730}})
	{finding.evidence[0].observed | some finding in _deny(for_ever)} == {"infinitely many"}
}

test_thresholds_replace_the_numbers if {
	_deny(_threshold(sample.about(_logs({"retention_in_days": 30})), {"retention_days": {"operational": 30}})) == set()
}

test_no_change_shortens if {
	shorter := object.union(_logs({"retention_in_days": 400}), {"before": {"retention_in_days": 731}})
	{finding.evidence[0].expected | some finding in _deny(sample.about(shorter))} == {"not less than before (731)"}
	from_ever := object.union(_logs({"retention_in_days": 400}), {"before": {"retention_in_days": 0}})
	count(_deny(sample.about(from_ever))) == 1
	longer := object.union(_logs({"retention_in_days": 0}), {"before": {"retention_in_days": 400}})
	_deny(sample.about(longer)) == set()
}

test_unknown if {
	thing := object.union(_logs({}), {"unknown": [["retention_in_days"]]})
	_deny(sample.about(thing)) == set()
	count(_unknown(thing)) == 1
}

test_google_and_azure_default_to_thirty_days if {
	every kind in ["google_logging_project_bucket_config", "azurerm_log_analytics_workspace"] {
		_judge(kind, "orders", {}) == 1
	}
	_judge("google_logging_project_bucket_config", "orders", {"retention_days": 365}) == 0
	_judge("azurerm_log_analytics_workspace", "orders", {"retention_in_days": 365}) == 0
}

_expires(days, status) := {"bucket": "x", "rule": [{"status": status, "expiration": [{"days": days}]}]}

test_archive_buckets if {
	kind := "aws_s3_bucket_lifecycle_configuration"
	_judge(kind, "audit", _expires(90, "Enabled")) == 1
	_judge(kind, "audit", _expires(90, "Disabled")) == 0
	_judge(kind, "audit", _expires(365, "Enabled")) == 0
	_judge(kind, "invoices", _expires(90, "Enabled")) == 0
	_judge(kind, "this", object.union(_expires(90, "Enabled"), {"bucket": "acme-cloudtrail-logs"})) == 1
}

test_object_lock if {
	kind := "aws_s3_bucket_object_lock_configuration"
	_judge(kind, "archive", {"rule": [{"default_retention": [{"years": 1}]}]}) == 0
	_judge(kind, "archive", {"rule": [{"default_retention": [{"days": 30}]}]}) == 1
}

test_google_buckets if {
	rule := {"action": [{"type": "Delete"}], "condition": [{"age": 90}]}
	_judge("google_storage_bucket", "x", {"name": "acme-audit", "lifecycle_rule": [rule]}) == 1
	_judge("google_storage_bucket", "x", {"name": "acme-web", "lifecycle_rule": [rule]}) == 0
}

test_staging_ephemeral_and_deleted_are_not_judged if {
	short := _logs({"retention_in_days": 7})
	_deny(sample.about(object.union(short, {"environment": "staging"}))) == set()
	_deny(sample.about(object.union(short, {"action": "delete"}))) == set()
	document := json.patch(sample.about(short), [{
		"op": "replace", "path": "/context/services/entries/1/ephemeral", "value": true,
	}])
	_deny(document) == set()
}

test_present_is_judged if {
	present := object.union(_logs({"retention_in_days": 7}), {"action": "present", "before": null})
	count(_deny(sample.about(present))) == 1
	_unknown(object.union(present, {"environment": null})) == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		count(_days(value)) >= 0
		_judge("aws_s3_bucket_lifecycle_configuration", "audit", {"rule": value, "bucket": value}) >= 0
		_judge("google_storage_bucket", "audit", {"lifecycle_rule": [value], "name": value}) >= 0
		count(_deny(_threshold(sample.about(_logs({"retention_in_days": 400})), value))) >= 0
		count(_deny(_threshold(sample.about(_logs({})), {"retention_days": value, "max_days": value}))) >= 0
	}
}

package policies.governance.unowned_resource_test

import data.policies.governance.unowned_resource
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_services := [object.union(one, {"runbook": "runbooks/x.md"}) | some one in sample.document.context.services.entries]

_about(thing) := json.patch(sample.about(thing), [{
	"op": "replace", "path": "/context/services/entries", "value": _services,
}])

_deny(document) := found if {
	found := unowned_resource.deny with input as document
}

_unknown(document) := found if {
	found := unowned_resource.unknown with input as document
}

_lost := object.union(sample.database, {"service": null, "tier": null})

_entry(field, value) := json.patch(_about(sample.database), [{
	"op": "replace", "path": concat("", ["/context/services/entries/1/", field]), "value": value,
}])

_tagged(tags) := object.union(sample.database, {"attrs": object.union(sample.database.attrs, {"tags": tags})})

test_allowed if {
	_deny(_about(sample.database)) == set()
	_deny(_about(sample.rollout)) == set()
}

test_denied_without_a_service if {
	{finding.msg | some finding in _deny(_about(_lost))} == {"maps to no service"}
}

test_denied_when_the_catalogue_has_no_such_service if {
	{finding.msg | some finding in _deny(_about(object.union(_lost, {"service": "oders-db"})))} == {
		"the service oders-db is not in the catalogue",
	}
}

test_each_part_of_the_entry if {
	every field in ["owner", "tier", "runbook"] {
		some finding in _deny(_entry(field, null))
		finding.msg == sprintf("orders-db has no %s in the catalogue", [field])
		finding.because == [".changegate/catalog-info.yaml:1:1"]
		not finding.enforcement
	}
}

test_missing_field if {
	document := json.patch(_about(sample.database), [{"op": "remove", "path": "/context/services/entries/1/runbook"}])
	count(_deny(document)) == 1
}

test_hard_for_tier_zero if {
	document := json.patch(_entry("owner", null), [{
		"op": "replace", "path": "/context/services/entries/1/tier", "value": 0,
	}])
	{finding.enforcement | some finding in _deny(document)} == {"hard"}
}

test_conflicting_tags_are_shown if {
	some finding in _deny(_about(_tagged({"Tier": "1", "owner": "orders", "env": "prod"})))
	finding.msg == "the tag Tier says 1, the catalogue says 2"
	finding.path == ["tags", "Tier"]
	finding.enforcement == "advisory"
	count(_deny(_about(_tagged({"owner": "group:default/checkout"})))) == 1
}

test_tags_that_agree if _deny(_about(_tagged({"tier": 2, "owner": "group:default/orders"}))) == set()

test_unknown_without_a_catalogue if {
	document := json.patch(_about(_lost), [
		{"op": "replace", "path": "/context/services/given", "value": false},
		{"op": "replace", "path": "/context/services/entries", "value": []},
	])
	_deny(document) == set()
	count(_unknown(document)) == 1
}

test_helpers_are_exempt if {
	every kind in ["random_password", "null_resource", "terraform_data", "time_sleep", "tls_private_key"] {
		_deny(_about(object.union(_lost, {"type": kind}))) == set()
	}
}

test_no_op_and_staging_are_not_judged if {
	_deny(_about(object.union(_lost, {"action": "no-op"}))) == set()
	_deny(_about(object.union(_lost, {"environment": "staging"}))) == set()
}

test_a_change_without_an_environment_is_prod if count(_deny(_about(object.union(_lost, {"environment": null})))) == 1

test_present_is_judged if {
	present := object.union(_lost, {"action": "present", "before": null})
	count(_deny(_about(present))) == 1
	_deny(_about(object.union(present, {"environment": null}))) == set()
	_unknown(_about(object.union(present, {"environment": null}))) == {resource.unclassified}
}

test_a_service_without_an_environment_is_no_fault if {
	present := object.union(sample.database, {"action": "present", "environment": null})
	_unknown(_about(present)) == set()
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		count(_deny(_about(_tagged(value)))) >= 0
		count(_deny(_about(_tagged({"tier": value, "owner": value})))) >= 0
		count(_deny(_about(object.union(object.remove(_lost, ["attrs"]), {"attrs": value})))) >= 1
	}
}

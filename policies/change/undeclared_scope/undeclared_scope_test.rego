package policies.change.undeclared_scope_test

import data.policies.change.undeclared_scope
import data.policies.lib.sample_test as sample

_forgotten := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": [object.union(sample.database, {"action": "forget"})]},
	{"op": "replace", "path": "/change/services", "value": [sample.service("orders-db", 2)]},
])

_scope(document, field, value) := json.patch(document, [{
	"op": "add", "path": concat("", ["/change/spec/scope/", field]), "value": value,
}])

_shard(key) := object.union(sample.database, {
	"id": sprintf("aws_db_instance.shard[\"%s\"]", [key]),
	"address": sprintf("aws_db_instance.shard[\"%s\"]", [key]),
	"action": "delete",
})

_shards := json.patch(_forgotten, [{"op": "replace", "path": "/changed", "value": [_shard("a"), _shard("b")]}])

_blocking(found) := {finding | some finding in found; not _advisory(finding)}

_advisory(finding) if finding.enforcement == "advisory"

test_allowed if count(undeclared_scope.deny) == 0 with input as sample.document

test_denied_when_the_scope_says_staging if {
	found := undeclared_scope.deny with input as _scope(sample.document, "environments", ["staging"])
	{finding.msg | some finding in _blocking(found)} == {
		"the change touches environment prod, the request declares staging",
	}
	{finding.path | some finding in _blocking(found)} == {["spec", "scope", "environments"]}
}

test_an_unknown_environment_must_be_declared_as_prod if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/changed/0/environment", "value": null}])
	count(undeclared_scope.deny) == 0 with input as document
	found := undeclared_scope.deny with input as _scope(document, "environments", ["staging"])
	count(_blocking(found)) == 1
}

test_environment_synonyms_meet if {
	count(undeclared_scope.deny) == 0 with input as _scope(sample.document, "environments", ["production"])
}

test_denied_for_another_service if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/changed/0/service", "value": "payments-api"}])
	found := undeclared_scope.deny with input as document
	{finding.msg | some finding in _blocking(found)} == {
		"the change touches service payments-api, the request declares orders-api",
	}
}

test_denied_for_another_region if {
	found := undeclared_scope.deny with input as _scope(sample.document, "regions", ["us-east-1"])
	count(_blocking(found)) == 1
}

test_a_missing_list_declares_nothing if {
	document := json.patch(sample.document, [{"op": "remove", "path": "/change/spec/scope/regions"}])
	found := undeclared_scope.deny with input as document
	{finding.path | some finding in found} == {["spec", "scope"]}
}

test_a_missing_scope_declares_nothing if {
	document := json.patch(sample.document, [{"op": "remove", "path": "/change/spec/scope"}])
	found := undeclared_scope.deny with input as document
	{finding.path | some finding in found} == {["spec"]}
}

test_an_unknown_service_or_region_is_not_guessed if {
	document := json.patch(sample.document, [
		{"op": "replace", "path": "/changed/0/service", "value": null},
		{"op": "replace", "path": "/changed/0/region", "value": null},
	])
	count(undeclared_scope.deny) == 0 with input as document
}

test_forget_must_be_declared if {
	found := undeclared_scope.deny with input as _forgotten
	{finding.msg | some finding in found} == {
		"forget of aws_db_instance.orders is not in scope.destructiveActions",
	}
	{finding.resource | some finding in found} == {"aws_db_instance.orders"}
}

test_declared_by_address if {
	document := _scope(_forgotten, "destructiveActions", [{"address": "aws_db_instance.orders", "action": "forget"}])
	count(undeclared_scope.deny) == 0 with input as document
}

test_declared_for_another_action if {
	document := _scope(_forgotten, "destructiveActions", [{"address": "aws_db_instance.orders", "action": "replace"}])
	found := undeclared_scope.deny with input as document
	count(_blocking(found)) == 1
}

test_declared_by_pattern_with_a_count if {
	entry := {"address": "aws_db_instance.shard[*]", "action": "delete", "maxCount": 2}
	count(undeclared_scope.deny) == 0 with input as _scope(_shards, "destructiveActions", [entry])
}

test_a_pattern_without_a_count_declares_nothing if {
	entry := {"address": "aws_db_instance.shard[*]", "action": "delete"}
	found := undeclared_scope.deny with input as _scope(_shards, "destructiveActions", [entry])
	count(_blocking(found)) == 2
}

test_a_pattern_that_covers_too_many if {
	entry := {"address": "aws_db_instance.shard[*]", "action": "delete", "maxCount": 1}
	found := undeclared_scope.deny with input as _scope(_shards, "destructiveActions", [entry])
	{finding.path | some finding in _blocking(found)} == {["spec", "scope", "destructiveActions", 0]}
}

test_kubernetes_is_declared_by_id if {
	document := json.patch(_scope(sample.document, "destructiveActions", [{"address": sample.rollout.id}]), [{
		"op": "replace", "path": "/changed/0/action", "value": "delete",
	}])
	count(undeclared_scope.deny) == 0 with input as document
}

test_too_much_declared_is_advisory if {
	document := _scope(sample.document, "regions", ["eu-west-1", "us-east-1"])
	found := undeclared_scope.deny with input as document
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_too_much_is_not_claimed_while_something_is_unknown if {
	document := json.patch(_scope(sample.document, "regions", ["eu-west-1", "us-east-1"]), [{
		"op": "replace", "path": "/changed/0/region", "value": null,
	}])
	count(undeclared_scope.deny) == 0 with input as document
}

test_a_destructive_action_that_does_not_happen_is_advisory if {
	document := _scope(sample.document, "destructiveActions", [{"address": "x.y", "action": "delete"}])
	found := undeclared_scope.deny with input as document
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_silent_without_a_request if {
	document := json.patch(_forgotten, [{"op": "replace", "path": "/change", "value": null}])
	count(undeclared_scope.deny) == 0 with input as document
}

test_silent_in_mode_present if {
	document := _scope(sample.present, "environments", ["staging"])
	count(undeclared_scope.deny) == 0 with input as document
}

test_odd_values_do_not_stop_it if {
	document := _scope(_forgotten, "destructiveActions", [7, "x", {"address": 3, "maxCount": "many"}, {}])
	found := undeclared_scope.deny with input as document
	count(_blocking(found)) == 1
}

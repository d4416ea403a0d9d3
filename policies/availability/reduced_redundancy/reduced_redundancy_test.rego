package policies.availability.reduced_redundancy_test

import data.policies.availability.reduced_redundancy
import data.policies.lib.sample_test as sample

_deny(document) := found if {
	found := reduced_redundancy.deny with input as document
}

_count(thing) := count(_deny(sample.about(thing)))

_messages(thing) := {finding.msg | some finding in _deny(sample.about(thing))}

_unknown(thing) := found if {
	found := reduced_redundancy.unknown with input as sample.about(thing)
}

_step(kind, before, after) := object.union(
	object.remove(sample.terraform(kind, "orders", after), ["before"]),
	{"before": before},
)

_moved(kind, before, after) := _count(_step(kind, before, after))

_lost := _step("aws_db_instance", {"multi_az": true}, {"multi_az": false})

_named(thing, entry) := json.patch(sample.about(thing), [{
	"op": "add", "path": "/change/spec/scope/redundancyReduction", "value": [entry],
}])

_entry := {"address": "aws_db_instance.orders", "reason": "The database is replaced by orders_v2 next week"}

_board(document, decision) := json.patch(document, [{
	"op": "add", "path": "/change/spec/cab", "value": {"decision": decision},
}])

test_denied if {
	some finding in _deny(sample.about(_lost))
	finding.msg == "multi_az of aws_db_instance.orders goes from true to false"
	finding.path == ["multi_az"]
	finding.pending == false
}

test_allowed if {
	_count(sample.database) == 0
	_moved("aws_db_instance", {"multi_az": false}, {"multi_az": true}) == 0
}

test_removing_the_attribute_is_a_reduction if {
	_messages(_step("aws_db_instance", {"multi_az": true}, {})) == {
		"multi_az of aws_db_instance.orders goes from true to false",
	}
}

test_writing_a_default_down_is_none if {
	_moved("aws_db_instance", {}, {"multi_az": false, "backup_retention_period": 0}) == 0
	_moved("aws_rds_cluster", {}, {"backup_retention_period": 1}) == 0
}

test_numbers if {
	_moved("aws_db_instance", {"backup_retention_period": 35}, {"backup_retention_period": 14}) == 1
	_moved("aws_db_instance", {"backup_retention_period": 14}, {"backup_retention_period": 35}) == 0
	_moved("aws_autoscaling_group", {"min_size": 4}, {"min_size": "3"}) == 1
}

test_lists if {
	_messages(_step("aws_lb", {"subnets": ["a", "b", "c"]}, {"subnets": ["a", "b"]})) == {
		"subnets of aws_lb.orders goes from 3 to 2",
	}
	_moved("aws_dynamodb_table", {"replica": [{"region_name": "eu-central-1"}]}, {"replica": []}) == 1
	_moved("aws_dynamodb_table", {"replica": [{"region_name": "eu-central-1"}]}, {}) == 1
}

test_orders if {
	_moved("azurerm_storage_account", {"account_replication_type": "GRS"}, {"account_replication_type": "ZRS"}) == 1
	_moved("azurerm_storage_account", {"account_replication_type": "LRS"}, {"account_replication_type": "ZRS"}) == 0
	zone := {"high_availability": [{"mode": "ZoneRedundant"}]}
	_moved("azurerm_postgresql_flexible_server", zone, {"high_availability": [{"mode": "SameZone"}]}) == 1
	_moved("azurerm_postgresql_flexible_server", zone, {}) == 1
}

test_replace_is_judged if _count(object.union(_lost, {"action": "replace"})) == 1

test_other_actions_are_not if {
	every action in ["create", "delete", "forget", "no-op", "present"] {
		_count(object.union(_lost, {"action": action})) == 0
	}
}

test_present_is_silent if {
	thing := object.union(_lost, {"action": "present", "before": null})
	_count(thing) == 0
	_unknown(thing) == set()
}

test_staging_is_not_judged if _count(object.union(_lost, {"environment": "staging"})) == 0

test_unknown_after_the_change if {
	thing := object.union(_step("aws_db_instance", {"multi_az": true}, {}), {"unknown": [["multi_az"]]})
	_count(thing) == 0
	{finding.path | some finding in _unknown(thing)} == {["multi_az"]}
}

test_unknown_with_nothing_to_lose if {
	thing := object.union(_step("aws_db_instance", {"multi_az": false}, {}), {"unknown": [["multi_az"]]})
	_unknown(thing) == set()
}

test_named_in_the_request if {
	_deny(_named(_lost, _entry)) == set()
	_deny(_named(_lost, object.union(_entry, {"attribute": "multi_az"}))) == set()
	_deny(_named(_lost, {"service": "resource:default/orders-db", "reason": "Moves to orders_v2"})) == set()
}

test_named_something_else if {
	every other in [
		{"address": "aws_db_instance.other", "reason": "Moves to orders_v2"},
		{"address": "aws_db_instance.orders"},
		object.union(_entry, {"reason": "n/a"}),
		object.union(_entry, {"attribute": "backup_retention_period"}),
	] {
		count(_deny(_named(_lost, other))) == 1
	}
}

test_named_until_an_instant if {
	_deny(_named(_lost, object.union(_entry, {"until": "2026-06-09T09:00:01Z"}))) == set()
	count(_deny(_named(_lost, object.union(_entry, {"until": "2026-06-09T09:00:00Z"})))) == 1
	found := reduced_redundancy.valid_until with input as _named(
		_lost,
		object.union(_entry, {"until": "2026-06-09T09:00:01Z"}),
	)
	found == {sample.now + 1000000000}
}

test_tier_one_needs_the_board if {
	document := _named(object.union(_lost, {"tier": 1}), _entry)
	{finding.pending | some finding in _deny(document)} == {true}
	_deny(_board(document, "approved")) == set()
	{finding.pending | some finding in _deny(_board(document, "rejected"))} == {false}
}

test_an_unknown_tier_needs_the_board if {
	count(_deny(_named(object.union(_lost, {"tier": null}), _entry))) == 1
}

test_the_board_alone_is_not_enough if count(_deny(_board(sample.about(_lost), "approved"))) == 1

test_kubernetes_replicas if {
	fewer := json.patch(sample.deployment, [{"op": "replace", "path": "/attrs/spec/replicas", "value": 5}])
	_count(fewer) == 1
	scaler := sample.kubernetes("autoscaling/HorizontalPodAutoscaler", "orders-api", {"spec": {"minReplicas": 3}})
	_count(object.union(fewer, {"related": [sample.relation("scaler", scaler)]})) == 0
}

test_spreading_is_dropped if {
	spread := json.patch(sample.deployment, [{
		"op": "add", "path": "/before/spec/template/spec/topologySpreadConstraints", "value": [{"maxSkew": 1}],
	}])
	_count(spread) == 1
	apart := json.patch(sample.deployment, [{
		"op": "add", "path": "/before/spec/template/spec/affinity", "value": {"podAntiAffinity": {"x": []}},
	}])
	_count(apart) == 1
}

_budget(before, after) := object.union(
	sample.kubernetes("policy/PodDisruptionBudget", "orders-api", {"spec": after}),
	{"before": {"spec": before}},
)

test_disruption_budget if {
	_count(_budget({"minAvailable": 3}, {"minAvailable": 2})) == 1
	_count(_budget({"maxUnavailable": 1}, {"maxUnavailable": 2})) == 1
	_count(_budget({"minAvailable": "50%"}, {"minAvailable": "50%"})) == 0
	deleted := object.union(_budget({}, {}), {"action": "delete"})
	_count(deleted) == 1
	_deny(_board(_named(deleted, {"resource": deleted.id, "reason": "Replaced by another budget"}), "approved")) == set()
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		_moved("aws_db_instance", {"multi_az": value}, {"multi_az": true, "backup_retention_period": value}) >= 0
		_moved("aws_lb", {"subnets": value}, {"subnets": ["a"], "subnet_mapping": value}) >= 0
		_moved("google_sql_database_instance", {"settings": value}, {"settings": [value]}) >= 0
		count(_deny(_named(_lost, value))) == 1
	}
}

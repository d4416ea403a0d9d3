package policies.lib.declaration_test

import data.policies.lib.declaration
import data.policies.lib.sample_test as sample

_gone := object.union(sample.database, {"action": "delete"})

_declares(entries, affected) if {
	change := {"spec": {"scope": {"destructiveActions": entries}}}
	known := declaration.entries(change)
	declaration.declared(declaration.exact(known), declaration.patterns(known), affected)
}

test_by_address if {
	_declares([{"address": "aws_db_instance.orders", "action": "delete"}], _gone)
	_declares([{"address": "aws_db_instance.orders"}], _gone)
}

test_by_kubernetes_id if {
	gone := object.union(sample.rollout, {"action": "delete"})
	_declares([{"address": "argoproj.io/Rollout/orders/orders-api", "action": "delete"}], gone)
}

test_another_action_or_address if {
	not _declares([{"address": "aws_db_instance.orders", "action": "replace"}], _gone)
	not _declares([{"address": "aws_db_instance.payments", "action": "delete"}], _gone)
}

test_by_pattern_with_a_count if {
	_declares([{"address": "aws_db_instance.*", "action": "delete", "maxCount": 1}], _gone)
	_declares([{"address": "aws_db_*", "maxCount": 1}], _gone)
}

test_a_pattern_without_a_count_is_a_literal if not _declares([{"address": "aws_db_instance.*"}], _gone)

test_nothing_declared if {
	not _declares([], _gone)
	not _declares("all", _gone)
	not _declares([7, {}, {"address": null}, {"address": 7, "maxCount": 9}], _gone)
}

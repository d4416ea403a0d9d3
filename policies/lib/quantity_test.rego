package policies.lib.quantity_test

import data.policies.lib.quantity

test_amounts if {
	every written, amount in {"100m": 0.1, "2": 2, "1.5": 1.5, "1Gi": 1073741824, "128Mi": 134217728, "1G": 1000000000} {
		quantity.amount(written) == amount
	}
	quantity.amount(2) == 2
	every odd in ["", "m", "1e3x", "-1", null, [], "1 Gi"] {
		not quantity.amount(odd)
	}
}

test_containers if {
	object.keys(quantity.containers({"spec": {"template": {"spec": {"containers": [{"name": "a"}, {}, 7]}}}})) == {"a"}
	quantity.containers("x") == {}
}

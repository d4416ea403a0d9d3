package main

test_another_registry {
	count(deny) == 1 with input as {
		"kind": "Deployment",
		"metadata": {"name": "orders"},
		"spec": {"template": {"spec": {"image": "docker.io/orders"}}},
	}
}

package policies.availability.local_state_test

import data.policies.availability.local_state as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_mounting(volume, mount) := json.patch(sample.deployment, [{
	"op": "replace", "path": "/attrs/spec/template/spec", "value": {
		"volumes": [object.union({"name": "v"}, volume)],
		"containers": [{"name": "api", "volumeMounts": [object.union({"name": "v", "mountPath": "/data"}, mount)]}],
	},
}])

_claimed(modes) := object.union(
	_mounting({"persistentVolumeClaim": {"claimName": "files"}}, {}),
	{"related": [sample.relation("claim", sample.kubernetes("PersistentVolumeClaim", "files", {"spec": {
		"accessModes": modes,
	}}))]},
)

_count(thing) := count(found) if {
	found := policy.deny with input as sample.about(thing)
}

_service(affinity) := sample.kubernetes("Service", "orders", {"spec": {"sessionAffinity": affinity}})

test_allowed if _count(sample.deployment) == 0

test_a_host_path_that_is_written if {
	_count(_mounting({"hostPath": {"path": "/var/lib/orders"}}, {})) == 1
	_count(_mounting({"hostPath": {"path": "/var/lib/orders"}}, {"readOnly": true})) == 0
}

test_devices_and_sockets_of_the_node if {
	_count(_mounting({"hostPath": {"path": "/dev/fuse"}}, {})) == 0
	_count(_mounting({"hostPath": {"path": "/var/run/docker.sock"}}, {})) == 0
	_count(_mounting({"hostPath": {"path": "/tmp/a.sock", "type": "Socket"}}, {})) == 0
	_count(_mounting({"hostPath": {"path": "/developers"}}, {})) == 1
}

test_a_claim_of_one_node if {
	_count(_claimed(["ReadWriteOnce"])) == 1
	_count(_claimed(["ReadWriteOncePod"])) == 1
	_count(_claimed(["ReadWriteMany"])) == 0
	_count(_claimed(["ReadWriteOnce", "ReadWriteMany"])) == 0
}

test_a_claim_outside_the_tree_is_unknown if {
	lost := object.union(_mounting({"persistentVolumeClaim": {"claimName": "files"}}, {}), {"dangling": [{
		"relation": "claim", "name": "files", "path": ["spec"],
	}]})
	_count(lost) == 0
	found := policy.unknown with input as sample.about(lost)
	count(found) == 1
}

test_an_empty_dir_where_data_lies if {
	_count(_mounting({"emptyDir": {}}, {"mountPath": "/var/lib/orders"})) == 1
	_count(_mounting({"emptyDir": {"sizeLimit": "1Gi"}}, {"mountPath": "/var/lib/orders"})) == 0
	_count(_mounting({"emptyDir": {}}, {"mountPath": "/tmp"})) == 0
	_count(_mounting({"emptyDir": {}}, {"mountPath": "/var/run/sidecar"})) == 0
}

test_a_cache_is_named if {
	_count(json.patch(_mounting({"emptyDir": {}}, {}), [{
		"op": "add", "path": "/attrs/metadata/annotations", "value": {"changegate/cache-volumes": "u, v"},
	}])) == 0
}

test_sticky_sessions if {
	_count(_service("ClientIP")) == 1
	_count(_service("None")) == 0
	_count(object.union(_service("ClientIP"), {"tier": 2})) == 0
	group := object.union(
		sample.terraform("aws_lb_target_group", "orders", {"stickiness": [{"enabled": true}]}),
		{"tier": 1},
	)
	_count(group) == 1
}

test_a_stateful_set_is_no_target if _count(sample.kubernetes("apps/StatefulSet", "db", {"spec": {}})) == 0

test_unknown_environment if {
	lost := object.union(_claimed(["ReadWriteOnce"]), {"environment": null})
	_count(lost) == 0
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_odd_values_do_not_stop_it if {
	every pods in ["x", {"volumes": "x"}, {"volumes": ["x"]}, {"volumes": [{"hostPath": "x", "emptyDir": 1}]}] {
		_count(json.patch(sample.deployment, [{
			"op": "replace", "path": "/attrs/spec/template/spec", "value": pods,
		}])) >= 0
	}
}

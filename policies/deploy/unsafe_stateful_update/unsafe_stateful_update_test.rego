package policies.deploy.unsafe_stateful_update_test

import data.policies.deploy.unsafe_stateful_update
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_set := sample.kubernetes("apps/StatefulSet", "orders-db", {
	"apiVersion": "apps/v1",
	"kind": "StatefulSet",
	"metadata": {"name": "orders-db", "namespace": "orders", "labels": {"app.kubernetes.io/name": "etcd"}},
	"spec": {
		"replicas": 3,
		"serviceName": "orders-db",
		"minReadySeconds": 10,
		"template": sample.pods,
		"volumeClaimTemplates": [{"metadata": {"name": "data"}}],
	},
})

_with(path, value) := json.patch(_set, [{"op": "add", "path": path, "value": value}])

_messages(thing) := {finding.msg | some finding in found} if {
	found := unsafe_stateful_update.deny with input as sample.about(thing)
}

test_allowed if {
	_messages(_set) == set()
	count(unsafe_stateful_update.unknown) == 0 with input as sample.about(_set)
}

test_on_delete if {
	strategy := {"type": "OnDelete"}
	_messages(_with("/attrs/spec/updateStrategy", strategy)) == {
		"orders-db: OnDelete: pods keep the old version until somebody deletes them",
	}
	operated := json.patch(_with("/attrs/spec/updateStrategy", strategy), [{
		"op": "add", "path": "/attrs/metadata/labels/app.kubernetes.io~1managed-by", "value": "strimzi-cluster-operator",
	}])
	_messages(operated) == set()
}

test_parallel_start_of_a_quorum if {
	parallel := json.patch(_set, [
		{"op": "add", "path": "/attrs/spec/podManagementPolicy", "value": "Parallel"},
		{"op": "add", "path": "/before/spec/podManagementPolicy", "value": "Parallel"},
	])
	_messages(parallel) == {"orders-db: a quorum system whose pods start and stop all at once when it is scaled"}
	reasoned := json.patch(parallel, [{
		"op": "add",
		"path": "/attrs/metadata/annotations",
		"value": {"changegate/parallel-start": "members find each other by DNS and wait for a quorum"},
	}])
	_messages(reasoned) == set()
	other := json.patch(parallel, [{"op": "replace", "path": "/attrs/metadata/labels", "value": {}}])
	_messages(other) == set()
}

test_quorum_by_image if {
	parallel := json.patch(_set, [
		{"op": "add", "path": "/attrs/spec/podManagementPolicy", "value": "Parallel"},
		{"op": "add", "path": "/before/spec/podManagementPolicy", "value": "Parallel"},
		{"op": "replace", "path": "/attrs/metadata/labels", "value": {}},
		{
			"op": "replace",
			"path": "/attrs/spec/template/spec/containers/0/image",
			"value": "registry.acme.example:5000/mirror/zookeeper:3.9@sha256:aa",
		},
	])
	count(_messages(parallel)) == 1
}

test_volumes_that_go if {
	_messages(_with("/attrs/spec/persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete", "whenScaled": "Delete"})) == {
		"orders-db: the volumes are deleted when the StatefulSet is deleted",
		"orders-db: the volumes are deleted when it is scaled down",
	}
	_messages(_with("/attrs/spec/persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain"})) == set()
}

test_no_time_between_pods if {
	bare := json.patch(_set, [{"op": "remove", "path": "/attrs/spec/minReadySeconds"}])
	_messages(bare) == {"orders-db: the next pod is replaced 0 s after the last became ready, at least 10"}
	_messages(_with("/attrs/spec/minReadySeconds", 9)) != set()
}

test_killed_early if {
	_messages(_with("/attrs/spec/template/spec/terminationGracePeriodSeconds", 29)) == {
		"orders-db: pods are killed after 29 s, at least 30 to hand over their data",
	}
	_messages(_with("/attrs/spec/template/spec/terminationGracePeriodSeconds", 30)) == set()
}

test_what_cannot_be_changed if {
	renamed := json.patch(_set, [
		{"op": "replace", "path": "/attrs/spec/serviceName", "value": "other"},
		{"op": "replace", "path": "/changed", "value": [["spec", "serviceName"]]},
	])
	_messages(renamed) == {concat("", [
		"orders-db: the Service of a StatefulSet cannot be changed in place: ",
		"it would have to be deleted and created anew",
	])}
	larger := json.patch(_set, [
		{"op": "replace", "path": "/attrs/spec/volumeClaimTemplates/0/metadata/name", "value": "more"},
		{"op": "replace", "path": "/changed", "value": [["spec", "volumeClaimTemplates", 0, "metadata", "name"]]},
	])
	count(_messages(larger)) == 1
}

test_stages_of_tier_one if {
	unplanned := json.patch(sample.about(_set), [{"op": "replace", "path": "/change", "value": null}])
	found := unsafe_stateful_update.deny with input as unplanned
	{finding.msg | some finding in found} == {
		"orders-db: new pods without stages: no partition, and the request plans none",
	}
	partitioned := _with("/attrs/spec/updateStrategy", {"rollingUpdate": {"partition": 2}})
	count(unsafe_stateful_update.deny) == 0 with input as json.patch(sample.about(partitioned), [{
		"op": "replace", "path": "/change", "value": null,
	}])
	lower := object.union(_set, {"tier": 2})
	count(unsafe_stateful_update.deny) == 0 with input as json.patch(sample.about(lower), [{
		"op": "replace", "path": "/change", "value": null,
	}])
}

test_unknown_tier if {
	lost := json.patch(sample.about(object.union(_set, {"tier": null})), [{
		"op": "replace", "path": "/change", "value": null,
	}])
	found := unsafe_stateful_update.unknown with input as lost
	found == {resource.unclassified}
}

test_unknown_environment_of_a_present_tree if {
	lost := object.union(_with("/attrs/spec/minReadySeconds", 0), {"environment": null, "action": "present"})
	found := unsafe_stateful_update.unknown with input as sample.about(lost)
	found == {resource.unclassified}
	_messages(lost) == set()
}

test_odd_types_stop_nothing if {
	_messages(_with("/attrs/spec/updateStrategy", "RollingUpdate")) == set()
	_messages(_with("/attrs/spec/minReadySeconds", "ten")) == set()
	_messages(_with("/attrs/spec/template", [1])) == set()
}

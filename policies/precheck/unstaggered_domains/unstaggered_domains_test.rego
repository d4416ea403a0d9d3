package policies.precheck.unstaggered_domains_test

import data.policies.lib.sample_test as sample
import data.policies.precheck.unstaggered_domains

_in(region) := object.union(sample.rollout, {"id": sprintf("Rollout/%s", [region]), "region": region})

_waves := [{"name": "w1", "regions": ["eu-west-1"], "bake": "PT30M"}, {"name": "w2", "regions": ["us-east-1"]}]

_document(changed, waves) := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": changed},
	{"op": "replace", "path": "/resources", "value": changed},
	{"op": "add", "path": "/change/spec/progressiveDelivery/waves", "value": waves},
])

_both := [_in("eu-west-1"), _in("us-east-1")]

_denied(document) := found if {
	found := unstaggered_domains.deny with input as document
}

_unknown(document) := found if {
	found := unstaggered_domains.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

_core(things) := [object.union(thing, {"tier": 0}) | some thing in things]

test_one_region_is_allowed if {
	count(_denied(_document([_in("eu-west-1"), object.union(_in("eu-west-1"), {"id": "b"})], []))) == 0
	count(_denied(sample.document)) == 0
}

test_two_regions_without_waves if {
	_messages(_document(_both, [])) == {concat("", [
		"2 regions of orders-api change together (eu-west-1, us-east-1): ",
		"no waves are planned (progressiveDelivery.waves)",
	])}
}

test_waves_keep_them_apart if count(_denied(_document(_both, _waves))) == 0

test_waves_that_do_not if {
	every waves in [
		[{"regions": ["eu-west-1", "us-east-1"], "bake": "PT1H"}],
		[{"regions": ["eu-west-1"], "bake": "PT1H"}],
		[{"regions": ["eu-west-1"], "bake": "PT29M"}, {"regions": ["us-east-1"]}],
		[{"regions": ["eu-west-1"]}, {"regions": ["us-east-1"]}],
		[{"regions": ["eu-west-1"], "bake": "PT1H"}, {"regions": ["us-east-1", "eu-west-1"]}],
	] {
		count(_denied(_document(_both, waves))) >= 1
	}
}

test_tier_zero_waits_an_hour if {
	count(_denied(_document(_core(_both), _waves))) == 1
	slow := json.patch(_waves, [{"op": "replace", "path": "/0/bake", "value": "PT1H"}])
	count(_denied(_document(_core(_both), slow))) == 0
}

test_a_metric_decides if {
	document := json.patch(_document(_both, _waves), [
		{"op": "replace", "path": "/change/spec/progressiveDelivery/metrics", "value": []},
	])
	some message in _messages(document)
	endswith(message, "no metric decides on the next wave (progressiveDelivery.metrics)")
}

test_tier_two_and_staging_are_free if {
	count(_denied(_document([object.union(thing, {"tier": 2}) | some thing in _both], []))) == 0
	count(_denied(_document([object.union(thing, {"environment": "staging"}) | some thing in _both], []))) == 0
}

test_two_services_in_two_regions_are_two_changes if {
	other := object.union(_in("us-east-1"), {"service": "payments-api"})
	count(_denied(_document([_in("eu-west-1"), other], []))) == 0
}

test_a_new_region_is_no_second_one if {
	count(_denied(_document([_in("eu-west-1"), object.union(_in("us-east-1"), {"action": "create"})], []))) == 0
}

test_global_resources_have_no_waves if {
	zones := [
		object.union(sample.terraform("aws_route53_record", region, {}), {"tier": 0, "region": region}) |
		some region in ["eu-west-1", "us-east-1"]
	]
	count(_denied(_document(zones, []))) == 0
}

test_all_zones if {
	instances := [
		object.union(sample.terraform("aws_instance", zone, {}), {"tier": 1, "zones": [zone], "id": zone}) |
		some zone in ["eu-west-1a", "eu-west-1b"]
	]
	some message in _messages(_document(instances, []))
	startswith(message, "all 2 zones of orders-db change together")
	third := object.union(instances[0], {"zones": ["eu-west-1c"], "id": "c", "action": "no-op"})
	document := json.patch(_document(instances, []), [{"op": "add", "path": "/resources/-", "value": third}])
	count(_denied(document)) == 0
	zoned := [{"regions": ["eu-west-1a"], "bake": "PT30M"}, {"regions": ["eu-west-1b"]}]
	count(_denied(_document(instances, zoned))) == 0
}

test_primary_and_standby if {
	standby := object.union(_in("eu-west-1"), {"environment": "dr", "id": "dr"})
	some message in _messages(_document([_in("eu-west-1"), standby], []))
	startswith(message, "primary and standby of orders-api change together")
	pair := object.union(_in("eu-west-1"), {"service": "orders-api-dr", "id": "pair"})
	document := json.patch(_document([_in("eu-west-1"), pair], []), [
		{"op": "add", "path": "/context/services/entries/0/dr_pair", "value": "component:default/orders-api-dr"},
	])
	count(_denied(document)) == 1
}

test_the_request_says_where_nothing_else_does if {
	nowhere := object.union(sample.rollout, {"region": null})
	count(_denied(_document([nowhere], []))) == 0
	document := json.patch(_document([nowhere], []), [
		{"op": "replace", "path": "/change/spec/scope/regions", "value": ["eu-west-1", "us-east-1"]},
	])
	count(_denied(document)) == 1
}

test_copies_in_regions_that_are_not_known if {
	copies := [
		object.union(sample.rollout, {"region": null, "file": file, "id": file}) |
		some file in ["k8s/eu/a.yaml", "k8s/us/a.yaml"]
	]
	document := json.patch(_document(copies, []), [{"op": "replace", "path": "/change/spec/scope/regions", "value": []}])
	some finding in _unknown(document)
	startswith(finding.msg, "2 copies of argoproj.io/Rollout orders-api of orders-api change together")
	count(_unknown(_document(copies, []))) == 0
	count(_denied(document)) == 0
}

test_an_application_set_reaches_all_clusters if {
	set := sample.kubernetes("argoproj.io/ApplicationSet", "orders", {"spec": {"generators": [{"clusters": {}}]}})
	some message in _messages(_document([set], []))
	contains(message, "reaches all of its clusters in one merge")
	rolling := json.patch(set, [{"op": "add", "path": "/attrs/spec/strategy", "value": {
		"type": "RollingSync", "rollingSync": {"steps": [{}, {}]},
	}}])
	count(_denied(_document([rolling], []))) == 0
	count(_denied(_document([set], _waves))) == 0
	one := json.patch(set, [{"op": "replace", "path": "/attrs/spec/generators", "value": [{"list": {"elements": [{}]}}]}])
	count(_denied(_document([one], []))) == 0
}

test_silent_without_a_request_or_a_difference if {
	every patch in [
		{"op": "replace", "path": "/change", "value": null}, {"op": "replace", "path": "/mode", "value": "present"},
	] {
		count(_denied(json.patch(_document(_both, []), [patch]))) == 0
	}
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [1], {"a": 1}] {
		count(_denied(_document(_both, value))) >= 1
		count(_denied(_document(_both, [value, {"regions": value, "bake": value}]))) >= 1
		count(_denied(json.patch(_document(_both, []), [
			{"op": "replace", "path": "/change/spec/scope/regions", "value": value},
		]))) >= 1
	}
}

package policies.deploy.unmanaged_feature_flag_test

import data.policies.deploy.unmanaged_feature_flag
import data.policies.lib.sample_test as sample

_flag := {
	"key": "split-delivery", "system": "appconfig", "defaultState": "off", "owner": "alice@acme.example",
	"killSwitchTestedAt": "2026-06-04T09:00:00Z", "removeBy": "2026-08-08",
}

_pods(image) := {"spec": {"template": {"spec": {"containers": [{"name": "api", "image": image}]}}}}

_shipped := json.patch(sample.rollout, [
	{"op": "replace", "path": "/attrs", "value": _pods("ghcr.io/acme/orders-api@sha256:22")},
	{"op": "replace", "path": "/before", "value": _pods("ghcr.io/acme/orders-api@sha256:21")},
])

_with(flags) := json.patch(sample.document, [
	{"op": "replace", "path": "/changed", "value": [_shipped]},
	{"op": "add", "path": "/change/spec/featureFlags", "value": flags},
])

_patched(patch) := _with([object.union(_flag, patch)])

_denied(document) := found if {
	found := unmanaged_feature_flag.deny with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

test_allowed if _messages(_with([_flag])) == set()

test_a_feature_without_a_flag if {
	_messages(_with([])) == {"a feature of orders-api (tier 1) ships without a flag"}
}

test_not_applicable_needs_a_reason if {
	reason := json.patch(_with([]), [{
		"op": "add", "path": "/change/spec/featureFlagNotApplicable", "value": "The old code path is gone already",
	}])
	_messages(reason) == set()
	empty := json.patch(_with([]), [{"op": "add", "path": "/change/spec/featureFlagNotApplicable", "value": "n/a"}])
	count(_messages(empty)) == 1
}

test_no_flag_is_forced_on_other_changes if {
	every patch in [
		{"op": "replace", "path": "/change/spec/changeClass", "value": "maintenance"},
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
		{"op": "replace", "path": "/changed", "value": [sample.database]},
		{"op": "replace", "path": "/changed/0/before", "value": _shipped.attrs},
		{"op": "replace", "path": "/changed/0/tier", "value": 2},
		{"op": "replace", "path": "/changed/0/environment", "value": "staging"},
	] {
		_messages(json.patch(_with([]), [patch])) == set()
	}
}

test_each_field if {
	every key in ["key", "owner", "defaultState", "killSwitchTestedAt", "removeBy"] {
		count(_messages(_with([object.remove(_flag, [key])]))) == 1
	}
}

test_on_by_default if _messages(_patched({"defaultState": "on"})) == {"the flag split-delivery is on by default"}

test_the_kill_switch_may_still_be_tried if {
	some finding in _denied(_with([object.remove(_flag, ["killSwitchTestedAt"])]))
	finding.pending == true
	_messages(_patched({"killSwitchTestedAt": "2026-06-11T19:00:00Z"})) == set()
	count(_messages(_patched({"killSwitchTestedAt": "2026-06-11T19:00:01Z"}))) == 1
}

test_ninety_days_from_the_change if {
	_messages(_patched({"removeBy": "2026-09-09"})) == set()
	count(_messages(_patched({"removeBy": "2026-09-10"}))) == 1
	longer := json.patch(_patched({"removeBy": "2026-09-20"}), [
		{"op": "add", "path": "/config/thresholds/DEP-002", "value": {"most_days": 120}},
	])
	_messages(longer) == set()
}

test_past_its_day if {
	_messages(_patched({"removeBy": "2026-06-08"})) == {"the flag split-delivery was to be gone on 2026-06-08"}
	_messages(_patched({"removeBy": "2026-06-09"})) == set()
}

test_switches_of_operations_stay if {
	_messages(_with([object.union(object.remove(_flag, ["removeBy"]), {"kind": "ops"})])) == set()
}

_toggled(before, after) := json.patch(_with([_flag]), [{
	"op": "add", "path": "/changed/-",
	"value": object.union(sample.terraform("launchdarkly_feature_flag_environment", "x", after), {"before": before}),
}])

test_from_nobody_to_everybody if {
	some message in _messages(_toggled({"on": false}, {"on": true, "fallthrough": [{"variation": 0}], "off_variation": 1}))
	endswith(message, "turns a flag from off to on for everybody in one step")
	_messages(_toggled({"on": false}, {"on": true, "fallthrough": [{"rollout_weights": [5000, 95000]}]})) == set()
	_messages(_toggled({"on": false}, {"on": true, "fallthrough": [{"variation": 1}], "off_variation": 1})) == set()
	_messages(_toggled({"on": true}, {"on": true})) == set()
	_messages(_toggled({"on": true}, {"on": false})) == set()
}

test_appconfig_all_at_once if {
	every thing in [
		sample.terraform("aws_appconfig_deployment", "x", {"deployment_strategy_id": "AppConfig.AllAtOnce"}),
		sample.terraform("aws_appconfig_deployment_strategy", "x", {"growth_factor": 100}),
	] {
		count(_messages(json.patch(_with([_flag]), [{"op": "add", "path": "/changed/-", "value": thing}]))) == 1
	}
	slow := sample.terraform("aws_appconfig_deployment_strategy", "x", {"growth_factor": 20})
	_messages(json.patch(_with([_flag]), [{"op": "add", "path": "/changed/-", "value": slow}])) == set()
}

test_a_state_that_is_not_known if {
	thing := object.union(sample.terraform("launchdarkly_feature_flag_environment", "x", {}), {"unknown": [["on"]]})
	found := unmanaged_feature_flag.unknown with input as json.patch(sample.document, [
		{"op": "replace", "path": "/changed", "value": [thing]},
	])
	count(found) == 1
}

test_valid_until_the_day if {
	found := unmanaged_feature_flag.valid_until with input as _with([_flag])
	found == {1786147200000000000 + sample.day}
}

test_silent_without_a_request if {
	_messages(json.patch(_with([]), [{"op": "replace", "path": "/change", "value": null}])) == set()
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		count(_messages(_with(value))) >= 0
		every key in object.keys(_flag) {
			count(_messages(_with([object.union(object.remove(_flag, [key]), {key: value})]))) >= 0
		}
		count(_messages(_toggled(value, {"on": true, "fallthrough": value}))) >= 0
	}
}

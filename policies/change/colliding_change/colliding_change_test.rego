package policies.change.colliding_change_test

import data.policies.change.colliding_change
import data.policies.lib.sample_test as sample

# This change occupies 2026-06-11T19:00:00Z to 21:50:00Z.
_other := {
	"id": "CHG-2026-00420", "state": "scheduled", "services": ["component:default/orders-api"],
	"start": "2026-06-11T21:00:00Z", "end": "2026-06-11T23:00:00Z", "regions": ["eu-west-1"],
}

_index(entries) := {
	"given": true, "age_ns": 0, "entries": entries, "sources": [".changegate/index.yaml:9:7" | some _ in entries],
}

_with(patch) := _over(sample.document, [object.union(_other, patch)])

_over(document, entries) := json.patch(document, [
	{"op": "add", "path": "/context/change_indexes", "value": _index(entries)},
])

_agreed(document, here, there) := json.patch(document, [
	{"op": "add", "path": "/change/spec/coordination", "value": here},
	{"op": "add", "path": "/context/change_indexes/entries/0/coordination", "value": there},
])

_denied(document) := found if {
	found := colliding_change.deny with input as document
}

_unknown(document) := found if {
	found := colliding_change.unknown with input as document
}

test_allowed_alone if {
	count(_denied(_over(sample.document, []))) == 0
	count(_unknown(_over(sample.document, []))) == 0
}

test_denied if {
	some finding in _denied(_with({}))
	startswith(finding.msg, "CHG-2026-00420 (scheduled) runs from 2026-06-11T21:00:00Z")
	finding.because == [".changegate/index.yaml:9:7"]
	finding.evidence[1].expected == "this change from 2026-06-11T23:00:00Z on"
	not finding.enforcement
}

test_half_open if {
	count(_denied(_with({"start": "2026-06-11T21:50:00Z"}))) == 0
	count(_denied(_with({"start": "2026-06-11T21:49:59Z"}))) == 1
	count(_denied(_with({"start": "2026-06-11T17:00:00Z", "end": "2026-06-11T19:00:00Z"}))) == 0
	count(_denied(_with({"start": "2026-06-11T17:00:00Z", "end": "2026-06-11T19:00:01Z"}))) == 1
}

test_instants_as_in_a_request if {
	schedule := {"start": "2026-06-11T21:00:00Z", "end": "2026-06-11T23:00:00Z"}
	other := object.union(object.remove(_other, ["start", "end"]), {"schedule": schedule})
	count(_denied(_over(sample.document, [other]))) == 1
	count(_unknown(_over(sample.document, [other]))) == 0
	late := json.patch(other, [{"op": "replace", "path": "/schedule/start", "value": "2026-06-11T21:50:00Z"}])
	count(_denied(_over(sample.document, [late]))) == 0
}

test_itself_is_no_collision if count(_denied(_with({"id": "CHG-2026-00417"}))) == 0

test_only_what_is_coming if {
	every state in ["scheduled", "implement", "in-progress", -1] {
		count(_denied(_with({"state": state}))) == 1
	}
	every state in ["new", "assess", "authorize", "closed", "review", "canceled", null] {
		count(_denied(_with({"state": state}))) == 0
	}
}

test_other_services_do_not_collide if count(_denied(_with({"services": ["payments-api"]}))) == 0

test_neighbours_collide if {
	document := json.patch(_with({"services": ["resource:default/orders-db"]}), [
		{"op": "add", "path": "/context/services/entries/0/depends_on", "value": ["orders-db"]},
	])
	some finding in _denied(document)
	contains(finding.msg, "on orders-db, which is next to it")
	caller := json.patch(_with({"services": ["orders-db"]}), [
		{"op": "add", "path": "/context/services/entries/1/depends_on", "value": ["component:default/orders-api"]},
	])
	count(_denied(caller)) == 1
}

test_primary_and_standby_collide if {
	document := json.patch(_with({"services": ["orders-api-dr"]}), [
		{"op": "add", "path": "/context/services/entries/0/dr_pair", "value": "component:default/orders-api-dr"},
	])
	some finding in _denied(document)
	contains(finding.msg, "the standby of this one")
}

test_two_regions_of_one_service_collide if {
	some finding in _denied(_with({"regions": ["us-east-1"]}))
	contains(finding.msg, "in another region (us-east-1)")
}

test_both_sides_agree if {
	here := [{"change": "CHG-2026-00420", "relation": "before", "agreedBy": "dave@acme.example"}]
	there := [{"change": "CHG-2026-00417", "relation": "after"}]
	count(_denied(_agreed(_with({}), here, there))) == 0
	some one in _denied(_agreed(_with({}), here, []))
	endswith(one.msg, "it does not name this change in its coordination")
	some other in _denied(_agreed(_with({}), [], there))
	endswith(other.msg, "this change does not name it in its coordination")
	count(_denied(_agreed(_with({}), [{"change": "CHG-2026-00420", "relation": "maybe"}], there))) == 1
	count(_denied(_agreed(_with({}), [{"change": "CHG-2026-00420"}], there))) == 1
}

test_never_closed_is_given_up_after_a_day if {
	old := {"start": "2026-06-08T07:00:00Z"}
	applied := json.patch(_with(old), [
		{"op": "replace", "path": "/change/window/occupied/start_ns", "value": sample.now},
		{"op": "replace", "path": "/stage", "value": "apply"},
	])
	count(_denied(_ended(applied, "2026-06-08T09:00:00Z"))) == 0
	count(_denied(_ended(applied, "2026-06-08T09:00:01Z"))) == 1
}

_ended(document, at) := json.patch(document, [
	{"op": "replace", "path": "/context/change_indexes/entries/0/end", "value": at},
	{"op": "replace", "path": "/context/change_indexes/entries/0/state", "value": "implementing"},
])

test_no_start_is_unknown if {
	some finding in _unknown(_with({"start": null}))
	contains(finding.msg, "does not say when it starts")
	count(_unknown(_with({"start": null, "services": ["payments-api"]}))) == 0
}

test_light_changes_only_warn if {
	standard := json.patch(_with({}), [
		{"op": "replace", "path": "/change/spec/type", "value": "standard"},
		{"op": "replace", "path": "/risk/level", "value": "low"},
	])
	{finding.enforcement | some finding in _denied(standard)} == {"advisory"}
	{finding.enforcement | some finding in _denied(_with({"readOnly": true}))} == {"advisory"}
}

test_a_required_change_is_closed_first if {
	document := json.patch(_with({"services": ["search"]}), [
		{"op": "add", "path": "/change/spec/dependencies", "value": {"requires": ["CHG-2026-00420", "CHG-1"]}},
	])
	some finding in _denied(document)
	finding.msg == "CHG-2026-00420 has to be closed first, and is scheduled"
	finding.path == ["spec", "dependencies", "requires", 0]
	closed := json.patch(document, [
		{"op": "replace", "path": "/context/change_indexes/entries/0/state", "value": "closed"},
	])
	count(_denied(closed)) == 0
}

test_never_given_is_unknown_and_named if {
	some finding in _unknown(sample.document)
	startswith(finding.msg, "no ChangeIndex was given")
	count(_denied(sample.document)) == 0
}

test_valid_until_it_begins_to_collide if {
	applied := json.patch(_with({}), [{"op": "replace", "path": "/stage", "value": "apply"}])
	found := colliding_change.valid_until with input as applied
	found == {1781211600000000000 - sample.rollback, 1781218800000000000}
	early := colliding_change.valid_until with input as _with({})
	count(early) == 0
}

test_silent_without_a_request_or_window if {
	every path in ["/change", "/change/window"] {
		document := json.patch(_with({}), [{"op": "replace", "path": path, "value": null}])
		count(_denied(document)) == 0
		count(_unknown(document)) == 0
	}
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in object.keys(_other) {
			count(_denied(_over(sample.document, [object.union(object.remove(_other, [key]), {key: value})]))) >= 0
		}
		count(_denied(json.patch(_with({}), [{"op": "add", "path": "/change/spec/coordination", "value": value}]))) == 1
		count(_denied(json.patch(_with({}), [{"op": "add", "path": "/change/spec/dependencies", "value": value}]))) == 1
	}
}

package policies.change.active_incident_test

import data.policies.change.active_incident
import data.policies.lib.sample_test as sample

_incident := {
	"id": "INC-118", "severity": "SEV2", "status": "investigating", "services": ["component:default/orders-api"],
	"startedAt": "2026-06-09T08:20:00Z", "roles": {"commander": "ivan@acme.example"},
}

_log(entries, age_ns) := {
	"given": true, "as_of": "2026-06-09T08:58:00Z", "age_ns": age_ns, "stale": false, "max_age_ns": null,
	"source": ".changegate/incidents.yaml:1:1", "entries": entries,
	"sources": [".changegate/incidents.yaml:9:7" | some _ in entries],
}

_with(document, entries) := json.patch(document, [
	{"op": "add", "path": "/context/incidents", "value": _log(entries, 120000000000)},
	{"op": "add", "path": "/context/slo", "value": _log([], 0)},
])

_applied := json.patch(sample.document, [{"op": "replace", "path": "/stage", "value": "apply"}])

_denied(document) := found if {
	found := active_incident.deny with input as document
}

_unknown(document) := found if {
	found := active_incident.unknown with input as document
}

_changed(path, value) := json.patch(_incident, [{"op": "add", "path": path, "value": value}])

_minutes_ago(minutes) := time.format(sample.now - (minutes * sample.minute))

test_denied_at_apply if {
	some finding in _denied(_with(_applied, [_incident]))
	finding.msg == "INC-118 is open (SEV2, investigating) on orders-api"
	finding.because == [".changegate/incidents.yaml:9:7"]
	contains(finding.evidence[0].observed, "commander ivan@acme.example")
	not finding.enforcement
}

test_a_warning_on_a_pull_request if {
	{finding.enforcement | some finding in _denied(_with(sample.document, [_incident]))} == {"advisory"}
}

test_allowed_without_incidents if {
	count(_denied(_with(_applied, []))) == 0
	count(_unknown(_with(_applied, []))) == 0
}

test_resolved_is_over if {
	every status in ["resolved", "closed", "Resolved"] {
		count(_denied(_with(_applied, [_changed("/status", status)]))) == 0
	}
}

test_no_status_is_open if count(_denied(_with(_applied, [object.remove(_incident, ["status"])]))) == 1

test_smaller_incidents_do_not_stop if {
	every severity in ["SEV3", "SEV5", "sev4", 3, "P3"] {
		count(_denied(_with(_applied, [_changed("/severity", severity)]))) == 0
	}
	every severity in ["SEV1", "sev2", 1, "P2"] {
		count(_denied(_with(_applied, [_changed("/severity", severity)]))) == 1
	}
}

test_no_severity_is_unknown if {
	document := _with(_applied, [object.remove(_incident, ["severity"])])
	count(_denied(document)) == 0
	some finding in _unknown(document)
	contains(finding.msg, "INC-118 is open on orders-api and has no severity")
}

test_other_services_do_not_matter if {
	count(_denied(_with(_applied, [_changed("/services", ["payments-api"])]))) == 0
}

test_a_direct_dependency_matters if {
	document := json.patch(_with(_applied, [_changed("/services", ["orders-db"])]), [{
		"op": "add", "path": "/context/services/entries/0/depends_on", "value": ["resource:default/orders-db"],
	}])
	some finding in _denied(document)
	contains(finding.msg, "on orders-db, which the change depends on")
}

test_the_platform_matters_to_all if {
	document := json.patch(_with(_applied, [_changed("/services", ["dns"])]), [{
		"op": "add", "path": "/context/services/entries/-", "value": sample.service("dns", 0),
	}])
	count(_denied(document)) == 1
}

test_an_incident_without_services if {
	nowhere := object.remove(_incident, ["services"])
	count(_denied(_with(_applied, [nowhere]))) == 0
	count(_denied(_with(_applied, [object.union(nowhere, {"severity": "SEV1"})]))) == 1
	count(_denied(_with(_applied, [object.union(nowhere, {"team": "group:default/orders"})]))) == 1
	count(_denied(_with(_applied, [object.union(nowhere, {"team": "group:default/web"})]))) == 0
}

test_the_commander_may_lift_the_lock if {
	count(_denied(_with(_applied, [_changed("/changeLock", false)]))) == 0
	count(_denied(_with(_applied, [_changed("/changeLock", true)]))) == 1
}

test_the_emergency_that_mends_it if {
	mending := json.patch(_with(_applied, [_incident]), [
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
		{"op": "replace", "path": "/change/spec/relatedIncidents", "value": ["INC-118"]},
	])
	count(_denied(mending)) == 0
	other := json.patch(mending, [{"op": "replace", "path": "/change/spec/relatedIncidents", "value": ["INC-7"]}])
	count(_denied(other)) == 1
	normal := json.patch(mending, [{"op": "replace", "path": "/change/spec/type", "value": "normal"}])
	count(_denied(normal)) == 1
}

test_monitoring_cools_down if {
	watched := object.union(_incident, {"status": "monitoring"})
	count(_denied(_with(_applied, [object.union(watched, {"mitigatedAt": _minutes_ago(29)})]))) == 1
	count(_denied(_with(_applied, [object.union(watched, {"mitigatedAt": _minutes_ago(30)})]))) == 0
	count(_denied(_with(_applied, [watched]))) == 1
}

test_the_cooldown_is_a_threshold if {
	watched := object.union(_incident, {"status": "monitoring", "mitigatedAt": _minutes_ago(29)})
	document := json.patch(_with(_applied, [watched]), [{
		"op": "add", "path": "/config/thresholds/CHG-006", "value": {"cooldown_minutes": 20},
	}])
	count(_denied(document)) == 0
}

test_a_page_that_burns_the_budget if {
	status := {"service": "orders-api", "slo": "orders-api-availability", "alertState": "page"}
	document := json.patch(_with(_applied, []), [{"op": "replace", "path": "/context/slo/entries", "value": [status]}])
	count(_denied(document)) == 1
	every patch in [
		{"op": "replace", "path": "/context/slo/entries/0/alertState", "value": "ok"},
		{"op": "replace", "path": "/context/slo/entries/0/service", "value": "payments-api"},
	] {
		count(_denied(json.patch(document, [patch]))) == 0
	}
}

test_never_given_is_unknown_and_named if {
	every document in [sample.document, _applied] {
		count(_denied(document)) == 0
		{finding.msg | some finding in _unknown(document)} == {concat("", [
			"no IncidentLog was given: whether an incident is open cannot be judged. ",
			"Commit one under .changegate/",
		])}
	}
}

test_not_to_know_stops_only_what_others_depend_on if {
	relaxed := json.patch(_applied, [
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 3},
		{"op": "replace", "path": "/change/services/0/tier", "value": 3},
	])
	{finding.enforcement | some finding in _unknown(relaxed)} == {"soft"}
}

test_as_old_as_allowed_is_fresh if {
	count(_unknown(_aged(10 * sample.minute))) == 0
	count(_unknown(_aged((10 * sample.minute) + 1))) == 1
	count(_unknown(_aged(null))) == 1
	count(_unknown(_aged(0 - (6 * sample.minute)))) == 1
}

_aged(age_ns) := json.patch(_with(_applied, []), [{
	"op": "replace", "path": "/context/incidents/age_ns", "value": age_ns,
}])

test_the_configuration_may_allow_more if {
	document := json.patch(_with(_applied, []), [
		{"op": "replace", "path": "/context/incidents/age_ns", "value": 12 * sample.minute},
		{"op": "replace", "path": "/context/incidents/max_age_ns", "value": 15 * sample.minute},
	])
	count(_unknown(document)) == 0
}

test_age_does_not_count_before_apply_or_for_tier_two if {
	old := json.patch(_with(sample.document, []), [{
		"op": "replace", "path": "/context/incidents/age_ns", "value": sample.day,
	}])
	count(_unknown(old)) == 0
	relaxed := json.patch(old, [
		{"op": "replace", "path": "/stage", "value": "apply"},
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 2},
	])
	count(_unknown(relaxed)) == 0
}

test_valid_until if {
	document := _with(_applied, [])
	found := active_incident.valid_until with input as document
	found == {sample.now + (8 * sample.minute)}
	watched := object.union(_incident, {"status": "monitoring", "mitigatedAt": _minutes_ago(10)})
	later := active_incident.valid_until with input as _with(_applied, [watched])
	later == {sample.now + (8 * sample.minute), sample.now + (20 * sample.minute)}
	early := active_incident.valid_until with input as _with(sample.document, [])
	count(early) == 0
}

test_silent_without_a_request_or_production if {
	every patch in [
		{"op": "replace", "path": "/change", "value": null},
		{"op": "replace", "path": "/change/spec/scope/environments", "value": ["staging"]},
	] {
		document := json.patch(_with(_applied, [_incident]), [
			patch,
			{"op": "replace", "path": "/changed", "value": []},
		])
		count(_denied(document)) == 0
		count(_unknown(document)) == 0
	}
}

test_judged_without_a_base if {
	document := json.patch(sample.present, [{"op": "replace", "path": "/stage", "value": "apply"}])
	count(_denied(_with(document, [_incident]))) == 1
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in ["services", "severity", "status", "roles", "mitigatedAt", "id", "changeLock"] {
			document := _with(_applied, [object.union(object.remove(_incident, [key]), {key: value})])
			count(_denied(document)) + count(_unknown(document)) >= 0
		}
	}
	count(_denied(_with(_applied, [7, "x", null]))) == 0
}

package policies.precheck.unstaged_artifact_test

import data.policies.lib.sample_test as sample
import data.policies.precheck.unstaged_artifact

_digest := "sha256:22724e1f020f0464faeea30eb742856012b6a1d39e837085c730a709a9956172"

_other := "sha256:6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d"

_staging := {
	"environment": "staging", "deployId": "dep-7781", "artifactDigest": _digest, "soak": "PT48H", "result": "pass",
	"evidence": "https://ci.acme.example/runs/987",
}

_record := {
	"id": "dep-7781", "service": "orders-api", "environment": "staging", "artifactDigest": _digest,
	"finishedAt": "2026-06-06T09:00:00Z", "result": "success",
}

_document := json.patch(sample.document, [
	{"op": "replace", "path": "/change/spec/preChecks/staging", "value": _staging},
	{"op": "replace", "path": "/change/spec/artifacts/images", "value": [{"name": "ghcr.io/acme/orders-api", "digest": _digest}]},
	{"op": "replace", "path": "/changed/0/attrs/spec/template", "value": _pods(sprintf("ghcr.io/acme/orders-api@%s", [_digest]))},
	{"op": "add", "path": "/context/deploys", "value": {"given": true, "entries": [_record], "sources": []}},
])

_pods(image) := {"spec": {"containers": [{"name": "api", "image": image}]}}

_put(path, value) := json.patch(_document, [{"op": "add", "path": path, "value": value}])

_recorded(entries) := _put("/context/deploys/entries", entries)

_finished(at) := _recorded([object.union(_record, {"finishedAt": at})])

_applied(document) := json.patch(document, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "replace", "path": "/now_ns", "value": sample.start},
])

_denied(document) := found if {
	found := unstaged_artifact.deny with input as document
}

_unknown(document) := found if {
	found := unstaged_artifact.unknown with input as document
}

_messages(document) := {finding.msg | some finding in _denied(document)}

test_allowed if {
	every document in [_document, _applied(_document)] {
		_messages(document) == set()
		count(_unknown(document)) == 0
	}
}

test_no_staging if {
	document := json.patch(_document, [{"op": "remove", "path": "/change/spec/preChecks/staging"}])
	_messages(document) == {"the request does not say where the artifact ran before (preChecks.staging)"}
}

test_no_record_may_still_come_on_a_pull_request if {
	document := _recorded([])
	some finding in _denied(document)
	finding.pending == true
	finding.evidence[0].pointer == _digest
	{applied.pending | some applied in _denied(_applied(document))} == {false}
}

test_records_that_do_not_count if {
	every patch in [
		{"environment": "prod"}, {"result": "failed"}, {"result": "aborted-canary"}, {"artifactDigest": _other},
		{"finishedAt": null}, {"artifactDigest": "sha256:22"},
	] {
		count(_denied(_applied(_recorded([object.union(_record, patch)])))) == 1
	}
}

test_any_environment_but_production_counts if {
	_messages(_recorded([object.union(_record, {"environment": "pre-prod"})])) == set()
}

test_a_tag_is_no_proof if {
	document := json.patch(_document, [
		{"op": "replace", "path": "/changed/0/attrs/spec/template", "value": _pods("ghcr.io/acme/orders-api:4.2.0")},
		{"op": "replace", "path": "/change/spec/artifacts/images", "value": []},
	])
	{finding.resource | some finding in _unknown(document)} == {"argoproj.io/Rollout/orders/orders-api"}
	named := json.patch(document, [{
		"op": "replace", "path": "/change/spec/artifacts/images",
		"value": [{"name": "ghcr.io/acme/orders-api", "digest": _digest}],
	}])
	count(_unknown(named)) == 0
}

test_staging_ran_something_else if {
	document := _put("/change/spec/preChecks/staging/artifactDigest", _other)
	_messages(document) == {"staging ran another artifact than the one that ships"}
	{finding.pending | some finding in _denied(document)} == {false}
}

test_the_workload_ships_what_was_not_staged if {
	document := _put("/changed/0/attrs/spec/template", _pods(sprintf("ghcr.io/acme/orders-api@%s", [_other])))
	{finding.evidence[0].pointer | some finding in _denied(document)} == {_other}
}

test_an_image_that_stays_is_not_asked_for if {
	pods := _pods(sprintf("ghcr.io/acme/orders-api@%s", [_other]))
	document := json.patch(_document, [
		{"op": "replace", "path": "/changed/0/attrs/spec/template", "value": pods},
		{"op": "replace", "path": "/changed/0/before/spec/template", "value": pods},
	])
	_messages(document) == set()
}

test_tests_failed if {
	_messages(_put("/change/spec/preChecks/staging/result", "fail")) == {"the result of staging is fail"}
}

test_evidence_may_still_come if {
	document := json.patch(_document, [{"op": "remove", "path": "/change/spec/preChecks/staging/evidence"}])
	{finding.pending | some finding in _denied(document)} == {true}
	{finding.pending | some finding in _denied(_applied(document))} == {false}
}

test_over_at_fourteen_days if {
	_messages(_finished("2026-05-26T09:00:01Z")) == set()
	some message in _messages(_finished("2026-05-26T09:00:00Z"))
	endswith(message, "ran in staging, and not in the last 14 days")
}

test_the_age_is_a_threshold if {
	document := json.patch(_finished("2026-05-16T09:00:00Z"), [{
		"op": "add", "path": "/config/thresholds/PRE-003", "value": {"max_age_days": 30},
	}])
	_messages(document) == set()
}

test_soak_by_tier if {
	day_before := "2026-06-10T19:00:00Z"
	_messages(_finished(day_before)) == set()
	late := _finished("2026-06-10T19:00:01Z")
	some message in _messages(late)
	contains(message, "soaked 1439 min in staging until the change, 1440 are needed")
	relaxed := json.patch(_finished("2026-06-11T18:00:00Z"), [
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 2},
	])
	_messages(relaxed) == set()
	count(_messages(json.patch(relaxed, [
		{"op": "replace", "path": "/context/deploys/entries/0/finishedAt", "value": "2026-06-11T18:00:01Z"},
	]))) == 1
}

test_another_artifact_ends_the_soak if {
	next := object.union(_record, {"id": "dep-7782", "artifactDigest": _other, "finishedAt": "2026-06-06T12:00:00Z"})
	count(_messages(_recorded([_record, next]))) == 1
	_messages(_recorded([_record, object.union(next, {"service": "payments-api"})])) == set()
	_messages(_recorded([_record, object.union(next, {"finishedAt": "2026-06-07T09:00:00Z"})])) == set()
}

test_nothing_comes_from_the_future_at_apply if {
	_messages(_applied(_finished("2026-06-11T19:00:01Z"))) != set()
}

test_a_planned_soak_that_is_too_short if {
	_messages(_put("/change/spec/preChecks/staging/soak", "PT2H")) == {"the request itself plans a soak of PT2H only"}
}

test_infrastructure_by_the_deployment_that_is_named if {
	document := json.patch(_document, [
		{"op": "replace", "path": "/change/spec/artifacts/images", "value": []},
		{"op": "replace", "path": "/changed", "value": [sample.database]},
	])
	_messages(document) == set()
	by_id := json.patch(document, [{"op": "remove", "path": "/change/spec/preChecks/staging/artifactDigest"}])
	_messages(by_id) == set()
	count(_messages(json.patch(by_id, [
		{"op": "replace", "path": "/change/spec/preChecks/staging/deployId", "value": "dep-1"},
	]))) == 1
}

test_what_exists_in_production_only_is_attested if {
	attestation := {"statement": "staging-not-applicable", "by": "dave@acme.example", "evidence": "https://wiki.acme.example/dns"}
	document := json.patch(_recorded([]), [{"op": "add", "path": "/change/spec/attestations", "value": [attestation]}])
	_messages(document) == set()
	count(_messages(json.patch(document, [{"op": "remove", "path": "/change/spec/attestations/0/evidence"}]))) == 1
}

test_never_given_is_unknown_and_named if {
	document := json.patch(_document, [{"op": "replace", "path": "/context/deploys", "value": {"given": false, "entries": []}}])
	_messages(document) == set()
	some finding in _unknown(document)
	startswith(finding.msg, "no DeployHistory was given")
}

test_tier_three_templates_and_emergencies_are_not_judged if {
	every patch in [
		{"op": "replace", "path": "/context/services/entries/0/tier", "value": 3},
		{"op": "replace", "path": "/change/spec/type", "value": "standard"},
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
		{"op": "replace", "path": "/change", "value": null},
	] {
		document := json.patch(_recorded([]), [patch])
		_messages(document) == set()
		count(_unknown(document)) == 0
	}
}

test_valid_until if {
	found := unstaged_artifact.valid_until with input as _document
	found == {1780736400000000000 + (14 * sample.day)}
	soaking := unstaged_artifact.valid_until with input as _applied(_finished("2026-06-11T09:00:00Z"))
	soaking == {1781168400000000000 + (14 * sample.day), 1781168400000000000 + sample.day}
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [1], {"a": 1}] {
		every key in object.keys(_staging) {
			count(_denied(_put(concat("/", ["/change/spec/preChecks/staging", key]), value))) >= 0
		}
		every key in object.keys(_record) {
			count(_denied(_recorded([object.union(object.remove(_record, [key]), {key: value})]))) >= 0
		}
		count(_denied(_put("/change/spec/artifacts/images", value))) >= 0
		count(_denied(_put("/change/spec/preChecks/staging", value))) >= 0
	}
}

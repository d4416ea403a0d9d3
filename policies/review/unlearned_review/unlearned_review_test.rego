package policies.review.unlearned_review_test

import data.policies.lib.sample_test as sample
import data.policies.review.unlearned_review

_whole := {
	"change": "CHG-1", "outcome": "successful", "actual": {"start": "2026-06-01T09:00:00Z", "end": "2026-06-01T10:00:00Z"},
	"objectivesMet": true, "riskAccuracy": "as predicted", "canaryOutcome": "passed", "rollbackUsed": false,
	"noControlChange": "The ladder was right", "riskProfileUpdate": {"failures": 0},
}

_context(kind, entries) := {
	"given": true, "age_ns": 0, "entries": entries, "sources": [sprintf(".changegate/%s.yaml:9:7", [kind]) | some _ in entries],
}

_deploy := {"id": "dep-1", "change": "CHG-1", "service": "orders-api", "environment": "prod", "result": "success"}

_document(reviews, incidents) := json.patch(sample.document, [
	{"op": "add", "path": "/context/pirs", "value": _context("pirs", reviews)},
	{"op": "add", "path": "/context/deploys", "value": _context("deploys", [_deploy])},
	{"op": "add", "path": "/context/incidents", "value": _context("incidents", incidents)},
])

_with(patch) := _document([object.union(_whole, patch)], [])

_without(keys) := _document([object.remove(_whole, keys)], [])

_denied(document) := found if {
	found := unlearned_review.deny with input as document
}

_unknown(document) := found if {
	found := unlearned_review.unknown with input as document
}

_says(document, words) if {
	some finding in _denied(document)
	contains(finding.msg, words)
}

_caused(change) := {"id": "INC-9", "severity": "SEV2", "causedByChange": change}

test_a_whole_review_is_allowed if {
	count(_denied(_with({}))) == 0
	count(_unknown(_with({}))) == 0
	update := {"policy": "CHG-008", "change": "resources 50 to 30", "pr": "https://forge.example/7"}
	count(_denied(_document([object.union(object.remove(_whole, ["noControlChange"]), {"controlUpdates": [update]})], []))) == 0
}

test_what_is_missing_is_told if {
	some key in ["outcome", "objectivesMet", "riskAccuracy", "canaryOutcome", "rollbackUsed", "riskProfileUpdate"]
	every one in ["outcome", "objectivesMet", "riskAccuracy", "canaryOutcome", "rollbackUsed", "riskProfileUpdate"] {
		_says(_without([one]), one)
	}
	some finding in _denied(_without([key]))
	finding.enforcement == "advisory"
	finding.because == [".changegate/pirs.yaml:9:7"]
}

test_times_are_whole if {
	_says(_with({"actual": {"start": "2026-06-01T09:00:00Z", "end": null}}), "actual.start and end")
	_says(_without(["actual"]), "actual.start and end")
	_says(_with({"actual": "yesterday"}), "actual.start and end")
}

test_a_rollback_says_how_long_it_took if {
	_says(_with({"outcome": "rolled-back", "rollbackUsed": true}), "rollbackDuration")
	count(_denied(_with({"outcome": "rolled-back", "rollbackUsed": true, "rollbackDuration": "PT9M"}))) == 0
}

test_something_follows if {
	_says(_without(["noControlChange"]), "controlUpdates or noControlChange")
	_says(_with({"noControlChange": " "}), "controlUpdates or noControlChange")
	not _says(_with({"controlUpdates": []}), "controlUpdates")
	_says(_with({"controlUpdates": [{"policy": "CHG-008", "change": "30"}]}), "policy, change or pr of a control update")
}

test_unknown_outcomes_are_told if {
	_says(_with({"outcome": "splendid"}), "ends as splendid")
}

test_a_contradiction_stops if {
	document := _document([_whole], [_caused("CHG-1")])
	some finding in _denied(document)
	contains(finding.msg, "says successful, and INC-9 names it")
	not finding.enforcement
	finding.because == [".changegate/pirs.yaml:9:7", ".changegate/incidents.yaml:9:7"]
	count(_denied(_document([_whole], [_caused("CHG-2")]))) == 0
	count(_denied(_document([_whole], [_caused("none")]))) == 0
	count(_denied(_document([object.union(_whole, {"outcome": "failed"})], [_caused("CHG-1")]))) == 0
}

test_an_emergency_is_only_told if {
	document := json.patch(_document([_whole], [_caused("CHG-1")]), [
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
	])
	{finding.enforcement | some finding in _denied(document)} == {"advisory"}
}

test_reviews_of_other_teams_are_theirs if {
	document := json.patch(_without(["outcome"]), [{"op": "replace", "path": "/change/spec/team", "value": "group:default/others"}])
	count(_denied(document)) == 0
}

test_without_incidents_nothing_is_known if {
	document := json.patch(_with({}), [{"op": "add", "path": "/context/incidents", "value": {"given": false, "entries": [], "sources": []}}])
	count(_unknown(document)) == 1
	count(_unknown(sample.document)) == 0
}

test_odd_documents_are_no_reviews if {
	count(_denied(_document([17, null, {"change": 5}], []))) == 0
}

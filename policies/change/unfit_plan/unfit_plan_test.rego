package policies.change.unfit_plan_test

import data.policies.change.unfit_plan
import data.policies.lib.sample_test as sample

# Made half an hour before it is judged.
_plan := {
	"path": "plan.json", "sha256": "sha256:aa11", "format_version": "1.2", "terraform_version": "1.11.4",
	"created_at": "2026-06-09T08:30:00Z", "created_at_ns": sample.now - (30 * sample.minute),
	"complete": true, "errored": false, "drift": [], "deferred": [],
}

_document(plans) := object.union(sample.about(sample.database), {"plans": plans})

_with(changes) := _document([object.union(_plan, changes)])

_apply(document) := object.union(document, {"stage": "apply"})

_approved(document, digest) := json.patch(document, [{
	"op": "add", "path": "/change/spec/artifacts/planDigest", "value": digest,
}])

_deny(document) := found if {
	found := unfit_plan.deny with input as document
}

_unknown(document) := found if {
	found := unfit_plan.unknown with input as document
}

_until(document) := found if {
	found := unfit_plan.valid_until with input as document
}

_messages(document) := {finding.msg | some finding in _deny(document)}

test_allowed if {
	_deny(_document([_plan])) == set()
	_deny(_apply(_document([_plan]))) == set()
}

test_nothing_to_say_without_a_plan if {
	every document in [sample.document, sample.present, _document([])] {
		_deny(_apply(document)) == set()
		_unknown(_apply(document)) == set()
	}
}

test_present_mode_judges_a_plan_too if {
	document := object.union(sample.present, {"plans": [object.union(_plan, {"errored": true})]})
	count(_deny(document)) == 1
}

test_unknown_formats if {
	every format in ["2.0", "0.2", "", null, "1.x"] {
		count(_deny(_with({"format_version": format}))) == 1
	}
	_deny(_with({"format_version": "1.9"})) == set()
	count(_deny(_document([object.remove(_plan, ["format_version"])]))) == 1
}

test_errored if {
	some finding in _deny(_with({"errored": true}))
	finding.msg == "plan.json ended in errors: it is not the whole change"
	finding.at == "file"
	finding.file == "plan.json"
}

test_not_complete if {
	_messages(_with({"complete": false})) == {
		"plan.json is not complete (-target, or deferred changes): another plan has to follow",
	}
	_deny(_with({"complete": null})) == set()
}

test_deferred if {
	some finding in _deny(_with({"deferred": [{"address": "aws_db_instance.b", "reason": "deferred_prereq"}]}))
	finding.msg == "plan.json defers changes: what they do is not known"
	finding.evidence[0].observed == "aws_db_instance.b"
}

test_the_approved_plan if {
	_deny(_approved(_document([_plan]), "sha256:aa11")) == set()
	_deny(_approved(_document([_plan]), "sha256:AA11")) == set()
	some finding in _deny(_approved(_document([_plan]), "sha256:bb22"))
	finding.path == ["spec", "artifacts", "planDigest"]
	finding.at == "change"
}

test_each_plan_is_the_approved_one if {
	count(_deny(_approved(_document([_plan, object.union(_plan, {"sha256": "sha256:cc"})]), "sha256:aa11"))) == 1
}

test_the_approved_plan_is_not_there if {
	document := _approved(_document([]), "sha256:aa11")
	count(_unknown(_apply(document))) == 1
	_unknown(document) == set()
}

_aged(minutes) := _apply(_with({"created_at_ns": sample.now - (minutes * sample.minute)}))

test_less_than_an_hour_old_at_apply if _deny(_aged(59)) == set()

test_an_hour_old_at_apply if {
	document := _apply(_with({"created_at_ns": sample.now - (60 * sample.minute)}))
	_messages(document) == {
		"plan.json was made at 2026-06-09T08:30:00Z, 60 minutes or more before 2026-06-09T09:00:00Z",
	}
}

test_age_does_not_count_on_a_pull_request if _deny(object.union(_aged(600), {"stage": "pull-request"})) == set()

test_the_threshold_replaces_the_hour if {
	document := json.patch(_aged(60), [{
		"op": "add", "path": "/config/thresholds/CHG-011", "value": {"max_age_minutes": 30},
	}])
	count(_deny(document)) == 1
}

test_from_the_future if {
	_deny(_aged(-5)) == set()
	count(_deny(_aged(-6))) == 1
}

test_valid_until_the_hour_is_over if {
	_until(_aged(30)) == {sample.now + (30 * sample.minute)}
	_until(_aged(61)) == set()
	_until(_document([_plan])) == set()
}

test_unknown_age if {
	every changes in [{"created_at": null, "created_at_ns": null}] {
		_deny(_apply(_with(changes))) == set()
		count(_unknown(_apply(_with(changes)))) == 1
		_unknown(_with(changes)) == set()
	}
	count(_unknown(_apply(_document([object.remove(_plan, ["created_at", "created_at_ns"])])))) == 1
}

_drift(tier) := _with({"drift": [{
	"address": "aws_db_instance.orders", "type": "aws_db_instance", "action": "update", "stateful": true, "tier": tier,
}]})

_drifted := _drift(2)

test_drift_is_shown if {
	some finding in _deny(_drifted)
	finding.enforcement == "advisory"
	finding.resource == "aws_db_instance.orders"
}

test_drift_of_critical_data_is_denied if {
	some finding in _deny(_drift(1))
	not finding.enforcement
}

test_drift_that_is_acknowledged if {
	document := json.patch(_drifted, [{
		"op": "add", "path": "/change/spec/driftAcknowledged", "value": ["aws_db_instance.orders"],
	}])
	_deny(document) == set()
}

test_without_a_request if {
	count(_deny(object.union(_drifted, {"change": null}))) == 1
	_deny(object.union(_document([_plan]), {"change": null})) == set()
}

test_odd_values_do_not_stop_it if {
	every value in [null, 7, "x", [], {}, [7], [null], [{}], true] {
		count(_deny(_approved(_document([_plan]), value))) >= 0
		document := json.patch(_drifted, [{"op": "add", "path": "/change/spec/driftAcknowledged", "value": value}])
		count(_deny(document)) == 1
		thresholds := json.patch(_aged(59), [{"op": "add", "path": "/config/thresholds/CHG-011", "value": value}])
		_deny(thresholds) == set()
	}
}

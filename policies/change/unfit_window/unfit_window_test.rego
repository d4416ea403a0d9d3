package policies.change.unfit_window_test

import data.policies.change.unfit_window as policy
import data.policies.lib.sample_test as sample

_booked := json.patch(sample.document, [
	{"op": "add", "path": "/change/spec/schedule/bookings", "value": [{"kind": "on-call", "ref": "pagerduty:P1"}]},
	{"op": "add", "path": "/change/spec/schedule/timezone", "value": "Europe/London"},
])

_window(start_ns, end_ns) := json.patch(_booked, [
	{"op": "replace", "path": "/change/window/start_ns", "value": start_ns},
	{"op": "replace", "path": "/change/window/end_ns", "value": end_ns},
])

_found(document) := found if {
	found := policy.deny with input as document
}

_messages(document) := {finding.msg | some finding in _found(document)}

_blocking(document) := {finding.msg |
	some finding in _found(document)
	object.get(finding, "enforcement", "soft") == "soft"
}

_apply(now_ns) := json.patch(_booked, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "replace", "path": "/now_ns", "value": now_ns},
])

_has(messages, part) if {
	some msg in messages
	contains(msg, part)
}

test_allowed if count(_messages(_booked)) == 0

test_an_end_before_the_start if {
	_has(_messages(_window(sample.start, sample.start)), "not after its start")
	count(_messages(_window(sample.start, sample.start + (sample.hour * 2)))) == 0
}

test_an_emergency_needs_no_end if {
	document := json.patch(_window(sample.start, sample.start), [
		{"op": "replace", "path": "/change/spec/type", "value": "emergency"},
		{"op": "remove", "path": "/change/spec/schedule/end"},
	])
	count(_messages(document)) == 0
}

test_four_hours_at_most if {
	count(_messages(_window(sample.start, sample.start + (4 * sample.hour)))) == 0
	_has(_messages(_window(sample.start, (sample.start + (4 * sample.hour)) + 60000000000)), "at most are 240")
	wider := json.patch(_window(sample.start, sample.start + (6 * sample.hour)), [{
		"op": "add", "path": "/config/thresholds/CHG-005", "value": {"max_window_hours": 8},
	}])
	count(_messages(wider)) == 0
}

test_the_rollout_and_its_rollback_fit if {
	# Ten minutes of pause and twenty for the rollback.
	count(_messages(_window(sample.start, sample.start + (30 * sample.minute)))) == 0
	_has(_messages(_window(sample.start, (sample.start + (30 * sample.minute)) - 1)), "takes 10 and its rollback may take 20")
}

test_lead_time_from_the_first_approval if {
	# The approvals of the sample were given at 18:00 the day before.
	at := sample.approval("dave", "peer").at_ns
	late := at + (24 * sample.hour)
	count(_blocking(_window(late, late + sample.hour))) == 0
	_has(_blocking(_window(late - 1, late + sample.hour)), "lead time is 24 hours")
}

_unapproved(start_ns) := json.patch(_window(start_ns, start_ns + sample.hour), [{
	"op": "replace", "path": "/approvals", "value": [],
}])

test_lead_time_from_now_without_an_approval if {
	count(_blocking(_unapproved(sample.now + (24 * sample.hour)))) == 0
	_has(_blocking(_unapproved((sample.now + (24 * sample.hour)) - 1)), "now, and nobody has approved it yet")
}

test_an_approval_that_does_not_count_gives_no_lead if {
	document := json.patch(_unapproved(sample.now + sample.hour), [{
		"op": "replace", "path": "/approvals", "value": [sample.excluded("dave", "peer", "digest-mismatch")],
	}])
	_has(_blocking(document), "lead time")
}

test_no_lead_time_for_emergencies_overrides_and_tier_2 if {
	short := _unapproved(sample.now + sample.hour)
	every patch in [
		[{"op": "replace", "path": "/change/spec/type", "value": "emergency"}],
		[{"op": "add", "path": "/change/spec/freezeOverride", "value": {}}],
		[
			{"op": "replace", "path": "/changed/0/tier", "value": 2},
			{"op": "replace", "path": "/change/services/0/tier", "value": 2},
		],
	] {
		not _has(_blocking(json.patch(short, patch)), "lead time")
	}
}

test_applied_inside_the_window_only if {
	count(_messages(_apply(sample.start))) == 0
	count(_messages(_apply(sample.end - 1))) == 0
	_has(_messages(_apply(sample.start - 1)), "before the window opens")
	_has(_messages(_apply(sample.end)), "the window ended")
}

test_lead_time_is_not_asked_for_at_apply if {
	document := json.patch(_apply(sample.start), [{"op": "replace", "path": "/approvals", "value": []}])
	count(_messages(document)) == 0
}

test_a_window_that_is_over_on_a_pull_request if {
	over := json.patch(_booked, [{"op": "replace", "path": "/now_ns", "value": sample.end}])
	_has(_blocking(over), "the window ended at")
	count(_blocking(json.patch(over, [{"op": "replace", "path": "/now_ns", "value": sample.end - 1}]))) == 0
}

test_an_old_request_in_the_tree_is_history if {
	document := json.patch(_booked, [
		{"op": "replace", "path": "/mode", "value": "present"},
		{"op": "replace", "path": "/changed", "value": []},
		{"op": "replace", "path": "/now_ns", "value": sample.end + sample.day},
	])
	count(_blocking(document)) == 0
}

test_a_pause_without_an_end_names_a_person if {
	document := json.patch(_booked, [{
		"op": "replace", "path": "/changed/0/attrs/spec/strategy/canary/steps", "value": [{"setWeight": 5}, {"pause": {}}],
	}])
	_has(_blocking(document), "nobody is named")
	named := json.patch(document, [{
		"op": "add", "path": "/change/spec/schedule/manualPromotionBy", "value": "bob@acme.example",
	}])
	count(_blocking(named)) == 0
}

test_offset_and_zone_disagree if {
	document := json.patch(_booked, [{
		"op": "replace", "path": "/change/spec/schedule/start", "value": "2026-06-11T21:00:00+02:00",
	}])
	_has(_blocking(document), "in Europe/London it is 20:00 then")
}

_friday(start_ns) := json.patch(_window(start_ns, start_ns + sample.hour), [
	{"op": "remove", "path": "/change/spec/schedule/end"},
	{"op": "remove", "path": "/change/spec/schedule/start"},
])

test_shown_and_not_blocking if {
	unbooked := json.patch(_booked, [{"op": "remove", "path": "/change/spec/schedule/bookings"}])
	count(_messages(unbooked)) == 1
	count(_blocking(unbooked)) == 0
	# 2026-06-12T15:00 in London.
	afternoon := _friday(1781272800000000000)
	_has(_messages(afternoon), "Friday afternoon")
	count(_blocking(afternoon)) == 0
	count(_messages(_friday(1781272799000000000))) == 0
}

test_nothing_is_said_about_staging if {
	document := json.patch(_window(sample.start, sample.start), [
		{"op": "replace", "path": "/change/spec/scope/environments", "value": ["staging"]},
		{"op": "replace", "path": "/changed/0/environment", "value": "staging"},
	])
	count(_messages(document)) == 0
}

test_nothing_without_a_window_or_a_request if {
	every path in ["/change/window", "/change"] {
		count(_blocking(json.patch(_booked, [{"op": "replace", "path": path, "value": null}]))) == 0
	}
}

test_valid_until if {
	at_request := policy.valid_until with input as _unapproved(sample.start)
	at_request == {sample.start + sample.hour, (sample.start - sample.day) + 1}
	at_apply := policy.valid_until with input as _apply(sample.start - sample.hour)
	at_apply == {sample.start, sample.end}
}

# The answer just before the earliest such instant is the answer now.
test_nothing_changes_before_valid_until if {
	every document in [_unapproved(sample.start), _booked, _apply(sample.start), _apply(sample.start - sample.hour)] {
		instants := policy.valid_until with input as document
		next := min({at | some at in instants; at > document.now_ns})
		later := json.patch(document, [{"op": "replace", "path": "/now_ns", "value": next - 1}])
		count(_blocking(later)) == count(_blocking(document))
		then := json.patch(document, [{"op": "replace", "path": "/now_ns", "value": next}])
		count(_blocking(then)) != count(_blocking(document))
	}
}

package policies.change.freeze_window_test

import data.policies.change.freeze_window
import data.policies.lib.sample_test as sample

_occupied_end := sample.end + sample.rollback

_window(kind, from, to) := {
	"calendar": "acme-freezes", "id": "summer-sale", "kind": kind, "name": "summer sale", "start": time.format(from),
	"start_ns": from, "end": time.format(to), "end_ns": to, "matches": true, "exempt": false, "exempt_by": null,
	"owner": "group:default/platform", "reason": "Trading event", "source": ".changegate/freeze.yaml:11:7",
}

_with(document, windows) := json.patch(document, [{"op": "add", "path": "/calendar/windows", "value": windows}])

_closed(windows) := json.patch(_with(sample.document, windows), [{
	"op": "replace", "path": "/calendar/calendars/0/default_state", "value": "closed",
}])

# Ten minutes into the window, at apply: the change may still take until its end, and then roll back.
_applied := json.patch(sample.document, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "replace", "path": "/now", "value": "2026-06-11T19:10:00Z"},
	{"op": "replace", "path": "/now_ns", "value": _apply_ns},
	{"op": "replace", "path": "/change/window/occupied/start_ns", "value": _apply_ns},
])

_apply_ns := sample.start + (10 * sample.minute)

_unplanned := json.patch(_applied, [{"op": "replace", "path": "/change", "value": null}])

test_denied_inside_a_freeze if {
	found := freeze_window.deny with input as _with(sample.document, [_window("deny", sample.start - 1, sample.end)])
	some finding in found
	count(found) == 1
	finding.because == [".changegate/freeze.yaml:11:7"]
	finding.path == ["spec", "schedule"]
	contains(finding.msg, "summer sale")
	contains(finding.msg, "2026-06-11T21:50:00Z")
}

test_remediation_names_the_open_slots if {
	slots := [
		{"start": "2026-06-12T06:00:00Z", "end": "2026-06-12T16:00:00Z"},
		{"start": "2026-06-15T06:00:00Z", "end": "2026-06-19T16:00:00Z"},
	]
	document := json.patch(_with(sample.document, [_window("deny", sample.start, sample.end)]), [{
		"op": "add", "path": "/calendar/next_open", "value": slots,
	}])
	found := freeze_window.deny with input as document
	some finding in found
	contains(finding.remediation, "2026-06-12T06:00:00Z to 2026-06-12T16:00:00Z, 2026-06-15T06:00:00Z to 2026-06-19")
	contains(finding.remediation, "changegate freeze next")
}

test_remediation_says_when_there_is_no_open_slot if {
	document := json.patch(_closed([]), [{"op": "add", "path": "/calendar/next_open", "value": []}])
	found := freeze_window.deny with input as document
	some finding in found
	contains(finding.remediation, "No open slot is long enough")
}

test_denied_when_only_the_rollback_reaches_in if {
	document := _with(sample.document, [_window("deny", _occupied_end - 1, _occupied_end + sample.hour)])
	count(freeze_window.deny) == 1 with input as document
}

test_allowed_when_the_freeze_starts_as_the_rollback_ends if {
	document := _with(sample.document, [_window("deny", _occupied_end, _occupied_end + sample.hour)])
	count(freeze_window.deny) == 0 with input as document
}

test_allowed_when_the_freeze_ends_as_the_change_starts if {
	document := _with(sample.document, [_window("deny", sample.start - sample.hour, sample.start)])
	count(freeze_window.deny) == 0 with input as document
}

test_denied_when_the_freeze_ends_a_second_late if {
	document := _with(sample.document, [_window("deny", sample.start - sample.hour, sample.start + 1000000000)])
	count(freeze_window.deny) == 1 with input as document
}

test_allowed_when_the_scope_does_not_match if {
	window := object.union(_window("deny", sample.start, sample.end), {"matches": false})
	count(freeze_window.deny) == 0 with input as _with(sample.document, [window])
}

test_self_declared_exemption_is_shown_and_does_not_block if {
	window := object.union(_window("deny", sample.start, sample.end), {
		"exempt": true, "exempt_by": "changeClass security-fix (self-declared)",
	})
	found := freeze_window.deny with input as _with(sample.document, [window])
	{finding.enforcement | some finding in found} == {"advisory"}
}

test_other_exemption_is_silent if {
	window := object.union(_window("deny", sample.start, sample.end), {
		"exempt": true, "exempt_by": "changeClass security-fix with advisoryRef",
	})
	count(freeze_window.deny) == 0 with input as _with(sample.document, [window])
}

test_an_override_alone_changes_nothing_here if {
	document := json.patch(_with(sample.document, [_window("deny", sample.start, sample.end)]), [{
		"op": "add", "path": "/change/spec/freezeOverride", "value": {"freezeRef": "summer-sale"},
	}])
	count(freeze_window.deny) == 1 with input as document
}

test_closed_calendar_denies_without_a_slot if {
	found := freeze_window.deny with input as _closed([])
	{finding.because | some finding in found} == {[".changegate/freeze.yaml:9:17"]}
}

test_closed_calendar_allows_inside_a_slot if {
	count(freeze_window.deny) == 0 with input as _closed([_window("allow", sample.start, _occupied_end)])
}

test_closed_calendar_wants_the_rollback_inside_too if {
	found := freeze_window.deny with input as _closed([_window("allow", sample.start, _occupied_end - 1)])
	{finding.because | some finding in found} == {[".changegate/freeze.yaml:9:17", ".changegate/freeze.yaml:11:7"]}
}

test_slot_of_another_calendar_does_not_open if {
	window := object.union(_window("allow", sample.start, _occupied_end), {"calendar": "other"})
	count(freeze_window.deny) == 1 with input as _closed([window])
}

test_slot_out_of_scope_does_not_open if {
	window := object.union(_window("allow", sample.start, _occupied_end), {"matches": false})
	count(freeze_window.deny) == 1 with input as _closed([window])
}

test_deny_beats_allow if {
	document := _closed([
		_window("allow", sample.start, _occupied_end),
		_window("deny", sample.start, sample.start + 1),
	])
	count(freeze_window.deny) == 1 with input as document
}

test_open_calendar_needs_no_slot if count(freeze_window.deny) == 0 with input as sample.document

test_unknown_without_a_calendar if {
	document := json.patch(sample.document, [{
		"op": "replace", "path": "/calendar", "value": {"given": false, "calendars": [], "windows": []},
	}])
	count(freeze_window.deny) == 0 with input as document
	found := freeze_window.unknown with input as document
	some text in found
	contains(text, "FreezeCalendar")
}

test_unknown_without_a_schedule if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change/window", "value": null}])
	found := freeze_window.unknown with input as document
	some finding in found
	contains(finding.msg, "schedule.start")
}

test_silent_without_a_request if {
	document := json.patch(sample.document, [{"op": "replace", "path": "/change", "value": null}])
	count(freeze_window.deny) == 0 with input as document
	count(freeze_window.unknown) == 0 with input as document
}

test_a_request_is_judged_without_a_base if {
	document := _with(sample.present, [_window("deny", sample.start, sample.end)])
	count(freeze_window.deny) == 1 with input as document
}

test_present_without_a_request_is_silent if {
	document := json.patch(sample.present, [
		{"op": "replace", "path": "/change", "value": null},
		{"op": "replace", "path": "/stage", "value": "apply"},
		{"op": "replace", "path": "/calendar/windows", "value": [_window("deny", sample.now - 1, sample.end)]},
	])
	count(freeze_window.deny) == 0 with input as document
}

test_apply_without_a_request_is_judged_now if {
	count(freeze_window.deny) == 1 with input as _with(_unplanned, [_window("deny", _apply_ns, _apply_ns + 1)])
}

test_apply_without_a_request_as_the_freeze_ends if {
	document := _with(_unplanned, [_window("deny", _apply_ns - sample.hour, _apply_ns)])
	count(freeze_window.deny) == 0 with input as document
}

test_apply_without_a_request_as_the_freeze_begins_next if {
	document := _with(_unplanned, [_window("deny", _apply_ns + 1, _apply_ns + sample.hour)])
	count(freeze_window.deny) == 0 with input as document
	freeze_window.valid_until == {_apply_ns + 1, _apply_ns + sample.hour} with input as document
}

test_valid_until_at_apply_leaves_room_for_the_rollback if {
	document := _with(_applied, [_window("deny", _occupied_end + sample.hour, _occupied_end + sample.day)])
	count(freeze_window.deny) == 0 with input as document
	freeze_window.valid_until == {sample.end + sample.hour, _occupied_end + sample.day} with input as document
}

test_valid_until_of_the_freeze_that_denies_is_its_end if {
	document := _with(_applied, [_window("deny", _apply_ns - sample.hour, _apply_ns + 1)])
	freeze_window.valid_until == {_apply_ns + 1} with input as document
}

test_valid_until_ignores_windows_that_do_not_match if {
	window := object.union(_window("deny", _occupied_end, _occupied_end + 1), {"matches": false})
	freeze_window.valid_until == set() with input as _with(_applied, [window])
}

test_no_valid_until_on_a_pull_request if {
	document := _with(sample.document, [_window("deny", sample.start, sample.end)])
	freeze_window.valid_until == set() with input as document
}

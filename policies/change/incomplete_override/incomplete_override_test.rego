package policies.change.incomplete_override_test

import data.policies.change.incomplete_override
import data.policies.lib.sample_test as sample

_granted := sample.start - (2 * sample.hour)

_expires := _granted + (8 * sample.hour)

_now := sample.start + (10 * sample.minute)

_written := {
	"freezeRef": "summer-sale",
	"requestedBy": "alice@acme.example",
	"category": "security-fix",
	"justification": "CVE-2026-31337 is exploited in the wild; the fix cannot wait for the end of the sale.",
	"incidentRef": null,
	"approvals": [],
	"grantedAt": "2026-06-11T17:00:00Z",
	"expiresAt": "2026-06-12T01:00:00Z",
	"boundDigest": "sha256:aa",
}

_agrees(person, role, team) := object.union(sample.approval(person, role), {
	"role": role, "team": team, "audit_key": person, "at": "2026-06-11T17:00:00Z", "at_ns": _granted,
})

_ivan := _agrees("ivan", "incident-commander", "group:default/sre")

_grace := _agrees("grace", "change-manager", "group:default/platform")

_verified := {
	"id": "CHG-2026-00417-override-1", "requested_by": "alice@acme.example", "teams": ["group:default/orders"],
	"granted_at_ns": _granted, "expires_at_ns": _expires, "approvals": [_ivan, _grace], "trail_read": true,
	"used": [], "earlier": [], "source": "changes/CHG-2026-00417.yaml:144:5",
}

_window := {
	"calendar": "acme-freezes", "id": "summer-sale", "kind": "deny", "name": "summer sale",
	"start": "2026-06-10T23:00:00Z", "start_ns": sample.start - (20 * sample.hour), "end": "2026-06-12T05:00:00Z",
	"end_ns": sample.start + (10 * sample.hour), "matches": true, "exempt": false, "exempt_by": null,
	"owner": null, "reason": null, "source": ".changegate/freeze.yaml:11:7",
}

# Ten minutes into the window, inside the freeze, with a complete override.
_applied := json.patch(sample.document, [
	{"op": "replace", "path": "/stage", "value": "apply"},
	{"op": "replace", "path": "/now", "value": "2026-06-11T19:10:00Z"},
	{"op": "replace", "path": "/now_ns", "value": _now},
	{"op": "replace", "path": "/change/window/occupied/start_ns", "value": _now},
	{"op": "add", "path": "/change/spec/freezeOverride", "value": _written},
	{"op": "add", "path": "/override", "value": _verified},
	{"op": "replace", "path": "/calendar/windows", "value": [_window]},
	{"op": "add", "path": "/context/incidents", "value": {"given": true, "stale": false, "entries": [
		{"id": "INC-1", "status": "identified"},
		{"id": "INC-2", "status": "resolved", "mitigatedAt": "2026-06-10T19:10:01Z"},
		{"id": "INC-3", "status": "resolved", "mitigatedAt": "2026-06-10T19:10:00Z"},
	]}},
	{"op": "add", "path": "/context/deploys", "value": {"given": true, "entries": []}},
	{"op": "add", "path": "/context/pirs", "value": {"given": false, "entries": []}},
])

_proposed := json.patch(_applied, [
	{"op": "replace", "path": "/stage", "value": "pull-request"},
	{"op": "replace", "path": "/now", "value": "2026-06-11T17:30:00Z"},
	{"op": "replace", "path": "/now_ns", "value": _granted + (30 * sample.minute)},
])

_replaced(document, path, value) := json.patch(document, [{"op": "add", "path": path, "value": value}])

_with(path, value) := _replaced(_applied, path, value)

# The one finding names this, and nothing is lifted.
_refused(document, words) if {
	found := incomplete_override.deny with input as document
	count(found) == 1
	some finding in found
	contains(finding.msg, words)
	contains(finding.remediation, "freezeOverride:")
	count(incomplete_override.lifts) == 0 with input as document
}

_lifted(document) if {
	count(incomplete_override.deny) == 0 with input as document
	count(incomplete_override.unknown) == 0 with input as document
	incomplete_override.lifts == {"summer-sale"} with input as document
}

test_complete_override_lifts_the_freeze_that_it_names if _lifted(_applied)

test_freeze_that_its_owner_keeps_is_not_lifted if {
	_refused(_with("/calendar/windows/0/overridable", false), "`override: none`")
}

test_freeze_that_says_it_may_be_overridden_is_lifted if _lifted(_with("/calendar/windows/0/overridable", true))

test_complete_override_on_a_pull_request if _lifted(_proposed)

test_silent_without_an_override if {
	every document in [sample.document, sample.present, _with("/override", null), _with("/change", null)] {
		count(incomplete_override.deny) == 0 with input as document
		count(incomplete_override.unknown) == 0 with input as document
		count(incomplete_override.lifts) == 0 with input as document
	}
}

test_another_freeze_is_not_lifted if {
	_refused(_with("/change/spec/freezeOverride/freezeRef", "other-freeze"), "names no freeze that the change falls into")
	_refused(_with("/change/spec/freezeOverride/freezeRef", null), "names no freeze")
	_refused(_with("/calendar/windows/0/matches", false), "names no freeze")
	_refused(_with("/calendar/windows/0/kind", "allow"), "names no freeze")
}

test_freeze_that_ended_while_the_change_was_under_way if {
	document := json.patch(_applied, [
		{"op": "replace", "path": "/calendar/windows/0/end_ns", "value": sample.start + sample.minute},
	])
	_lifted(document)
	_refused(_replaced(document, "/calendar/windows/0/end_ns", sample.start), "names no freeze")
}

test_closed_calendar_is_named_by_its_name if {
	document := json.patch(_applied, [
		{"op": "replace", "path": "/calendar/windows", "value": []},
		{"op": "replace", "path": "/calendar/calendars/0/default_state", "value": "closed"},
		{"op": "replace", "path": "/change/spec/freezeOverride/freezeRef", "value": "acme-freezes"},
	])
	incomplete_override.lifts == {"acme-freezes"} with input as document
}

test_a_number_names_a_freeze_too if {
	document := json.patch(_applied, [
		{"op": "replace", "path": "/calendar/windows/0/id", "value": "2026"},
		{"op": "replace", "path": "/change/spec/freezeOverride/freezeRef", "value": 2026},
	])
	incomplete_override.lifts == {"2026"} with input as document
}

test_who_category_and_justification_are_said if {
	every field, words in {
		"requestedBy": "nobody asks", "category": "none of the four", "justification": "says too little",
	} {
		every value in [null, "", "TBD"] {
			_refused(_with(sprintf("/change/spec/freezeOverride/%s", [field]), value), words)
		}
		_refused(json.patch(_applied, [{
			"op": "remove", "path": sprintf("/change/spec/freezeOverride/%s", [field]),
		}]), words)
	}
}

test_justification_of_forty_characters if {
	short := "The order parser is exploited in the wi"
	count(short) == 39
	_refused(_with("/change/spec/freezeOverride/justification", short), "says too little")
	_lifted(_with("/change/spec/freezeOverride/justification", concat("", [short, "l"])))
	_refused(_with("/change/spec/freezeOverride/justification", concat("", [short, "   "])), "says too little")
	_refused(_with("/change/spec/freezeOverride/justification", concat("", ["please " |
		some _ in numbers.range(1, 9)
	])), "says too little")
}

_mitigation(incident) := json.patch(_applied, [
	{"op": "replace", "path": "/change/spec/freezeOverride/category", "value": "incident-mitigation"},
	{"op": "replace", "path": "/change/spec/freezeOverride/incidentRef", "value": incident},
])

test_incident_is_open_or_was_mitigated_within_a_day if {
	_lifted(_mitigation("INC-1"))
	_lifted(_mitigation("INC-2"))
	_refused(_mitigation("INC-3"), "its incident is not open")
	_refused(_mitigation("INC-4"), "its incident is not open")
	_refused(_mitigation(null), "its incident is not open")
}

test_incidents_that_are_unknown_leave_the_override_unknown if {
	every patch in [
		{"op": "replace", "path": "/context/incidents/given", "value": false},
		{"op": "replace", "path": "/context/incidents/stale", "value": true},
	] {
		document := json.patch(_mitigation("INC-1"), [patch])
		count(incomplete_override.unknown) == 1 with input as document
		count(incomplete_override.lifts) == 0 with input as document
	}
}

test_one_approver_is_not_enough if {
	_refused(_with("/override/approvals", [_ivan]), "1 of 2 approvers count")
	_refused(_with("/override/approvals", []), "0 of 2 approvers count")
	_refused(_with("/override/approvals", [_ivan, _ivan]), "1 of 2 approvers count")
}

test_an_approver_who_does_not_count_is_named_with_the_reason if {
	every code in ["contributor", "requested-it", "self-asserted", "stale-commit", "no-role", "in-the-future"] {
		voided := object.union(_grace, {"valid": false, "why_not": [code]})
		_refused(_with("/override/approvals", [_ivan, voided]), sprintf("grace@acme.example: %s", [code]))
	}
}

test_two_logins_of_one_human_are_one if {
	again := object.union(_ivan, {"login": "ivan-oss", "role": "change-manager", "roles": ["change-manager"]})
	_refused(_with("/override/approvals", [_ivan, again]), "1 of 2 approvers count")
}

test_a_role_that_is_claimed_and_not_held if {
	_refused(_with("/override/approvals/1/roles", ["peer"]), "grace@acme.example: does not hold change-manager")
}

test_a_role_outside_of_the_matrix_does_not_count if {
	dave := _agrees("dave", "peer", "group:default/platform")
	_refused(_with("/override/approvals", [_ivan, dave]), "1 of 2 approvers count")
	_refused(_with("/override/approvals", [_ivan, object.union(dave, {"role": null})]), "1 of 2 approvers count")
}

test_a_role_need_not_be_claimed if _lifted(_with("/override/approvals/1/role", null))

test_default_roles_without_any_in_the_matrix if {
	_lifted(_with("/matrix/overrideRoles", []))
	_lifted(_with("/matrix", null))
}

test_all_approvers_of_the_asking_team if {
	inside := [object.union(one, {"team": "group:default/orders"}) | some one in [_ivan, _grace]]
	_refused(_with("/override/approvals", inside), "no approver is outside of group:default/orders")
	_lifted(_with("/override/approvals/0/team", "group:default/orders"))
}

test_a_team_that_is_not_known_is_not_another_team if {
	unknown_team := [object.union(one, {"team": null}) | some one in [_ivan, _grace]]
	_refused(_with("/override/approvals", unknown_team), "no approver is outside")
	_refused(_with("/override/teams", []), "no approver is outside")
}

test_it_holds_from_its_grant_until_before_it_expires if {
	_lifted(_with("/now_ns", _expires - 1))
	_refused(_with("/now_ns", _expires), "it has expired")
	_refused(_with("/now_ns", _granted - 1), "it is not granted yet")
}

test_it_lasts_a_day_at_most if {
	_lifted(_with("/override/expires_at_ns", _granted + sample.day))
	_refused(_with("/override/expires_at_ns", (_granted + sample.day) + 1), "longer than 24 hours")
	_refused(_with("/override/expires_at_ns", _granted), "ends before it begins")
}

test_instants_are_given if {
	_refused(_with("/override/granted_at_ns", null), "grantedAt is missing")
	_refused(_with("/override/expires_at_ns", null), "expiresAt is missing")
}

test_on_a_pull_request_it_covers_the_planned_start if {
	_lifted(_replaced(_proposed, "/override/expires_at_ns", sample.start + 1))
	_refused(_replaced(_proposed, "/override/expires_at_ns", sample.start), "does not hold at the planned start")
	_refused(_replaced(_proposed, "/now_ns", _granted - 1), "it is not granted yet")
}

test_it_is_bound_to_this_content if {
	_refused(_with("/change/spec/freezeOverride/boundDigest", "sha256:bb"), "another version of the change")
	_refused(_with("/change/spec/freezeOverride/boundDigest", null), "another version of the change")
}

_use(change, at) := {
	"id": "o", "change": change, "freeze": "summer-sale", "teams": ["group:default/orders"], "approvals": [],
	"head": "h0", "at": time.format(at), "at_ns": at, "record": "r", "index": 3,
}

test_it_is_applied_once if {
	_refused(_with("/override/used", [_use("CHG-2026-00417", _granted)]), "applied to commit h0")
}

_week_ago(ns) := _use("CHG-2026-00400", (_now - (7 * sample.day)) + ns)

test_an_overdue_review_blocks_the_next_override if {
	_lifted(_with("/override/earlier", [_week_ago(1)]))
	_refused(_with("/override/earlier", [_week_ago(0)]), "review of CHG-2026-00400 was due")
}

test_a_review_that_was_done_is_not_overdue if {
	review := {"change": "CHG-2026-00400", "at": "2026-06-09T10:00:00Z"}
	document := json.patch(_applied, [
		{"op": "replace", "path": "/override/earlier", "value": [_week_ago(0)]},
		{"op": "replace", "path": "/context/pirs", "value": {"given": true, "entries": [review]}},
	])
	_lifted(document)
	_refused(_replaced(document, "/context/pirs/entries/0/at", "2026-06-12T10:00:00Z"), "was due")
	_refused(_replaced(document, "/context/pirs/entries/0/at", null), "was due")
}

_failed := {
	"change": "CHG-2026-00398", "service": "orders-api", "result": "rolled-back", "finishedAt": "2026-06-01T09:00:00Z",
}

_after_failure(deploy, pirs) := json.patch(_applied, [
	{"op": "replace", "path": "/context/deploys/entries", "value": [deploy]},
	{"op": "replace", "path": "/context/pirs", "value": pirs},
])

test_a_failed_deployment_of_the_team_wants_its_review if {
	none := {"given": true, "entries": []}
	_refused(_after_failure(_failed, none), "review of CHG-2026-00398 was due")
	every other in [
		{"result": "success"}, {"service": "checkout"}, {"finishedAt": "2026-06-05T09:00:00Z"},
		{"finishedAt": "2026-01-05T09:00:00Z"}, {"finishedAt": null}, {"change": null},
	] {
		_lifted(_after_failure(object.union(_failed, other), none))
	}
	_lifted(_after_failure(_failed, {"given": false, "entries": []}))
}

test_a_review_of_the_team_that_is_past_its_due_date if {
	stub := {"change": "CHG-2026-00390", "team": "group:default/orders", "dueAt": "2026-06-10T00:00:00Z", "at": null}
	_refused(_with("/context/pirs", {"given": true, "entries": [stub]}), "review of CHG-2026-00390 was due")
	other := object.union(stub, {"team": "group:default/checkout"})
	_lifted(_with("/context/pirs", {"given": true, "entries": [other]}))
}

test_unknown_without_calendar_or_identities if {
	every path in ["/calendar/given", "/context/identities/given"] {
		document := _with(path, false)
		count(incomplete_override.unknown) == 1 with input as document
		count(incomplete_override.lifts) == 0 with input as document
	}
}

test_remediation_is_the_stanza_with_what_is_missing if {
	document := json.patch(_applied, [
		{"op": "remove", "path": "/change/spec/freezeOverride/category"},
		{"op": "replace", "path": "/change/spec/freezeOverride/boundDigest", "value": "sha256:bb"},
		{"op": "replace", "path": "/override/approvals", "value": [_ivan]},
	])
	found := incomplete_override.deny with input as document
	some finding in found
	contains(finding.remediation, "freezeRef: summer-sale\n")
	contains(finding.remediation, "category: MISSING # data-loss-prevention | incident-mitigation")
	contains(finding.remediation, "boundDigest: sha256:bb # WRONG: sha256:aa")
	contains(finding.remediation, "- {by: ivan@acme.example, role: incident-commander}")
	contains(finding.remediation, "- {by: MISSING, role: MISSING, evidence: MISSING} # incident-commander or change-manager")
}

test_odd_shapes_stop_nothing if {
	every value in ["text", 3, true, ["a"], {"a": 1}] {
		every field in ["freezeRef", "category", "justification", "requestedBy", "boundDigest"] {
			document := _with(sprintf("/change/spec/freezeOverride/%s", [field]), value)
			count(incomplete_override.deny) <= 1 with input as document
			count(incomplete_override.valid_until) > 0 with input as document
		}
	}
}

test_valid_until_it_expires_and_its_approvals_are_old if {
	old := _granted + (14 * sample.day)
	applied := incomplete_override.valid_until with input as _applied
	applied == {_expires, old}
	proposed := incomplete_override.valid_until with input as _proposed
	proposed == {old}
}

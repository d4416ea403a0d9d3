# METADATA
# title: Emergency override of a freeze is incomplete
# description: >-
#   An override lifts the one freeze that it names (CHG-001), and nothing else. It says who asks, in which category, why,
#   for which incident; two people who did not contribute agree, each in an override role, one of them outside of the
#   team that asks; it is bound to this content, lasts 24 hours at most and is applied to one commit. A
#   post-implementation review that the team still owes blocks it.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-3
#   - https://eur-lex.europa.eu/eli/reg_del/2024/1774/oj
# custom:
#   id: CHG-002
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32", "5.3"]
#     NIST80053: [CM-3, CM-5(1), AC-5]
#     PCIDSS: ["6.5.1"]
#     DORARTS: [17(1)(f), 17(1)(g)]
#   remediation: >-
#     Complete spec.freezeOverride, or remove it and move the change out of the freeze.
#   since: 0.1.0
package policies.change.incomplete_override

import data.policies.lib.approval
import data.policies.lib.instant
import data.policies.lib.shape
import data.policies.lib.text

_longest := 24 * instant.hour

_shortest_justification := 40

_approvers := 2

# A review is due five business days after the change: a week.
_review_due := 7 * instant.day

# Older deployments ask for no review any more.
_review_memory := 90 * instant.day

_categories := {"incident-mitigation", "security-fix", "regulatory", "data-loss-prevention"}

_default_roles := ["incident-commander", "change-manager", "service-owner", "vp-eng"]

deny contains finding if {
	_asked
	count(_faults) > 0
	finding := {
		"msg": sprintf("the override of %s is incomplete: %s", [_freeze_name, concat("; ", [fault.msg |
			some fault in _faults
		])]),
		"at": "change",
		"path": ["spec", "freezeOverride"],
		"because": [place | some fault in _faults; some place in object.get(fault, "because", [])],
		"evidence": [object.remove(fault, ["msg", "because"]) | some fault in _faults],
		"remediation": _stanza,
	}
}

unknown contains "no FreezeCalendar was given: which freeze the override lifts cannot be judged" if {
	_asked
	not input.calendar.given == true
}

unknown contains "no Identities were given: nobody holds a role, so the override cannot be judged" if {
	_asked
	not input.context.identities.given == true
}

unknown contains "no IncidentLog was given: the incident of the override cannot be looked up" if {
	_asked
	_for_incident
	not input.context.incidents.given == true
}

unknown contains "the IncidentLog is older than allowed: the incident of the override cannot be looked up" if {
	_asked
	_for_incident
	input.context.incidents.stale == true
}

# The freeze, or the closed calendar, whose finding the gate marks as overridden.
lifts contains _freeze if {
	_asked
	count(deny) == 0
	count(unknown) == 0
}

# It begins and ends, its approvals grow old, and an incident is over at last.
valid_until contains instant_ns if {
	_asked
	instant_ns := input.override.granted_at_ns
	instant_ns > input.now_ns
}

# A pull request is judged at the planned start, which stands still.
valid_until contains instant_ns if {
	_asked
	input.stage == "apply"
	instant_ns := input.override.expires_at_ns
	instant_ns > input.now_ns
}

valid_until contains instant_ns if {
	_asked
	some one in _counting
	is_number(one.at_ns)
	instant_ns := one.at_ns + (14 * instant.day)
	instant_ns > input.now_ns
}

valid_until contains instant_ns if {
	_asked
	_for_incident
	some incident in _named_incidents
	some name in ["mitigatedAt", "resolvedAt"]
	instant_ns := instant.ns(incident[name]) + instant.day
	instant_ns > input.now_ns
}

_asked if {
	is_object(input.change)
	is_object(input.override)
	is_object(input.change.spec.freezeOverride)
}

_override := shape.map(shape.at(input.change, ["spec", "freezeOverride"]))

_field(name) := object.get(_override, name, null)

_freeze := name if {
	name := _field("freezeRef")
	is_string(name)
}

_freeze := format_int(number, 10) if {
	number := _field("freezeRef")
	is_number(number)
}

_freeze_name := sprintf("the freeze \"%s\"", [_freeze]) if _freeze

_freeze_name := "a freeze" if not _freeze

# In the order in which a reader fills the stanza in.
_faults := [fault | some part in _parts; some fault in part]

_parts := [
	[fault | some fault in _freeze_faults],
	[fault | some fault in _word_faults],
	[fault | some fault in _incident_faults],
	[fault | some fault in _approval_faults],
	[fault | some fault in _time_faults],
	[fault | some fault in _binding_faults],
	[fault | some fault in _use_faults],
	[fault | some fault in _review_faults],
]

# Which freeze

_freeze_faults contains fault if {
	input.calendar.given == true
	not _overlaps
	fault := {
		"msg": sprintf("freezeRef names no freeze that the change falls into (%s)", [_or_none(_in_the_way)]),
		"pointer": "spec.freezeOverride.freezeRef",
		"observed": _shown(_field("freezeRef")),
		"expected": _or_none(_in_the_way),
		"because": [place | some place in _places_in_the_way],
	}
}

_freeze_faults contains fault if {
	some window in _windows_in_the_way
	window.id == _freeze
	window.overridable == false
	fault := {
		"msg": sprintf("the freeze \"%s\" may not be overridden: its owner says `override: none`", [window.id]),
		"pointer": "spec.freezeOverride.freezeRef",
		"observed": window.id,
		"expected": "a slot outside of the freeze",
		"because": [window.source],
	}
}

_overlaps if _freeze in _in_the_way

_in_the_way contains window.id if some window in _windows_in_the_way

_in_the_way contains calendar.name if some calendar in _closed

_places_in_the_way contains window.source if some window in _windows_in_the_way

_windows_in_the_way contains window if {
	some window in input.calendar.windows
	window.kind == "deny"
	window.matches == true
	some interval in _intervals
	window.start_ns < interval.end_ns
	interval.start_ns < window.end_ns
}

_closed contains calendar if {
	some calendar in input.calendar.calendars
	calendar.default_state == "closed"
}

# What the change occupies now, and what it was planned to: late in its window the freeze may have passed.
_intervals contains {"start_ns": window.occupied.start_ns, "end_ns": window.occupied.end_ns} if {
	window := input.change.window
	is_object(window)
}

_intervals contains {"start_ns": window.start_ns, "end_ns": window.end_ns + window.rollback_ns} if {
	window := input.change.window
	is_object(window)
}

_intervals contains {"start_ns": input.now_ns, "end_ns": input.now_ns + 1} if input.stage == "apply"

# What it says

_word_faults contains fault if {
	not text.answered(_field("requestedBy"))
	fault := _absent("requestedBy", "nobody asks for it", "the person who asks")
}

_word_faults contains fault if {
	not _field("category") in _categories
	fault := _absent("category", "its category is none of the four", concat(", ", sort(_categories)))
}

_word_faults contains fault if {
	not _justified
	fault := _absent(
		"justification", "its justification says too little",
		sprintf("at least %d characters that say why it cannot wait", [_shortest_justification]),
	)
}

_justified if {
	written := _field("justification")
	text.answered(written)
	count(trim_space(written)) >= _shortest_justification
	# The same few letters over and over justify nothing.
	count({letter | some letter in split(lower(written), "")}) >= 10
}

_absent(name, msg, expected) := {
	"msg": msg,
	"pointer": sprintf("spec.freezeOverride.%s", [name]),
	"observed": _shown(_field(name)),
	"expected": expected,
}

# Which incident

_for_incident if _field("category") == "incident-mitigation"

_incident_faults contains fault if {
	_for_incident
	input.context.incidents.given == true
	not input.context.incidents.stale == true
	not _incident_open
	fault := _absent(
		"incidentRef", "its incident is not open, nor mitigated within 24 hours",
		"an incident of the IncidentLog that is open, or was mitigated at most 24 hours ago",
	)
}

_named_incidents := [incident |
	some incident in shape.list(input.context.incidents.entries)
	incident.id == _field("incidentRef")
]

_incident_open if {
	some incident in _named_incidents
	is_string(incident.status)
	not incident.status in {"resolved", "closed", "postmortem"}
}

_incident_open if {
	some incident in _named_incidents
	some name in ["mitigatedAt", "resolvedAt"]
	instant.fresh(incident[name], input.now_ns, instant.day)
}

# Who agrees

_approval_faults contains fault if {
	input.context.identities.given == true
	people := {one.by | some one in _counting}
	count(people) < _approvers
	fault := {
		"msg": sprintf("%d of %d approvers count%s", [count(people), _approvers, _discounted]),
		"pointer": "spec.freezeOverride.approvals",
		"observed": _or_none(people),
		"expected": sprintf("%d people who did not contribute, each with a verified approval as %s", [
			_approvers,
			concat(" or ", _roles),
		]),
		"because": [place | some place in [input.matrix.source]],
	}
}

_approval_faults contains fault if {
	input.context.identities.given == true
	count(_counting) > 0
	count(_outside) == 0
	fault := {
		"msg": sprintf("no approver is outside of %s", [_or_none(input.override.teams)]),
		"pointer": "spec.freezeOverride.approvals",
		"observed": concat(", ", sort({sprintf("%s (%v)", [one.by, one.team]) | some one in _counting})),
		"expected": "at least one approver of another team",
	}
}

_counting := [one |
	some one in input.override.approvals
	one.valid == true
	is_string(one.by)
	_holds_role(one)
]

_holds_role(one) if {
	one.role in _roles
	one.role in one.roles
}

_holds_role(one) if {
	one.role == null
	some role in one.roles
	role in _roles
}

_roles := input.matrix.overrideRoles if count(input.matrix.overrideRoles) > 0

_roles := _default_roles if not _has_roles

_has_roles if count(input.matrix.overrideRoles) > 0

# Of which team somebody is must be known, of both sides.
_outside := [one |
	count(input.override.teams) > 0
	some one in _counting
	is_string(one.team)
	not one.team in input.override.teams
]

_discounted := sprintf(" (%s)", [concat("; ", sort(reasons))]) if {
	reasons := {sprintf("%s: %s", [approval.who(one), _why_not(one)]) |
		some one in input.override.approvals
		not one in _counting
	}
	count(reasons) > 0
}

_discounted := "" if count(input.override.approvals) == count(_counting)

_why_not(one) := concat(", ", one.why_not) if count(one.why_not) > 0

_why_not(one) := sprintf("does not hold %v", [_claimed(one)]) if count(one.why_not) == 0

_claimed(one) := one.role if is_string(one.role)

_claimed(one) := "an override role" if not is_string(one.role)

# When

_time_faults contains fault if {
	some name, at in {"grantedAt": input.override.granted_at_ns, "expiresAt": input.override.expires_at_ns}
	not is_number(at)
	fault := _absent(name, sprintf("%s is missing", [name]), "an instant, RFC 3339 with an offset")
}

_time_faults contains fault if {
	is_number(input.override.granted_at_ns)
	is_number(input.override.expires_at_ns)
	not _possible(input.override.expires_at_ns - input.override.granted_at_ns)
	fault := _absent("expiresAt", "it lasts longer than 24 hours, or ends before it begins", sprintf(
		"after %v and at most 24 hours later",
		[_field("grantedAt")],
	))
}

_time_faults contains fault if {
	input.override.granted_at_ns > input.now_ns
	fault := _absent("grantedAt", "it is not granted yet", sprintf("at or before %s", [input.now]))
}

_time_faults contains fault if {
	input.stage == "apply"
	input.override.expires_at_ns <= input.now_ns
	fault := _absent("expiresAt", "it has expired", sprintf("after %s", [input.now]))
}

_time_faults contains fault if {
	input.stage != "apply"
	not _covers_start
	fault := {
		"msg": sprintf("it does not hold at the planned start %s", [_planned_start]),
		"pointer": "spec.schedule.start",
		"observed": _planned_start,
		"expected": sprintf("from %v until before %v", [_field("grantedAt"), _field("expiresAt")]),
	}
}

_possible(length) if {
	length > 0
	length <= _longest
}

_covers_start if {
	start := input.change.window.start_ns
	input.override.granted_at_ns <= start
	start < input.override.expires_at_ns
}

_planned_start := input.change.window.start

_planned_start := "(none)" if not _is_planned

_is_planned if is_object(input.change.window)

# Of what

_binding_faults contains fault if {
	_field("boundDigest") != input.change.digest
	fault := _absent("boundDigest", "it was granted for another version of the change", input.change.digest)
}

# How often

_use_faults contains fault if {
	some use in input.override.used
	fault := {
		"msg": sprintf("it was applied to commit %v at %v already", [use.head, use.at]),
		"pointer": sprintf("audit record %s", [use.record]),
		"observed": sprintf("%v", [use.head]),
		"expected": "one override, one commit: a new override has approvals of its own",
	}
}

# What the team still owes

_review_faults contains fault if {
	some change, due in _overdue
	fault := {
		"msg": sprintf("the post-implementation review of %s was due at %s", [change, time.format(due)]),
		"pointer": "context.pirs",
		"observed": "no review",
		"expected": sprintf("a PIR of %s", [change]),
	}
}

_overdue[change] := due if {
	some change, dues in _owed
	not change in _reviewed
	due := min(dues)
	due <= input.now_ns
}

_owed[change] contains due if {
	some use in input.override.earlier
	change := use.change
	due := use.at_ns + _review_due
}

# Without any PIR nobody keeps reviews here, and a deployment alone says nothing about them.
_owed[change] contains due if {
	input.context.pirs.given == true
	some deploy in shape.list(input.context.deploys.entries)
	deploy.result in {"failed", "rolled-back"}
	_of_the_team(deploy.service)
	change := deploy.change
	is_string(change)
	ended := instant.ns(deploy.finishedAt)
	input.now_ns - ended < _review_memory
	due := ended + _review_due
}

_owed[change] contains due if {
	some review in shape.list(input.context.pirs.entries)
	change := review.change
	is_string(change)
	review.team in input.override.teams
	due := instant.ns(review.dueAt)
}

_of_the_team(service) if {
	some entry in shape.list(input.context.services.entries)
	entry.name == service
	entry.owner in input.override.teams
}

_reviewed contains review.change if {
	some review in shape.list(input.context.pirs.entries)
	instant.ns(review.at) <= input.now_ns
}

# The stanza, filled in as far as it can be

_stanza := concat("\n", array.concat(
	["Complete the override, or remove it and move the change out of the freeze:", "freezeOverride:"],
	[sprintf("  %s", [line]) | some line in _lines],
))

_lines := array.concat(
	[
		_line("freezeRef", _or_none(_in_the_way)),
		_line("requestedBy", "the person who asks"),
		_line("category", concat(" | ", sort(_categories))),
		_line("justification", "why it cannot wait, in 40 characters or more"),
		_line("incidentRef", "an open incident, when the category is incident-mitigation"),
	],
	array.concat(_approval_lines, [
		_line("grantedAt", "when the last approver agreed"),
		_line("expiresAt", "at most 24 hours later"),
		_line("boundDigest", input.change.digest),
	]),
)

# One that is right is repeated; one that is not shows what has to stand there.
_line(name, wanted) := sprintf("%s: %s", [name, _shown(_field(name))]) if not _faulty(name)

_line(name, wanted) := sprintf("%s: MISSING # %s", [name, wanted]) if {
	_faulty(name)
	_field(name) == null
}

_line(name, wanted) := sprintf("%s: %s # WRONG: %s", [name, _shown(_field(name)), wanted]) if {
	_faulty(name)
	_field(name) != null
}

_faulty(name) if {
	some fault in _faults
	fault.pointer == sprintf("spec.freezeOverride.%s", [name])
}

_approval_lines := array.concat(
	["approvals:"],
	array.concat(
		[sprintf("  - {by: %s, role: %s}", [one.by, _claimed(one)]) | some one in _counting],
		[sprintf("  - {by: MISSING, role: MISSING, evidence: MISSING} # %s, who did not contribute", [
			concat(" or ", _roles),
		]) |
			some number in numbers.range(1, _approvers)
			number > count({one.by | some one in _counting})
		],
	),
)

_shown(value) := "(nothing)" if value == null

_shown(value) := value if is_string(value)

_shown(value) := sprintf("%v", [value]) if {
	value != null
	not is_string(value)
}

_or_none(names) := concat(", ", sort(names)) if count(names) > 0

_or_none(names) := "none" if count(names) == 0

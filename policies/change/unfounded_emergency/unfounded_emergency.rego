# METADATA
# title: Emergency change without its obligations
# description: >-
#   An emergency skips the lead time and the board, so it names the incident that cannot wait, the incident has a
#   commander and is not long over, and a commander or the emergency board approves before apply. A security fix or a
#   regulator's order may name its reference (spec.advisoryRef) instead of an incident. A ratification that is dated before
#   the change is none. What follows later (documentation, ratification, review) is listed. Thresholds:
#   `CHG-007.over_hours`, `roles`.
# related_resources:
#   - https://eur-lex.europa.eu/eli/reg_del/2024/1774/oj
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=IR-4
# custom:
#   id: CHG-007
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, IR-4]
#     PCIDSS: ["6.5.1"]
#     DORARTS: [17(1)(f), 17(1)(g)]
#   remediation: >-
#     Name the incident in spec.relatedIncidents and let its commander approve, or make it a normal change.
#   since: 0.1.0
package policies.change.unfounded_emergency

import data.policies.lib.approval
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text
import data.policies.lib.threshold

deny contains finding if {
	_judged
	count(_incidents) == 0
	not _may_name_an_advisory
	finding := _finding("relatedIncidents", "the emergency names no incident (spec.relatedIncidents)", {})
}

deny contains finding if {
	_judged
	count(_incidents) == 0
	_may_name_an_advisory
	not text.answered(object.get(_spec, "advisoryRef", null))
	finding := _finding(
		"advisoryRef",
		"the emergency names neither an incident nor an advisory (spec.relatedIncidents, spec.advisoryRef)",
		{},
	)
}

deny contains finding if {
	_judged
	_log_given
	some id in _incidents
	not _logged[id]
	finding := _finding("relatedIncidents", sprintf("the IncidentLog has no incident %s", [id]), _logged_at)
}

deny contains finding if {
	_judged
	_log_given
	some id in _incidents
	entry := _logged[id]
	not text.answered(shape.at(entry, ["roles", "commander"]))
	finding := _finding("relatedIncidents", sprintf("the incident %s has no commander", [id]), object.union(
		_logged_at,
		{"pending": true, "remediation": "Name the commander in the incident's record."},
	))
}

# Some incident must still be a reason to hurry.
deny contains finding if {
	_judged
	_log_given
	known := {id | some id in _incidents; _logged[id]}
	count(known) > 0
	count({id | some id in known; not _over(_logged[id])}) == 0
	finding := _finding("relatedIncidents", sprintf("every incident that it names was over %d hours ago: %s", [
		_over_hours,
		concat(", ", sort(known)),
	]), object.union(_logged_at, {"remediation": "What can wait that long is a normal change."}))
}

deny contains finding if {
	_judged
	not _approved
	finding := _finding("approvals", sprintf("no %s has approved the emergency", [concat(" or ", sort(_roles))]), {
		"pending": true,
		"evidence": approval.evidence(input.approvals),
		"remediation": concat(" ", [
			"Let the incident commander approve the current head. Afterwards: full documentation within 2 business days,",
			"ratification by the CAB and a review within 5.",
		]),
	})
}

deny contains finding if {
	_judged
	ratified := shape.at(_spec, ["cab", "ratifiedAt"])
	instant.ns(ratified) < input.change.window.start_ns
	finding := _finding("cab", sprintf("ratified at %s, before the change starts at %s", [
		ratified,
		input.change.window.start,
	]), {"enforcement": "soft", "severity": "medium"})
}

unknown contains finding if {
	_judged
	count(_incidents) > 0
	not _log_given
	finding := _finding(
		"relatedIncidents",
		"no IncidentLog was given: whether the incident exists, and who commands it, is not known",
		{},
	)
}

# An incident that is over stops being a reason.
valid_until contains instant_ns if {
	_judged
	_log_given
	some id in _incidents
	instant_ns := instant.ns(_logged[id].resolvedAt) + (_over_hours * instant.hour)
	instant_ns > input.now_ns
}

_judged if {
	_spec.type == "emergency"
	reach.production_scope(input.change)
}

_judged if {
	_spec.type == "emergency"
	some changed in input.changed
	resource.production(changed)
}

_spec := shape.map(shape.at(input.change, ["spec"]))

_incidents := {id |
	some written in shape.list(object.get(_spec, "relatedIncidents", null))
	some id in [written, shape.at(written, ["id"]), shape.at(written, ["ref"])]
	text.answered(id)
}

_may_name_an_advisory if _spec.changeClass == "security-fix"

_may_name_an_advisory if shape.at(_spec, ["freezeOverride", "category"]) in {"security-fix", "regulatory"}

_log_given if input.context.incidents.given == true

_logged := {entry.id: entry |
	some entry in shape.list(shape.at(input.context, ["incidents", "entries"]))
	is_string(entry.id)
}

_over(entry) if {
	entry.status == "resolved"
	input.now_ns >= instant.ns(entry.resolvedAt) + (_over_hours * instant.hour)
}

_over_hours := threshold.number(input.config, "CHG-007", "over_hours", 24)

_approved if {
	some one in approval.held(input.approvals)
	one.role in _roles
}

_roles := {role | some role in _configured} if count(_configured) > 0

_roles := {approval.emergency_role, "ecab"} if count(_configured) == 0

_configured := [role |
	some role in shape.list(shape.at(input.config, ["thresholds", "CHG-007", "roles"]))
	is_string(role)
]

_logged_at := {"because": [input.context.incidents.source]} if is_string(shape.at(input.context, ["incidents", "source"]))

_logged_at := {} if not is_string(shape.at(input.context, ["incidents", "source"]))

_finding(field, msg, more) := object.union({"msg": msg, "at": "change", "path": _place(field)}, more)

_place(field) := ["spec", field] if object.get(_spec, field, null) != null

_place(field) := ["spec"] if object.get(_spec, field, null) == null

# METADATA
# title: Change goes out during an active incident
# description: >-
#   While an incident of SEV1 or SEV2 is open on a service of the change, on a direct dependency of one or on a tier 0
#   platform, or a page-level burn-rate alert fires for a service of the change, nothing else is applied. On a pull
#   request this is only a forecast and warns. The change that mends the incident passes as an emergency that names it
#   in relatedIncidents, and a commander may lift the lock (changeLock: false). An incident that is being watched
#   (monitoring) counts for another 30 minutes. At apply the log is at most 10 minutes old for tier 0 and 1. Thresholds:
#   `CHG-006.cooldown_minutes`.
# related_resources:
#   - https://sre.google/workbook/error-budget-policy/
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=IR-4
# custom:
#   id: CHG-006
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stage_enforcement: {pull-request: soft}
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC7.4, CC8.1]
#     ISO27001: ["5.26", "8.32"]
#     NIST80053: [IR-4, CM-3(8)]
#     DORA: ["17"]
#   remediation: >-
#     Wait until the incident is resolved, or, if this change mends it, file it as an emergency with the incident in
#     relatedIncidents.
#   since: 0.2.0
package policies.change.active_incident

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape
import data.policies.lib.threshold

deny contains finding if {
	some index, incident in _open
	_severity(incident) <= 2
	where := _where(incident)
	finding := object.union(_weight, {
		"msg": sprintf("%s is open (%v, %v) %s", [_id(incident), incident.severity, _status(incident), where]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": context.place(input, "incidents", index),
		"evidence": [{
			"pointer": sprintf("incident %s", [_id(incident)]),
			"observed": concat(", ", _story(incident)),
			"expected": "resolved, or named in relatedIncidents of the emergency that mends it",
		}],
	})
}

deny contains finding if {
	_judged
	not _is_mending
	some index, status in context.entries(input, "slo")
	resource.service_name(status.service) in _reached
	lower(sprintf("%v", [status.alertState])) in _paging
	finding := object.union(_weight, {
		"msg": sprintf("the error budget of %s burns at page level (%v: %v)", [
			resource.service_name(status.service),
			object.get(status, "slo", "SLO"),
			status.alertState,
		]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": context.place(input, "slo", index),
	})
}

unknown contains finding if {
	_judged
	not context.given(input, "incidents")
	finding := object.union(_doubt, {"msg": context.missing("IncidentLog", "whether an incident is open")})
}

unknown contains finding if {
	_judged
	context.outdated(input, "incidents", _max_age)
	finding := {"msg": context.too_old(input, "incidents", "IncidentLog", _max_age)}
}

unknown contains finding if {
	some index, incident in _open
	not _is_graded(incident)
	where := _where(incident)
	finding := object.union(_doubt, {
		"msg": sprintf("%s is open %s and has no severity from SEV1 to SEV5", [_id(incident), where]),
		"because": context.place(input, "incidents", index),
	})
}

# The log grows old, and a watched incident is over.
valid_until contains instant_ns if {
	_judged
	instant_ns := context.expires_ns(input, "incidents", _max_age)
	instant_ns >= input.now_ns
}

valid_until contains instant_ns if {
	some incident in _open
	_status(incident) in _watched
	instant_ns := instant.ns(incident.mitigatedAt) + _cooldown
	instant_ns > input.now_ns
}

_judged if reach.judged(input)

_max_age := 600000000000

_cooldown := threshold.number(input.config, "CHG-006", "cooldown_minutes", 30) * 60000000000

_over := {"resolved", "closed", "postmortem", "cancelled", "canceled"}

_watched := {"monitoring", "mitigated"}

_paging := {"page", "paging", "firing", "firing-page", "critical"}

# A pull request is not applied yet.
_weight := {"enforcement": "advisory"} if input.stage == "pull-request"

_weight := {} if input.stage != "pull-request"

# Where nobody else depends on it, not to know is no reason to stop.
_doubt := {} if reach.touches_critical(input)

_doubt := {"enforcement": "soft"} if not reach.touches_critical(input)

# Incidents that are not over and stand in the way.
_open[index] := incident if {
	_judged
	some index, incident in context.entries(input, "incidents")
	not _is_over(incident)
	not object.get(incident, "changeLock", true) == false
	not _is_mended(incident)
}

_is_over(incident) if _status(incident) in _over

_is_over(incident) if {
	_status(incident) in _watched
	instant.ns(incident.mitigatedAt) + _cooldown <= input.now_ns
}

_status(incident) := lower(sprintf("%v", [object.get(incident, "status", "of no known status")]))

_severity(incident) := to_number(regex.find_n("[1-5]", word, 1)[0]) if {
	word := lower(sprintf("%v", [incident.severity]))
	regex.match("^(sev|p)?[ -]?[1-5]$", word)
}

_is_graded(incident) if is_number(_severity(incident))

_id(incident) := sprintf("%v", [object.get(incident, "id", "an incident without an id")])

_is_mending if {
	input.change.spec.type == "emergency"
	count(_related) > 0
}

_is_mended(incident) if {
	input.change.spec.type == "emergency"
	_id(incident) in _related
}

_related := {sprintf("%v", [id]) | some id in shape.list(input.change.spec.relatedIncidents)}

_reached := {name | some name, _ in reach.services(input)}

_nearby := service.dependencies(input.context.services, _reached) | {entry.name |
	some entry in input.context.services.entries
	entry.tier == 0
}

# In which way it touches the change; undefined when it does not.
_where(incident) := sprintf("on %s", [concat(", ", sort(_affected(incident) & _reached))]) if {
	count(_affected(incident) & _reached) > 0
}

_where(incident) := sprintf("on %s, which the change depends on", [
	concat(", ", sort(_affected(incident) & _nearby)),
]) if {
	count(_affected(incident) & _reached) == 0
	count(_affected(incident) & _nearby) > 0
}

_where(incident) := "and names no service" if {
	count(_affected(incident)) == 0
	_severity(incident) == 1
}

_where(incident) := sprintf("with the team %s", [incident.team]) if {
	count(_affected(incident)) == 0
	_severity(incident) != 1
	incident.team == input.change.spec.team
}

_affected(incident) := {resource.service_name(ref) | some ref in shape.list(object.get(incident, "services", []))}

# What whoever waits wants to know.
_story(incident) := [sprintf("%s %v", [what, value]) |
	some what, path in {
		"since": ["startedAt"], "commander": ["roles", "commander"], "next update": ["nextUpdateAt"],
	}
	value := shape.at(incident, path)
	value != null
]

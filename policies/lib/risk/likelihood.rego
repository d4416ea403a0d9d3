# METADATA
# title: How likely harm is
# description: >-
#   History, recurrence, novelty, size, spacing, the error budget, incidents and what was not learnt. What nobody recorded
#   weighs as much as the first step up: a missing or stale document never makes a change look safer.
package policies.lib.risk.likelihood

import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.risk.factor
import data.policies.lib.risk.history
import data.policies.lib.risk.kinds
import data.policies.lib.risk.subject
import data.policies.lib.risk.weights
import data.policies.lib.service
import data.policies.lib.shape

factors contains factor.heaviest("R-HISTORY", [candidate |
	history.given
	some name, rate in history.rates
	candidate := {"points": _history_points(rate.q), "evidence": _rate_text(name, rate)}
])

factors contains {"id": "R-HISTORY", "points": points, "evidence": evidence} if {
	not history.given
	points := _history_points(weights.effective["R-HISTORY"].prior * 1000)
	points > 0
	evidence := "no current DeployHistory: the organisation's mean counts"
}

_history_points(q) := min([weights.effective["R-HISTORY"].most, points]) if {
	above := max([0, q - (weights.effective["R-HISTORY"].free * 1000)])
	points := round((weights.effective["R-HISTORY"].slope * above) / 1000000)
}

_rate_text(name, rate) := sprintf("%s: %v of %d production changes failed in %d days, q = %s %% (Wilson %s)%s", [
	name, rate.k, rate.n, weights.effective["R-HISTORY"].days, percent(floor(rate.q / 1000)), _interval(rate), _caught(rate),
])

# Thousandths as per cent with one digit.
percent(thousandths) := sprintf("%d.%d", [floor(thousandths / 10), thousandths % 10])

_interval(rate) := "says nothing yet" if rate.interval == null

_interval(rate) := sprintf("%s to %s %%", [percent(rate.interval[0]), percent(rate.interval[1])]) if {
	is_array(rate.interval)
}

_caught(rate) := "" if rate.caught == 0

_caught(rate) := sprintf("; %d more were caught by their canary", [rate.caught]) if rate.caught > 0

_incidents := [incident |
	some entry in shape.list(shape.at(input.context, ["incidents", "entries"]))
	incident := shape.map(entry)
]

_incidents_known if {
	input.context.incidents.given == true
	input.context.incidents.stale != true
}

_names(incident) := {resource.service_name(name) | some name in shape.list(shape.at(incident, ["services"]))}

_since(incident, days) if input.now_ns - instant.ns(incident.startedAt) < days * instant.day

_own_incidents := [incident | some incident in _incidents; count(_names(incident) & subject.services) > 0]

_tags := {tag |
	some incident in _own_incidents
	some tag in shape.list(shape.at(incident, ["causeTags"]))
	is_string(tag)
}

# How often a cause came back in the last 90 days.
factors contains factor.heaviest("R-RECUR", [candidate |
	some cause in _tags
	times := count([1 |
		some incident in _own_incidents
		_since(incident, 90)
		cause in shape.list(shape.at(incident, ["causeTags"]))
	])
	times >= 2
	candidate := {
		"points": weights.effective["R-RECUR"].cause,
		"evidence": sprintf("%d incidents with the cause %s in 90 days", [times, cause]),
	}
])

factors contains {"id": "R-RECUR", "points": weights.effective["R-RECUR"].template, "evidence": evidence} if {
	some use in shape.list(shape.at(subject.template, ["stats", "recent"]))
	use.result in {"failed", "rolled-back"}
	input.now_ns - instant.ns(use.at) < 90 * instant.day
	evidence := sprintf("the template %v failed in the last 90 days", [subject.template.id])
}

factors contains {"id": "R-NOVEL", "points": weights.effective["R-NOVEL"].first, "evidence": evidence} if {
	count(_new) > 0
	evidence := sprintf("no production deployment of %s is known", [factor.listed(_new)])
}

_new := {name |
	some name in subject.services
	count([1 | some deployment in history.deployments; deployment.service == name]) == 0
}

factors contains {"id": "R-BATCH", "points": points, "evidence": _batch_text} if {
	points := max(array.concat(
		[weights.effective["R-BATCH"].large | _batch > _usual],
		[weights.effective["R-BATCH"].huge | _batch > 2 * _usual],
	))
	points > 0
}

_batch := count([1 | some changed in subject.touched; not kinds.cosmetic(changed)])

_batch_text := sprintf("%d resources, usual are up to %d", [_batch, _usual])

# Nine in ten changes of these services were no larger; with too few of them a fixed number.
_usual := sizes[ceil((9 * count(sizes)) / 10) - 1] if {
	sizes := _sizes
	count(sizes) >= weights.effective["R-BATCH"].least_sample
}

_usual := weights.effective["R-BATCH"].usual if count(_sizes) < weights.effective["R-BATCH"].least_sample

_sizes := sort([deployment.size |
	some deployment in history.deployments
	is_number(deployment.size)
])

factors contains factor.heaviest("R-SPACING", [candidate |
	some entry in _deployments
	name := _deployed(entry)
	name in subject.services
	some fault in baking(entry)
	candidate := {
		"points": weights.effective["R-SPACING"].baking,
		"evidence": sprintf("the deployment %v of %s %s", [object.get(entry, "id", "before"), name, fault]),
	}
])

_deployments := [entry |
	some entry in shape.list(shape.at(input.context, ["deploys", "entries"]))
	is_object(entry)
]

_deployed(entry) := resource.service_name(entry.service) if {
	resource.production_word(object.get(entry, "environment", "prod"))
	object.get(entry, "change", "") != shape.at(input.change, ["metadata", "id"])
}

# What keeps a deployment from being history when this change begins.
baking(entry) := {"is still in progress" | _in_progress(entry)} |
	{sprintf("ended at %s and still bakes", [entry.finishedAt]) | subject.moment_ns < baked_ns(entry)}

_in_progress(entry) if {
	not instant.valid(object.get(entry, "finishedAt", null))
	began := instant.ns(entry.startedAt)
	began <= input.now_ns
	subject.moment_ns - began < instant.day
}

baked_ns(entry) := instant.ns(entry.finishedAt) + (weights.effective["R-SPACING"].minutes * 60000000000)

_budgets := [slo |
	some entry in shape.list(shape.at(input.context, ["slo", "entries"]))
	slo := shape.map(entry)
	resource.service_name(slo.service) in subject.services
]

_budgets_known if {
	input.context.slo.given == true
	input.context.slo.stale != true
	count(_budgets) > 0
}

factors contains factor.heaviest("R-BUDGET", [candidate |
	_budgets_known
	some slo in _budgets
	remaining := object.get(slo, "budgetRemaining", null)
	candidate := {
		"points": _budget_points(remaining),
		"evidence": sprintf("%v has %v of its error budget left", [object.get(slo, "slo", slo.service), remaining]),
	}
])

factors contains factor.heaviest("R-BUDGET", [candidate |
	_budgets_known
	some slo in _budgets
	burn := shape.at(slo, ["burnRate", "6h"])
	is_number(burn)
	burn >= 6
	candidate := {
		"points": weights.effective["R-BUDGET"].burning,
		"evidence": sprintf("%v burns its budget %v times too fast", [object.get(slo, "slo", slo.service), burn]),
	}
])

factors contains {"id": "R-BUDGET", "points": weights.effective["R-BUDGET"].unknown, "evidence": evidence} if {
	not _budgets_known
	subject.important
	evidence := "no current SLOStatus of these services: the error budget is not known"
}

_budget_points(remaining) := weights.effective["R-BUDGET"].unknown if not is_number(remaining)

_budget_points(remaining) := weights.effective["R-BUDGET"].spent if {
	is_number(remaining)
	remaining <= 0
}

_budget_points(remaining) := weights.effective["R-BUDGET"].quarter if {
	is_number(remaining)
	remaining > 0
	remaining < 0.25
}

_budget_points(remaining) := weights.effective["R-BUDGET"].half if {
	is_number(remaining)
	remaining >= 0.25
	remaining < 0.5
}

_budget_points(remaining) := 0 if {
	is_number(remaining)
	remaining >= 0.5
}

_around := subject.services | service.dependencies(input.context.services, subject.services)

factors contains factor.heaviest("R-INCIDENT", [candidate |
	some incident in _incidents
	incident.severity in {"SEV1", "SEV2"}
	_touches(incident)
	_recent(incident)
	candidate := {
		"points": weights.effective["R-INCIDENT"].recent,
		"evidence": sprintf("%v (%s) began at %v", [
			object.get(incident, "id", "an incident"), incident.severity, object.get(incident, "startedAt", "?"),
		]),
	}
])

factors contains factor.heaviest("R-INCIDENT", [candidate |
	some incident in _incidents
	incident.severity == "SEV3"
	_open(incident)
	count(_names(incident) & _around) > 0
	candidate := {
		"points": weights.effective["R-INCIDENT"].dependency,
		"evidence": sprintf("%v (SEV3) is open", [object.get(incident, "id", "an incident")]),
	}
])

factors contains {"id": "R-INCIDENT", "points": weights.effective["R-INCIDENT"].unknown, "evidence": evidence} if {
	not _incidents_known
	evidence := "no current IncidentLog: whether something is on fire is not known"
}

# The gravest ones concern everybody unless they say whom.
_touches(incident) if count(_names(incident) & _around) > 0

_touches(incident) if {
	incident.severity == "SEV1"
	count(_names(incident)) == 0
}

_recent(incident) if _since(incident, 3)

_recent(incident) if _open(incident)

_open(incident) if object.get(incident, "status", "open") != "resolved"

factors contains {"id": "R-LEARN", "points": points, "evidence": evidence} if {
	count(_unlearnt) > 0
	points := factor.counted(count(_unlearnt), weights.effective["R-LEARN"].each, weights.effective["R-LEARN"].most)
	evidence := sprintf("overdue: %s", [factor.listed(_unlearnt)])
}

_unlearnt contains sprintf("action %v", [object.get(item, "id", "?")]) if {
	some review in shape.list(shape.at(input.context, ["postmortems", "entries"]))
	_concerns(shape.map(review))
	some item in shape.list(shape.at(review, ["actionItems"]))
	is_object(item)
	item.priority in {"P0", "P1"}
	not object.get(item, "status", "open") in {"done", "closed", "cancelled"}
	due_ns(item) <= input.now_ns
}

# What does not say whom it concerns concerns everybody.
_concerns(review) if count(shape.list(shape.at(review, ["services"]))) == 0

_concerns(review) if count(_names(review) & subject.services) > 0

# The end of the due day.
due_ns(item) := instant.ns(item.dueDate)

due_ns(item) := instant.ns(sprintf("%sT00:00:00Z", [item.dueDate])) + instant.day if {
	is_string(item.dueDate)
	count(item.dueDate) == 10
}

# Failed changes whose review is late.
_unlearnt contains sprintf("review of %v", [deployment.change]) if {
	some deployment in history.deployments
	deployment.quarters >= 4
	is_string(deployment.change)
	not deployment.change in _reviewed
	review_due_ns(deployment) <= input.now_ns
}

# Five business days, and never less than a week.
review_due_ns(deployment) := deployment.ended_ns + (7 * instant.day)

_reviewed := {review.change | some review in shape.list(shape.at(input.context, ["pirs", "entries"]))}

# Causes that more than one incident has.
_repeated := {cause |
	some cause in _tags
	count([1 | some incident in _own_incidents; cause in shape.list(shape.at(incident, ["causeTags"]))]) >= 2
}

# Instants at which an answer above can change by itself. The model is asked anew for each of them: those of incidents
# that count for nothing are left out.
instants := {at |
		some incident in _incidents
		incident.severity in {"SEV1", "SEV2"}
		_touches(incident)
		at := instant.ns(incident.startedAt) + (3 * instant.day)
	} |
	{at |
		some incident in _own_incidents
		some cause in shape.list(shape.at(incident, ["causeTags"]))
		cause in _repeated
		at := instant.ns(incident.startedAt) + (90 * instant.day)
	} |
	{at |
		some entry in _deployments
		_deployed(entry) in subject.services
		at := baked_ns(entry)
	} |
	{at |
		some deployment in history.deployments
		deployment.quarters >= 4
		at := review_due_ns(deployment)
	}

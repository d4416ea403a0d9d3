# METADATA
# title: Post-implementation reviews that are due
# description: >-
#   Finds the closed changes that need a review and have none: from the ChangeIndex (type, risk, override,
#   template), the DeployHistory (what failed or was rolled back) and the IncidentLog (what caused an incident),
#   less the PIR documents. A review is due five business days after the end of the change. Of the other normal
#   changes one in ten is drawn by its id and a salt of the configuration, so that nobody chooses. Nothing here
#   reads `input`.
package policies.lib.review

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape
import data.policies.lib.workday

_days := 5

# What is needed and not written. Documents hold years of changes: they are gone through once, not once for each of them.
#
# - needed: changes that need a review, whether they have one or not
# - overdue: those without one whose time is over: {change, why, teams, due_ns, late_ns, because}
# - next_due_ns: when the next ones become overdue
# - unended: those that have none and of which nobody knows when they ended
state(document) := {
	"needed": {one.id | some one in all},
	"overdue": {_overdue(document, id, due_ns, facts) |
		some id, due_ns in due
		due_ns < document.now_ns
	},
	"next_due_ns": {due_ns |
		some due_ns in due
		due_ns >= document.now_ns
	},
	"unended": open - object.keys(facts.ends),
} if {
	all := _all(document)
	reviewed := _reviewed(document)
	open := {one.id | some one in all} - reviewed
	facts := _facts(document, all, open)
	due := {id: workday.after(max(ends), _days) | some id, ends in facts.ends}
}

_overdue(document, id, due_ns, facts) := {
	"change": id,
	"why": concat(", ", sort(facts.reasons[id])),
	"teams": object.get(facts.teams, id, set()),
	"due_ns": due_ns,
	"late_ns": document.now_ns - due_ns,
	"because": [place | some [_, _, place] in object.get(facts.places, id, set())],
}

# What is known of the changes that are asked for, by their id.
_facts(document, all, ids) := {
	"reasons": shape.grouped({[one.id, one.why] | some one in all; one.id in ids}),
	"ends": shape.grouped({[one.id, at_ns] | some one in named; some at_ns in _ends(one.entry)}),
	"teams": shape.grouped({[one.id, team] | some one in named; some team in _teams(document, one.entry)}),
	"places": shape.grouped({[one.id, [one.kind, one.index, place]] |
		some one in named
		some place in context.place(document, one.kind, one.index)
	}),
} if {
	named := [{"id": id, "kind": kind, "index": index, "entry": entry} |
		some kind, key in _ids
		some index, entry in context.entries(document, kind)
		id := _text(object.get(entry, key, null))
		id in ids
	]
}

# Kinds of documents that name changes, and where.
_ids := {"change_indexes": "id", "deploys": "change", "incidents": "causedByChange"}

# Teams that a change belongs to, by everything that names it.
teams(document, id) := {team |
	some kind, key in _ids
	some entry in context.entries(document, kind)
	_text(object.get(entry, key, null)) == id
	some team in _teams(document, entry)
}

# One in ten, by the letters of the id and the salt of the period.
drawn(id, salt) if _hash(sprintf("%s/%s", [salt, id])) % 10 == 0

_reviewed(document) := {_text(entry.change) | some entry in context.entries(document, "pirs")}

# Why changes need a review: {id, why}.
_all(document) := _of_index(document) | _of_deploys(document) | _of_incidents(document)

_closed_states := {"closed", "review", "implemented", "3", "0"}

# Closed changes of the index by their id.
_closed(document) := {_text(entry.id): entry |
	some entry in context.entries(document, "change_indexes")
	lower(_text(object.get(entry, "state", null))) in _closed_states
	not lower(_text(object.get(entry, "type", null))) == "standard"
}

_of_index(document) := {{"id": id, "why": why} |
	some id, entry in _closed(document)
	some why in _index_reasons(entry, _salt(document))
}

_index_reasons(entry, salt) := {"it was an emergency" | entry.type == "emergency"} |
	{sprintf("its risk was %s", [entry.risk]) | entry.risk in {"high", "very-high"}} |
	{"it overrode a freeze" | _given(entry, "freezeOverride")} |
	{"it was the first use of its template" | object.get(entry, "firstUse", false) == true} |
	{sprintf("it ended as %s", [entry.outcome]) | entry.outcome in {"failed", "rolled-back", "unsuccessful"}} |
	{"it was drawn (one in ten)" | drawn(_text(entry.id), salt)}

_of_deploys(document) := {{"id": _text(entry.change), "why": sprintf("its deployment %s", [_ended(entry.result)])} |
	some entry in context.entries(document, "deploys")
	resource.production_word(entry.environment)
	entry.result in {"failed", "rolled-back"}
	entry.change
}

_ended(result) := "failed" if result == "failed"

_ended(result) := "was rolled back" if result == "rolled-back"

_of_incidents(document) := {{"id": _text(entry.causedByChange), "why": sprintf("it caused %s", [_text(entry.id)])} |
	some entry in context.entries(document, "incidents")
	is_string(entry.causedByChange)
	not lower(entry.causedByChange) in {"none", "unknown", ""}
}

# When the change ended, by what an entry says.
_ends(entry) := {at_ns |
	some key in ["closedAt", "finishedAt", "end", "resolvedAt"]
	at_ns := instant.ns(entry[key])
}

_teams(document, entry) := {resource.service_name(team) |
	team := entry.team
	is_string(team)
} | {resource.service_name(owner) |
	some ref in array.concat([object.get(entry, "service", null)], shape.list(object.get(entry, "services", [])))
	owner := service.entry(document.context.services, resource.service_name(ref)).owner
	is_string(owner)
}

_salt(document) := sprintf("%v", [shape.at(document.config, ["thresholds", "PIR-001", "salt"])])

_given(entry, key) if not object.get(entry, key, null) in {null, false, ""}

_text(value) := sprintf("%v", [value])

# A polynomial over the letters: the same everywhere, and no cryptography where nothing is secret. Rules and functions
# cost more than arithmetic, and there may be thousands of ids.
_hash(text) := sum([value |
	some index, letter in split(hex.encode(text), "")
	value := digits[letter] * (((index * index) * 31) + ((index * 7) + 1))
]) % 1009 if {
	digits := _digits
}

_digits := {
	"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9,
	"a": 10, "b": 11, "c": 12, "d": 13, "e": 14, "f": 15,
}

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

# Reviews that are overdue: {change, why, team, due_ns, late_ns, because}.
overdue(document) := {review |
	some id, reasons in _reasons(document)
	not id in _reviewed(document)
	ended_ns := max(_ends(document, id))
	due_ns := workday.after(ended_ns, _days)
	due_ns < document.now_ns
	review := {
		"change": id, "why": concat(", ", sort(reasons)), "teams": _teams(document, id),
		"due_ns": due_ns, "late_ns": document.now_ns - due_ns, "because": _places(document, id),
	}
}

# Those of one team.
of_team(document, team) := {review |
	some review in overdue(document)
	resource.service_name(team) in review.teams
}

# Teams that a change belongs to, by everything that names it.
teams(document, id) := _teams(document, id)

# When the next ones become overdue.
next_due_ns(document) := {due_ns |
	some id, _ in _reasons(document)
	not id in _reviewed(document)
	due_ns := workday.after(max(_ends(document, id)), _days)
	due_ns >= document.now_ns
}

# Changes that need a review, whether they have one or not.
needed(document) := object.keys(_reasons(document))

# Those that have none and of which nobody knows when they ended.
unended(document) := {id |
	some id in needed(document) - _reviewed(document)
	count(_ends(document, id)) == 0
}

# One in ten, by the letters of the id and the salt of the period.
drawn(id, salt) if _hash(sprintf("%s/%s", [salt, id])) % 10 == 0

_reviewed(document) := {_text(entry.change) | some entry in context.entries(document, "pirs")}

# Change → why it needs a review.
_reasons(document) := {id: reasons |
	some id in {one.id | some one in _all(document)}
	reasons := {one.why | some one in _all(document); one.id == id}
}

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

# When the change ended, by everything that says so.
_ends(document, id) := {at_ns |
	some entry in _entries_of(document, id)
	some key in ["closedAt", "finishedAt", "end", "resolvedAt"]
	at_ns := instant.ns(entry[key])
}

_entries_of(document, id) := [entry |
	some kind, key in {"change_indexes": "id", "deploys": "change", "incidents": "causedByChange"}
	some entry in context.entries(document, kind)
	_text(object.get(entry, key, null)) == id
]

_teams(document, id) := {resource.service_name(entry.team) |
	some entry in _entries_of(document, id)
	is_string(entry.team)
} | {resource.service_name(owner) |
	some entry in _entries_of(document, id)
	some ref in array.concat([object.get(entry, "service", null)], shape.list(object.get(entry, "services", [])))
	owner := service.entry(document.context.services, resource.service_name(ref)).owner
	is_string(owner)
}

_places(document, id) := [place |
	some kind, key in {"change_indexes": "id", "deploys": "change", "incidents": "causedByChange"}
	some index, entry in context.entries(document, kind)
	_text(object.get(entry, key, null)) == id
	some place in context.place(document, kind, index)
]

_salt(document) := sprintf("%v", [shape.at(document.config, ["thresholds", "PIR-001", "salt"])])

_given(entry, key) if not object.get(entry, key, null) in {null, false, ""}

_text(value) := sprintf("%v", [value])

# A polynomial over the letters: the same everywhere, and no cryptography where nothing is secret.
_hash(text) := sum([value |
	some index, letter in split(hex.encode(text), "")
	value := _digits[letter] * _power(index)
]) % 1009

_power(index) := (index * index * 31) + (index * 7) + 1

_digits := {
	"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9,
	"a": 10, "b": 11, "c": 12, "d": 13, "e": 14, "f": 15,
}

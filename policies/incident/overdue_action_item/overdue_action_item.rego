# METADATA
# title: Action item of a post-mortem is overdue
# description: >-
#   What a team promised after an incident is tracked: each action item has an id, a type (prevent, mitigate, detect or
#   process), a priority, a person as its owner, a due date and a tracker. The next change of the service is told of
#   overdue P1 and P2 items; a P1 that is more than 30 days late stops it, unless the change closes the item
#   (spec.closes) or somebody accepted the risk until a day that lies ahead.
# related_resources:
#   - https://sre.google/sre-book/example-postmortem/
# custom:
#   id: INC-005
#   scope: change
#   targets: []
#   severity: medium
#   enforcement: advisory
#   stages: [pull-request]
#   controls:
#     SOC2: [CC4.2, CC7.5]
#     ISO27001: ["5.27", "10.2"]
#     NIST80053: [CA-5, IR-4]
#   remediation: >-
#     Do the items and set their status to done, or close them with this change (spec.closes); what stays undone is
#     accepted by name and until a day (acceptedRisk {approver, expires}).
#   since: 0.2.0
package policies.incident.overdue_action_item

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	some found in _open
	_priority(found.item) in {"P1", "P2"}
	late := input.now_ns - _due_ns(found.item)
	late >= 0
	finding := object.union(_weight(found.item, late), {
		"msg": sprintf("%s (%s, %v) was due on %v and is not done: %s", [
			_id(found.item),
			_priority(found.item),
			object.get(found.item, "owner", "nobody"),
			found.item.dueDate,
			found.title,
		]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": found.because,
		"evidence": [{
			"pointer": _id(found.item),
			"observed": sprintf("%d days late, %v", [floor(late / instant.day), object.get(found.item, "status", "no status")]),
			"expected": "done, closed by this change, or accepted",
		}],
	})
}

deny contains finding if {
	some found in _open
	missing := [key |
		some key in ["id", "type", "priority", "owner", "dueDate", "tracker"]
		not text.given(object.get(found.item, key, null))
	]
	count(missing) > 0
	finding := {
		"msg": sprintf("%s lacks %s: %s", [_id(found.item), concat(", ", missing), found.title]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": found.because,
		"severity": "low",
	}
}

deny contains finding if {
	some found in _open
	owner := found.item.owner
	is_string(owner)
	not _is_person(owner)
	finding := {
		"msg": sprintf("%s belongs to %s, which is a team: nobody does it", [_id(found.item), owner]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": found.because,
		"severity": "low",
	}
}

unknown contains finding if {
	some found in _open
	_priority(found.item) in {"P1", "P2"}
	text.given(object.get(found.item, "dueDate", null))
	not _is_dated(found.item)
	finding := {
		"msg": sprintf("when %s is due (%v) is not known", [_id(found.item), found.item.dueDate]),
		"because": found.because,
	}
}

unknown contains finding if {
	reach.judged(input)
	not context.given(input, "postmortems")
	count(_grave) > 0
	finding := {"msg": sprintf("%s (%s)", [
		context.missing("Postmortem", "what was promised after the incidents"),
		concat(", ", sort(_grave)),
	])}
}

valid_until contains instant_ns if {
	some found in _open
	_priority(found.item) in {"P1", "P2"}
	some days in [0, 30]
	instant_ns := _due_ns(found.item) + (days * instant.day)
	instant_ns >= input.now_ns
}

# Only a P1 that is long overdue stops a change.
_weight(item, late) := {"enforcement": "soft", "severity": "high"} if _stops(item, late)

_is_dated(item) if is_number(_due_ns(item))

_weight(item, late) := {} if not _stops(item, late)

_stops(item, late) if {
	_priority(item) == "P1"
	late > 30 * instant.day
	input.change.spec.type != "emergency"
}

# Items of the services of the change that are neither done nor closed by it nor accepted.
_open contains {"item": item, "title": title, "because": context.place(input, "postmortems", index)} if {
	reach.judged(input)
	some index, entry in context.entries(input, "postmortems")
	_concerns(entry)
	title := sprintf("%v", [object.get(entry, "title", "a post-mortem without a title")])
	some item in shape.list(object.get(entry, "actionItems", []))
	is_object(item)
	not lower(sprintf("%v", [object.get(item, "status", "open")])) in _done
	not _id(item) in _closes
	not _is_accepted(item)
}

_done := {"done", "closed", "completed", "resolved", "verified"}

_closes := {sprintf("%v", [id]) | some id in shape.list(shape.at(input.change, ["spec", "closes"]))}

_is_accepted(item) if {
	accepted := shape.map(object.get(item, "acceptedRisk", null))
	text.answered(object.get(accepted, "approver", null))
	_end_of(accepted.expires) > input.now_ns
}

# A post-mortem names its services, or its incident does.
_concerns(entry) if {
	some ref in shape.list(object.get(entry, "services", []))
	resource.service_name(ref) in _services
}

_concerns(entry) if {
	some _, incident in context.entries(input, "incidents")
	incident.id == entry.incident
	some ref in shape.list(object.get(incident, "services", []))
	resource.service_name(ref) in _services
}

_services := object.keys(reach.services(input))

# Grave incidents on the services of the change of which nobody gave a post-mortem.
_grave := {sprintf("%v", [incident.id]) |
	some _, incident in context.entries(input, "incidents")
	lower(sprintf("%v", [incident.severity])) in {"sev1", "sev2", "1", "2"}
	lower(sprintf("%v", [incident.status])) in {"resolved", "closed"}
	some ref in shape.list(object.get(incident, "services", []))
	resource.service_name(ref) in _services
}

_id(item) := sprintf("%v", [object.get(item, "id", "an action item without an id")])

_priority(item) := upper(sprintf("%v", [object.get(item, "priority", "none")]))

_due_ns(item) := _end_of(item.dueDate)

# A day lasts until its end; an instant is one.
_end_of(written) := instant.ns(written) if instant.valid(written)

_end_of(written) := instant.ns(sprintf("%sT00:00:00Z", [written])) + instant.day if {
	is_string(written)
	not instant.valid(written)
}

_is_person(owner) if {
	not contains(owner, ":")
	not regex.match("(?i)(^|[-_ ])(team|group|squad|sre|ops|platform)([-_ @]|$)", owner)
}

# METADATA
# title: Change collides with another one
# description: >-
#   Another scheduled or running change that overlaps in time (this one with its rollback) and shares a service, a
#   direct dependency or the standby of one must be coordinated: coordination[] of both names the other, with the
#   relation before, after or same-window. A change that this one requires must be closed first. A low-risk standard
#   change only warns. What was scheduled and never closed counts until 24 hours after its end. Other repositories are
#   seen through the ChangeIndex.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-4
# custom:
#   id: CHG-009
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-4]
#     DORARTS: [17(1)(c)]
#   remediation: >-
#     Move one of the changes, or agree: both requests name the other in spec.coordination with relation and agreedBy.
#   since: 0.2.0
package policies.change.colliding_change

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains finding if {
	some index, other in _colliding
	not _is_agreed(other)
	finding := object.union(_weight(other), {
		"msg": sprintf("%s (%s) runs from %v to %v %s%s", [
			_id(other),
			_state(other),
			other.start,
			object.get(other, "end", "an end that it does not name"),
			_shared(other),
			_half(other),
		]),
		"at": "change",
		"path": _place,
		"because": context.place(input, "change_indexes", index),
		"evidence": [
			{"pointer": "this change", "observed": _interval, "expected": "no overlap, or an agreement on both sides"},
			{
				"pointer": _id(other),
				"observed": sprintf("%v to %v", [other.start, object.get(other, "end", "?")]),
				"expected": sprintf("this change from %s on", [_free]),
			},
		],
	})
}

deny contains finding if {
	_judged
	some position, required in shape.list(shape.at(input.change, ["spec", "dependencies", "requires"]))
	some index, other in _others
	_id(other) == sprintf("%v", [required])
	not _state(other) in _finished
	finding := {
		"msg": sprintf("%s has to be closed first, and is %s", [_id(other), _state(other)]),
		"at": "change",
		"path": ["spec", "dependencies", "requires", position],
		"because": context.place(input, "change_indexes", index),
	}
}

unknown contains finding if {
	_judged
	not context.given(input, "change_indexes")
	finding := {"msg": context.missing("ChangeIndex", "whether another change collides"), "at": "change", "path": _place}
}

unknown contains finding if {
	_judged
	some index, other in _others
	_state(other) in _coming
	not instant.valid(object.get(other, "start", null))
	_meets(other)
	finding := {
		"msg": sprintf("%s is %s %s, and does not say when it starts", [_id(other), _state(other), _shared(other)]),
		"because": context.place(input, "change_indexes", index),
	}
}

# At apply the interval moves: a change begins to collide, and one that never closed is given up.
valid_until contains instant_ns if {
	input.stage == "apply"
	_judged
	some _, other in _others
	_state(other) in _coming
	_meets(other)
	some instant_ns in {instant.ns(other.start) - _rollback_ns, _end_ns(other)}
	instant_ns > input.now_ns
}

_judged if {
	reach.judged(input)
	is_object(input.change.window)
}

_occupied := input.change.window.occupied

_rollback_ns := input.change.window.rollback_ns

_interval := sprintf("%s to %s, its rollback included", [_occupied.start, _occupied.end])

_place := ["spec", "coordination"] if input.change.spec.coordination

_place := ["spec", "schedule"] if not input.change.spec.coordination

_coming := {"scheduled", "implement", "implementing", "in-progress", "-2", "-1"}

_finished := {"closed", "review", "implemented", "3", "0"}

_others[index] := entry if {
	_judged
	some index, entry in context.entries(input, "change_indexes")
	_id(entry) != input.change.metadata.id
}

_colliding[index] := other if {
	some index, other in _others
	_state(other) in _coming
	instant.ns(other.start) < _occupied.end_ns
	_occupied.start_ns < _end_ns(other)
	_meets(other)
	not _is_given_up(other)
}

# Nobody closed it: 24 hours after its end it is history.
_is_given_up(other) if instant.ns(other.end) + instant.day <= input.now_ns

# Without an end it is still running, and while it runs late nobody knows when it ends.
_end_ns(other) := instant.ns(other.end) if not _runs_late(other)

_end_ns(other) := instant.ns(other.end) + instant.day if _runs_late(other)

_end_ns(other) := instant.ns(other.start) + instant.day if not instant.valid(object.get(other, "end", null))

_runs_late(other) if {
	_state(other) in {"implement", "implementing", "in-progress", "-1"}
	instant.ns(other.end) <= input.now_ns
}

_state(other) := lower(sprintf("%v", [object.get(other, "state", "of no known state")]))

_id(other) := sprintf("%v", [object.get(other, "id", "a change without an id")])

_services := object.keys(reach.services(input))

_theirs(other) := {resource.service_name(_ref(one)) | some one in shape.list(object.get(other, "services", []))}

_ref(one) := one if is_string(one)

_ref(one) := one.ref if is_object(one)

_standbys := {resource.service_name(entry.dr_pair) |
	some entry in input.context.services.entries
	entry.name in _services
	is_string(entry.dr_pair)
} | {entry.name |
	some entry in input.context.services.entries
	is_string(entry.dr_pair)
	resource.service_name(entry.dr_pair) in _services
}

_neighbours := service.dependencies(input.context.services, _services) | service.dependents(
	input.context.services,
	_services,
)

_meets(other) if count(_theirs(other) & ((_services | _standbys) | _neighbours)) > 0

# What the two have in common, the nearest first.
_shared(other) := sprintf("on %s%s", [concat(", ", sort(_theirs(other) & _services)), _regions(other)]) if {
	count(_theirs(other) & _services) > 0
}

_shared(other) := sprintf("on %s, the standby of this one", [concat(", ", sort(_theirs(other) & _standbys))]) if {
	count(_theirs(other) & _services) == 0
	count(_theirs(other) & _standbys) > 0
}

_shared(other) := sprintf("on %s, which is next to it", [concat(", ", sort(_theirs(other) & _neighbours))]) if {
	count(_theirs(other) & (_services | _standbys)) == 0
}

_regions(other) := sprintf(" in another region (%s)", [concat(", ", sort(there))]) if {
	there := {region | some region in shape.list(object.get(other, "regions", []))}
	count(there) > 0
	count(_here) > 0
	count(there & _here) == 0
}

_regions(other) := "" if {
	there := {region | some region in shape.list(object.get(other, "regions", []))}
	not _is_elsewhere(there)
}

_is_elsewhere(there) if {
	count(there) > 0
	count(_here) > 0
	count(there & _here) == 0
}

_here := {region | some region in shape.list(shape.at(input.change, ["spec", "scope", "regions"]))}

_is_agreed(other) if {
	_names_it(other)
	_is_named_by(other)
}

_names_it(other) if _names(input.change.spec, _id(other))

_is_named_by(other) if _names(other, input.change.metadata.id)

_names(one, id) if {
	some agreement in shape.list(object.get(one, "coordination", []))
	sprintf("%v", [agreement.change]) == id
	agreement.relation in {"before", "after", "same-window"}
}

_half(other) := ": it does not name this change in its coordination" if {
	_names_it(other)
	not _is_named_by(other)
}

_half(other) := ": this change does not name it in its coordination" if {
	not _names_it(other)
	_is_named_by(other)
}

_half(other) := "" if {
	not _names_it(other)
	not _is_named_by(other)
}

# The first instant after all of them.
_free := time.format(max({_end_ns(other) | some _, other in _colliding}))

_weight(_) := {"enforcement": "advisory"} if _is_light

_weight(other) := {"enforcement": "advisory"} if {
	not _is_light
	object.get(other, "readOnly", false) == true
}

_weight(other) := {} if {
	not _is_light
	object.get(other, "readOnly", false) != true
}

_is_light if {
	input.change.spec.type == "standard"
	input.risk.level == "low"
}

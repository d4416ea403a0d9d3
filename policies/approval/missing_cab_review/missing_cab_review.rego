# METADATA
# title: High-risk change without CAB review
# description: >-
#   High or very high risk, a core tier-0 component, a destructive action on a stateful resource, a freeze override or
#   more than one region at once need a decision of the change advisory board: approved before the start, by a quorum
#   whose members hold their roles and approved this content themselves, with every condition met. Everything else is
#   left to peer review, on purpose. An emergency passes with the incident commander's approval and is ratified later.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-3
#   - https://dora.dev/capabilities/streamlining-change-approval/
# custom:
#   id: CAB-001
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1, CC3.4]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-4]
#     PCIDSS: ["6.5.1"]
#     DORARTS: [17(1)(b)]
#   remediation: >-
#     Take the change to the CAB (`changegate report cab` makes the pack) and record its decision in spec.cab.
#   since: 0.1.0
package policies.approval.missing_cab_review

import data.policies.lib.approval
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	_required
	some fault in _faults
	finding := {
		"msg": sprintf("%s (CAB review is needed: %s)", [fault.msg, concat("; ", sort(_reasons))]),
		"at": "change",
		"path": _place(object.get(fault, "path", [])),
		"pending": fault.pending,
		"because": object.get(fault, "because", []),
	}
}

unknown contains "no ApprovalMatrix was given: the CAB's quorum cannot be judged. Commit one under .changegate/" if {
	_required
	_decision == "approved"
	not is_object(input.matrix)
}

unknown contains "no Identities were given: the CAB's quorum cannot be judged. Commit them under .changegate/" if {
	_required
	_decision == "approved"
	not _identities_given
}

# A decision dated ahead begins to count.
valid_until contains instant_ns if {
	_required
	instant_ns := instant.ns(_cab.decidedAt)
	instant_ns > input.now_ns
}

_required if {
	is_object(input.change)
	count(_reasons) > 0
}

_identities_given if input.context.identities.given == true

# Why the board has to see it: printed, because a blanket CAB slows delivery and prevents nothing.

_reasons contains sprintf("the risk is %s", [input.risk.level]) if {
	input.risk.level in {"high", "very-high"}
	count(approval.tiers(input)) > 0
}

_reasons contains sprintf("%s is a core tier-0 component", [name]) if some name in _core_touched

_reasons contains sprintf("%s of the stateful %s", [changed.action, resource.address(changed)]) if {
	some changed in _production
	changed.stateful == true
	resource.destroys(changed)
}

_reasons contains "it overrides a freeze" if is_object(input.change.spec.freezeOverride)

_reasons contains sprintf("%d regions at once (%s)", [count(_regions), concat(", ", sort(_regions))]) if {
	count(_regions) > 1
}

_production := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
]

_core_touched contains changed.service if {
	some changed in _production
	changed.tier == 0
	changed.service in _core_services
}

_core_touched contains service.name if {
	_judged_by_request
	some service in input.change.services
	service.tier == 0
	service.core == true
}

_core_services contains entry.name if {
	some entry in input.context.services.entries
	entry.core == true
}

_core_services contains service.name if {
	some service in input.change.services
	service.core == true
}

_regions contains changed.region if {
	some changed in _production
	is_string(changed.region)
}

_regions contains region if {
	_judged_by_request
	some region in shape.list(input.change.spec.scope.regions)
	is_string(region)
}

_judged_by_request if {
	input.mode == "present"
	reach.production_scope(input.change)
}

_cab := shape.map(shape.at(input.change, ["spec", "cab"]))

_decision := object.get(_cab, "decision", null)

_refusals := {"rejected", "denied", "declined"}

_faults contains fault if {
	_decision in _refusals
	fault := {"msg": sprintf("the CAB decided: %s", [_decision]), "pending": false, "path": ["decision"]}
}

_faults contains fault if {
	not _decision in _refusals | {"approved"}
	not approval.commanded(input)
	fault := {"msg": "there is no CAB decision yet", "pending": true, "path": ["decision"]}
}

_faults contains fault if {
	_decision == "approved"
	some fault in _record_faults
}

_record_faults contains fault if {
	not text.given(object.get(_cab, "meetingRef", null))
	fault := {"msg": "the CAB decision names no meeting (cab.meetingRef)", "pending": true}
}

_record_faults contains fault if {
	not instant.valid(object.get(_cab, "decidedAt", null))
	fault := {"msg": "the CAB decision has no instant (cab.decidedAt, RFC 3339)", "pending": true}
}

_record_faults contains fault if {
	instant.ns(_cab.decidedAt) > input.now_ns
	fault := {
		"msg": sprintf("the CAB decision of %s lies in the future", [_cab.decidedAt]),
		"pending": true, "path": ["decidedAt"],
	}
}

_record_faults contains fault if {
	instant.ns(_cab.decidedAt) >= input.change.window.start_ns
	fault := {
		"msg": sprintf("the CAB decided at %s, not before the start %s", [_cab.decidedAt, input.change.window.start]),
		"pending": false, "path": ["decidedAt"],
	}
}

_record_faults contains fault if {
	some index, condition in shape.list(_cab.conditions)
	object.get(shape.map(condition), "status", null) != "met"
	fault := {
		"msg": sprintf("the CAB's condition \"%v\" is not met", [object.get(shape.map(condition), "text", condition)]),
		"pending": true, "path": ["conditions", index],
	}
}

_record_faults contains fault if {
	bound := object.get(_cab, "boundDigest", null)
	bound != null
	bound != input.change.digest
	fault := {
		"msg": sprintf("the CAB decided on %v, the change is now %s", [bound, input.change.digest]),
		"pending": true, "path": ["boundDigest"],
	}
}

_record_faults contains fault if {
	count(_quorum_missing) > 0
	fault := {
		"msg": sprintf("the CAB's quorum lacks %s: an attendee who holds the role and has approved this content", [
			concat(", ", sort(_quorum_missing)),
		]),
		"pending": true,
		"path": ["attendees"],
		"because": [input.matrix.source],
	}
}

_quorum_missing := approval.missing(_quorum, _seated) if {
	_identities_given
	count(_quorum) <= approval.most_roles
}

_quorum := {role: 1 | some role in input.matrix.cab.quorumRoles}

# Roles come from the identities and the verified approval, never from the record.
_seated := approval.held([one |
	some one in input.approvals
	some name in [one.by, one.login]
	name in _attendees
])

_attendees := {name |
	some attendee in shape.list(_cab.attendees)
	some name in [attendee, object.get(shape.map(attendee), "by", null)]
	is_string(name)
}

# The deepest part of the record that is there.
_place(path) := array.concat(["spec", "cab"], path) if {
	input.change.spec.cab
	object.get(_cab, path, null) != null
}

_place(path) := ["spec", "cab"] if {
	input.change.spec.cab
	object.get(_cab, path, null) == null
}

_place(_) := ["spec"] if not input.change.spec.cab

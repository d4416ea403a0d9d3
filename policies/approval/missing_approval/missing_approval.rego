# METADATA
# title: Approvals of the matrix are missing
# description: >-
#   Every role that the approval matrix asks for at the strictest tier touched and the risk of the change needs a
#   verified, current approval of exactly this content. One person fills one slot. A request for changes by somebody
#   whose role is needed stands until it is withdrawn. An emergency passes with the incident commander's approval.
# related_resources:
#   - https://docs.github.com/en/rest/pulls/reviews
#   - https://en.wikipedia.org/wiki/Hall%27s_marriage_theorem
# custom:
#   id: CAB-002
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1, CC6.1]
#     ISO27001: ["8.32", "5.3"]
#     NIST80053: [CM-3, CM-5, AU-10]
#     PCIDSS: ["6.5.1"]
#     DORARTS: [17(1)(b)]
#   remediation: >-
#     Ask somebody who holds the missing role and did not contribute to approve the current head; editing the request or
#     a changed file voids approvals.
#   since: 0.1.0
package policies.approval.missing_approval

import data.policies.lib.approval
import data.policies.lib.instant

# After this an approval is too old to count.
_max_age := 14 * instant.day

deny contains finding if {
	count(_missing) > 0
	finding := object.union(_place, {
		"msg": sprintf("%s needs %s; missing: %s", [_row, _needed, concat(", ", sort(_missing))]),
		"pending": true,
		"because": [_cell.source],
		"evidence": array.concat(
			[
				{
					"pointer": sprintf("matrix %s", [_cell.name]),
					"observed": sprintf("missing %s", [concat(", ", sort(_missing))]),
					"expected": _needed,
				},
				{
					"pointer": "change digest",
					"observed": input.change.digest,
					"expected": "the digest that an approval is bound to",
				},
			],
			approval.evidence(input.approvals),
		),
	})
}

deny contains finding if {
	_judged
	some objection in approval.objections(input.approvals, _cell.roles)
	finding := object.union(_place, {
		"msg": sprintf("%s (%s) requested changes", [approval.who(objection), concat(", ", objection.roles)]),
		"pending": true,
		"because": [_cell.source, objection.source],
		"remediation": "Settle it with the reviewer: a newer approval or a dismissal lifts it.",
	})
}

unknown contains "no ApprovalMatrix was given: approvals cannot be judged. Commit one under .changegate/" if {
	_needs_approval
	not is_object(input.matrix)
}

unknown contains "no Identities were given: nobody holds a role. Commit them under .changegate/" if {
	_needs_approval
	not _identities_given
}

unknown contains finding if {
	_needs_approval
	is_object(input.matrix)
	not _cell
	finding := {
		"msg": "the ApprovalMatrix has no row for any tier and risk level: approvals cannot be judged",
		"because": [input.matrix.source],
	}
}

unknown contains finding if {
	_needs_approval
	count(_cell.roles) > approval.most_roles
	finding := {
		"msg": sprintf("the cell %s names more than %d roles: too many to judge", [_cell.name, approval.most_roles]),
		"because": [_cell.source],
	}
}

# The approvals that carry the change grow old with no new commit.
valid_until contains instant_ns if {
	_judged
	count(_missing) == 0
	some one in input.approvals
	one.valid == true
	is_number(one.at_ns)
	some role in one.roles
	_cell.roles[role]
	instant_ns := one.at_ns + _max_age
	instant_ns > input.now_ns
}

_needs_approval if {
	is_object(input.change)
	count(approval.tiers(input)) > 0
	not approval.commanded(input)
}

_identities_given if input.context.identities.given == true

_cell := approval.binding(input)

_judged if {
	_needs_approval
	_identities_given
	count(_cell.roles) <= approval.most_roles
}

_missing := approval.missing(_cell.roles, approval.held(input.approvals)) if _judged

_needed := concat(", ", sort([sprintf("%s %d", [role, number]) | some role, number in _cell.roles]))

_row := sprintf("tier %s at risk %s%s", [parts[0], parts[1], _declared]) if parts := split(_cell.name, "/")

_declared := "" if is_string(input.risk.level)

_declared := " (none is declared)" if input.risk.level == null

_place := {"at": "change", "path": ["spec", "approvals"]} if input.change.spec.approvals

_place := {"at": "change", "path": ["spec"]} if not input.change.spec.approvals

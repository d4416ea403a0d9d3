# METADATA
# title: Somebody who contributed to the change approves it
# description: >-
#   Author, committer, co-author, signer, pusher, requester and implementer cannot approve what they made, under none of
#   their logins. Reported when their approval would have been needed: an extra one that does not count harms nobody.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AC-5
#   - https://dora.dev/capabilities/streamlining-change-approval/
# custom:
#   id: CAB-003
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC6.3, CC8.1]
#     ISO27001: ["5.3", "8.32"]
#     NIST80053: [AC-5, CM-5]
#     PCIDSS: ["6.5.4"]
#     DORARTS: [17(1)(b)]
#   remediation: >-
#     Ask somebody who wrote, committed, requested and implements nothing of it. Small teams borrow an approver from the
#     platform or SRE pool.
#   since: 0.1.0
package policies.approval.approved_by_contributor

import data.policies.lib.approval

deny contains finding if {
	count(_missing) > 0
	some void in approval.discounted(input.approvals)
	_by_contributor(void)
	finding := object.union(_place, {
		"msg": sprintf("%s contributed to the change, so the approval does not count; missing: %s", [
			approval.who(void),
			concat(", ", sort(_missing)),
		]),
		"pending": true,
		"because": [void.source, _cell.source],
		"evidence": [{
			"pointer": sprintf("approval of %s", [approval.who(void)]),
			"observed": "contributor",
			"expected": "nobody of the requester, the implementer and the people behind the commits",
		}],
	})
}

_by_contributor(void) if void.contributor == true

_by_contributor(void) if "contributor" in void.why_not

_cell := approval.binding(input)

# What nobody may judge is reported by the policy about missing approvals.
_missing := approval.missing(_cell.roles, approval.held(input.approvals)) if {
	input.context.identities.given == true
	not approval.commanded(input)
	count(_cell.roles) <= approval.most_roles
}

_place := {"at": "change", "path": ["spec", "approvals"]} if input.change.spec.approvals

_place := {"at": "change", "path": ["spec"]} if not input.change.spec.approvals

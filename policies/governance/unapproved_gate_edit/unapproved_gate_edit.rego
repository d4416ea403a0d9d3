# METADATA
# title: Gate's own documents are edited without their owner
# description: >-
#   A change to the gate's configuration, policies, calendar, matrix, identities, waivers, catalogue or other context
#   needs a verified approval by somebody who holds a role of `approvals.policy_owners` (default: policy-owners) and did
#   not contribute. The change itself is judged with these documents as they are at the base, whatever it does to them.
# related_resources:
#   - https://docs.github.com/en/actions/reference/security/secure-use
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-5
# custom:
#   id: GOV-004
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request]
#   controls:
#     SOC2: [CC8.1, CC5.2]
#     ISO27001: ["8.32", "8.4"]
#     NIST80053: [CM-3, CM-5, CM-6, SI-7]
#     DORARTS: [17(1)(b)]
#   remediation: >-
#     Ask an owner of the gate to approve the current head, or move the edit to a pull request of its own.
#   since: 0.1.0
package policies.governance.unapproved_gate_edit

import data.policies.lib.approval

deny contains finding if {
	not _approved
	some file in input.git.files
	is_string(file.gate)
	finding := {
		"msg": sprintf("%s (%s of the gate) is %s without an approval by %s", [
			file.path,
			file.gate,
			file.status,
			concat(" or ", sort(_owners)),
		]),
		"at": "file",
		"file": file.path,
		"pending": true,
		"evidence": array.concat(
			[{
				"pointer": file.path,
				"observed": sprintf("%s, approved by nobody who owns the gate", [file.status]),
				"expected": sprintf("a verified approval by %s", [concat(" or ", sort(_owners))]),
			}],
			approval.evidence(input.approvals),
		),
	}
}

_owners := {role | some role in input.config.policy_owners} if count(input.config.policy_owners) > 0

_owners := {"policy-owners"} if count(input.config.policy_owners) == 0

_approved if {
	some one in input.approvals
	one.valid == true
	one.contributor == false
	some role in one.roles
	role in _owners
}

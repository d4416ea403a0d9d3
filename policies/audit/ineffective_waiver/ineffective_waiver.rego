# METADATA
# title: Waiver does not count or is of no use
# description: >-
#   An exception covers one policy and one resource or finding, says why, names a ticket and an owner, was allowed by
#   somebody who did not make the change, and ends within the configured time (90 days, 30 for critical policies). Hard
#   policies know no exceptions. One that the change itself writes beside a resource needs a verified approval by somebody
#   in `approvals.waiver_approvers`. What does not count silences nothing; what this change does not need and did not bring
#   is only reported. An exception that nothing needs any more is to be removed.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-6
# custom:
#   id: AUD-004
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stages: [commit, pull-request, apply]
#   controls:
#     SOC2: [CC4.2, CC5.3]
#     ISO27001: ["5.36", "8.32"]
#     NIST80053: [CM-3, CM-6, CA-7]
#   remediation: >-
#     Write one entry a policy and resource with reason, ticket, owner, an independent approver, createdAt, an end within
#     the limit and a compensating control; remove what is over or of no use.
#   since: 0.1.0
package policies.audit.ineffective_waiver

import data.policies.lib.shape

deny contains finding if {
	some waiver in shape.list(input.waivers)
	not _counts(waiver)
	finding := object.union(_finding(waiver), {
		"msg": sprintf("%s does not count: %s", [_named(waiver), concat("; ", _reasons(waiver))]),
		"enforcement": _enforcement(waiver),
		"pending": _awaited(waiver),
	})
}

deny contains finding if {
	some waiver in shape.list(input.waivers)
	_counts(waiver)
	waiver.judged == true
	not _needed(waiver)
	finding := object.union(_finding(waiver), {
		"msg": sprintf("%s is of no use: nothing is there that it would silence", [_named(waiver)]),
		"enforcement": "advisory",
		"remediation": "Remove it: an exception that nobody needs hides the next fault.",
	})
}

# Nothing is known about a waiver whose validity nobody worked out.
_counts(waiver) if waiver.valid == true

_needed(waiver) if waiver.needed == true

_finding(waiver) := {
	"at": "source",
	"source": object.get(waiver, "source", ""),
	"evidence": [{
		"pointer": code,
		"observed": _observed(waiver, code),
		"expected": _expected(waiver, code),
	} |
		some code in shape.list(object.get(waiver, "why_not", []))
	],
}

# What stands in nobody's way and was there before the change is no reason to stop it.
_enforcement(waiver) := "hard" if _matters(waiver)

_enforcement(waiver) := "advisory" if not _matters(waiver)

_matters(waiver) if _needed(waiver)

_matters(waiver) if waiver.added == true

_matters(waiver) if {
	input.mode == "present"
	{code | some code in shape.list(waiver.why_not)} != {"expired"}
}

default _awaited(_) := false

# The approval that is missing can still arrive.
_awaited(waiver) if waiver.why_not == ["unapproved"]

_named(waiver) := sprintf("the waiver `%s` of `%s` for `%s`", [
	object.get(waiver, "id", "?"),
	_text(waiver, "policy"),
	_text(waiver, "resource"),
])

_text(waiver, key) := value if {
	value := object.get(waiver, key, null)
	is_string(value)
}

_text(waiver, key) := "nothing" if not is_string(object.get(waiver, key, null))

_reasons(waiver) := [_reason(waiver, code) | some code in shape.list(object.get(waiver, "why_not", []))]

_reason(waiver, code) := sprintf("it ended at `%s`", [_text(waiver, "expires_at")]) if code == "expired"

_reason(waiver, code) := sprintf("it begins only at `%s`", [_text(waiver, "created_at")]) if code == "in-the-future"

_reason(waiver, code) := sprintf("it lasts longer than `%v` days", [waiver.limit_days]) if code == "too-long"

_reason(waiver, code) := sprintf("it lacks `%s`", [concat("`, `", shape.list(waiver.missing))]) if code == "missing-field"

_reason(waiver, code) := sprintf("`%s` contributed to the change", [_text(waiver, "approver")]) if code == "self-approved"

_reason(waiver, code) := sprintf("`%s` is nobody whom Identities knows", [_text(waiver, "approver")]) if {
	code == "unknown-person"
}

_reason(waiver, code) := sprintf("`%s` is a machine", [_text(waiver, "approver")]) if code == "bot"

_reason(waiver, code) := sprintf("`%s` may not approve waivers", [_text(waiver, "approver")]) if code == "not-entitled"

_reason(waiver, code) := sprintf("there is no policy `%s`", [_text(waiver, "policy")]) if code == "unknown-policy"

_reason(_, code) := _words[code] if code in object.keys(_words)

_reason(_, code) := code if not code in _known

_words := {
	"too-broad": "it names more than one policy or one resource",
	"hard-policy": "the policy is hard, and only the protocol that it names lifts it",
	"malformed": "part of it cannot be read",
	"unapproved": "the change itself adds it, and nobody who may approve waivers has approved the change",
}

_known := object.keys(_words) | {
	"expired", "in-the-future", "too-long", "missing-field", "self-approved", "unknown-person", "bot", "not-entitled",
	"unknown-policy",
}

_observed(waiver, code) := _text(waiver, _field[code]) if code in object.keys(_field)

_observed(waiver, "missing-field") := concat(", ", shape.list(waiver.missing))

_observed(waiver, code) := _text(waiver, "id") if {
	code != "missing-field"
	not code in object.keys(_field)
}

_field := {
	"expired": "expires_at",
	"too-long": "expires_at",
	"in-the-future": "created_at",
	"too-broad": "resource",
	"hard-policy": "policy",
	"unknown-policy": "policy",
	"self-approved": "approver",
	"unknown-person": "approver",
	"bot": "approver",
	"not-entitled": "approver",
}

_expected(waiver, "too-long") := sprintf("at most %v days", [object.get(waiver, "limit_days", "the configured")])

_expected(_, code) := _demands[code] if code in object.keys(_demands)

_expected(_, code) := "" if {
	code != "too-long"
	not code in object.keys(_demands)
}

_demands := {
	"expired": "a later instant, approved anew",
	"in-the-future": "now or before",
	"too-broad": "one policy and one resource",
	"hard-policy": "a soft or an advisory policy",
	"self-approved": "somebody who did not contribute",
	"unknown-person": "a person of Identities",
	"bot": "a person",
	"not-entitled": "a role or team of approvals.waiver_approvers",
	"unapproved": "a verified approval by somebody of approvals.waiver_approvers",
	"missing-field": "every field",
	"malformed": "changegate:ignore POLICY until=DATE ticket=ID reason=\"…\"",
}

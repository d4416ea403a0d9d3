# METADATA
# title: Missing notice
# description: Whoever is affected hears of a change before it happens. Say here what is demanded, and why.
# related_resources:
#   - https://www.iso.org/standard/27001
# custom:
#   id: ACME-001
#   scope: change
#   severity: medium
#   enforcement: advisory
#   stages: [pull-request, apply]
#   controls: {SOC2: [CC8.1]}
#   remediation: Add a notice to spec.communications.notices of the change request.
#   since: 0.1.0
package policies.acme.missing_notice

deny contains finding if {
	is_object(input.change)
	not input.resource.tier == 3
	not _has_notice(input.change)
	finding := {
		"msg": "the change request announces nothing, expected a notice",
		"at": "change",
		"path": ["spec"],
	}
}

_has_notice(change) if count(change.spec.communications.notices) > 0

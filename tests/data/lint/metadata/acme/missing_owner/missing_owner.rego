# METADATA
# title: Missing owner.
# description: Somebody has to answer for it. Say here what is demanded, and why.
# custom:
#   id: ACME-001
#   scope: resource
#   targets: [apps/Deployment]
#   severity: medium
#   enforcement: advisory
#   stages: [commit, pull-request, apply]
#   since: next
package policies.acme.missing_owner

deny contains finding if {
	not _has_owner(input.resource)
	finding := {
		"msg": sprintf("%s has no annotation example.com/owner, expected who owns it", [input.resource.id]),
		"path": ["metadata"],
	}
}

_has_owner(resource) if resource.attrs.metadata.annotations["example.com/owner"] != ""

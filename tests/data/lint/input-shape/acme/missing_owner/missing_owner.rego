# METADATA
# title: Missing owner
# description: Somebody has to answer for it. Say here what is demanded, and why.
# related_resources:
#   - https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
# custom:
#   id: ACME-001
#   scope: resource
#   targets: [apps/Deployment]
#   severity: medium
#   enforcement: advisory
#   stages: [commit, pull-request, apply]
#   controls: {SOC2: [CC8.1]}
#   remediation: Add the annotation example.com/owner.
#   since: 0.1.0
package policies.acme.missing_owner

deny contains finding if {
	not _has_owner(input.resource)
	it := input.resource
	it.attr.spec
	_first
	count(_changes) > 0
	finding := {
		"msg": sprintf("%s has no annotation example.com/owner, expected who owns it", [input.resource.id]),
		"path": ["metadata"],
	}
}

_has_owner(resource) if resource.attrs.metadata.annotations["example.com/owner"] != ""

_changes contains path if some path in input.resource.change

_first if input.resources.attrs

_first if object.get(input.resource, "attr", {}) == {}

_first if object.get(input, ["resource", "spec"], 1) == 1

_first if object.get(input.resource.atrs, "metadata", 1) == 1

_first if _is_late(input.change, input.changed[_])

_is_late(change, resource) if _starts_at(change.window) > resource.attr.due

_starts_at(window) := window.begin_ns

_first if _of_both(input.resource)

_first if _of_both(input.change)

_of_both(thing) if thing.anything

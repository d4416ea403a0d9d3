# METADATA
# title: Resource belongs to no owned, tiered service
# description: >-
#   Every production resource that the change touches maps to a service of the catalogue (by annotation or label, by
#   tag with the provider's default tags, or by path), and that service has an owner, a tier and a runbook. Tags that
#   say something else than the catalogue are shown. Helpers without an object of their own in the cloud are exempt.
#   Hard for tier 0.
# related_resources:
#   - https://backstage.io/docs/features/software-catalog/descriptor-format
#   - https://registry.terraform.io/providers/hashicorp/aws/latest/docs#default_tags-configuration-block
# custom:
#   id: GOV-001
#   scope: resource
#   targets: ["*"]
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC1.3, CC6.1]
#     ISO27001: ["5.9"]
#     NIST80053: [CM-8, PM-5]
#     DORA: ["8"]
#   remediation: >-
#     Tag the resource with its service (or map its path under `services` in changegate.yaml), and complete the entry of
#     the service in the catalogue.
#   since: 0.1.0
package policies.governance.unowned_resource

import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains finding if {
	_judged
	not _entry
	input.context.services.given == true
	finding := {
		"msg": _unmapped,
		"evidence": [{
			"pointer": resource.address(input.resource),
			"observed": _claimed,
			"expected": "a service of the catalogue",
		}],
	}
}

deny contains finding if {
	_judged
	lacking := sort([part | some key, part in _parts; object.get(_entry, key, null) in {null, ""}])
	count(lacking) > 0
	finding := object.union(_enforcement, {
		"msg": sprintf("%s has no %s in the catalogue", [_entry.name, concat(", no ", lacking)]),
		"because": [_entry.source | is_string(_entry.source)],
		"evidence": [{
			"pointer": sprintf("service %s", [_entry.name]),
			"observed": sprintf("no %s", [concat(", no ", lacking)]),
			"expected": "an owner, a tier and a runbook",
		}],
	})
}

deny contains finding if {
	_judged
	some conflict in _conflicts
	finding := {
		"msg": sprintf("the tag %s says %s, the catalogue says %s", [conflict.key, conflict.tag, conflict.catalogue]),
		"path": conflict.path,
		"enforcement": "advisory",
		"severity": "low",
		"because": [_entry.source | is_string(_entry.source)],
		"evidence": [{"pointer": conflict.key, "observed": conflict.tag, "expected": conflict.catalogue}],
	}
}

unknown contains "no service catalogue was given: who owns what the change touches cannot be judged" if {
	_judged
	input.context.services.given == false
}

unknown contains resource.unclassified if {
	resource.unplaced(input.resource)
	not _entry
	not _helper
}

_judged if {
	input.resource.action != "no-op"
	resource.production(input.resource)
	not _helper
}

_entry := service.entry(input.context.services, input.resource.service)

_enforcement := {"enforcement": "hard"} if _entry.tier == 0

_enforcement := {} if _entry.tier != 0

_parts := {"owner": "owner", "tier": "tier", "runbook": "runbook"}

_unmapped := sprintf("the service %s is not in the catalogue", [input.resource.service]) if {
	is_string(input.resource.service)
}

_unmapped := "maps to no service" if input.resource.service == null

_claimed := input.resource.service if is_string(input.resource.service)

_claimed := "no service" if input.resource.service == null

# Values that only live in the state.
_helper if {
	regex.match("^(random|null|time|tls|local|terraform|http|external|archive|template|cloudinit)_", input.resource.type)
}

_conflicts contains conflict if {
	some place in [["tags"], ["labels"]]
	some key, value in shape.map(shape.at(input.resource.attrs, place))
	said := sprintf("%v", [value])
	truth := _truth(lower(key))
	said != ""
	resource.service_name(said) != resource.service_name(truth)
	conflict := {"key": key, "path": array.concat(place, [key]), "tag": said, "catalogue": truth}
}

_truth("tier") := sprintf("%d", [_entry.tier]) if is_number(_entry.tier)

_truth("owner") := _entry.owner if is_string(_entry.owner)

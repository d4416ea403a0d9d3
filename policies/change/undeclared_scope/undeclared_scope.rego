# METADATA
# title: Change does more than its request declares
# description: >-
#   Services, environments and regions of everything that changes must be in the request's scope, and every delete,
#   replace or forget must be listed by address, or by a pattern with a maximum count. An environment that could not be
#   resolved counts as prod. Declaring more than is done is reported and never blocks.
# related_resources:
#   - https://developer.hashicorp.com/terraform/internals/json-format#change-representation
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-4
# custom:
#   id: CHG-004
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-4]
#     DORARTS: [17(1)(d)]
#   remediation: >-
#     Add what is listed to the scope of the request and have it approved again, or take it out of the change.
#   since: 0.1.0
package policies.change.undeclared_scope

import data.policies.lib.declaration
import data.policies.lib.resource
import data.policies.lib.shape

deny contains finding if {
	some field, used in _used
	undeclared := used - _declared[field]
	count(undeclared) > 0
	finding := {
		"msg": sprintf("the change touches %s %s, the request declares %s", [
			_singular[field],
			concat(", ", sort(undeclared)),
			_listed(_declared[field]),
		]),
		"at": "change",
		"path": _place(field),
		"evidence": [line |
			some changed in _changed
			some name in undeclared & _names(changed, field)
			line := {"pointer": resource.address(changed), "observed": name, "expected": _listed(_declared[field])}
		],
	}
}

deny contains finding if {
	some changed in _destroyed
	not declaration.declared(_exact, _patterns, changed)
	finding := {
		"msg": sprintf("%s of %s is not in scope.destructiveActions", [changed.action, resource.address(changed)]),
		"at": "change",
		"path": _place("destructiveActions"),
		"resource": changed.id,
		"evidence": [{
			"pointer": resource.address(changed),
			"observed": changed.action,
			"expected": sprintf("declared as {address: %s, action: %s}", [resource.address(changed), changed.action]),
		}],
	}
}

deny contains finding if {
	some index, pattern in _patterns
	count(_covered[index]) > pattern.maxCount
	finding := {
		"msg": sprintf("%s covers %d destroyed resources, declared are at most %v: %s", [
			pattern.address,
			count(_covered[index]),
			pattern.maxCount,
			concat(", ", sort(_covered[index])),
		]),
		"at": "change",
		"path": ["spec", "scope", "destructiveActions", index],
	}
}

deny contains finding if {
	some field, declared in _declared
	_all_known(field)
	unused := declared - _used[field]
	count(unused) > 0
	finding := object.union(_surplus, {
		"msg": sprintf("the request declares %s %s, the change does not touch it", [
			_singular[field],
			concat(", ", sort(unused)),
		]),
		"path": _place(field),
	})
}

deny contains finding if {
	count(_changed) > 0
	some index, entry in _entries
	not _happens(index, entry)
	finding := object.union(_surplus, {
		"msg": sprintf("the request declares a destructive action on %v, the change has none", [
			object.get(entry, "address", "nothing"),
		]),
		"path": ["spec", "scope", "destructiveActions", index],
	})
}

_surplus := {
	"at": "change",
	"enforcement": "advisory",
	"severity": "low",
	"remediation": "Declare only what the change does: approvers judge the risk by the scope.",
}

_singular := {"services": "service", "environments": "environment", "regions": "region"}

_changed := [changed |
	input.mode == "difference"
	is_object(input.change)
	some changed in input.changed
	resource.changes(changed)
]

_destroyed := [changed |
	some changed in _changed
	resource.destroys(changed)
]

_used := {field: {name | some changed in _changed; some name in _names(changed, field)} | some field, _ in _singular}

_names(changed, "services") := {name | name := resource.service_name(changed.service)}

_names(changed, "regions") := {changed.region | is_string(changed.region)}

_names(changed, "environments") := {name | name := resource.environment_name(changed.environment)} if {
	changed.environment != null
}

_names(changed, "environments") := {"prod"} if changed.environment == null

# Whatever is unknown might be what was declared: only a wholly known change shows a surplus.
_all_known(field) if {
	count(_changed) > 0
	every changed in _changed {
		changed[_attribute[field]] != null
	}
}

_attribute := {"services": "service", "environments": "environment", "regions": "region"}

_declared := {
	"services": {name | some service in input.change.services; name := resource.service_name(service.name)},
	"environments": {name |
		some word in shape.list(input.change.spec.scope.environments)
		name := resource.environment_name(word)
	},
	"regions": {name | some name in shape.list(input.change.spec.scope.regions); is_string(name)},
}

_listed(names) := concat(", ", sort(names)) if count(names) > 0

_listed(names) := "none" if count(names) == 0

_entries := declaration.entries(input.change)

_exact := declaration.exact(_entries)

_patterns := declaration.patterns(_entries)

# Addresses that each pattern covers.
_covered := {index: {resource.address(changed) |
	some changed in _destroyed
	declaration.covers(pattern, changed)
} |
	some index, pattern in _patterns
}

_happens(_, entry) if [entry.address, object.get(entry, "action", null)] in _done

_happens(index, _) if count(_covered[index]) > 0

_done := {key | some changed in _destroyed; some key in declaration.keys(changed)}

# Where the field stands, or where it would.
_place(field) := ["spec", "scope", field] if input.change.spec.scope[field]

_place(field) := ["spec", "scope"] if {
	is_object(input.change.spec.scope)
	not input.change.spec.scope[field]
}

_place(_) := ["spec"] if not input.change.spec.scope

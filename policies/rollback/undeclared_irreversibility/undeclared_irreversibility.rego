# METADATA
# title: Step that cannot be undone is not declared
# description: >-
#   Some steps have no way back: a contracting schema migration, a major upgrade of a database, the replacement of a
#   stateful resource, the deletion of a key, a queue or a topic, a CustomResourceDefinition that drops its storage
#   version, and a rollback strategy that only rolls forward. Such a change says what happens to data
#   (dataReversibility), after which step of its plan there is no way back (pointOfNoReturn) and how it is fixed
#   forward (forwardFixPlan); what is irreversible was seen by the CAB. A step that splits into prepare and activate is
#   reversible, and says so.
# related_resources:
#   - https://aws.amazon.com/builders-library/ensuring-rollback-safety-during-deployments/
#   - https://squawkhq.com/docs/rules
# custom:
#   id: RBK-002
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1, PI1.4]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3, CM-4]
#     PCIDSS: ["6.5.1"]
#   remediation: >-
#     Split the step first: expand, migrate, and contract in a later change; prepare, then activate. What remains
#     declares rollback.dataReversibility, rollback.pointOfNoReturn (a step of implementationPlan) and
#     rollback.forwardFixPlan.
#   since: 0.2.0
package policies.rollback.undeclared_irreversibility

import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	is_object(input.change)
	count(_steps) > 0
	some fault in _faults
	finding := {
		"msg": sprintf("%s: %s", [fault.msg, concat("; ", sort({step.why | some step in _steps}))]),
		"at": "change",
		"path": _place(fault.key),
		"pending": object.get(fault, "pending", false),
		"evidence": [{
			"pointer": concat(".", ["spec.rollback", fault.key]),
			"observed": sprintf("%v", [object.get(_plan, fault.key, "absent")]),
			"expected": fault.expected,
		}],
	}
}

# What cannot be undone, whatever the request says about it.
deny contains finding if {
	_plan.dataReversibility == "reversible"
	some step in _steps
	step.final
	finding := object.union(_of(step), {
		"msg": sprintf("the request calls it reversible: %s", [step.why]),
		"at": "change",
		"path": _place("dataReversibility"),
		"evidence": [{
			"pointer": "spec.rollback.dataReversibility", "observed": "reversible",
			"expected": "reversible-with-data-loss or irreversible",
		}],
	})
}

unknown contains finding if {
	is_object(input.change)
	some changed in _production
	_upgrades(changed)
	not _declares_all
	not is_string(shape.at(changed.before, ["engine_version"]))
	finding := {
		"msg": sprintf("whether %s goes to another major version is not known", [resource.address(changed)]),
		"resource": changed.id,
		"at": "resource",
		"path": ["engine_version"],
	}
}

_kinds := {"reversible", "reversible-with-data-loss", "irreversible"}

_plan := shape.map(shape.at(input.change, ["spec", "rollback"]))

_production := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
]

_place(key) := ["spec", "rollback", key] if object.get(_plan, key, null) != null

_place(key) := ["spec", "rollback"] if object.get(_plan, key, null) == null

_of(step) := {"resource": step.resource} if step.resource

_of(step) := {} if not step.resource

_declares_all if count(_faults) == 0

_faults contains fault if {
	not object.get(_plan, "dataReversibility", null) in _kinds
	fault := {
		"msg": "what happens to data on the way back is not declared", "key": "dataReversibility",
		"expected": concat(", ", sort(_kinds)),
	}
}

# A reversible change has none.
_faults contains fault if {
	not _plan.dataReversibility == "reversible"
	not _names_a_step(object.get(_plan, "pointOfNoReturn", null))
	fault := {
		"msg": sprintf("the step after which there is no way back is %s", [_said("pointOfNoReturn")]),
		"key": "pointOfNoReturn",
		"expected": "the number of a step of implementationPlan",
	}
}

_faults contains fault if {
	not _plan.dataReversibility == "reversible"
	not text.answered(object.get(_plan, "forwardFixPlan", null))
	fault := {
		"msg": "there is no plan for the fix forward", "key": "forwardFixPlan",
		"expected": "how a fault is mended once there is no way back",
	}
}

_faults contains fault if {
	_plan.dataReversibility == "irreversible"
	decision := shape.at(input.change, ["spec", "cab", "decision"])
	decision != "approved"
	fault := {
		"msg": sprintf("the CAB has not approved what is irreversible (cab.decision: %s)", [_decided(decision)]),
		"key": "dataReversibility",
		"expected": "cab.decision: approved",
		# A board that said no has decided.
		"pending": _may_still_agree(decision),
	}
}

_may_still_agree(decision) := true if decision != "rejected"

_may_still_agree(decision) := false if decision == "rejected"

_decided(decision) := sprintf("%v", [decision]) if decision != null

_decided(decision) := "absent" if decision == null

_said(key) := sprintf("step %v, which the implementation plan does not have", [_plan[key]]) if {
	object.get(_plan, key, null) != null
}

_said(key) := "not declared" if object.get(_plan, key, null) == null

# Without a plan of numbered steps any step will do.
_names_a_step(number) if {
	is_number(number)
	number >= 1
	count(_plan_steps) == 0
}

_names_a_step(number) if number in _plan_steps

_plan_steps := {number |
	some index, step in shape.list(shape.at(input.change, ["spec", "implementationPlan"]))
	some number in [index + 1, object.get(shape.map(step), "step", index + 1)]
}

# Steps without a way back: `final` are those that no promise makes reversible.
_steps contains {"why": why, "final": true} if {
	some migration in shape.list(shape.at(input.change, ["spec", "schemaMigrations"]))
	reach.production_scope(input.change)
	_contracts(migration)
	why := sprintf("the schema migration %v contracts", [object.get(migration, "version", "of the request")])
}

_steps contains {"why": "the rollback only rolls forward", "final": true} if {
	_plan.strategy == "roll-forward-only"
}

_steps contains {"why": why, "final": false, "resource": changed.id} if {
	some changed in _production
	_upgrades(changed)
	from := _major(changed.before, changed)
	to := _major(changed.attrs, changed)
	from != to
	why := sprintf("%s goes from version %v to %v", [
		resource.address(changed),
		changed.before.engine_version,
		changed.attrs.engine_version,
	])
}

# Elsewhere the version that is written is the major one.
_steps contains {"why": why, "final": false, "resource": changed.id} if {
	some changed in _production
	changed.action == "update"
	key := _versions[changed.type]
	is_string(changed.before[key])
	is_string(changed.attrs[key])
	changed.before[key] != changed.attrs[key]
	why := sprintf("%s goes from version %s to %s", [resource.address(changed), changed.before[key], changed.attrs[key]])
}

_steps contains {"why": why, "final": false, "resource": changed.id} if {
	some changed in _production
	changed.stateful == true
	changed.action == "replace"
	not changed.service in _ephemeral
	why := sprintf("%s is replaced", [resource.address(changed)])
}

_steps contains {"why": why, "final": true, "resource": changed.id} if {
	some changed in _production
	changed.action in {"delete", "replace"}
	what := _gone[changed.type]
	why := sprintf("the %s %s is deleted", [what, resource.address(changed)])
}

_steps contains {"why": why, "final": true, "resource": changed.id} if {
	some changed in _production
	changed.type == "apiextensions.k8s.io/CustomResourceDefinition"
	changed.action == "update"
	some version in _stored(changed.before) - _served(changed.attrs)
	why := sprintf("%s drops its storage version %s", [resource.address(changed), version])
}

_contracts(migration) if migration.phase == "contract"

_contracts(migration) if migration.backwardCompatible == false

_gone := {
	"aws_kms_key": "key",
	"google_kms_crypto_key": "key",
	"azurerm_key_vault_key": "key",
	"aws_sqs_queue": "queue",
	"azurerm_servicebus_queue": "queue",
	"azurerm_storage_queue": "queue",
	"google_cloud_tasks_queue": "queue",
	"aws_sns_topic": "topic",
	"azurerm_servicebus_topic": "topic",
	"google_pubsub_topic": "topic",
	"aws_kinesis_stream": "stream",
	"kafka.strimzi.io/KafkaTopic": "topic",
}

# Terraform refuses another major version unless it is told to go there.
_upgrades(changed) if {
	changed.action in {"update", "replace"}
	changed.attrs.allow_major_version_upgrade in {true, "true"}
	is_string(changed.attrs.engine_version)
}

_versions := {
	"google_sql_database_instance": "database_version",
	"azurerm_postgresql_flexible_server": "version",
	"azurerm_mysql_flexible_server": "version",
}

# Before PostgreSQL 10, MySQL and their relatives the second number is part of the major version.
_major(attrs, changed) := concat(".", array.slice(split(attrs.engine_version, "."), 0, _width(attrs, changed)))

_width(attrs, changed) := 1 if _one_number(attrs, changed)

_width(attrs, changed) := 2 if not _one_number(attrs, changed)

_one_number(attrs, changed) if {
	contains(_engine(changed), "postgres")
	to_number(regex.find_n("^[0-9]{1,4}", attrs.engine_version, 1)[0]) >= 10
}

_engine(changed) := sprintf("%v", [object.get(shape.map(changed.attrs), "engine", "")])

_ephemeral := {entry.name | some entry in input.context.services.entries; entry.ephemeral == true}

_stored(attrs) := {version.name |
	some version in shape.list(shape.at(attrs, ["spec", "versions"]))
	version.storage == true
}

_served(attrs) := {version.name | some version in shape.list(shape.at(attrs, ["spec", "versions"]))}

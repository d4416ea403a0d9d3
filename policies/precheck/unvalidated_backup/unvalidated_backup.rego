# METADATA
# title: Stateful resource is touched without a validated backup
# description: >-
#   Deleting or replacing a stateful production resource, or changing its engine, size, storage, parameters or key, and
#   every schema migration, needs a backup of exactly that resource whose restore was tested. On a pull request an entry
#   has to be there, and its evidence may still be announced. At apply the backup is at most 24 hours older than the
#   start (or point-in-time recovery reaches within the RPO), was verified in the last 24 hours (tier 2 and 3: seven
#   days), and before a destruction by a restore from another account, region or vault. Ephemeral services are exempt.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/back-up-data.html
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CP-9
# custom:
#   id: PRE-001
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stage_enforcement: {pull-request: soft}
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [A1.2, A1.3]
#     ISO27001: ["8.13"]
#     NIST80053: [CP-9, CP-9(1), CP-10]
#     HIPAA: [164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(D)]
#     PCIDSS: ["6.5.1"]
#     DORA: ["12"]
#   remediation: >-
#     Take a backup, restore it somewhere else, compare it, and record it in spec.preChecks.backups with backupId,
#     takenAt, method, location and verification {kind, at, result, evidence}.
#   since: 0.1.0
package policies.precheck.unvalidated_backup

import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

# No backup of it is named.
deny contains finding if {
	some touched in _touched
	not touched.id in _named
	finding := object.union(_place([]), {
		"msg": sprintf("%s (%s) has no entry in preChecks.backups", [resource.address(touched), touched.action]),
		"resource": touched.id,
		"evidence": [{
			"pointer": resource.address(touched),
			"observed": "no backup entry",
			"expected": "an entry whose resource is this address",
		}],
	})
}

# The backup that is named is no proof. Before apply the proof may still arrive.
deny contains finding if {
	some touched in _touched
	touched.id in _named
	not touched.id in _validated
	index := min({record.index | some record in _records; record.touched.id == touched.id})
	faults := sort([wrong.fault | some wrong in _wrong; wrong.key == [touched.id, index]])
	finding := object.union(_place([index]), {
		"msg": sprintf("the backup of %s is not validated: %s", [resource.address(touched), concat("; ", faults)]),
		"resource": touched.id,
		"pending": input.stage == "pull-request",
		"evidence": [line |
			some fault in faults
			line := {
				"pointer": sprintf("spec.preChecks.backups.%d", [index]),
				"observed": fault,
				"expected": "a backup of this resource whose restore was tested",
			}
		],
	})
}

deny contains finding if {
	is_object(input.change)
	count(shape.list(input.change.spec.schemaMigrations)) > 0
	reach.production_scope(input.change)
	count(_backups) == 0
	finding := object.union(_place([]), {
		"msg": "the request migrates a schema and names no backup (preChecks.backups)",
	})
}

_touched := [changed |
	some changed in input.changed
	changed.stateful == true
	resource.production(changed)
	_at_risk(changed)
	not changed.service in _ephemeral
]

_at_risk(changed) if changed.action in {"delete", "replace"}

_at_risk(changed) if {
	changed.action == "update"
	some path in changed.changed
	_risky(path)
}

_risky(path) if path[0] in {"engine_version", "instance_class", "parameter_group_name", "kms_key_id"}

_risky(path) if {
	is_string(path[0])
	regex.match("^(storage|allocated_storage)", path[0])
}

# Of Google's settings only the machine tier.
_risky(path) if {
	path[0] == "settings"
	resource.touches([path], ["settings", 0, "tier"])
}

_risky(path) if {
	path[0] == "spec"
	resource.touches([path], ["spec", "volumeClaimTemplates"])
}

_ephemeral contains entry.name if {
	some entry in input.context.services.entries
	entry.ephemeral == true
}

_backups := {index: entry |
	some index, entry in shape.list(input.change.spec.preChecks.backups)
	is_object(entry)
}

# What is touched beside each entry that names it.
_records contains {"touched": touched, "index": index, "entry": entry, "check": check} if {
	some touched in _touched
	some index, entry in _backups
	resource.named(touched, entry.resource)
	check := shape.map(object.get(entry, "verification", {}))
}

_named contains record.touched.id if some record in _records

_validated contains record.touched.id if {
	some record in _records
	not _key(record) in _faulty
}

_faulty contains wrong.key if some wrong in _wrong

_key(record) := [record.touched.id, record.index]

_wrong contains {"key": _key(record), "fault": sprintf("%s is missing", [field])} if {
	some record in _records
	some field in ["backupId", "method", "location"]
	not text.given(object.get(record.entry, field, null))
}

_wrong contains {"key": _key(record), "fault": sprintf("%s is no instant yet", [field])} if {
	some record in _records
	some field, value in _instants(record)
	not instant.valid(value)
}

_wrong contains {"key": _key(record), "fault": sprintf("%s lies in the future", [field])} if {
	some record in _records
	some field, value in _instants(record)
	instant.ns(value) > input.now_ns
}

_wrong contains {"key": _key(record), "fault": fault} if {
	some record in _records
	kind := object.get(record.check, "kind", "absent")
	not kind in _kinds(record.touched)
	fault := sprintf("verification.kind is %v, needed is %s", [kind, concat(" or ", sort(_kinds(record.touched)))])
}

_wrong contains {"key": _key(record), "fault": fault} if {
	some record in _records
	result := object.get(record.check, "result", "absent")
	result != "pass"
	fault := sprintf("verification.result is %v", [result])
}

_wrong contains {"key": _key(record), "fault": "verification.evidence is missing"} if {
	some record in _records
	not text.answered(object.get(record.check, "evidence", null))
}

_wrong contains {"key": _key(record), "fault": "it was verified before it was taken"} if {
	some record in _records
	not _continuous(record.entry)
	instant.ns(record.check.at) < instant.ns(record.entry.takenAt)
}

# What dies together with the resource is no backup of it.
_wrong contains {"key": _key(record), "fault": fault} if {
	some record in _records
	resource.destroys(record.touched)
	is_string(record.entry.location)
	record.entry.location == record.touched.region
	fault := sprintf("location %s is where the resource is, not another account, region or vault", [
		record.entry.location,
	])
}

# Ages count when they can no longer be renewed.
_wrong contains {"key": _key(record), "fault": fault} if {
	input.stage == "apply"
	some record in _records
	some limit in [
		{"what": "taken", "at": object.get(record.entry, "takenAt", null), "most": _most_loss(record)},
		{"what": "verified", "at": object.get(record.check, "at", null), "most": _most_verified(record.touched)},
	]
	age := _start_ns - instant.ns(limit.at)
	age > limit.most
	fault := sprintf("%s %d min before the start, at most %d", [limit.what, _minutes(age), _minutes(limit.most)])
}

_instants(record) := {
	"takenAt": object.get(record.entry, "takenAt", null),
	"verification.at": object.get(record.check, "at", null),
}

_kinds(touched) := {"restore-test"} if resource.destroys(touched)

_kinds(touched) := {"restore-test", "checksum", "row-count"} if not resource.destroys(touched)

# Point-in-time recovery: takenAt is the latest instant that can be restored.
_continuous(entry) if entry.method in {"pitr", "point-in-time", "point-in-time-recovery", "continuous"}

_most_loss(record) := instant.day if not _continuous(record.entry)

_most_loss(record) := min(array.concat(_rpo(record.touched), [instant.day | count(_rpo(record.touched)) == 0])) if {
	_continuous(record.entry)
}

_rpo(touched) := [known.rpo_ns |
	some known in input.context.services.entries
	known.name == touched.service
	is_number(known.rpo_ns)
]

_most_verified(touched) := 7 * instant.day if _relaxed(touched)

_most_verified(touched) := instant.day if not _relaxed(touched)

_relaxed(touched) if {
	is_number(touched.tier)
	touched.tier >= 2
}

_start_ns := input.change.window.start_ns if is_object(input.change.window)

_start_ns := input.now_ns if not _planned

_planned if is_object(input.change.window)

_minutes(ns) := floor(ns / 60000000000)

# The entry, or the deepest part of its path that is there.
_place(rest) := {"at": "change", "path": array.concat(["spec", "preChecks", "backups"], rest)} if {
	input.change.spec.preChecks.backups
}

_place(_) := {"at": "change", "path": ["spec", "preChecks"]} if {
	input.change.spec.preChecks
	not input.change.spec.preChecks.backups
}

_place(_) := {"at": "change", "path": ["spec"]} if {
	is_object(input.change)
	not input.change.spec.preChecks
}

_place(_) := {} if not is_object(input.change)

# METADATA
# title: What nobody has shown yet
# description: Canary, backup, rollback, staging, monitoring, load test, drift and attributes that are not known.
package policies.lib.risk.evidence

import data.policies.lib.canary
import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.risk.factor
import data.policies.lib.risk.kinds
import data.policies.lib.risk.subject
import data.policies.lib.risk.weights
import data.policies.lib.service
import data.policies.lib.shape
import data.policies.lib.text

_w := weights.effective["R-EVIDENCE"]

factors contains {"id": "R-EVIDENCE", "points": _w.canary, "evidence": evidence, "source": source} if {
	count(unguarded) > 0
	evidence := sprintf("no canary: %s", [factor.listed([resource.address(one) | some one in unguarded])])
	source := factor.place(unguarded[0])
}

factors contains {"id": "R-EVIDENCE", "points": _w.canary, "evidence": evidence} if {
	subject.unseen
	subject.important
	not canary.planned(input.change)
	not canary.exempt(input)
	evidence := "no canary: the request plans no steps with something to measure (progressiveDelivery)"
}

# Workloads whose pods change, new ones left out: they have no users yet.
rolled := [changed |
	some changed in subject.touched
	_rolls(changed)
	_is_important(changed.tier)
	not canary.exempt(input)
]

_is_important(tier) if tier <= 2

_is_important(tier) if tier == null

_pods := {
	"apps/Deployment": [["spec", "template"]],
	"apps/DaemonSet": [["spec", "template"]],
	"argoproj.io/Rollout": [["spec", "template"], ["spec", "strategy"]],
	"aws_ecs_service": [["task_definition"], ["deployment_configuration"]],
}

_rolls(changed) if {
	changed.action == "update"
	some path in _pods[changed.type]
	resource.touches(changed.changed, path)
}

_rolls(changed) if {
	changed.action == "replace"
	_pods[changed.type]
}

# The same workload under another kind.
_rolls(changed) if {
	changed.action == "create"
	_pods[changed.type]
	some other in subject.touched
	other.action == "delete"
	_pods[other.type]
	other.name == changed.name
	other.namespace == changed.namespace
}

unguarded := [changed | some changed in rolled; not guarded(changed)]

guarded(changed) if {
	changed.type == "argoproj.io/Rollout"
	canary.progressive(changed.attrs)
}

guarded(changed) if {
	changed.type == "aws_ecs_service"
	canary.shifted(changed.attrs)
}

guarded(changed) if {
	some other in changed.related
	resource.remains(other)
	_guards(other)
}

guarded(changed) if {
	changed.type in {"apps/Deployment", "apps/DaemonSet"}
	not _serves(changed)
	canary.planned(input.change)
}

_guards(other) if {
	other.relation == "rollout"
	canary.progressive(other.attrs)
}

_guards(other) if {
	other.relation == "canary"
	canary.measured(other.attrs)
	not other.attrs.spec.skipAnalysis == true
	not other.attrs.spec.suspend == true
}

_serves(changed) if {
	some container in shape.list(shape.at(changed.attrs, ["spec", "template", "spec", "containers"]))
	count(shape.list(shape.at(container, ["ports"]))) > 0
}

factors contains {"id": "R-EVIDENCE", "points": _w.backup, "evidence": evidence, "source": source} if {
	count(_unsaved) > 0
	evidence := sprintf("no validated backup: %s", [factor.listed([resource.address(one) | some one in _unsaved])])
	source := factor.place(_unsaved[0])
}

factors contains {"id": "R-EVIDENCE", "points": _w.backup, "evidence": "no validated backup: the schema migrates"} if {
	count(shape.list(shape.at(subject.spec, ["schemaMigrations"]))) > 0
	count(_unsaved) == 0
	count([1 | some backup in _backups; shape.at(backup, ["verification", "result"]) == "pass"]) == 0
}

_unsaved := [changed |
	some changed in subject.touched
	_at_risk(changed)
	not service.ephemeral(shape.at(input.context, ["services"]), changed.service)
	not _saved(changed)
]

_at_risk(changed) if {
	changed.stateful == true
	changed.action in {"delete", "replace"}
}

_at_risk(changed) if kinds.touches_data(changed)

_saved(changed) if {
	some backup in _backups
	resource.named(changed, backup.resource)
	shape.at(backup, ["verification", "result"]) == "pass"
}

_backups := shape.list(shape.at(subject.spec, ["preChecks", "backups"]))

factors contains {"id": "R-EVIDENCE", "points": _w.rollback, "evidence": evidence} if {
	not _rollback_tested
	evidence := "the rollback was not tested in the last 90 days (rollback.testedAt, testEvidence)"
}

_rollback_tested if {
	some tested in rollback_tests
	_in_time(tested)
}

# A test that is announced for before the start may still come.
_in_time(tested) if {
	tested.ns <= subject.moment_ns
	input.now_ns < tested.ns + (90 * instant.day)
}

# Tests of the rollback that say where they can be seen: of the request, else of its template.
rollback_tests := [{"at": plan.testedAt, "ns": instant.ns(plan.testedAt)} |
	some source in [subject.spec, shape.map(_template)]
	plan := shape.map(shape.at(source, ["rollback"]))
	text.answered(plan.testEvidence)
	instant.valid(plan.testedAt)
]

_template := subject.template if subject.template

_template := {} if not subject.template

factors contains {"id": "R-EVIDENCE", "points": _w.staging, "evidence": evidence} if {
	subject.important
	shape.at(subject.spec, ["preChecks", "staging", "result"]) != "pass"
	evidence := "it did not pass on staging (preChecks.staging)"
}

factors contains {"id": "R-EVIDENCE", "points": _w.monitoring, "evidence": evidence} if {
	subject.important
	count(shape.list(shape.at(subject.spec, ["preChecks", "monitoring", "alerts"]))) == 0
	evidence := "no alert is named that watches it (preChecks.monitoring)"
}

factors contains {"id": "R-EVIDENCE", "points": _w.load_test, "evidence": evidence, "source": source} if {
	scaling := [changed | some changed in subject.touched; kinds.scales(changed); _is_important(changed.tier)]
	count(scaling) > 0
	shape.at(subject.spec, ["preChecks", "loadTest", "result"]) != "pass"
	evidence := sprintf("no load test: %s", [factor.listed([resource.address(one) | some one in scaling])])
	source := factor.place(scaling[0])
}

factors contains {"id": "R-EVIDENCE", "points": _w.drift, "evidence": evidence} if {
	drifted := {drift.address |
		some plan in shape.list(object.get(input, "plans", []))
		some drift in plan.drift
		some changed in subject.touched
		changed.address == drift.address
		not drift.address in _acknowledged
	}
	count(drifted) > 0
	evidence := sprintf("changed outside of Terraform: %s", [factor.listed(drifted)])
}

_acknowledged := {address |
	some entry in shape.list(shape.at(subject.spec, ["driftAcknowledged"]))
	some address in [entry, shape.at(entry, ["address"])]
	is_string(address)
}

factors contains {"id": "R-EVIDENCE", "points": points, "evidence": evidence, "source": source} if {
	count(_hidden) > 0
	points := factor.counted(count(_hidden), _w.unknown_attribute, _w.unknown_attributes_most)
	evidence := sprintf("not known yet: %s", [factor.listed({one.name | some one in _hidden})])
	source := [one.source | some one in _hidden][0]
}

# A plan leaves open what the provider computes; that counts only where a known value gives way to it.
_hidden contains {"name": name, "source": factor.place(changed)} if {
	some changed in subject.touched
	_is_critical(changed.tier)
	some path in changed.unknown
	_was_known(changed, path)
	name := sprintf("%s of %s", [concat(".", [sprintf("%v", [key]) | some key in path]), resource.address(changed)])
}

_is_critical(tier) if tier <= 1

_is_critical(tier) if tier == null

_was_known(changed, _) if {
	changed.action in {"create", "update", "replace"}
	count(shape.list(object.get(input, "plans", []))) == 0
}

_was_known(changed, path) if {
	changed.action == "update"
	shape.at(changed.before, path) != null
}

# Instants at which an answer above can change by itself.
instants := {at |
	some tested in rollback_tests
	some days in [0, 30, 90]
	at := tested.ns + (days * instant.day)
}

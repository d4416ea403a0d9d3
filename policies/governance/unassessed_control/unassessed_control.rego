# METADATA
# title: Control was not assessed, or found wanting
# description: >-
#   Every control that a policy serves is assessed once a year, and every half-year where the change touches tier 0
#   or 1; the result is pass. Reads the ControlAssessment documents and the controls of the policies that are
#   loaded. Speaks when assessments are kept, or a service of the change is regulated. That a control passes
#   because nothing ever triggered it is for the controls report, which counts evaluations. Thresholds: `GOV-003.days`,
#   `GOV-003.critical_days`.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CA-2
# custom:
#   id: GOV-003
#   scope: change
#   targets: []
#   severity: medium
#   enforcement: advisory
#   stages: [pull-request]
#   controls:
#     SOC2: [CC4.1, CC4.2]
#     ISO27001: ["5.35", "5.36"]
#     NIST80053: [CA-2, CA-7]
#     DORA: ["6(5)", "24"]
#   remediation: >-
#     Assess the controls and record each in a ControlAssessment: control, at, assessor, result, evidence, next.
#   since: 0.2.0
package policies.governance.unassessed_control

import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.shape
import data.policies.lib.threshold

deny contains finding if {
	_judged
	context.given(input, "control_assessments")
	count(_missing) > 0
	finding := {
		"msg": sprintf("%d of %d controls were never assessed, first %s", [
			count(_missing),
			count(_controls),
			concat(", ", array.slice(sort([one.name | some one in _missing]), 0, 5)),
		]),
		"at": "change",
		"path": ["spec", "scope"],
	}
}

deny contains finding if {
	_judged
	some one in _controls
	latest_ns := max(_assessed(one))
	_age_ns > 0
	latest_ns < input.now_ns - _age_ns
	finding := {
		"msg": sprintf("%s was last assessed on %s, more than %d days ago", [
			one.name,
			substring(time.format(latest_ns), 0, 10),
			floor(_age_ns / instant.day),
		]),
		"at": "change",
		"path": ["spec", "scope"],
		"because": [place | some index in _entries_of(one); some place in context.place(input, "control_assessments", index)],
	}
}

deny contains finding if {
	_judged
	some index, entry in context.entries(input, "control_assessments")
	_is_latest(index, entry)
	result := lower(sprintf("%v", [object.get(entry, "result", "absent")]))
	not result in {"pass", "passed", "effective"}
	finding := {
		"msg": sprintf("the assessment of %v says %s", [object.get(entry, "control", "a control without a name"), result]),
		"at": "change",
		"path": ["spec", "scope"],
		"because": context.place(input, "control_assessments", index),
		"severity": "high",
	}
}

unknown contains finding if {
	_judged
	not context.given(input, "control_assessments")
	finding := {"msg": context.missing("ControlAssessment", "whether the controls of a regulated service work")}
}

unknown contains finding if {
	_judged
	some index, entry in context.entries(input, "control_assessments")
	not instant.valid(_instant(entry))
	finding := {
		"msg": sprintf("when %v was assessed is not known", [object.get(entry, "control", "a control without a name")]),
		"because": context.place(input, "control_assessments", index),
	}
}

valid_until contains instant_ns if {
	_judged
	some one in _controls
	instant_ns := max(_assessed(one)) + _age_ns
	instant_ns >= input.now_ns
}

_judged if {
	reach.judged(input)
	context.given(input, "control_assessments")
}

_judged if {
	reach.judged(input)
	some facts in reach.services(input)
	count(shape.list(object.get(facts, "regulatory", []))) > 0
}

_age_ns := threshold.number(input.config, "GOV-003", "critical_days", 180) * instant.day if {
	reach.touches_critical(input)
}

_age_ns := threshold.number(input.config, "GOV-003", "days", 365) * instant.day if not reach.touches_critical(input)

# Controls that the policies serve, each with the words that an assessment may use for it.
_controls := {control |
	some framework, names in shape.map(shape.at(input.config, ["controls"]))
	some name in shape.list(names)
	control := {"name": sprintf("%s %s", [framework, name]), "words": {_word(concat("", [framework, name])), _word(name)}}
}

_missing := {one |
	some one in _controls
	count(_entries_of(one)) == 0
}

_entries_of(one) := {index |
	some index, entry in context.entries(input, "control_assessments")
	_word(object.get(entry, "control", "")) in one.words
}

_assessed(one) := {at_ns |
	some index in _entries_of(one)
	at_ns := instant.ns(_instant(context.entries(input, "control_assessments")[index]))
}

# A day is one, too.
_instant(entry) := entry.at if instant.valid(entry.at)

_instant(entry) := sprintf("%sT00:00:00Z", [entry.at]) if {
	is_string(entry.at)
	not instant.valid(entry.at)
}

_instant(entry) := null if not is_string(object.get(entry, "at", null))

_is_latest(index, entry) if {
	later := [other |
		some other_index, other in context.entries(input, "control_assessments")
		other_index != index
		_word(object.get(other, "control", "")) == _word(object.get(entry, "control", ""))
		instant.ns(_instant(other)) > instant.ns(_instant(entry))
	]
	count(later) == 0
}

_word(name) := regex.replace(lower(sprintf("%v", [name])), "[^a-z0-9()]", "")

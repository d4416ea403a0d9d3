# METADATA
# title: Regulated or critical service lacks the facts that an assessment needs
# description: >-
#   For each regulation that the catalogue names of a service there is a policy that serves one of its controls; a
#   regulation without one is a gap. A tier 0 or 1 service says what an outage costs, as a number or, better, a band
#   {min, max}, reviewed within a year, so that the CAB sees an expected loss as a range. Regulated services only,
#   unless they are critical; services of neither kind are free.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=PM-9
# custom:
#   id: GOV-006
#   scope: change
#   targets: []
#   severity: low
#   enforcement: advisory
#   stages: [pull-request]
#   controls:
#     SOC2: [CC3.2, CC4.1]
#     ISO27001: ["5.31", "5.36"]
#     NIST80053: [CA-2, RA-3, PM-9]
#     HIPAA: [164.308(a)(8)]
#     DORA: ["6"]
#   remediation: >-
#     Add financial {revenuePerHour: {min, max}, costModelRef, reviewedAt} to the service in the catalogue
#     (spec.x-reliability of a Backstage entity), and map the regulation to policies.
#   since: 0.2.0
package policies.governance.missing_financial_facts

import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.shape
import data.policies.lib.threshold

deny contains finding if {
	_judged
	some name, facts in reach.services(input)
	some regulation in shape.list(object.get(facts, "regulatory", []))
	is_string(regulation)
	not _is_served(regulation)
	finding := {
		"msg": sprintf("%s is under %s, and no policy serves a control of it", [name, regulation]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": [facts.source | is_string(facts.source)],
	}
}

deny contains finding if {
	some name, facts in _costly
	not _has_cost(facts)
	finding := {
		"msg": sprintf("the catalogue does not say what an outage of %s (tier %v) costs (financial.revenuePerHour)", [
			name,
			facts.tier,
		]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": [facts.source | is_string(facts.source)],
	}
}

deny contains finding if {
	some name, facts in _costly
	_has_cost(facts)
	not _is_reviewed(facts)
	finding := {
		"msg": sprintf("what an outage of %s costs was reviewed %v, not within %d days", [
			name,
			object.get(shape.map(facts.financial), "reviewedAt", "never"),
			_most_days,
		]),
		"at": "change",
		"path": ["spec", "scope", "services"],
		"because": [facts.source | is_string(facts.source)],
	}
}

valid_until contains instant_ns if {
	some facts in _costly
	instant_ns := _reviewed_ns(facts) + (_most_days * instant.day)
	instant_ns >= input.now_ns
}

_judged if {
	reach.judged(input)
	input.context.services.given == true
}

# Who keeps no financial facts at all has not begun; that is no finding of each change.
_costly[name] := facts if {
	_judged
	_are_kept
	some name, facts in reach.services(input)
	is_number(facts.tier)
	facts.tier <= 1
}

_are_kept if {
	some entry in input.context.services.entries
	is_object(entry.financial)
}

_are_kept if {
	some facts in reach.services(input)
	count(shape.list(object.get(facts, "regulatory", []))) > 0
}

_most_days := threshold.number(input.config, "GOV-006", "days", 365)

_has_cost(facts) if is_number(shape.at(facts, ["financial", "revenuePerHour"]))

# A band is the honest form.
_has_cost(facts) if {
	band := shape.at(facts, ["financial", "revenuePerHour"])
	is_number(band.min)
	is_number(band.max)
	band.min <= band.max
}

_is_reviewed(facts) if {
	at_ns := _reviewed_ns(facts)
	at_ns <= input.now_ns
	input.now_ns - at_ns <= _most_days * instant.day
}

_reviewed_ns(facts) := instant.ns(written) if {
	written := shape.at(facts, ["financial", "reviewedAt"])
	instant.valid(written)
}

_reviewed_ns(facts) := instant.ns(sprintf("%sT00:00:00Z", [written])) if {
	written := shape.at(facts, ["financial", "reviewedAt"])
	is_string(written)
	not instant.valid(written)
}

# What a catalogue writes, and the framework whose controls the policies name.
_frameworks := {
	"pci": "pcidss", "pcidss": "pcidss", "soc2": "soc2", "iso": "iso27001", "iso27001": "iso27001", "nist": "nist80053",
	"nist80053": "nist80053", "hipaa": "hipaa", "gdpr": "gdpr", "dora": "dora",
}

_is_served(regulation) if {
	word := regex.replace(lower(regulation), "[^a-z0-9]", "")
	some framework, controls in shape.map(shape.at(input.config, ["controls"]))
	lower(framework) == object.get(_frameworks, word, word)
	count(shape.list(controls)) > 0
}

# METADATA
# title: Post-implementation review teaches nothing
# description: >-
#   A review says how the change ended, when it really ran, whether it did what it was for, what the canary said,
#   whether it was rolled back (and how long that took), whether its risk was judged right, and what follows: a change
#   to a policy or threshold (controlUpdates with policy, change and pr) or a reason why none is needed
#   (noControlChange), and the new entry of the risk profile. The team's next change is told what its reviews lack. A
#   review that calls a change successful which an incident names as its cause contradicts itself: it stops the next
#   change until one of the two is corrected. Emergencies are only told.
# related_resources:
#   - https://sre.google/sre-book/postmortem-culture/
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-4
# custom:
#   id: PIR-002
#   scope: change
#   targets: []
#   severity: medium
#   enforcement: soft
#   stages: [pull-request]
#   controls:
#     SOC2: [CC3.4, CC4.2, CC8.1]
#     ISO27001: ["8.32", "10.1"]
#     NIST80053: [CM-4, RA-3, CA-7]
#   remediation: >-
#     Complete the PIR document, and correct either its outcome or the incident's causedByChange. What was learned goes
#     into a policy, a threshold or the risk profile, by a pull request that the review names.
#   since: 0.2.0
package policies.review.unlearned_review

import data.policies.lib.context
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.review
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	some found in _reviews
	lacks := _lacks(found.entry)
	count(lacks) > 0
	finding := {
		"msg": sprintf("the review of %s lacks %s", [found.change, concat(", ", sort(lacks))]),
		"at": "change",
		"path": ["spec", "team"],
		"because": found.because,
		"enforcement": "advisory",
	}
}

deny contains finding if {
	some found in _reviews
	outcome := found.entry.outcome
	is_string(outcome)
	not outcome in _outcomes
	finding := {
		"msg": sprintf("the review of %s ends as %s; known are %s", [found.change, outcome, concat(", ", sort(_outcomes))]),
		"at": "change",
		"path": ["spec", "team"],
		"because": found.because,
		"enforcement": "advisory",
	}
}

deny contains finding if {
	some found in _reviews
	found.entry.outcome == "successful"
	incidents := _caused_by(found.change)
	count(incidents) > 0
	finding := object.union(_weight, {
		"msg": sprintf("the review of %s says successful, and %s names it as the cause", [
			found.change,
			concat(", ", sort([incident.id | some incident in incidents])),
		]),
		"at": "change",
		"path": ["spec", "team"],
		"because": array.concat(found.because, [place | some incident in incidents; some place in incident.because]),
		"evidence": [{
			"pointer": sprintf("outcome of the review of %s", [found.change]),
			"observed": "successful",
			"expected": "successful-with-issues, rolled-back or failed",
		}],
	})
}

unknown contains finding if {
	count(_reviews) > 0
	not context.given(input, "incidents")
	finding := {
		"msg": context.missing("IncidentLog", "whether a change that its review calls successful caused an incident"),
		"at": "change",
		"path": ["spec", "team"],
	}
}

_outcomes := {"successful", "successful-with-issues", "rolled-back", "failed", "cancelled"}

# Reviews of changes of the team.
_reviews contains {"change": change, "entry": entry, "because": context.place(input, "pirs", index)} if {
	reach.judged(input)
	is_string(input.change.spec.team)
	some index, entry in context.entries(input, "pirs")
	change := sprintf("%v", [entry.change])
	resource.service_name(input.change.spec.team) in review.teams(input, change)
}

_lacks(entry) := {key | some key in ["outcome", "canaryOutcome", "riskAccuracy"]; not text.given(object.get(entry, key, null))} |
	{key | some key in ["objectivesMet", "rollbackUsed"]; not is_boolean(object.get(entry, key, null))} |
	{"actual.start and end" | not _ran(entry)} |
	{"rollbackDuration" | _rolled_back(entry); not text.given(object.get(entry, "rollbackDuration", null))} |
	{"controlUpdates or noControlChange" | not _teaches(entry)} |
	{"policy, change or pr of a control update" | some update in shape.list(object.get(entry, "controlUpdates", [])); not _whole(update)} |
	{"riskProfileUpdate" | not _updates_profile(entry)}

_ran(entry) if {
	actual := shape.map(object.get(entry, "actual", null))
	text.given(actual.start)
	text.given(actual.end)
}

_rolled_back(entry) if entry.rollbackUsed == true

_teaches(entry) if text.given(object.get(entry, "noControlChange", null))

_teaches(entry) if count(shape.list(object.get(entry, "controlUpdates", []))) > 0

_whole(update) if {
	every key in ["policy", "change", "pr"] {
		text.given(object.get(update, key, null))
	}
}

_updates_profile(entry) if text.given(object.get(entry, "riskProfileUpdate", null))

_updates_profile(entry) if count(shape.map(object.get(entry, "riskProfileUpdate", null))) > 0

_caused_by(change) := {{"id": sprintf("%v", [incident.id]), "because": context.place(input, "incidents", index)} |
	some index, incident in context.entries(input, "incidents")
	sprintf("%v", [object.get(incident, "causedByChange", null)]) == change
}

_weight := {"enforcement": "advisory"} if input.change.spec.type == "emergency"

_weight := {} if not input.change.spec.type == "emergency"

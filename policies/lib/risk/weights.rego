# METADATA
# title: Weights of the risk model
# description: >-
#   The points of each factor, as data. `policies.thresholds.risk` of the configuration replaces single ones:
#   `{R-TIER: {"2": 10}}`. A name that is not here, another type and a number below zero stop the gate, so that a typing
#   error never makes a change look safer than it is.
# related_resources:
#   - https://dora.dev/capabilities/streamlining-change-approval/
#   - https://sre.google/workbook/error-budget-policy/
package policies.lib.risk.weights

import data.policies.lib.shape

# Raised whenever the same facts would weigh something else.
model := "v1"

usual := {
	"R-TIER": {"0": 25, "1": 18, "2": 8, "3": 2, "unknown": 25},
	"R-ACTION": {
		"create": 1, "update": 3, "interrupting_update": 6, "replace": 5, "delete": 5, "forget": 5, "perimeter": 10,
		"stateful_forget": 10, "stateful_replace": 20, "stateful_delete": 25, "unknown": 6,
	},
	# round(2 · log2(1 + n)), as steps: from so many resources on it is so many points.
	"R-BREADTH": {
		"resources": [[1, 2], [2, 3], [3, 4], [4, 5], [6, 6], [9, 7], [13, 8], [19, 9], [26, 10]],
		"service": 3, "services_most": 9, "zones": 5, "regions": 10,
	},
	"R-FANOUT": {"each": 2, "most": 8, "unknown": 2},
	"R-IRREV": {"with_data_loss": 12, "roll_forward_only": 10, "irreversible": 20, "unknown": 12},
	"R-SCHEMA": {"expand": 2, "migrate": 6, "contract": 10},
	# Rates in thousandths. Below `free` a service is as good as its peers; `strength` is how many changes the organisation's
	# `prior` stands for.
	"R-HISTORY": {"slope": 60, "free": 50, "most": 12, "prior": 100, "strength": 20, "days": 180, "half_life": 90},
	"R-RECUR": {"cause": 5, "template": 8},
	"R-NOVEL": {"first": 4},
	"R-BATCH": {"large": 4, "huge": 8, "usual": 50, "least_sample": 10},
	"R-SPACING": {"baking": 4, "minutes": 30},
	"R-BUDGET": {"half": 2, "quarter": 6, "spent": 12, "burning": 6, "unknown": 2},
	"R-INCIDENT": {"recent": 6, "dependency": 4, "unknown": 4},
	"R-LEARN": {"each": 3, "most": 6},
	"R-WINDOW": {"peak": 6, "unstaffed": 4, "week_end": 3, "overlap": 5, "slack": 4},
	"R-EVIDENCE": {
		"canary": 12, "backup": 8, "rollback": 6, "staging": 6, "monitoring": 6, "load_test": 4, "drift": 4,
		"unknown_attribute": 2, "unknown_attributes_most": 6,
	},
	"mitigations": {
		"most": 25, "canary": 8, "blue_green": 6, "flag": 6, "rollback": 5, "template": 6, "first_wave": 4,
	},
	"levels": {"medium": 20, "high": 40, "very-high": 65},
}

configured := shape.map(shape.at(input, ["config", "thresholds", "risk"]))

# What counts: the configuration's weights over the usual ones.
effective := object.union(usual, configured) if count(faults) == 0

faults contains "policies.thresholds.risk is no object" if {
	written := shape.at(input, ["config", "thresholds", "risk"])
	written != null
	not is_object(written)
}

faults contains sprintf("policies.thresholds.risk has no factor %s; factors are %s", [id, concat(", ", sort(known))]) if {
	known := [name | some name, _ in usual]
	some id, _ in configured
	not usual[id]
}

faults contains sprintf("policies.thresholds.risk.%s is no object", [id]) if {
	some id, weights in configured
	not is_object(weights)
}

faults contains sprintf("policies.thresholds.risk.%s has no weight %s; weights are %s", [id, name, known]) if {
	some id, weights in configured
	some name, _ in shape.map(weights)
	not _is_known(id, name)
	usual[id]
	known := concat(", ", sort([weight | some weight, _ in usual[id]]))
}

faults contains sprintf("policies.thresholds.risk.%s.%s is %v, expected %s", [id, name, value, _expected[kind]]) if {
	some id, weights in configured
	some name, value in shape.map(weights)
	_is_known(id, name)
	kind := type_name(usual[id][name])
	not _fits(kind, value)
}

_is_known(id, name) if type_name(usual[id][name]) in {"number", "array"}

_expected := {"number": "a whole number of 0 or more", "array": "a list of [from, points], rising"}

_fits("number", value) if _whole(value)

_fits("array", value) if {
	is_array(value)
	count(value) > 0
	every step in value {
		is_array(step)
		count(step) == 2
		_whole(step[0])
		_whole(step[1])
	}
	value == sort(value)
}

_whole(value) if {
	is_number(value)
	value >= 0
	value == floor(value)
}

# METADATA
# title: What a canary measures
# description: >-
#   Tells error rate, success rate and latency apart by the name and the query of a metric, and reads the bounds of its
#   conditions. The annotation changegate/metric-kind on a template lists the kinds where names do not tell. Nothing
#   here reads `input`.
# related_resources:
#   - https://argo-rollouts.readthedocs.io/en/stable/features/analysis/
#   - https://docs.flagger.app/usage/metrics
package policies.lib.analysis

import data.policies.lib.shape

# Flagger measures these itself.
builtin := {"request-success-rate": "success", "request-duration": "latency"}

_latency := "latency|duration|response.?time|quantile|apdex|(^|[^a-z0-9])p(50|75|9[059]|99[.]?9)([^0-9]|$)"

_success := "success|availab|good.?(events|requests)|non.?5xx|2xx"

_error := "error|fail|5xx|5[.][.]|exception"

_work := "lag|fresh|backlog|staleness|(^|[^a-z])age([^a-z]|$)|queue"

# What a metric tells: success, error, latency or work (freshness and lag of what serves no requests). Its name says
# it, and where it does not, its query.
kinds(metric) := _told(_text(metric, ["name"])) if count(_told(_text(metric, ["name"]))) > 0

kinds(metric) := _told(_queries(metric)) if count(_told(_text(metric, ["name"]))) == 0

_told(words) := {kind |
	some kind, pattern in {"latency": _latency, "success": _success, "error": _error, "work": _work}
	regex.match(pattern, _plain(words))
}

# A query that leaves server errors out counts successes.
_plain(words) := regex.replace(lower(words), `(!~|!=)\s*["']\^?5[^"']*["']`, " good events ")

_queries(metric) := concat(" ", [_text(provider, ["query"]) |
	some _, provider in shape.map(shape.at(metric, ["provider"]))
])

# The kinds that the annotation of a template lists.
declared(template) := {kind |
	written := shape.at(template, ["metadata", "annotations", "changegate/metric-kind"])
	is_string(written)
	some word in split(written, ",")
	kind := object.get(_spelled, trim_space(word), trim_space(word))
}

_spelled := {"success-rate": "success", "error-rate": "error", "freshness": "work"}

_text(value, path) := shape.at(value, path) if is_string(shape.at(value, path))

_text(value, path) := "" if not is_string(shape.at(value, path))

# The metrics of a template.
metrics(template) := [metric |
	some entry in shape.list(shape.at(template, ["spec", "metrics"]))
	metric := shape.map(entry)
]

# A job ends well or badly by itself, and Kayenta has thresholds of its own.
judged_by_itself(metric) if {
	some provider in ["job", "kayenta"]
	is_object(shape.at(metric, ["provider", provider]))
}

# Some condition can make it fail.
conditional(metric) if {
	some condition in ["successCondition", "failureCondition"]
	is_string(shape.at(metric, [condition]))
	trim_space(shape.at(metric, [condition])) != ""
}

_comparison := `result(\[0\])?\s*[<>]=?\s*[0-9]+([.][0-9]+)?`

# The numbers that a condition compares the result with: `>= 0.99` of a success condition is `{"least": 0.99}`.
bounds(metric) := {bound |
	some condition, sense in {"successCondition": 1, "failureCondition": -1}
	text := shape.at(metric, [condition])
	is_string(text)
	some part in regex.find_n(_comparison, text, -1)
	operator := regex.find_n("[<>]", part, 1)[0]
	number := to_number(regex.find_n("[0-9]+([.][0-9]+)?$", part, 1)[0])
	bound := {"condition": condition, "side": _side[operator] * sense, "number": number}
}

# 1: the result has to be at least that much; -1: at most.
_side := {">": 1, "<": -1}

# Shares may be written as percentages.
share(number) := number if number <= 1

share(number) := number / 100 if number > 1

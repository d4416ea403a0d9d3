# METADATA
# title: What keeps alerts quiet
# description: >-
#   Reads Alertmanager matchers, as text (`service="orders-api"`) or as the objects of an AlertmanagerConfig, and says
#   which alerts they match. Regular expressions are anchored, as Alertmanager anchors them.
# related_resources:
#   - https://prometheus.io/docs/alerting/latest/configuration/#matcher
package policies.lib.silence

import data.policies.lib.resource
import data.policies.lib.shape

_service_labels := {
	"service", "app", "application", "job", "component", "container", "deployment", "app_kubernetes_io_name",
}

_environment_labels := {"env", "environment", "stage", "cluster", "namespace"}

# The matchers that can be read, each {name, op, value}.
matchers(written) := [matcher |
	some one in shape.list(written)
	matcher := _matcher(one)
]

_matcher(one) := {"name": name, "op": op, "value": value} if {
	is_string(one)
	word := trim_space(one)
	name := regex.find_n("^[a-zA-Z_][a-zA-Z0-9_.]*", word, 1)[0]
	rest := trim_space(substring(word, count(name), -1))
	op := regex.find_n("^(=~|!~|!=|=)", rest, 1)[0]
	value := trim(trim_space(substring(rest, count(op), -1)), `"'`)
}

_matcher(one) := {"name": one.name, "op": _op(one), "value": object.get(one, "value", "")} if {
	is_object(one)
	is_string(one.name)
}

_op(one) := one.matchType if is_string(one.matchType)

_op(one) := "=~" if {
	not is_string(object.get(one, "matchType", null))
	object.get(one, "regex", false) == true
}

_op(one) := "=" if {
	not is_string(object.get(one, "matchType", null))
	object.get(one, "regex", false) != true
}

# It narrows to something: not negated, not a match of anything.
narrows(matcher) if {
	matcher.op in {"=", "=~"}
	is_string(matcher.value)
	not matcher.value in {"", ".*", ".+", "^.*$", "^.+$", "(.*)", "(.+)"}
}

names_service(list) if {
	some matcher in list
	matcher.name in _service_labels
	narrows(matcher)
}

names_environment(list) if {
	some matcher in list
	matcher.name in _environment_labels
	narrows(matcher)
}

# It certainly keeps an alert with these labels quiet in production. An environment is no label of a rule.
covers(list, labels) if {
	count(list) > 0
	every matcher in list {
		_matches(matcher, labels)
	}
}

_matches(matcher, labels) if {
	is_string(labels[matcher.name])
	_satisfied(matcher, labels[matcher.name])
}

_matches(matcher, labels) if {
	not is_string(object.get(labels, matcher.name, null))
	matcher.name in {"env", "environment"}
	resource.production_word(trim(matcher.value, "^$()"))
}

_satisfied(matcher, value) if {
	matcher.op == "="
	matcher.value == value
}

_satisfied(matcher, value) if {
	matcher.op == "!="
	matcher.value != value
}

_satisfied(matcher, value) if {
	matcher.op == "=~"
	regex.match(_anchored(matcher.value), value)
}

_satisfied(matcher, value) if {
	matcher.op == "!~"
	not regex.match(_anchored(matcher.value), value)
}

# What is no regular expression matches nothing.
_anchored(pattern) := sprintf("^(?:%s)$", [pattern]) if regex.is_valid(sprintf("^(?:%s)$", [pattern]))

_anchored(pattern) := "^[^\\s\\S]$" if not regex.is_valid(sprintf("^(?:%s)$", [pattern]))

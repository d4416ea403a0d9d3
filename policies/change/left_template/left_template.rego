# METADATA
# title: Standard change leaves its template
# description: >-
#   A standard change needs no board because its template was approved beforehand, so it does what the template allows and
#   nothing else: kinds, actions, files and, for updates, the attributes that may differ. The template is active, was
#   reviewed in the last 365 days, and its last ten uses have at most one failure. Stateful resources are not destroyed, and the
#   computed risk stays within the template's (low unless it says more).
# related_resources:
#   - https://dora.dev/capabilities/streamlining-change-approval/
# custom:
#   id: CHG-010
#   scope: change
#   targets: []
#   severity: high
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3]
#   remediation: >-
#     Keep the change inside the template, or make it a normal change (spec.type: normal).
#   since: 0.1.0
package policies.change.left_template

import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

_review_days := 365

_levels := ["low", "medium", "high", "very-high"]

deny contains finding if {
	_standard
	not text.answered(_ref)
	finding := _finding("the standard change names no template (spec.template.ref)", {})
}

deny contains finding if {
	_named
	_templates_given
	count(_templates) == 0
	finding := _finding(sprintf("there is no ChangeTemplate %s", [_ref]), {})
}

unknown contains finding if {
	_named
	not _templates_given
	finding := _finding("no ChangeTemplate was given: whether the change stays inside its template is not known", {})
}

deny contains finding if {
	_template
	some fault in _faults
	finding := _finding(sprintf("the template %s %s", [_ref, fault]), {"because": _source})
}

_faults contains sprintf("is %v, not active", [object.get(_template, "status", "without a status")]) if {
	object.get(_template, "status", null) != "active"
}

_faults contains "has no date of its last review (reviewedAt)" if not instant.valid(object.get(_template, "reviewedAt", null))

_faults contains sprintf("was last reviewed at %s, more than %d days ago", [_template.reviewedAt, _review_days]) if {
	input.now_ns >= _review_ends_ns
}

_faults contains sprintf("is suspended: %d of its last %d uses failed", [failures, count(_last_ten)]) if {
	failures := count([1 | some use in _last_ten; use.result in {"failed", "rolled-back"}])
	failures > 1
}

_faults contains sprintf("allows %s risk, the computed risk is %s", [_most, input.risk.computed]) if {
	_rank(input.risk.computed) > _rank(_most)
}

deny contains finding if {
	_template
	some changed in _touched
	some fault in _departures(changed)
	finding := {
		"msg": sprintf("%s leaves the template %s: %s", [resource.address(changed), _ref, fault.msg]),
		"at": "resource",
		"resource": changed.id,
		"path": object.get(fault, "path", []),
		"because": _source,
	}
}

# Files that are no manifest change something, too.
deny contains finding if {
	_template
	count(_paths) > 0
	some file in shape.list(shape.at(input.git, ["files"]))
	file.path != input.change.file
	not _allowed_file(file.path)
	finding := _finding(sprintf("%s is none of the files that the template %s allows", [file.path, _ref]), {"because": _source})
}

valid_until contains _review_ends_ns if _template

_departures(changed) := {{"msg": sprintf("kind %s is not allowed", [changed.type])} | not _allowed("kinds", changed.type)} |
	{{"msg": sprintf("action %s is not allowed", [changed.action])} | not _allowed("actions", changed.action)} |
	{{"msg": "it destroys a stateful resource"} | _destroys_data(changed)} |
	{{"msg": sprintf("%s may not change", [_written(path)]), "path": path} |
		changed.action == "update"
		some path in changed.changed
		not _allowed_attribute(path)
	}

_destroys_data(changed) if {
	changed.stateful == true
	resource.destroys(changed)
}

# A list that is absent allows nothing; `*` stands for any run of characters.
_allowed(list, value) if {
	some pattern in shape.list(shape.at(_template, ["allow", list]))
	_matches(pattern, value)
}

_matches(pattern, value) if pattern == value

_matches(pattern, value) if {
	is_string(pattern)
	text.matches(pattern, value)
}

_allowed_attribute(path) if {
	some pattern in shape.list(shape.at(_template, ["allow", "attributePaths"]))
	is_string(pattern)
	_covers(_parts(pattern), path)
}

# `spec.template.spec.containers[*].image` covers that attribute and everything below it, of any container.
_covers(parts, path) if {
	count(parts) <= count(path)
	every index, part in parts {
		_is(part, path[index])
	}
}

_is(part, key) if part == sprintf("%v", [key])

_is(part, key) if {
	part == "*"
	is_number(key)
}

_parts(pattern) := [part |
	some part in regex.split(`[.\[\]]+`, pattern)
	part != ""
]

_written(path) := concat(".", [sprintf("%v", [key]) | some key in path])

_paths := shape.list(shape.at(_template, ["allow", "paths"]))

_allowed_file(path) if {
	some pattern in _paths
	is_string(pattern)
	glob.match(pattern, ["/"], path)
}

_standard if shape.at(input.change, ["spec", "type"]) == "standard"

_named if {
	_standard
	text.answered(_ref)
}

_ref := shape.at(input.change, ["spec", "template", "ref"])

_templates_given if input.context.change_templates.given == true

_templates := [template |
	some template in shape.list(shape.at(input.context, ["change_templates", "entries"]))
	shape.at(template, ["id"]) == _ref
]

_template := _templates[0] if {
	_named
	_templates_given
	count(_templates) > 0
}

_touched := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.changes(changed)
]

_review_ends_ns := instant.ns(_template.reviewedAt) + (_review_days * instant.day)

# Newest last, as they are written.
_last_ten := array.slice(_uses, max([0, count(_uses) - 10]), count(_uses))

_uses := [use |
	some use in shape.list(shape.at(_template, ["stats", "recent"]))
	is_object(use)
]

_most := object.get(_template, "maxRisk", "low")

_rank(level) := rank if {
	some rank, name in _levels
	name == level
}

_source := [input.context.change_templates.source] if is_string(shape.at(input.context, ["change_templates", "source"]))

_source := [] if not is_string(shape.at(input.context, ["change_templates", "source"]))

_finding(msg, more) := object.union({"msg": msg, "at": "change", "path": _place}, more)

_place := ["spec", "template"] if input.change.spec.template

_place := ["spec", "type"] if not input.change.spec.template

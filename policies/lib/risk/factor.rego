# METADATA
# title: Parts of a risk
# description: >-
#   A candidate is `{points, evidence}` and sometimes `source`, the line that says so. Nothing here reads `input`.
package policies.lib.risk.factor

# The heaviest candidate; undefined when none weighs anything. Ties fall to the first in order, so that the same facts
# always show the same line.
heaviest(id, candidates) := object.union({"id": id}, ranked[0]) if {
	most := max([candidate.points | some candidate in candidates])
	most > 0
	ranked := sort([candidate | some candidate in candidates; candidate.points == most])
}

# `each` points for every name, at most `most`.
counted(number, each, most) := min([number * each, most])

# The points of a number on steps of `[from, points]`.
on_steps(steps, number) := max(array.concat([0], [step[1] | some step in steps; number >= step[0]]))

# `a, b and 3 more`.
listed(names) := concat(", ", sort(names)) if count(names) <= 3

listed(names) := sprintf("%s and %d more", [concat(", ", array.slice(sort(names), 0, 2)), count(names) - 2]) if {
	count(names) > 3
}

# Where a resource stands.
place(resource) := sprintf("%s:%d:1", [resource.file, resource.line]) if is_string(resource.file)

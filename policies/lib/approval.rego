# METADATA
# title: Who has to approve, and who did
# description: >-
#   Reads the approval matrix and counts people. One person fills one slot; whether all slots can be filled is decided
#   exactly, by Hall's condition over the subsets of the required roles.
# related_resources:
#   - https://en.wikipedia.org/wiki/Hall%27s_marriage_theorem
package policies.lib.approval

import data.policies.lib.reach
import data.policies.lib.resource

# More roles than this in one cell are refused rather than half checked: the subsets double with each.
most_roles := 8

# Who may let an emergency pass now; the ordinary approvals follow afterwards.
emergency_role := "incident-commander"

# The cell that binds this change; undefined without a request, a matrix or production in it.
binding(document) := cell(document.matrix, tiers(document), document.risk.level) if {
	is_object(document.change)
	is_object(document.matrix)
}

# An emergency that the incident commander has approved.
commanded(document) if {
	document.change.spec.type == "emergency"
	approved_as(document.approvals, emergency_role)
}

_levels := ["low", "medium", "high", "very-high"]

# Tiers that the change touches in production; null stands for one that is not known. Without a difference the
# request's own scope answers.
tiers(document) := {affected.tier |
	some affected in document.changed
	resource.production(affected)
} if {
	document.mode == "difference"
}

tiers(document) := {tier |
	reach.production_scope(document.change)
	some tier in _scoped_tiers(document.change.services)
} if {
	document.mode == "present"
}

_scoped_tiers(services) := {service.tier | some service in services} if count(services) > 0

_scoped_tiers(services) := {null} if count(services) == 0

# The cell that binds: of the strictest tier touched, else the next stricter one that the matrix has, else the
# strictest; of the risk level, else the next higher one that it has, else the highest. Undefined without a row.
cell(matrix, touched, level) := {
	"name": sprintf("%d/%s", [tier, _levels[index]]),
	"roles": {role: number |
		some role, number in row[_levels[index]]
		is_number(number)
		number > 0
	},
	"source": object.get(matrix.sources, sprintf("%d/%s", [tier, _levels[index]]), matrix.source),
} if {
	count(touched) > 0
	tier := _tier(matrix, touched)
	row := matrix.tiers[format_int(tier, 10)]
	index := _level(row, level)
}

_tier(matrix, touched) := order[0] if {
	keys := {to_number(key) | some key, _ in matrix.tiers; regex.match("^[0-9]$", key)}
	count(keys) > 0
	exact := {key | some key in keys; every tier in touched { key <= tier }}
	order := array.concat([max(exact) | count(exact) > 0], [min(keys)])
}

_level(row, level) := order[0] if {
	defined := {index | some index, name in _levels; is_object(row[name])}
	count(defined) > 0
	wanted := array.concat([index | some index, name in _levels; name == level], [count(_levels)])
	enough := {index | some index in defined; index >= wanted[0]}
	order := array.concat([min(enough) | count(enough) > 0], [max(defined)])
}

# Person and role of every approval that counts.
held(approvals) := {{"person": approval.by, "role": role} |
	some approval in approvals
	approval.valid == true
	is_string(approval.by)
	some role in approval.roles
}

# Somebody whose approval counts holds the role.
approved_as(approvals, role) if {
	some one in held(approvals)
	one.role == role
}

# What is still missing, as text: empty when every slot can be filled by a person of its own.
missing(required, have) := singles | _together(short, have, required, lacking) if {
	short := _short(required, have)
	lacking := {role | some roles in short; count(roles) == 1; some role in roles}
	singles := {sprintf("%s (%d of %d)", [role, _persons({role}, have), required[role]]) | some role in lacking}
}

# The smallest sets of roles that only together have too few people.
_together(short, have, required, lacking) := {text |
	wider := [roles | some roles in short; count(roles & lacking) == 0]
	smallest := min([count(roles) | some roles in wider])
	some roles in wider
	count(roles) == smallest
	text := sprintf("%s (%d different people for %d slots)", [
		concat(" + ", sort(roles)),
		_persons(roles, have),
		sum([required[role] | some role in roles]),
	])
}

# Hall: the slots can be filled if and only if no set of roles needs more people than hold one of them.
_short(required, have) := {roles |
	names := sort([role | some role, _ in required])
	some mask in numbers.range(1, bits.lsh(1, count(names)) - 1)
	roles := {name | some index, name in names; bits.and(bits.rsh(mask, index), 1) == 1}
	sum([required[role] | some role in roles]) > _persons(roles, have)
}

_persons(roles, have) := count({one.person | some one in have; one.role in roles})

# Approvals that were given and do not count.
discounted(approvals) := [approval |
	some approval in approvals
	approval.decision == "approved"
	approval.valid != true
]

# Requests for changes by people whose role is needed; they stand until withdrawn or replaced.
objections(approvals, required) := [approval |
	some approval in approvals
	approval.decision == "changes-requested"
	codes := {code | some code in approval.why_not}
	count(codes & {"superseded", "dismissed"}) == 0
	some role, _ in required
	role in approval.roles
]

# A name for messages.
who(approval) := approval.by if is_string(approval.by)

who(approval) := approval.login if not is_string(approval.by)

# One line of evidence per approval that does not count.
evidence(approvals) := [line |
	some approval in discounted(approvals)
	line := {
		"pointer": sprintf("approval of %s", [who(approval)]),
		"observed": concat(", ", [code | some code in approval.why_not]),
		"expected": "a verified approval of this content by somebody who did not contribute",
	}
]

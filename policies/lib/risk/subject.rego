# METADATA
# title: What the risk is about
# description: >-
#   The production resources that a change touches and, where the request means production, what it declares. Declaring
#   adds and takes nothing away: whoever writes the scope must not choose what it weighs.
package policies.lib.risk.subject

import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape

# There is something whose risk can be asked for.
exists if count(touched) > 0

exists if planned

exists if count(edited_gate) > 0

# A request that means production, or does not say what it means.
planned if reach.production_scope(input.change)

touched := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
	resource.changes(changed)
]

# Only the request tells what happens: there is no base, or the difference holds no resource.
unseen if {
	planned
	count(touched) == 0
}

spec := shape.map(shape.at(input.change, ["spec"]))

scoped := [service |
	planned
	some service in shape.list(shape.at(input.change, ["services"]))
]

# Names of the services at stake.
services := {changed.service | some changed in touched; is_string(changed.service)} |
	{service.name | some service in scoped}

# Each tier at stake with who has it; "unknown" where nobody knows.
tiers contains {"tier": _tier(changed.tier), "who": resource.address(changed)} if some changed in touched

tiers contains {"tier": _tier(service.tier), "who": service.name} if some service in scoped

tiers contains {"tier": "unknown", "who": "the request, which names no service,"} if {
	unseen
	count(scoped) == 0
}

_tier(tier) := format_int(tier, 10) if is_number(tier)

_tier(tier) := "unknown" if not is_number(tier)

# Not best effort.
important if {
	some one in tiers
	one.tier != "3"
}

# Which documents that decide are edited. Incidents and deployments that somebody records are no rules.
edited_gate := {file.path |
	some file in shape.list(shape.at(input.git, ["files"]))
	is_string(file.gate)
	file.gate != "context"
}

# The pre-approved template that the request follows, when it is known.
template := found[0] if {
	spec.type == "standard"
	entries := shape.list(shape.at(input.context, ["change_templates", "entries"]))
	found := [entry | some entry in entries; shape.at(entry, ["id"]) == shape.at(spec, ["template", "ref"])]
	count(found) > 0
}

# When the change happens, as far as it lies ahead.
moment_ns := max([input.now_ns, input.change.window.start_ns]) if _ahead

moment_ns := input.now_ns if not _ahead

_ahead if {
	input.stage != "apply"
	is_number(shape.at(input.change, ["window", "start_ns"]))
}

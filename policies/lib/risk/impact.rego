# METADATA
# title: How much harm the change could do
# description: Tier, action, breadth, dependents, the way back and the schema.
package policies.lib.risk.impact

import data.policies.lib.resource
import data.policies.lib.risk.factor
import data.policies.lib.risk.kinds
import data.policies.lib.risk.subject
import data.policies.lib.risk.weights
import data.policies.lib.service
import data.policies.lib.shape

factors contains factor.heaviest("R-TIER", [candidate |
	some one in subject.tiers
	candidate := {
		"points": weights.effective["R-TIER"][one.tier],
		"evidence": _tier_text(one),
	}
])

_tier_text(one) := sprintf("%s has tier %s", [one.who, one.tier]) if one.tier != "unknown"

_tier_text(one) := sprintf("%s has no tier in the service catalogue: counted as tier 0", [one.who]) if {
	one.tier == "unknown"
}

factors contains factor.heaviest("R-ACTION", array.concat(_seen_actions, _declared_actions))

_seen_actions := [candidate |
	some changed in subject.touched
	some class in _classes(changed)
	candidate := {
		"points": weights.effective["R-ACTION"][class],
		"evidence": sprintf("%s of %s%s", [changed.action, resource.address(changed), _why[class]]),
		"source": factor.place(changed),
	}
]

_why := {
	"create": "", "update": "", "replace": "", "delete": "", "forget": "", "unknown": "",
	"interrupting_update": ", which restarts it or fails it over",
	"perimeter": ", which decides who reaches what",
	"stateful_forget": ", which holds data",
	"stateful_replace": ", which holds data",
	"stateful_delete": ", which holds data",
}

_classes(changed) := {changed.action} | {sprintf("stateful_%s", [changed.action]) | _loses_data(changed)} |
	{"interrupting_update" | _interrupts(changed)} | {"perimeter" | _is_perimeter(changed)}

_loses_data(changed) if {
	changed.stateful == true
	resource.destroys(changed)
	not service.ephemeral(shape.at(input.context, ["services"]), changed.service)
}

_interrupts(changed) if {
	changed.action == "update"
	kinds.interrupts(changed)
}

_is_perimeter(changed) if {
	kinds.perimeter(changed.type)
	not kinds.cosmetic(changed)
}

# Without a difference the request's own list of what it destroys is believed, and the rest is not known.
_declared_actions := [candidate |
	subject.unseen
	some index, entry in array.concat([{"action": "unknown"}], shape.list(shape.at(subject.spec, ["scope", "destructiveActions"])))
	action := object.get(shape.map(entry), "action", "delete")
	candidate := {
		"points": weights.effective["R-ACTION"][_declared_class(index, action)],
		"evidence": _declared_text(index, entry, action),
	}
]

_declared_class(index, _) := "unknown" if index == 0

_declared_class(index, action) := sprintf("stateful_%s", [action]) if {
	index > 0
	action in {"delete", "replace", "forget"}
}

_declared_class(index, action) := "stateful_delete" if {
	index > 0
	not action in {"delete", "replace", "forget"}
}

_declared_text(index, _, _) := "nothing shows what the change does: no difference holds a production resource" if {
	index == 0
}

_declared_text(index, entry, action) := sprintf("the request declares the %v of %v", [
	action,
	object.get(shape.map(entry), "address", "something"),
]) if {
	index > 0
}

_resources := count(subject.touched) if not subject.unseen

_resources := max([1, count(shape.list(shape.at(subject.spec, ["scope", "resources"])))]) if subject.unseen

factors contains {"id": "R-BREADTH", "points": points, "evidence": _number(_resources, "resource", "resources")} if {
	points := factor.on_steps(weights.effective["R-BREADTH"].resources, _resources)
	points > 0
}

factors contains {"id": "R-BREADTH", "points": points, "evidence": evidence} if {
	count(subject.services) > 1
	most := weights.effective["R-BREADTH"].services_most
	points := factor.counted(count(subject.services) - 1, weights.effective["R-BREADTH"].service, most)
	evidence := sprintf("%d services: %s", [count(subject.services), factor.listed(subject.services)])
}

factors contains {"id": "R-BREADTH", "points": weights.effective["R-BREADTH"].zones, "evidence": evidence} if {
	count(_zones) > 1
	count(regions) < 2
	not _staggered(_zones)
	evidence := sprintf("%s at once", [factor.listed(_zones)])
}

factors contains {"id": "R-BREADTH", "points": weights.effective["R-BREADTH"].regions, "evidence": evidence} if {
	at_once
	evidence := sprintf("%s at once", [factor.listed(regions)])
}

_number(n, one, _) := sprintf("%d %s", [n, one]) if n == 1

_number(n, _, many) := sprintf("%d %s", [n, many]) if n != 1

# Regions at stake.
regions := {changed.region | some changed in subject.touched; is_string(changed.region)} |
	{region | subject.planned; some region in shape.list(shape.at(subject.spec, ["scope", "regions"])); is_string(region)}

# Several regions, and no plan that keeps them apart.
at_once if {
	count(regions) > 1
	not _staggered(regions)
}

# Zones of things that live in one zone each; what spans zones by itself has its own way to move through them.
_zones := {changed.zones[0] | some changed in subject.touched; count(changed.zones) == 1}

# Every place has a wave, and no wave has two of them.
_staggered(places) if {
	waves := shape.list(shape.at(subject.spec, ["progressiveDelivery", "waves"]))
	count(waves) > 1
	named := {place | some wave in waves; some place in shape.list(shape.at(wave, ["regions"]))}
	count(places - named) == 0
	every wave in waves {
		count({place | some place in shape.list(shape.at(wave, ["regions"]))} & places) < 2
	}
}

factors contains {"id": "R-FANOUT", "points": points, "evidence": evidence} if {
	count(_dependents) > 0
	points := factor.counted(count(_dependents), weights.effective["R-FANOUT"].each, weights.effective["R-FANOUT"].most)
	evidence := sprintf("%s depend on it", [factor.listed(_dependents)])
}

factors contains {"id": "R-FANOUT", "points": weights.effective["R-FANOUT"].unknown, "evidence": evidence} if {
	shape.at(input.context, ["services", "given"]) != true
	evidence := "no service catalogue: what depends on it is not known"
}

_dependents := {entry.name |
	some entry in shape.list(shape.at(input.context, ["services", "entries"]))
	entry.name in service.dependents(input.context.services, subject.services)
	not entry.name in subject.services
	_is_critical(entry.tier)
}

_is_critical(tier) if tier <= 1

_is_critical(tier) if tier == null

factors contains factor.heaviest("R-IRREV", _ways_back)

_ways_back contains {"points": weights.effective["R-IRREV"].with_data_loss, "evidence": evidence} if {
	reversibility == "reversible-with-data-loss"
	evidence := "the way back loses data (rollback.dataReversibility)"
}

_ways_back contains {"points": weights.effective["R-IRREV"].irreversible, "evidence": evidence} if {
	reversibility == "irreversible"
	evidence := "there is no way back (rollback.dataReversibility)"
}

_ways_back contains {"points": weights.effective["R-IRREV"].roll_forward_only, "evidence": evidence} if {
	shape.at(subject.spec, ["rollback", "strategy"]) == "roll-forward-only"
	evidence := "the only way is forward (rollback.strategy)"
}

_ways_back contains {"points": weights.effective["R-IRREV"].unknown, "evidence": evidence} if {
	not reversibility in {"reversible", "reversible-with-data-loss", "irreversible"}
	_moves_data
	evidence := "data is touched, and nobody says whether it can be undone (rollback.dataReversibility)"
}

reversibility := shape.at(subject.spec, ["rollback", "dataReversibility"])

_moves_data if count(_migrations) > 0

_moves_data if {
	some changed in subject.touched
	_loses_data(changed)
}

_moves_data if {
	some changed in subject.touched
	kinds.touches_data(changed)
}

_migrations := shape.list(shape.at(subject.spec, ["schemaMigrations"]))

factors contains factor.heaviest("R-SCHEMA", [candidate |
	some migration in _migrations
	phase := _phase(shape.map(migration))
	candidate := {
		"points": weights.effective["R-SCHEMA"][phase],
		"evidence": sprintf("schema migration %v, phase %s", [object.get(shape.map(migration), "version", "?"), phase]),
	}
])

# What does not say, or does not work with the old application, counts as the last phase.
_phase(migration) := migration.phase if {
	migration.phase in {"expand", "migrate"}
	not migration.backwardCompatible == false
}

_phase(migration) := "contract" if not _mild(migration)

_mild(migration) if {
	migration.phase in {"expand", "migrate"}
	not migration.backwardCompatible == false
}

# METADATA
# title: Levels below which no mitigation goes
# description: Some changes are never small, however well they are prepared.
package policies.lib.risk.minimum

import data.policies.lib.resource
import data.policies.lib.risk.evidence
import data.policies.lib.risk.factor
import data.policies.lib.risk.impact
import data.policies.lib.risk.kinds
import data.policies.lib.risk.subject
import data.policies.lib.service
import data.policies.lib.shape

found contains {"level": "high", "evidence": why, "source": factor.place(changed)} if {
	some changed in subject.touched
	changed.stateful == true
	changed.action in {"delete", "replace"}
	_is_critical(changed.tier)
	not service.ephemeral(shape.at(input.context, ["services"]), changed.service)
	why := sprintf("%s of the stateful %s of tier 0 or 1", [changed.action, resource.address(changed)])
}

found contains {"level": "high", "evidence": "there is no way back (rollback.dataReversibility)"} if {
	subject.exists
	impact.reversibility == "irreversible"
}

found contains {"level": "high", "evidence": "it overrides a freeze"} if {
	subject.exists
	is_object(shape.at(subject.spec, ["freezeOverride"]))
}

found contains {"level": "high", "evidence": sprintf("tier 0 in %s at once", [factor.listed(impact.regions)])} if {
	impact.at_once
	some one in subject.tiers
	one.tier in {"0", "unknown"}
}

found contains {"level": "medium", "evidence": why, "source": factor.place(changed)} if {
	some changed in subject.touched
	kinds.perimeter(changed.type)
	not kinds.cosmetic(changed)
	why := sprintf("%s decides who may do what or what reaches what", [resource.address(changed)])
}

found contains {"level": "medium", "evidence": sprintf("it edits the gate: %s", [factor.listed(subject.edited_gate)])} if {
	count(subject.edited_gate) > 0
}

found contains {"level": "medium", "evidence": "it is an emergency"} if {
	subject.exists
	subject.spec.type == "emergency"
}

found contains {"level": "medium", "evidence": why, "source": factor.place(changed)} if {
	some changed in evidence.unguarded
	_is_critical(changed.tier)
	why := sprintf("%s of tier 0 or 1 has no canary", [resource.address(changed)])
}

_is_critical(tier) if tier <= 1

_is_critical(tier) if tier == null

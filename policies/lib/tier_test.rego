package policies.lib.tier_test

import data.policies.lib.tier

_thing(environment, number) := {"environment": environment, "tier": number}

test_production_up_to_the_tier if {
	tier.applies(_thing("prod", 1), 2)
	tier.applies(_thing("prod", 2), 2)
	not tier.applies(_thing("prod", 3), 2)
	not tier.applies(_thing("staging", 1), 2)
}

test_everything_needs_no_tier if {
	tier.applies(_thing("prod", null), 3)
	not tier.applies(_thing("prod", null), 2)
}

test_undecided if {
	tier.undecided(_thing(null, null), 3)
	tier.undecided(_thing(null, 1), 2)
	tier.undecided(_thing("prod", null), 2)
	not tier.undecided(_thing("staging", null), 2)
	not tier.undecided(_thing(null, 3), 2)
	not tier.undecided(_thing("prod", 1), 2)
}

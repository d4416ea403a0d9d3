package policies.acme.missing_owner_test

import data.policies.acme.missing_owner as policy

_with(metadata) := {"resource": {"id": "apps/Deployment/shop/orders", "attrs": {"metadata": metadata}}}

test_allowed_without_a_template if count(policy.deny) == 0 with input as object.union(_with({"annotations": {"example.com/owner": "a"}}), {"now": "x"})

test_allowed_with_an_owner if {
	count(policy.deny) == 0 with input as _with({"annotations": {"example.com/owner": "team-orders"}})
}

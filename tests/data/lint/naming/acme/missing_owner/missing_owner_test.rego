package policies.acme.missing_owner_test

import data.policies.acme.owner as policy

_with(metadata) := {"resource": {"id": "apps/Deployment/shop/orders", "attrs": {"metadata": metadata}}}

test_denied_with_an_empty_owner if {
	some finding in policy.deny with input as _with({"annotations": {"example.com/owner": ""}})
	finding.path == ["metadata"]
}

test_denied_without_annotations if count(policy.deny) == 1 with input as _with({})

test_allowed_with_an_owner if {
	count(policy.deny) == 0 with input as _with({"annotations": {"example.com/owner": "team-orders"}})
}

test_allowed_with_an_owner if false

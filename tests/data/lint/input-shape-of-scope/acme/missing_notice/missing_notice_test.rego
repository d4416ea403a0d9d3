package policies.acme.missing_notice_test

import data.policies.acme.missing_notice as policy

_with(spec) := {"change": {"spec": spec}}

test_denied_without_a_notice if {
	some finding in policy.deny with input as _with({"communications": {"notices": []}})
	finding.path == ["spec"]
}

test_denied_without_communications if count(policy.deny) == 1 with input as _with({})

test_allowed_with_a_notice if {
	count(policy.deny) == 0 with input as _with({"communications": {"notices": [{"audience": "internal"}]}})
}

test_silent_without_a_request if count(policy.deny) == 0 with input as {"change": null}

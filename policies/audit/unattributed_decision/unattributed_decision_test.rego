package policies.audit.unattributed_decision_test

import data.policies.audit.unattributed_decision
import data.policies.lib.sample_test as sample

_document := json.patch(sample.document, [
	{"op": "replace", "path": "/actor/id", "value": "alice@acme.example"},
	{"op": "add", "path": "/config/audit", "value": {"required": false, "recorded": true}},
	{"op": "replace", "path": "/changed/0/introduced_by", "value": [{"commit": "h1", "author": "alice@acme.example"}]},
])

_put(path, value) := json.patch(_document, [{"op": "add", "path": path, "value": value}])

_applied(document) := json.patch(document, [{"op": "replace", "path": "/stage", "value": "apply"}])

_denied(document) := found if {
	found := unattributed_decision.deny with input as document
}

_unknown(document) := found if {
	found := unattributed_decision.unknown with input as document
}

_nobody := _put("/actor/id", null)

test_allowed if {
	every document in [_document, _applied(_document)] {
		count(_denied(document)) == 0
		count(_unknown(document)) == 0
	}
}

test_an_actor_that_nobody_knows if {
	some finding in _denied(_applied(_nobody))
	finding.msg == "alice@acme.example, who runs the gate, is nobody that the Identities know (git-config, A0)"
	not finding.enforcement
}

test_no_name_at_all if {
	document := _applied(_put("/actor", {"id": null, "login": null, "email": null, "assurance": "A0", "method": "none"}))
	some finding in _denied(document)
	startswith(finding.msg, "somebody without a name")
}

test_a_pipeline_on_a_pull_request_is_shown if {
	document := json.patch(_nobody, [{"op": "replace", "path": "/actor/assurance", "value": "A1"}])
	{finding.enforcement | some finding in _denied(document)} == {"advisory"}
	count(_denied(_nobody)) == 0
}

test_git_names_no_actor if {
	count(_denied(_applied(_nobody))) == 1
	_nobody.git.authors == ["alice@acme.example"]
}

test_shared_accounts_do_not_apply if {
	every name in ["root", "Admin", "deploy@acme.example"] {
		some finding in _denied(_applied(_put("/actor/login", name)))
		contains(finding.msg, "is a shared account")
		count(_denied(_put("/actor/login", name))) == 0
	}
	own := json.patch(_applied(_put("/actor/login", "root")), [{
		"op": "add", "path": "/config/thresholds/AUD-001", "value": {"shared_accounts": ["oncall"]},
	}])
	count(_denied(own)) == 0
}

test_signatures_where_they_are_asked_for if {
	every level in ["A3", "A4"] {
		some finding in _denied(_put("/config/minimum_assurance", level))
		finding.enforcement == "soft"
	}
	count(_denied(_put("/config/minimum_assurance", "A2"))) == 0
	signed := json.patch(_put("/config/minimum_assurance", "A3"), [
		{"op": "replace", "path": "/git/commits/0/signed", "value": true},
	])
	count(_denied(signed)) == 0
	elsewhere := json.patch(_put("/config/minimum_assurance", "A3"), [
		{"op": "replace", "path": "/changed/0/introduced_by", "value": []},
	])
	count(_denied(elsewhere)) == 0
}

test_a_decision_that_is_not_recorded_is_shown if {
	document := _put("/config/audit/recorded", false)
	{finding.enforcement | some finding in _denied(_applied(document))} == {"advisory"}
	count(_denied(document)) == 0
}

test_no_identities_is_unknown_and_named if {
	document := _applied(json.patch(_nobody, [{"op": "replace", "path": "/context/identities/given", "value": false}]))
	count(_denied(document)) == 0
	some finding in _unknown(document)
	startswith(finding.msg, "no Identities was given")
}

test_staging_and_the_tree_as_it_stands_are_not_judged if {
	staging := json.patch(_nobody, [{"op": "replace", "path": "/changed/0/environment", "value": "staging"}])
	count(_denied(_applied(staging))) == 0
	count(_denied(_applied(json.patch(_nobody, [{"op": "replace", "path": "/mode", "value": "present"}])))) == 0
}

test_judged_without_a_request if {
	count(_denied(_applied(json.patch(_nobody, [{"op": "replace", "path": "/change", "value": null}])))) == 1
}

test_odd_values_do_not_stop_it if {
	every value in ["x", 7, null, [], {"a": 1}] {
		every key in ["id", "login", "email", "assurance", "method"] {
			count(_denied(_applied(_put(concat("/", ["/actor", key]), value)))) >= 0
		}
		count(_denied(_applied(_put("/config/audit", value)))) >= 0
		count(_denied(_applied(_put("/config/thresholds/AUD-001", value)))) >= 0
	}
}

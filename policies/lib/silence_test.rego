package policies.lib.silence_test

import data.policies.lib.silence

_labels := {"alertname": "OrdersFastBurn", "service": "orders-api", "severity": "page"}

_covers(written) if silence.covers(silence.matchers(written), _labels)

test_text_and_objects if {
	silence.matchers([`service = "orders-api"`, `team!~'a|b'`, {"name": "env", "value": "prod"}]) == [
		{"name": "service", "op": "=", "value": "orders-api"},
		{"name": "team", "op": "!~", "value": "a|b"},
		{"name": "env", "op": "=", "value": "prod"},
	]
	silence.matchers([{"name": "a", "value": "b", "regex": true}]) == [{"name": "a", "op": "=~", "value": "b"}]
	silence.matchers(["", "=x", 7, null, {}]) == []
	silence.matchers("service=x") == []
}

test_covers if {
	_covers([`service="orders-api"`])
	_covers([`service="orders-api"`, `env="prod"`])
	_covers([`alertname=~"Orders.*"`])
	_covers([`severity!="ticket"`])
}

test_does_not_cover if {
	not _covers([])
	not _covers([`service="payments"`])
	not _covers([`service="orders-api"`, `env="staging"`])
	not _covers([`service="orders-api"`, `severity!="page"`])
	not _covers([`alertname=~"Orders"`])
	not _covers([`alertname!~".*Burn"`])
	not _covers([`pod="x"`])
	not _covers([`alertname=~"("`])
}

test_what_narrows if {
	every matcher in silence.matchers([`a="b"`, `a=~"b|c"`]) {
		silence.narrows(matcher)
	}
	every matcher in silence.matchers([`a=""`, `a=~".+"`, `a=~".*"`, `a!="b"`, `a!~"b"`]) {
		not silence.narrows(matcher)
	}
}

test_service_and_environment if {
	silence.names_service(silence.matchers([`app="x"`]))
	silence.names_environment(silence.matchers([`namespace="x"`]))
	not silence.names_service(silence.matchers([`service=~".*"`]))
	not silence.names_environment(silence.matchers([`service="x"`]))
}

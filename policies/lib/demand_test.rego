package policies.lib.demand_test

import data.policies.lib.demand
import data.policies.lib.sample_test as sample

_thing(attrs) := sample.terraform("aws_x", "orders", attrs)

_broken(attrs, one) := {finding.msg | some finding in demand.broken(_thing(attrs), [one])}

_hidden(paths, attrs) := object.union(_thing(attrs), {"unknown": paths})

_zones := {"path": ["zones"], "length": 2}

_multi_az := {"path": ["multi_az"], "is": true, "default": false}

test_is if {
	_broken({"multi_az": true}, _multi_az) == set()
	_broken({"multi_az": "true"}, _multi_az) == set()
	_broken({"multi_az": false}, _multi_az) == {"multi_az of aws_x.orders is false, expected true"}
}

test_absent_and_null_are_the_default if {
	every attrs in [{}, {"multi_az": null}] {
		_broken(attrs, _multi_az) == {"multi_az of aws_x.orders is false (the default), expected true"}
	}
}

test_without_a_default if {
	_broken({}, {"path": ["mode"], "is": "ZoneRedundant"}) == {
		"mode of aws_x.orders is absent, expected ZoneRedundant",
	}
}

test_least if {
	one := {"path": ["block", 0, "size"], "least": 2, "default": 1}
	_broken({"block": [{"size": 2}]}, one) == set()
	_broken({"block": [{"size": "2"}]}, one) == set()
	_broken({"block": [{"size": 1}]}, one) == {"block.size of aws_x.orders is 1, expected at least 2"}
	_broken({"block": []}, one) == {"block.size of aws_x.orders is 1 (the default), expected at least 2"}
	count(_broken({"block": [{"size": "many"}]}, one)) == 1
}

test_among if {
	one := {"path": ["kind"], "among": {"GRS", "RAGRS"}}
	_broken({"kind": "GRS"}, one) == set()
	_broken({"kind": "LRS"}, one) == {"kind of aws_x.orders is LRS, expected GRS or RAGRS"}
}

test_includes if {
	one := {"path": ["types"], "includes": {"api", "audit"}}
	_broken({"types": ["audit", "api", "scheduler"]}, one) == set()
	_broken({"types": ["api"]}, one) == {`types of aws_x.orders is ["api"], expected api, audit`}
	count(_broken({"types": "api"}, one)) == 1
}

test_given if {
	one := {"path": ["arn"], "given": true}
	_broken({"arn": "arn:aws:x"}, one) == set()
	_broken({"arn": ""}, one) == {"arn of aws_x.orders is , expected to be set"}
}

test_length_counts_different_entries if {
	_broken({"zones": ["1", "2"]}, _zones) == set()
	count(_broken({"zones": ["1", "1"]}, _zones)) == 1
	count(_broken({}, _zones)) == 1
}

test_length_of_entries_that_are_not_known if {
	two := _hidden([["zones", 0], ["zones", 1]], {"zones": [null, null]})
	demand.broken(two, [_zones]) == set()
	demand.undecided(two, [_zones]) == set()
	one := _hidden([["zones", 0]], {"zones": [null]})
	count(demand.broken(one, [_zones])) == 1
}

test_length_of_an_unknown_list if {
	thing := _hidden([["zones"]], {})
	demand.broken(thing, [_zones]) == set()
	count(demand.undecided(thing, [_zones])) == 1
}

test_unknown_is_neither if {
	every paths in [[["multi_az"]], [[]]] {
		thing := _hidden(paths, {})
		demand.broken(thing, [_multi_az]) == set()
		{finding.msg | some finding in demand.undecided(thing, [_multi_az])} == {
			"multi_az of aws_x.orders is not known, expected true",
		}
	}
}

test_sensitive_is_not_known if {
	thing := object.union(_thing({}), {"sensitive": [["multi_az"]]})
	demand.broken(thing, [_multi_az]) == set()
	count(demand.undecided(thing, [_multi_az])) == 1
}

test_a_block_that_is_not_known_hides_what_is_in_it if {
	thing := _hidden([["settings"]], {})
	demand.broken(thing, [{"path": ["settings", 0, "x"], "is": true}]) == set()
}

test_what_is_seen_may_be_enough if {
	thing := _hidden([["types", 1]], {"types": ["api", null]})
	demand.undecided(thing, [{"path": ["types"], "includes": {"api"}}]) == set()
}

test_odd_values if {
	every value in [7, "x", [], {}, [[]], [{}], true, -1, 0.5] {
		count(_broken({"a": value}, {"path": ["a", 0, "b"], "least": 1})) == 1
		count(_broken({"a": value}, {"path": ["a"], "includes": {"x", "y"}})) == 1
	}
}

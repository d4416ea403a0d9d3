package policies.lib.evidence_test

import data.policies.lib.evidence

_found := evidence.finding("orders", "too few", ["spec", "steps", 0], "1", "at least 3")

test_words_place_and_evidence if {
	_found.msg == "orders: too few"
	_found.path == ["spec", "steps", 0]
	_found.evidence == [{"pointer": "spec.steps.0", "observed": "1", "expected": "at least 3"}]
}

test_noted_blocks_nothing if {
	noted := evidence.noted(_found, "low")
	noted.enforcement == "advisory"
	noted.severity == "low"
	noted.msg == _found.msg
}

test_pointer_of_nothing if evidence.pointer([]) == ""

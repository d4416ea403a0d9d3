package policies.lib.shape_test

import data.policies.lib.shape

test_lists_and_objects_stay if {
	shape.list([1]) == [1]
	shape.map({"a": 1}) == {"a": 1}
}

test_everything_else_is_empty if {
	every value in [null, 7, "text", true] {
		shape.list(value) == []
		shape.map(value) == {}
	}
	shape.list({"a": 1}) == []
	shape.map([1]) == {}
}

test_looks_without_stopping if {
	shape.at({"a": [{"b": 1}]}, ["a", 0, "b"]) == 1
	every value in [null, 7, "text", [1], {"a": 7}, {"a": "text"}, {"a": []}] {
		shape.at(value, ["a", 0, "b"]) == null
	}
}

test_pairs_are_grouped if {
	shape.grouped(set()) == {}
	shape.grouped({["b", 2], ["a", 1], ["b", 1], ["c", {"x": 1}]}) == {"a": {1}, "b": {1, 2}, "c": {{"x": 1}}}
}

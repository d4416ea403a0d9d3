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

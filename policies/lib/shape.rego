# METADATA
# title: Values of the wrong type
# description: >-
#   What people write can be of any type, and iterating over text or looking into a number stops an engine. These make a
#   list or an object of whatever comes, and look without stopping.
package policies.lib.shape

# The value when it is a list, else an empty one.
list(value) := value if is_array(value)

list(value) := [] if not is_array(value)

# The value when it is an object, else an empty one.
map(value) := value if is_object(value)

map(value) := {} if not is_object(value)

# What stands at the path, or null where there is nothing.
at(value, path) := object.get(map(value), path, null)

# Key → values, of pairs. Sorted, the pairs of a key stand together: each is looked at once.
grouped(pairs) := {sorted[start][0]: {pair[1] | some pair in array.slice(sorted, start, ends[number])} |
	some number, start in starts
} if {
	sorted := sort(pairs)
	starts := [index |
		some index, pair in sorted
		not sorted[index - 1][0] == pair[0]
	]
	ends := array.concat(array.slice(starts, 1, count(starts)), [count(sorted)])
}

# METADATA
# title: Destructive actions that a request declares
# description: >-
#   Decides whether an entry of scope.destructiveActions means a resource. Exact addresses are looked up in a set, so
#   that a request with many of them stays cheap; only patterns are tried one by one.
package policies.lib.declaration

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

# The declared actions by their index in the request.
entries(change) := {index: entry |
	some index, entry in shape.list(change.spec.scope.destructiveActions)
	is_object(entry)
}

# Address and action of every entry; the action is null where the entry means any.
exact(declared_entries) := {[entry.address, object.get(entry, "action", null)] |
	some entry in declared_entries
	is_string(entry.address)
}

# Entries that stand for several resources and say for how many at most.
patterns(declared_entries) := {index: entry |
	some index, entry in declared_entries
	is_number(entry.maxCount)
	is_string(entry.address)
	contains(entry.address, "*")
}

# What an entry may say to mean this resource.
keys(affected) := {[name, action] |
	some name in [affected.id, affected.address]
	is_string(name)
	some action in [affected.action, null]
}

# The pattern covers the resource and what happens to it.
covers(pattern, affected) if {
	object.get(pattern, "action", affected.action) == affected.action
	text.matches(pattern.address, resource.address(affected))
}

# Some entry means the resource.
declared(exact_entries, _, affected) if count(keys(affected) & exact_entries) > 0

declared(_, pattern_entries, affected) if {
	some pattern in pattern_entries
	covers(pattern, affected)
}

# METADATA
# title: Destructive actions that a request declares
# description: Decides whether an entry of scope.destructiveActions means a resource.
package policies.lib.declaration

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

# The declared actions by their index in the request.
entries(change) := {index: entry |
	some index, entry in shape.list(change.spec.scope.destructiveActions)
	is_object(entry)
}

# The entry names the resource exactly, or by a pattern that says how many it may cover at most.
covers(entry, affected) if {
	object.get(entry, "action", affected.action) == affected.action
	resource.named(affected, entry.address)
}

covers(entry, affected) if {
	object.get(entry, "action", affected.action) == affected.action
	is_number(entry.maxCount)
	is_string(entry.address)
	text.matches(entry.address, resource.address(affected))
}

# Some entry covers it.
declared(change, affected) if {
	some entry in entries(change)
	covers(entry, affected)
}

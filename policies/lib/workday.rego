# METADATA
# title: Business days
# description: Monday to Friday in UTC. Public holidays differ from place to place and count as days of work.
package policies.lib.workday

import data.policies.lib.instant

# The instant `days` business days later, at the same time of day.
after(from_ns, days) := from_ns + (worked[days - 1] * instant.day) if {
	worked := [day |
		some day in numbers.range(1, (2 * days) + 2)
		_is_worked(from_ns + (day * instant.day))
	]
}

_is_worked(at_ns) if not time.weekday(at_ns) in {"Saturday", "Sunday"}

# METADATA
# title: Business days
# description: Monday to Friday in UTC. Public holidays differ from place to place and count as days of work.
package policies.lib.workday

import data.policies.lib.instant

# The instant `days` business days later, at the same time of day.
after(from_ns, days) := min([at_ns |
	some number in numbers.range(days, (2 * days) + 2)
	worked(from_ns, number) == days
	at_ns := from_ns + (number * instant.day)
])

# How many of the `number` days that follow are business days.
worked(from_ns, number) := count([1 |
	some day in numbers.range(1, number)
	not time.weekday(from_ns + (day * instant.day)) in {"Saturday", "Sunday"}
])

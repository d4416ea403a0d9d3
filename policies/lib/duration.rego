# METADATA
# title: Durations that people wrote
# description: >-
#   Kubernetes controllers take a number of seconds, digits, or Go text such as 1h30m. What is none of these is
#   undefined, and never stops a policy.
package policies.lib.duration

_go := "^([0-9]{1,5}([.][0-9]{1,6})?(ns|us|ms|s|m|h)){1,4}$"

# Seconds.
seconds(value) := value if is_number(value)

seconds(value) := to_number(value) if {
	is_string(value)
	regex.match("^[0-9]{1,9}$", value)
}

seconds(value) := time.parse_duration_ns(value) / 1000000000 if {
	is_string(value)
	regex.match(_go, value)
}

# What a message says of seconds: whole hours and minutes where they are whole.
said(value) := sprintf("%dh", [floor(value / 3600)]) if {
	value >= 3600
	value % 3600 == 0
}

said(value) := sprintf("%dm", [floor(value / 60)]) if {
	value >= 60
	value % 60 == 0
	value % 3600 != 0
}

said(value) := sprintf("%vs", [value]) if not _whole_minutes(value)

_whole_minutes(value) if {
	value >= 60
	value % 60 == 0
}

# METADATA
# title: Elapsed time that people wrote
# description: >-
#   Reads the two spellings of our documents, ISO 8601 (`PT20M`, `P1DT2H`) and Go's with days and weeks (`2h40m`, `7d`),
#   without ever failing: what is no elapsed time is undefined.
package policies.lib.elapsed

_units := {"w": 604800000000000, "d": 86400000000000, "h": 3600000000000, "m": 60000000000, "s": 1000000000}

_iso := "^p([0-9]{1,4}w)?([0-9]{1,5}d)?(t([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}([.][0-9]{1,9})?s)?)?$"

_go := "^([0-9]{1,9}([.][0-9]{1,9})?[wdhms])+$"

# Nanoseconds.
ns(written) := sum([length |
	some part in parts
	length := to_number(trim_right(part, "wdhms")) * _units[substring(part, count(part) - 1, 1)]
]) if {
	is_string(written)
	word := lower(written)
	_spelled(word)
	parts := regex.find_n("[0-9]+([.][0-9]+)?[wdhms]", word, -1)
	count(parts) > 0
}

_spelled(word) if regex.match(_iso, word)

_spelled(word) if regex.match(_go, word)

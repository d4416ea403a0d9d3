# METADATA
# title: Instants that people wrote
# description: >-
#   Reads RFC 3339 text of a document without ever failing: what is no instant is undefined. Instants that the gate
#   worked out itself come with a `_ns` twin and need none of this.
package policies.lib.instant

hour := 3600000000000

day := 24 * hour

_days := concat("|", [
	"(19[7-9][0-9]|2[01][0-9]{2})-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])",
	"(19[7-9][0-9]|2[01][0-9]{2})-(0[469]|11)-(0[1-9]|[12][0-9]|30)",
	"(19[7-9][0-9]|2[01][0-9]{2})-02-(0[1-9]|1[0-9]|2[0-8])",
	"(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))-02-29",
])

_clock := "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"

_rfc3339 := concat("", ["^(", _days, ")T", _clock, "$"])

# Nanoseconds since 1970 UTC of RFC 3339 text; undefined for anything else.
ns(text) := time.parse_rfc3339_ns(text) if {
	is_string(text)
	regex.match(_rfc3339, text)
}

# Whether it is an instant at all.
valid(text) if is_number(ns(text))

# The instant lies in the past by less than `age`: at that age it is over.
fresh(text, now_ns, age) if {
	at := ns(text)
	at <= now_ns
	now_ns - at < age
}

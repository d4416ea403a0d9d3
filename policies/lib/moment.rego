# METADATA
# title: When evidence has to be there
# description: >-
#   On a pull request the change lies ahead: evidence may come until the planned start, and its age is what it is today.
#   At apply nothing may come from the future. Nothing here reads `input`: `document` is the policy input.
package policies.lib.moment

# The last instant from which evidence may stem.
latest_ns(document) := max([document.now_ns, document.change.window.start_ns]) if _ahead(document)

latest_ns(document) := document.now_ns if not _ahead(document)

# It is there by then, and less than `age` old: at that age it is over.
fresh(document, at_ns, age) if {
	at_ns <= latest_ns(document)
	document.now_ns - at_ns < age
}

_ahead(document) if {
	document.stage != "apply"
	is_number(document.change.window.start_ns)
}

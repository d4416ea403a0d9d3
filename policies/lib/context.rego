# METADATA
# title: Documents about the state of the world
# description: >-
#   Whether a kind of context document was given, what it holds and whether it is too old to rely on. `kind` is the key
#   in `input.context`.
package policies.lib.context

import data.policies.lib.reach
import data.policies.lib.shape

# Two clocks may differ by this much before a document comes from the future.
_skew := 300000000000

given(document, kind) if document.context[kind].given == true

# Entries by their index: those that are objects.
entries(document, kind) := {index: entry |
	some index, entry in shape.list(shape.at(document, ["context", kind, "entries"]))
	is_object(entry)
}

# The line of an entry, as `because` takes it.
place(document, kind, index) := [source |
	source := shape.list(shape.at(document, ["context", kind, "sources"]))[index]
	is_string(source)
]

# It is too old to decide on: at apply and for critical services only. The age that the configuration allows
# (`context.max_age`) replaces `usual_ns`.
outdated(document, kind, usual_ns) if {
	binding(document, kind)
	not _fresh(document.context[kind], usual_ns)
}

# Whether its age counts.
binding(document, kind) if {
	document.stage == "apply"
	given(document, kind)
	reach.touches_critical(document)
}

# When it becomes too old, where that counts.
expires_ns(document, kind, usual_ns) := at_ns if {
	binding(document, kind)
	_fresh(document.context[kind], usual_ns)
	at_ns := (document.now_ns - document.context[kind].age_ns) + limit_ns(document, kind, usual_ns)
}

# The largest age, in nanoseconds.
limit_ns(document, kind, usual_ns) := _limit(object.get(document.context, kind, {}), usual_ns)

_fresh(facts, usual_ns) if {
	is_number(facts.age_ns)
	facts.age_ns <= _limit(facts, usual_ns)
	facts.age_ns >= 0 - _skew
}

_limit(facts, _) := facts.max_age_ns if is_number(facts.max_age_ns)

_limit(facts, usual_ns) := usual_ns if not is_number(object.get(facts, "max_age_ns", null))

# What to say of a kind that was never given.
missing(name, why) := sprintf("no %s was given: %s cannot be judged. Commit one under .changegate/", [name, why])

# What to say of one that is too old.
too_old(document, kind, name, usual_ns) := sprintf("the %s is of %s, older than %d minutes: %s", [
	name,
	_as_of(document.context[kind]),
	floor(limit_ns(document, kind, usual_ns) / 60000000000),
	"it says nothing about now. Fetch it again",
])

_as_of(facts) := facts.as_of if is_string(facts.as_of)

_as_of(facts) := "an instant that it does not name (metadata.asOf)" if not is_string(object.get(facts, "as_of", null))

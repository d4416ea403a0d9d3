# METADATA
# title: What an attribute has to be
# description: >-
#   A demand names an attribute by its `path`, its `default` (what the provider makes of an absent one) and what it has
#   to be: `is` a value, `among` some, `least` a number, a list of `length` different entries, `includes` some, or
#   `given` at all. What is not known, or sensitive, neither meets nor breaks a demand.
package policies.lib.demand

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

# One finding for each demand that the resource breaks.
broken(thing, demands) := {finding |
	some demand in demands
	not hidden(thing, demand)
	value := effective(thing.attrs, demand)
	not met(demand, value)
	finding := {
		"msg": sprintf("%s of %s is %s, expected %s", [
			name(demand.path),
			resource.address(thing),
			_observed(thing.attrs, demand),
			expected(demand),
		]),
		"path": demand.path,
		"evidence": [{
			"pointer": name(demand.path),
			"observed": _observed(thing.attrs, demand),
			"expected": expected(demand),
		}],
	}
}

# One finding for each demand on an attribute that is not known.
undecided(thing, demands) := {finding |
	some demand in demands
	hidden(thing, demand)
	not met(demand, shape.at(thing.attrs, demand.path))
	finding := {
		"msg": sprintf("%s of %s is not known, expected %s", [
			name(demand.path),
			resource.address(thing),
			expected(demand),
		]),
		"path": demand.path,
	}
}

# The value after the change cannot be seen. Of a list that is only counted, the entries need not be.
hidden(thing, demand) if {
	not demand.length
	resource.touches(array.concat(thing.unknown, thing.sensitive), demand.path)
}

hidden(thing, demand) if {
	demand.length
	some path in array.concat(thing.unknown, thing.sensitive)
	count(path) <= count(demand.path)
	path == array.slice(demand.path, 0, count(path))
}

# The written value, else the default. Null counts as absent.
effective(attrs, demand) := written if {
	written := shape.at(attrs, demand.path)
	written != null
}

effective(attrs, demand) := object.get(demand, "default", null) if shape.at(attrs, demand.path) == null

# The value is what is demanded. Terraform takes "true" for true and "2" for 2.
met(demand, value) if said(value) == said(demand.is)

met(demand, value) if said(value) in demand.among

met(demand, value) if number(value) >= demand.least

met(demand, value) if _length(value) >= demand.length

met(demand, value) if count(demand.includes - {said(entry) | some entry in shape.list(value)}) == 0

met(demand, value) if {
	demand.given
	text.given(value)
}

# A number, also one that is written as text.
number(value) := value if is_number(value)

number(value) := to_number(value) if {
	is_string(value)
	regex.match("^[0-9]{1,15}$", value)
}

# What a message says of a value.
said(value) := sprintf("%v", [value]) if value != null

said(value) := "absent" if value == null

# `settings.availability_type` of the path with its indexes.
name(path) := concat(".", [key | some key in path; is_string(key)])

# What a message says of a demand.
expected(demand) := said(demand.is)

expected(demand) := concat(" or ", sort(demand.among))

expected(demand) := sprintf("at least %d", [demand.least])

expected(demand) := sprintf("%d or more", [demand.length])

expected(demand) := concat(", ", sort(demand.includes))

expected(demand) := "to be set" if demand.given

# Entries that are not known count as different ones.
_length(value) := count(known) + count(others) if {
	is_array(value)
	known := {entry | some entry in value; entry != null}
	others := [1 | some entry in value; entry == null]
}

_observed(attrs, demand) := said(effective(attrs, demand)) if shape.at(attrs, demand.path) != null

_observed(attrs, demand) := sprintf("%s (the default)", [said(demand["default"])]) if {
	shape.at(attrs, demand.path) == null
	object.get(demand, "default", null) != null
}

_observed(attrs, demand) := "absent" if {
	shape.at(attrs, demand.path) == null
	object.get(demand, "default", null) == null
}

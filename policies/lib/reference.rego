# METADATA
# title: Terraform resources that refer to another
# description: >-
#   Finds the resources that name another one in an attribute. A reference to what does not exist yet has no value
#   before apply, so that such a resource may refer to any: it is `open`, and whoever asks has to say unknown.
package policies.lib.reference

import data.policies.lib.resource
import data.policies.lib.shape

_names := ["id", "arn", "name", "bucket", "identifier", "cluster_identifier", "table_name"]

# Everything that the resource is called in the attributes of others, before the change too.
identities(thing) := {name |
	some attrs in [thing.attrs, thing.before]
	some key in _names
	name := shape.map(attrs)[key]
	is_string(name)
}

# Resources of a type whose attribute at `path` names one of `names` (`sure`), or may (`open`).
links(resources, kind, path, names) := {
	"sure": [other | some other in candidates; shape.at(other.attrs, path) in names],
	"open": [other | some other in candidates; resource.touches(other.unknown, path)],
} if {
	candidates := [other |
		some other in resources
		other.type == kind
		resource.remains(other)
	]
}

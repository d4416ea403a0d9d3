# METADATA
# title: Numbers of the configuration
# description: What `policies.thresholds` of the configuration says below the id of a policy, else the usual number.
package policies.lib.threshold

import data.policies.lib.shape

number(config, id, name, _) := written if {
	written := shape.at(config, ["thresholds", id, name])
	is_number(written)
}

number(config, id, name, usual) := usual if not is_number(shape.at(config, ["thresholds", id, name]))

# The same for what is on or off.
on(config, id, name) if shape.at(config, ["thresholds", id, name]) == true

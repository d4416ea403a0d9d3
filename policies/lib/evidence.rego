# METADATA
# title: A finding with its evidence
# description: Words, place and evidence of a finding about one resource, in one shape. Nothing here reads `input`.
package policies.lib.evidence

# `name: msg`, at a path of the resource, with what stands there and what would have passed.
finding(name, msg, path, observed, expected) := {
	"msg": sprintf("%s: %s", [name, msg]),
	"path": path,
	"evidence": [{"pointer": pointer(path), "observed": observed, "expected": expected}],
}

# It is said, not demanded.
noted(found, severity) := object.union(found, {"enforcement": "advisory", "severity": severity})

# `spec.strategy.canary.steps.0` of a path.
pointer(path) := concat(".", [sprintf("%v", [key]) | some key in path])

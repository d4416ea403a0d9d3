# METADATA
# title: Feature goes out without a managed flag
# description: >-
#   A feature that reaches the users of a tier 0 or 1 service ships behind a flag: with a key, an owner, off in
#   production by default, a kill switch that was tried, and a day within 90 days on which the flag is gone.
#   Switches of operations (kind ops) stay. Infrastructure, schema changes and what says why it needs none
#   (featureFlagNotApplicable) are free. A flag is past its day, or goes from off to everybody in one step: denied.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/operational-excellence-pillar/ops_mit_deploy_risks_deploy_mgmt_sys.html
#   - https://registry.terraform.io/providers/launchdarkly/launchdarkly/latest/docs/resources/feature_flag_environment
# custom:
#   id: DEP-002
#   scope: change
#   targets: []
#   severity: medium
#   enforcement: soft
#   stages: [pull-request]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.32"]
#     NIST80053: [CM-3]
#   remediation: >-
#     List the flag in spec.featureFlags: key, system, owner, defaultState "off", killSwitchTestedAt, removeBy
#     within 90 days. A flag reaches its users in growing shares.
#   since: 0.2.0
package policies.deploy.unmanaged_feature_flag

import data.policies.lib.image
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text
import data.policies.lib.threshold

deny contains finding if {
	_reaches_users
	count(_flags) == 0
	not text.answered(shape.at(input.change, ["spec", "featureFlagNotApplicable"]))
	finding := {
		"msg": sprintf("a feature of %s (tier %v) ships without a flag", [_service.name, _service.tier]),
		"at": "change",
		"path": ["spec", "changeClass"],
	}
}

deny contains finding if {
	_is_prod_request
	some index, flag in _flags
	some fault in _flag_faults(flag)
	finding := {
		"msg": sprintf("the flag %v %s", [object.get(flag, "key", index + 1), fault.msg]),
		"at": "change",
		"path": _place(index, fault.key),
		"pending": object.get(fault, "pending", false),
		"evidence": [{
			"pointer": sprintf("spec.featureFlags.%d.%s", [index, fault.key]),
			"observed": sprintf("%v", [object.get(flag, fault.key, "absent")]),
			"expected": fault.expected,
		}],
	}
}

deny contains finding if {
	some changed in _production
	some fault in _leaps(changed)
	finding := {
		"msg": sprintf("%s %s", [resource.address(changed), fault.msg]),
		"resource": changed.id,
		"at": "resource",
		"path": fault.path,
		"evidence": [{
			"pointer": resource.address(changed), "observed": fault.observed, "expected": "a share of the users that grows",
		}],
	}
}

unknown contains finding if {
	some changed in _production
	changed.type == "launchdarkly_feature_flag_environment"
	resource.touches(changed.unknown, ["on"])
	finding := {
		"msg": sprintf("whether %s switches its flag on is not known", [resource.address(changed)]),
		"resource": changed.id,
		"at": "resource",
		"path": ["on"],
	}
}

_has_day(flag) if is_number(_day_ns(flag.removeBy))

# On its day a flag is over.
valid_until contains instant_ns if {
	_is_prod_request
	some flag in _flags
	instant_ns := _day_ns(flag.removeBy)
	instant_ns > input.now_ns
}

_is_prod_request if reach.judged(input)

_flags := {index: flag |
	some index, flag in shape.list(shape.at(input.change, ["spec", "featureFlags"]))
	is_object(flag)
}

_production := [changed |
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
	changed.action in {"create", "update", "replace"}
]

# The request calls it a feature, and code of a critical service changes.
_reaches_users if {
	reach.judged(input)
	input.change.spec.type != "emergency"
	input.change.spec.changeClass == "feature"
	is_object(_service)
}

_service := {"name": changed.service, "tier": changed.tier} if {
	changed := _code[0]
}

_code := [changed |
	some changed in _production
	is_number(changed.tier)
	changed.tier <= 1
	count(image.all(changed.attrs) - image.all(changed.before)) > 0
]

_place(index, key) := ["spec", "featureFlags", index, key] if object.get(_flags[index], key, null) != null

_place(index, key) := ["spec", "featureFlags", index] if object.get(_flags[index], key, null) == null

_most_days := threshold.number(input.config, "DEP-002", "most_days", 90)

_flag_faults(flag) := {fault |
	some key in ["key", "owner"]
	not text.answered(object.get(flag, key, null))
	fault := {"key": key, "msg": sprintf("has no %s", [key]), "expected": "a name"}
} | {fault |
	object.get(flag, "defaultState", null) != "off"
	fault := {
		"key": "defaultState", "msg": sprintf("is %v by default", [object.get(flag, "defaultState", "of no known state")]),
		"expected": "off",
	}
} | {fault |
	not instant.valid(object.get(flag, "killSwitchTestedAt", null))
	fault := {
		"key": "killSwitchTestedAt", "msg": "was never switched off to see that it works", "pending": true,
		"expected": "the instant at which that was tried",
	}
} | {fault |
	instant.ns(flag.killSwitchTestedAt) > input.now_ns + _ahead
	fault := {
		"key": "killSwitchTestedAt", "msg": sprintf("is said to be tried at %s, after the change", [flag.killSwitchTestedAt]),
		"expected": "an instant before the change",
	}
} | _removal_faults(flag)

# Until the planned start somebody may still try it.
_ahead := max([0, input.change.window.start_ns - input.now_ns]) if is_object(input.change.window)

_ahead := 0 if not is_object(shape.at(input.change, ["window"]))

# A switch of operations is no unfinished work.
_removal_faults(flag) := set() if flag.kind == "ops"

_removal_faults(flag) := {{
	"key": "removeBy", "msg": "has no day on which it is gone (removeBy)",
	"expected": sprintf("a day within %v days, or kind: ops", [_most_days]),
}} if {
	not _is_ops(flag)
	not _has_day(flag)
}

_removal_faults(flag) := {{
	"key": "removeBy", "msg": sprintf("was to be gone on %s", [flag.removeBy]), "expected": "its removal, or a new day",
}} if {
	not _is_ops(flag)
	_day_ns(flag.removeBy) <= input.now_ns
}

_removal_faults(flag) := {{
	"key": "removeBy", "msg": sprintf("stays until %s, longer than %v days", [flag.removeBy, _most_days]),
	"expected": sprintf("a day within %v days of the change", [_most_days]),
}} if {
	not _is_ops(flag)
	_day_ns(flag.removeBy) > _start_ns + ((_most_days + 1) * instant.day)
}

_removal_faults(flag) := set() if {
	not _is_ops(flag)
	_day_ns(flag.removeBy) > input.now_ns
	_day_ns(flag.removeBy) <= _start_ns + ((_most_days + 1) * instant.day)
}

_is_ops(flag) if flag.kind == "ops"

_start_ns := max([input.now_ns, input.change.window.start_ns]) if is_object(input.change.window)

_start_ns := input.now_ns if not is_object(shape.at(input.change, ["window"]))

# The end of a day, in UTC.
_day_ns(day) := instant.ns(sprintf("%sT00:00:00Z", [day])) + instant.day if is_string(day)

# From nobody to everybody in one step.
_leaps(changed) := {{
	"msg": "turns a flag from off to on for everybody in one step", "path": ["on"], "observed": "off to on",
}} if {
	changed.type == "launchdarkly_feature_flag_environment"
	shape.at(changed.attrs, ["on"]) == true
	not shape.at(changed.before, ["on"]) == true
	not _is_gradual(changed.attrs)
}

_leaps(changed) := {{
	"msg": "deploys a configuration to everybody at once", "path": ["deployment_strategy_id"],
	"observed": "AppConfig.AllAtOnce",
}} if {
	changed.type == "aws_appconfig_deployment"
	shape.at(changed.attrs, ["deployment_strategy_id"]) == "AppConfig.AllAtOnce"
}

_leaps(changed) := {{
	"msg": "grows to everybody in its first step", "path": ["growth_factor"], "observed": "growth_factor 100",
}} if {
	changed.type == "aws_appconfig_deployment_strategy"
	shape.at(changed.attrs, ["growth_factor"]) == 100
}

# Shares of the users, or somebody who is meant by name first.
_is_gradual(attrs) if {
	some fallthrough in shape.list(attrs.fallthrough)
	count(shape.list(shape.at(fallthrough, ["rollout_weights"]))) > 0
}

_is_gradual(attrs) if {
	some fallthrough in shape.list(attrs.fallthrough)
	is_number(shape.at(fallthrough, ["variation"]))
	fallthrough.variation == attrs.off_variation
}

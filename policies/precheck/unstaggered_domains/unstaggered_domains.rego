# METADATA
# title: Change hits several failure domains at once
# description: >-
#   One change of a tier 0 or 1 service touches one region at a time, not all zones of a region, and not the
#   primary and its standby. More than one needs progressiveDelivery.waves: in order, each domain in one wave of
#   its own, one hour apart (tier 0; tier 1: 30 minutes), with a metric that decides on the next; or several
#   requests. Global resources (IAM, DNS, a CDN) have no waves. An ApplicationSet reaches all of its clusters in
#   one merge unless it rolls.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/implement-change.html
#   - https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Progressive-Syncs/
# custom:
#   id: PRE-006
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [A1.2, CC8.1]
#     ISO27001: ["8.14", "8.32"]
#     NIST80053: [CM-3, CP-2, SC-36]
#   remediation: >-
#     Plan waves in spec.progressiveDelivery.waves, the region with the least traffic first, with a bake time and a
#     metric between them; or split the change by region.
#   since: 0.2.0
package policies.precheck.unstaggered_domains

import data.policies.lib.elapsed
import data.policies.lib.instant
import data.policies.lib.resource
import data.policies.lib.service
import data.policies.lib.shape

deny contains finding if {
	some hit in _hits
	some fault in _wave_faults(hit)
	finding := object.union(_place, {
		"msg": sprintf("%s of %s change together (%s): %s", [
			hit.what,
			hit.service,
			concat(", ", sort(hit.domains)),
			fault,
		]),
		"resource": hit.resource,
		"evidence": [line |
			some domain in hit.domains
			line := {
				"pointer": sprintf("%s in %s", [hit.service, domain]),
				"observed": _wave_of(domain),
				"expected": "a wave of its own, or a request of its own",
			}
		],
	})
}

deny contains finding if {
	some changed in _critical
	changed.type == "argoproj.io/ApplicationSet"
	_fans_out(changed)
	not _rolls(changed)
	count(_waves) < 2
	finding := object.union(_place, {
		"msg": sprintf("%s reaches all of its clusters in one merge", [changed.id]),
		"resource": changed.id,
		"evidence": [{
			"pointer": "spec.strategy", "observed": "no RollingSync with steps",
			"expected": "spec.strategy.type RollingSync with steps, or waves in the request",
		}],
	})
}

unknown contains finding if {
	is_object(input.change)
	some name, copies in _lost
	count(copies.files) > 1
	finding := {
		"msg": sprintf("%d copies of %s change together, and their regions are not known", [count(copies.files), name]),
		"resource": copies.resource,
		"at": "resource",
		"remediation": "Say the region: annotation changegate/region, label topology.kubernetes.io/region, or the provider.",
	}
}

_place := {"at": "change", "path": ["spec", "progressiveDelivery"]} if input.change.spec.progressiveDelivery

_place := {"at": "change", "path": ["spec"]} if not input.change.spec.progressiveDelivery

# What changes in production for a service that customers notice.
_critical := [changed |
	is_object(input.change)
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
	changed.action in {"create", "update", "replace", "delete"}
	is_number(changed.tier)
	changed.tier <= 1
	is_string(changed.service)
	not _is_global(changed.type)
]

_global := concat("", [
	"^(aws_(iam|route53|cloudfront|organizations|globalaccelerator|wafv2_web_acl$|s3_account)",
	"|google_(project|organization|folder|dns|compute_global|compute_backend_service|compute_url_map|iam)",
	"|azurerm_(role|dns|cdn|frontdoor|traffic_manager|policy|management_group|private_dns)",
	"|azuread_|cloudflare_|github_|datadog_|pagerduty_|grafana_)",
])

_is_global(kind) if regex.match(_global, kind)

# Where a resource is; the request only says it where nothing else does, and only if it names one region.
_region(changed) := changed.region if is_string(changed.region)

_region(changed) := _declared[0] if {
	not is_string(changed.region)
	count(_declared) == 1
}

_declared := shape.list(shape.at(input.change, ["spec", "scope", "regions"]))

# Domains that change together, by service.
_hits contains hit if {
	some name in {changed.service | some changed in _critical}
	regions := {_region(changed) | some changed in _critical; changed.service == name; changed.action != "create"}
	count(regions) > 1
	hit := {
		"what": sprintf("%d regions", [count(regions)]), "service": name, "domains": regions,
		"resource": min({changed.id | some changed in _critical; changed.service == name}),
	}
}

# The scope names several regions, and the resources do not say where they are.
_hits contains hit if {
	some changed in _critical
	not is_string(changed.region)
	regions := {region | some region in _declared; is_string(region)}
	count(regions) > 1
	hit := {
		"what": sprintf("%d regions", [count(regions)]), "service": changed.service, "domains": regions,
		"resource": changed.id,
	}
}

# Every zone in which the service has instances of the kind, one in each.
_hits contains hit if {
	some first in _zonal
	all_zones := {thing.zones[0] | some thing in input.resources; _alike(thing, first); count(thing.zones) == 1}
	changing := {thing.zones[0] | some thing in _zonal; _alike(thing, first)}
	count(all_zones) > 1
	changing == all_zones
	hit := {
		"what": sprintf("all %d zones", [count(all_zones)]), "service": first.service, "domains": all_zones,
		"resource": min({thing.id | some thing in _zonal; _alike(thing, first)}),
	}
}

# A primary and what stands in for it.
_hits contains hit if {
	some changed in _critical
	standby := resource.service_name(service.entry(input.context.services, changed.service).dr_pair)
	some other in input.changed
	other.service == standby
	other.action in {"update", "replace", "delete"}
	hit := {
		"what": "primary and standby", "service": changed.service, "domains": {changed.service, standby},
		"resource": changed.id,
	}
}

_hits contains hit if {
	some changed in _critical
	some other in input.changed
	other.service == changed.service
	other.environment in {"dr", "disaster-recovery", "standby"}
	other.action in {"update", "replace", "delete"}
	hit := {
		"what": "primary and standby", "service": changed.service, "domains": {"prod", other.environment},
		"resource": changed.id,
	}
}

# Instances that live in one zone each and existed before.
_zonal := [changed |
	some changed in _critical
	changed.action in {"update", "replace", "delete"}
	count(changed.zones) == 1
]

_alike(thing, first) if {
	thing.type == first.type
	thing.service == first.service
	thing.region == first.region
	thing.environment == first.environment
}

# Copies of one object whose region nobody knows, by name.
_lost[name] := {"files": {copy.file | some copy in copies}, "resource": min({copy.id | some copy in copies})} if {
	some name in {_copy_name(changed) | some changed in _placeless}
	copies := [changed | some changed in _placeless; _copy_name(changed) == name]
}

_copy_name(changed) := sprintf("%s %s of %s", [changed.type, changed.name, changed.service])

_placeless := [changed |
	some changed in _critical
	not is_string(changed.region)
	count(_declared) == 0
	changed.action != "create"
]

_waves := [wave |
	some written in shape.list(shape.at(input.change, ["spec", "progressiveDelivery", "waves"]))
	wave := shape.map(written)
]

_regions_of(wave) := {region | some region in shape.list(object.get(wave, "regions", []))}

_wave_of(domain) := sprintf("wave %d", [min(numbered) + 1]) if {
	numbered := {index | some index, wave in _waves; domain in _regions_of(wave)}
	count(numbered) > 0
}

_wave_of(domain) := "in no wave" if {
	count({index | some index, wave in _waves; domain in _regions_of(wave)}) == 0
}

# Why the waves do not keep the domains apart.
_wave_faults(_) := {"no waves are planned (progressiveDelivery.waves)"} if count(_waves) == 0

_wave_faults(hit) := (_unplaced(hit) | _crowded(hit)) | (_hasty(hit) | _blind) if count(_waves) > 0

_unplaced(hit) := {sprintf("%s is in no wave", [domain]) |
	some domain in hit.domains
	_wave_of(domain) == "in no wave"
}

_crowded(hit) := {sprintf("wave %d holds %s", [index + 1, concat(" and ", sort(_regions_of(wave) & hit.domains))]) |
	some index, wave in _waves
	count(_regions_of(wave) & hit.domains) > 1
} | {sprintf("%s is in several waves", [domain]) |
	some domain in hit.domains
	count([1 | some wave in _waves; domain in _regions_of(wave)]) > 1
}

# The last wave has no next one.
_hasty(hit) := {sprintf("wave %d bakes %v, at least %d minutes are needed", [
	index + 1,
	object.get(wave, "bake", "no time at all"),
	floor(_least_bake(hit.service) / 60000000000),
]) |
	some index, wave in _waves
	index < count(_waves) - 1
	not _bakes(wave, _least_bake(hit.service))
}

_bakes(wave, least) if elapsed.ns(wave.bake) >= least

_blind := {"no metric decides on the next wave (progressiveDelivery.metrics)" |
	count(shape.list(shape.at(input.change, ["spec", "progressiveDelivery", "metrics"]))) == 0
}

_least_bake(name) := instant.hour if {
	some changed in _critical
	changed.service == name
	changed.tier == 0
}

_least_bake(name) := instant.hour / 2 if {
	every changed in _critical {
		not _is_core(changed, name)
	}
}

_is_core(changed, name) if {
	changed.service == name
	changed.tier == 0
}

# One generator that stands for several clusters.
_fans_out(changed) if {
	some generator in shape.list(shape.at(changed.attrs, ["spec", "generators"]))
	is_object(generator.clusters)
}

_fans_out(changed) if {
	some generator in shape.list(shape.at(changed.attrs, ["spec", "generators"]))
	count(shape.list(shape.at(generator, ["list", "elements"]))) > 1
}

_fans_out(changed) if {
	some generator in shape.list(shape.at(changed.attrs, ["spec", "generators"]))
	is_object(generator.matrix)
}

_rolls(changed) if {
	shape.at(changed.attrs, ["spec", "strategy", "type"]) == "RollingSync"
	count(shape.list(shape.at(changed.attrs, ["spec", "strategy", "rollingSync", "steps"]))) > 1
}

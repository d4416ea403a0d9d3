# METADATA
# title: Artifact did not run in staging
# description: >-
#   What goes to production ran before in a staging environment: the deploy history holds a successful deployment of
#   the same digest there, less than 14 days old, that stayed until the change for 24 hours (tier 0 and 1) or one hour
#   (tier 2), and the request names the evidence of its tests. Tags are mutable, so digests are compared. Infrastructure
#   has no image: there the deployment that preChecks.staging names counts. What exists in production only (DNS, a
#   firewall) is attested instead (`staging-not-applicable`). On a pull request a deployment that is announced may still
#   come. Standard changes follow their template; an emergency documents afterwards.
# related_resources:
#   - https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/implement-change.html
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=CM-3
# custom:
#   id: PRE-003
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC8.1]
#     ISO27001: ["8.29", "8.31", "8.32"]
#     NIST80053: [CM-3(2), CM-4(1), SA-11]
#     PCIDSS: ["6.5.1", "6.5.3"]
#   remediation: >-
#     Deploy exactly this digest to staging, let it soak, and record deployId, artifactDigest, soak, result and evidence
#     in spec.preChecks.staging; promote the same digest instead of building again.
#   since: 0.2.0
package policies.precheck.unstaged_artifact

import data.policies.lib.context
import data.policies.lib.elapsed
import data.policies.lib.image
import data.policies.lib.instant
import data.policies.lib.moment
import data.policies.lib.reach
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text
import data.policies.lib.threshold

deny contains finding if {
	_judged
	not _has_staging
	finding := {
		"msg": "the request does not say where the artifact ran before (preChecks.staging)",
		"at": "change",
		"path": ["spec"],
	}
}

deny contains finding if {
	_judged
	_has_staging
	some fault in _faults
	finding := {
		"msg": fault.msg,
		"at": "change",
		"path": _place(object.get(fault, "path", [])),
		"pending": object.get(fault, "pending", false),
		"evidence": [{
			"pointer": object.get(fault, "pointer", "spec.preChecks.staging"),
			"observed": fault.observed,
			"expected": fault.expected,
		}],
	}
}

unknown contains finding if {
	_judged
	_has_staging
	not context.given(input, "deploys")
	finding := {
		"msg": context.missing("DeployHistory", "whether the artifact ran in staging"),
		"at": "change",
		"path": _place([]),
	}
}

unknown contains finding if {
	_judged
	some shipped in _unpinned
	finding := {
		"msg": sprintf("%s ships %s, a tag: whether staging ran the same is not known", [
			shipped.resource,
			shipped.image,
		]),
		"resource": shipped.resource,
		"at": "resource",
		"remediation": "Pin the image by digest, or name its digest in spec.artifacts.images.",
	}
}

# A deployment grows too old, and one that soaks has soaked.
valid_until contains instant_ns if {
	_judged
	some record in _staged
	instant_ns := instant.ns(record.finishedAt) + _max_age
	instant_ns > input.now_ns
}

valid_until contains instant_ns if {
	_judged
	input.stage == "apply"
	some record in _staged
	instant_ns := instant.ns(record.finishedAt) + _least_soak
	instant_ns > input.now_ns
}

_judged if {
	reach.judged(input)
	not _is_exempt_type
	some facts in reach.services(input)
	reach.important(facts)
	not _is_attested
}

_is_exempt_type if input.change.spec.type in {"standard", "emergency"}

# Somebody vouches that there is no staging for it, and says why that can be seen.
_is_attested if {
	some attestation in shape.list(shape.at(input.change, ["spec", "attestations"]))
	attestation.statement == "staging-not-applicable"
	text.answered(attestation.by)
	text.given(object.get(attestation, "evidence", null))
}

_staging := shape.map(shape.at(input.change, ["spec", "preChecks", "staging"]))

_has_staging if count(_staging) > 0

_max_age := threshold.number(input.config, "PRE-003", "max_age_days", 14) * instant.day

_least_soak := 24 * instant.hour if reach.touches_critical(input)

_least_soak := instant.hour if not reach.touches_critical(input)

# Digests that go to production: those that are approved, and those that the changed workloads name.
_shipped := {digest |
	some written in shape.list(shape.at(input.change, ["spec", "artifacts", "images"]))
	digest := image.digest(written.digest)
} | {digest |
	some shipped in _images
	digest := image.digest(shipped.image)
}

_images := {{"resource": changed.id, "image": shipped} |
	some changed in input.changed
	resource.production(changed)
	resource.remains(changed)
	some shipped in image.all(changed.attrs) - image.all(changed.before)
}

# Images by tag alone, whose digest the request does not name either.
_unpinned := {shipped |
	some shipped in _images
	not image.digest(shipped.image)
	not image.name(shipped.image) in _approved_names
}

_approved_names := {written.name |
	some written in shape.list(shape.at(input.change, ["spec", "artifacts", "images"]))
	image.digest(written.digest)
}

# Deployments outside of production that succeeded.
_elsewhere := [record |
	some _, record in context.entries(input, "deploys")
	record.result == "success"
	is_string(record.environment)
	not resource.production_word(record.environment)
	instant.valid(record.finishedAt)
]

# Those that count for this change: of a digest that ships, else the one that the request names.
_staged := [record |
	some record in _elsewhere
	_means(record)
]

_means(record) if {
	count(_shipped) > 0
	image.digest(record.artifactDigest) in _shipped
}

_means(record) if {
	count(_shipped) == 0
	record.artifactDigest == _staging.artifactDigest
}

_means(record) if {
	count(_shipped) == 0
	not text.given(object.get(_staging, "artifactDigest", null))
	record.id == _staging.deployId
}

# What was said about staging is not what ships.
_faults contains fault if {
	count(_shipped) > 0
	claimed := image.digest(_staging.artifactDigest)
	not claimed in _shipped
	fault := {
		"msg": "staging ran another artifact than the one that ships",
		"path": ["artifactDigest"],
		"observed": claimed,
		"expected": concat(" or ", sort(_shipped)),
	}
}

_faults contains fault if {
	_staging.result
	_staging.result != "pass"
	fault := {
		"msg": sprintf("the result of staging is %v", [_staging.result]),
		"path": ["result"],
		"observed": sprintf("%v", [_staging.result]),
		"expected": "pass",
	}
}

_faults contains fault if {
	not text.answered(object.get(_staging, "evidence", null))
	fault := {
		"msg": "nothing shows that tests passed in staging (preChecks.staging.evidence)",
		"pending": input.stage == "pull-request",
		"observed": "no evidence",
		"expected": "the address of a test run",
	}
}

_faults contains fault if {
	context.given(input, "deploys")
	some digest in _unstaged
	fault := {
		"msg": sprintf("the deploy history has no successful deployment of %s in staging", [digest]),
		"path": ["artifactDigest"],
		"pending": input.stage == "pull-request",
		"pointer": digest,
		"observed": _nearest,
		"expected": "a deployment with this artifactDigest, result success, outside of production",
	}
}

_faults contains fault if {
	context.given(input, "deploys")
	some digest, records in _by_digest
	not _some_is_fresh(records)
	fault := {
		"msg": sprintf("%s ran in staging, and not in the last %d days", [digest, floor(_max_age / instant.day)]),
		"path": ["artifactDigest"],
		"pointer": digest,
		"observed": concat(", ", sort([record.finishedAt | some record in records])),
		"expected": sprintf("less than %d days before %s", [floor(_max_age / instant.day), input.now]),
	}
}

_faults contains fault if {
	context.given(input, "deploys")
	some digest, records in _by_digest
	_some_is_fresh(records)
	not _some_has_soaked(records)
	longest := max([_soaked(record) | some record in records; _is_fresh(record)])
	fault := {
		"msg": sprintf("%s soaked %d min in staging until the change, %d are needed", [
			digest,
			floor(longest / _minute),
			floor(_least_soak / _minute),
		]),
		"path": ["soak"],
		"pending": input.stage == "pull-request",
		"pointer": digest,
		"observed": sprintf("%d minutes", [floor(longest / _minute)]),
		"expected": sprintf("%d minutes", [floor(_least_soak / _minute)]),
	}
}

_faults contains fault if {
	claimed := elapsed.ns(_staging.soak)
	claimed < _least_soak
	fault := {
		"msg": sprintf("the request itself plans a soak of %v only", [_staging.soak]),
		"path": ["soak"],
		"observed": sprintf("%v", [_staging.soak]),
		"expected": sprintf("%d minutes", [floor(_least_soak / _minute)]),
	}
}

_minute := 60000000000

_unstaged := _shipped - object.keys(_by_digest) if count(_shipped) > 0

_unstaged := {_named | count(_staged) == 0} if count(_shipped) == 0

_named := sprintf("%v", [object.get(_staging, "artifactDigest", object.get(_staging, "deployId", "anything"))])

_by_digest[digest] := records if {
	some one in _staged
	digest := sprintf("%v", [one.artifactDigest])
	records := [record | some record in _staged; record.artifactDigest == one.artifactDigest]
}

# The latest deployment outside of production to one of the services, for whoever has to find out.
_nearest := sprintf("last there: %v", [latest]) if {
	finished := [instant.ns(record.finishedAt) | some record in _of_services]
	count(finished) > 0
	latest := [record.artifactDigest | some record in _of_services; instant.ns(record.finishedAt) == max(finished)][0]
}

_nearest := "no deployment of these services there" if count(_of_services) == 0

_of_services := [record |
	some record in _elsewhere
	record.artifactDigest
	resource.service_name(record.service) in object.keys(reach.services(input))
]

_some_is_fresh(records) if {
	some record in records
	_is_fresh(record)
}

_is_fresh(record) if moment.fresh(input, instant.ns(record.finishedAt), _max_age)

_some_has_soaked(records) if {
	some record in records
	_is_fresh(record)
	_soaked(record) >= _least_soak
}

# From its end until the change, or until another artifact took its place there.
_soaked(record) := min({moment.latest_ns(input)} | _replaced(record)) - instant.ns(record.finishedAt)

_replaced(record) := {instant.ns(later.finishedAt) |
	some later in _elsewhere
	later.environment == record.environment
	resource.service_name(later.service) == resource.service_name(record.service)
	later.artifactDigest != record.artifactDigest
	instant.ns(later.finishedAt) > instant.ns(record.finishedAt)
}

_place(rest) := array.concat(["spec", "preChecks", "staging"], rest) if object.get(_staging, rest, null) != null

_place(rest) := ["spec", "preChecks", "staging"] if object.get(_staging, rest, null) == null

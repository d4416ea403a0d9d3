# METADATA
# title: Decision is not attributed to a person, or not recorded
# description: >-
#   Whoever applies a change to production is named and resolves in the identity map, and is no shared account (root,
#   admin, …; threshold `AUD-001.shared_accounts`). On a pull request a pipeline whose actor nobody knows is shown.
#   Where the configuration asks for signatures (minimum_assurance A3 or A4), commits that touch production are
#   signed. A decision at apply that is not recorded is shown; where the configuration requires a record, the gate
#   itself stops. The author that git names is a claim and no actor.
# related_resources:
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=AU-3
#   - https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context
# custom:
#   id: AUD-001
#   scope: change
#   targets: []
#   severity: critical
#   enforcement: hard
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC7.2, CC8.1, CC6.1]
#     ISO27001: ["8.15", "8.32"]
#     NIST80053: [AU-2, AU-3, AU-10, AU-12, CM-3, CM-5(1), CM-6]
#     HIPAA: [164.312(b)]
#     PCIDSS: ["10.2.1", "10.2.2"]
#     GDPR: ["5(2)"]
#   remediation: >-
#     Run the gate as a person, or as a machine of its own, that the Identities document lists with its login or
#     e-mail address as an alias.
#   since: 0.2.0
package policies.audit.unattributed_decision

import data.policies.lib.context
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

deny contains finding if {
	_touches_production
	_identities_given
	not _is_resolved
	_counts
	finding := object.union(_weight, {
		"msg": sprintf("%s, who runs the gate, is nobody that the Identities know (%s, %s)", [
			_name,
			input.actor.method,
			input.actor.assurance,
		]),
		"evidence": [{"pointer": "actor", "observed": _name, "expected": "an alias of a person in Identities"}],
	})
}

deny contains finding if {
	_touches_production
	input.stage == "apply"
	some name in _names
	_word(name) in _shared
	finding := {
		"msg": sprintf("%s is a shared account: nobody can say who applied the change", [name]),
		"evidence": [{"pointer": "actor", "observed": name, "expected": "an account of one person or one machine"}],
	}
}

deny contains finding if {
	_touches_production
	input.config.minimum_assurance in {"A3", "A4"}
	some commit in input.git.commits
	not commit.signed == true
	commit.id in _to_production
	finding := {
		"msg": sprintf("commit %s by %s touches production and is not signed", [substring(commit.id, 0, 10), commit.author]),
		"enforcement": "soft",
		"severity": "high",
		"remediation": "Sign the commit again (`git rebase --exec 'git commit --amend --no-edit -S'`).",
		"evidence": [{
			"pointer": sprintf("commit %s", [commit.id]), "observed": "not signed",
			"expected": sprintf("a signature, as minimum_assurance %s asks", [input.config.minimum_assurance]),
		}],
	}
}

deny contains finding if {
	_touches_production
	input.stage == "apply"
	shape.at(input.config, ["audit", "recorded"]) == false
	finding := {
		"msg": "this decision is not recorded (--no-audit): nobody can prove it later",
		"enforcement": "advisory",
		"severity": "medium",
		"remediation": "Leave `--no-audit` out.",
	}
}

unknown contains finding if {
	_touches_production
	input.stage == "apply"
	not _identities_given
	finding := {"msg": context.missing("Identities", "who runs the gate")}
}

_touches_production if {
	input.mode == "difference"
	some changed in input.changed
	resource.production(changed)
	resource.changes(changed)
}

_identities_given if context.given(input, "identities")

_is_resolved if text.given(object.get(input.actor, "id", null))

# On a pull request only a pipeline stands for somebody: a laptop decides nothing.
_counts if input.stage == "apply"

_counts if {
	input.stage == "pull-request"
	not input.actor.assurance == "A0"
}

_weight := {} if input.stage == "apply"

_weight := {"enforcement": "advisory", "severity": "medium"} if input.stage != "apply"

_names := {name |
	some key in ["login", "email"]
	name := object.get(input.actor, key, null)
	is_string(name)
	text.given(name)
}

_name := concat(" or ", sort(_names)) if count(_names) > 0

_name := "somebody without a name" if count(_names) == 0

# The part before the domain.
_word(name) := lower(split(name, "@")[0])

_shared := {lower(name) | some name in configured} if {
	configured := shape.at(input.config, ["thresholds", "AUD-001", "shared_accounts"])
	is_array(configured)
}

_shared := {
	"root", "admin", "administrator", "shared", "ops", "devops", "deploy", "deployer", "jenkins", "ubuntu", "ec2-user",
	"ci", "build", "runner", "service", "svc",
} if {
	not is_array(shape.at(input.config, ["thresholds", "AUD-001", "shared_accounts"]))
}

# Commits that touched what changes in production.
_to_production := {author.commit |
	some changed in input.changed
	resource.production(changed)
	some author in shape.list(object.get(changed, "introduced_by", []))
}

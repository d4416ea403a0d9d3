# METADATA
# title: What a forge asks for before it merges
# description: >-
#   Reads the names of required status checks from branch protection, wherever it is written: Terraform resources of the
#   GitHub provider, and the Settings app's file.
# related_resources:
#   - https://registry.terraform.io/providers/integrations/github/latest/docs/resources/branch_protection
#   - https://registry.terraform.io/providers/integrations/github/latest/docs/resources/repository_ruleset
#   - https://github.com/repository-settings/app
package policies.lib.protection

import data.policies.lib.shape

# Terraform types that protect branches or environments.
types := {
	"github_branch_protection", "github_branch_protection_v3", "github_repository_ruleset", "github_organization_ruleset",
	"github_repository_environment", "gitlab_branch_protection", "gitlab_project_protected_environment",
}

# Names of checks that a resource requires.
checks(attrs) := union({
	{name |
		some block in shape.list(shape.at(attrs, ["required_status_checks"]))
		some key in ["contexts", "checks"]
		some written in shape.list(shape.at(block, [key]))
		is_string(written)
		# The older resource writes `name:application`.
		name := regex.replace(written, `:-?[0-9]+$`, "")
	},
	{name |
		some rules in shape.list(shape.at(attrs, ["rules"]))
		some block in shape.list(shape.at(rules, ["required_status_checks"]))
		some check in shape.list(shape.at(block, ["required_check"]))
		name := shape.at(check, ["context"])
		is_string(name)
	},
})

# The resource binds whom it should: rules are enforced, and administrators are not let through.
relaxed(before, after) := {text |
	some key, strict in {"enforcement": "active", "enforce_admins": true}
	shape.at(before, [key]) == strict
	observed := object.get(shape.map(after), key, null)
	observed != strict
	text := sprintf("%s is %v, was %v", [key, observed, strict])
}

# Names of checks by branch in the Settings app's document; a branch without the block requires none.
branches(document) := {name: required |
	some branch in shape.list(shape.at(document, ["branches"]))
	name := shape.at(branch, ["name"])
	is_string(name)
	block := shape.map(shape.at(branch, ["protection", "required_status_checks"]))
	required := {context | some context in shape.list(shape.at(block, ["contexts"])); is_string(context)} | {context |
		some check in shape.list(shape.at(block, ["checks"]))
		context := shape.at(check, ["context"])
		is_string(context)
	}
}

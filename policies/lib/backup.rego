# METADATA
# title: What AWS Backup takes in
# description: >-
#   Reads the selections and plans of the tree. A selection names resources by tag or by ARN; which plan it belongs to
#   is not known before apply, so that the plans of the tree count together.
# related_resources:
#   - https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
package policies.lib.backup

import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.text

# Some selection takes the resource in.
selected(resources, thing) if {
	some selection in _all(resources, "aws_backup_selection")
	some written in shape.list(selection.attrs.selection_tag)
	tag := shape.map(written)
	tag.type == "STRINGEQUALS"
	some key in ["tags", "tags_all"]
	shape.map(shape.map(thing.attrs)[key])[tag.key] == tag.value
}

selected(resources, thing) if {
	some selection in _all(resources, "aws_backup_selection")
	some pattern in shape.list(selection.attrs.resources)
	_means(pattern, object.get(shape.map(thing.attrs), "arn", ""))
}

# Some selection may: what it names is not known.
open(resources) if {
	some selection in _all(resources, "aws_backup_selection")
	some key in ["resources", "selection_tag"]
	resource.touches(selection.unknown, [key])
}

# Some plan copies to another region than this one.
copies(resources, region) if {
	some action in _copy_actions(resources)
	is_string(action.destination_vault_arn)
	other := split(action.destination_vault_arn, ":")[3]
	other != region
}

# Some plan copies to a vault that is not known yet.
may_copy(resources) if {
	some action in _copy_actions(resources)
	not is_string(object.get(action, "destination_vault_arn", null))
}

_means(pattern, _) if pattern == "*"

_means(pattern, arn) if pattern == arn

_means(pattern, arn) if {
	is_string(pattern)
	is_string(arn)
	text.matches(pattern, arn)
}

_copy_actions(resources) := [action |
	some plan in _all(resources, "aws_backup_plan")
	some rule in shape.list(plan.attrs.rule)
	some written in shape.list(shape.map(rule).copy_action)
	action := shape.map(written)
]

_all(resources, kind) := [one |
	some one in resources
	one.type == kind
	resource.remains(one)
]

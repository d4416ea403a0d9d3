package policies.lib.backup_test

import data.policies.lib.backup
import data.policies.lib.sample_test as sample

_selection(attrs) := sample.terraform("aws_backup_selection", "all", attrs)

_tagged := _selection({"selection_tag": [{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}]})

_thing(attrs) := sample.terraform("aws_db_instance", "orders", attrs)

_plan(arn) := sample.terraform("aws_backup_plan", "daily", {"rule": [{"copy_action": [{
	"destination_vault_arn": arn,
}]}]})

_vault := "/attrs/rule/0/copy_action/0/destination_vault_arn"

test_selected_by_tag if {
	backup.selected([_tagged], _thing({"tags": {"backup": "daily"}}))
	backup.selected([_tagged], _thing({"tags_all": {"backup": "daily"}}))
	not backup.selected([_tagged], _thing({"tags": {"backup": "weekly"}}))
	not backup.selected([], _thing({"tags": {"backup": "daily"}}))
}

test_selected_by_arn if {
	arn := "arn:aws:rds:eu-west-1:1:db:orders"
	every pattern in ["*", arn, "arn:aws:rds:*"] {
		backup.selected([_selection({"resources": [pattern]})], _thing({"arn": arn}))
	}
	not backup.selected([_selection({"resources": [7, "arn:aws:ec2:*"]})], _thing({"arn": arn}))
}

test_a_deleted_selection_selects_nothing if {
	gone := object.union(_tagged, {"action": "delete"})
	not backup.selected([gone], _thing({"tags": {"backup": "daily"}}))
}

test_open if {
	backup.open([object.union(_selection({}), {"unknown": [["resources", 0]]})])
	not backup.open([_tagged])
}

test_copies_to_another_region if {
	backup.copies([_plan("arn:aws:backup:eu-central-1:1:backup-vault:dr")], "eu-west-1")
	not backup.copies([_plan("arn:aws:backup:eu-west-1:1:backup-vault:dr")], "eu-west-1")
	not backup.copies([_plan(null)], "eu-west-1")
	backup.may_copy([_plan(null)])
	backup.may_copy([json.patch(_plan(null), [{"op": "remove", "path": _vault}])])
}

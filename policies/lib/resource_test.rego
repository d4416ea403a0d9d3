package policies.lib.resource_test

import data.policies.lib.resource
import data.policies.lib.sample_test as sample

test_change_actions if {
	every action in ["create", "update", "delete", "replace", "forget"] {
		resource.changes({"action": action})
	}
}

test_present_and_no_op_are_no_change if {
	every action in ["present", "no-op"] {
		not resource.changes({"action": action})
	}
}

test_forget_destroys if resource.destroys({"action": "forget"})

test_replace_destroys_and_remains if {
	resource.destroys({"action": "replace"})
	resource.remains({"action": "replace"})
}

test_update_does_not_destroy if not resource.destroys({"action": "update"})

test_unknown_environment_is_production_when_changed if {
	resource.production({"environment": null, "action": "update"})
}

test_unknown_environment_is_not_production_when_present if {
	not resource.production({"environment": null, "action": "present"})
}

test_staging_is_not_production if not resource.production({"environment": "staging", "action": "update"})

test_environment_synonyms if {
	resource.environment_name("Production") == "prod"
	resource.environment_name("Staging") == "staging"
}

test_service_names if {
	every ref in ["component:default/orders-api", "default/orders-api", "component:orders-api", "orders-api"] {
		resource.service_name(ref) == "orders-api"
	}
}

test_service_name_of_a_number_is_undefined if not resource.service_name(7)

test_touches_above_at_and_below if {
	resource.touches([["spec"]], ["spec", "template"])
	resource.touches([["spec", "template"]], ["spec", "template"])
	resource.touches([["spec", "template", "spec", 0]], ["spec", "template"])
	not resource.touches([["spec", "replicas"]], ["spec", "template"])
}

test_named_by_address_or_id if {
	resource.named(sample.database, "aws_db_instance.orders")
	resource.named(sample.rollout, "argoproj.io/Rollout/orders/orders-api")
	not resource.named(sample.rollout, null)
}

test_address_of_kubernetes_is_the_id if {
	resource.address(sample.rollout) == "argoproj.io/Rollout/orders/orders-api"
	resource.address(sample.database) == "aws_db_instance.orders"
}

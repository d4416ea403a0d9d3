package policies.governance.standing_access_test

import data.policies.governance.standing_access as policy
import data.policies.lib.resource
import data.policies.lib.sample_test as sample

_rbac(kind, attrs) := sample.kubernetes(sprintf("rbac.authorization.k8s.io/%s", [kind]), "ops", attrs)

_bound(role, subject) := _rbac("ClusterRoleBinding", {
	"roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [subject],
})

_person := {"kind": "User", "name": "alice@acme.example"}

_group := {"kind": "Group", "name": "oncall"}

_found(thing) := found if {
	found := policy.deny with input as sample.about(thing)
}

_count(thing) := count([1 | some finding in _found(thing); not finding.enforcement])

_tf(kind, attrs) := sample.terraform(kind, "x", attrs)

_rules(rules) := _rbac("ClusterRole", {"rules": rules})

_all := {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}

test_allowed if {
	_found(_bound("cluster-admin", _group)) == set()
	_found(_bound("view", _person)) == set()
	_found(_rules([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])) == set()
}

test_a_person_is_bound if {
	every role in ["cluster-admin", "admin", "edit"] { _count(_bound(role, _person)) == 1 }
	some finding in _found(_bound("cluster-admin", _person))
	finding.path == ["subjects", 0]
}

test_users_of_the_system_are_no_persons if {
	_count(_bound("cluster-admin", {"kind": "User", "name": "system:kube-controller-manager"})) == 0
}

test_everybody_is_bound if {
	_count(_bound("edit", {"kind": "Group", "name": "system:authenticated"})) == 1
	_count(_bound("view", {"kind": "Group", "name": "system:authenticated"})) == 0
	_count(_bound("cluster-admin", {"kind": "User", "name": "system:anonymous"})) == 1
}

test_service_accounts if {
	_count(_bound("cluster-admin", {"kind": "ServiceAccount", "name": "default", "namespace": "shop"})) == 1
	deployer := _bound("cluster-admin", {"kind": "ServiceAccount", "name": "deployer", "namespace": "ci"})
	_count(deployer) == 0
	{finding.enforcement | some finding in _found(deployer)} == {"advisory"}
	_found(_bound("edit", {"kind": "ServiceAccount", "name": "deployer", "namespace": "ci"})) == set()
}

test_an_unlimited_role if {
	_count(_rules([_all])) == 1
	_count(_rules([object.union(_all, {"apiGroups": ["apps"]})])) == 1
	_count(_rules([object.union(_all, {"verbs": ["get"]})])) == 0
	extension := _rules([object.union(_all, {"apiGroups": ["metrics.k8s.io"]})])
	_count(extension) == 0
	count(_found(extension)) == 1
	_count(_rules([{"nonResourceURLs": ["*"], "verbs": ["*"]}])) == 0
}

test_the_role_behind_a_binding if {
	everybody := _bound("ops", {"kind": "Group", "name": "system:authenticated"})
	_count(everybody) == 0
	_count(object.union(everybody, {"related": [sample.relation("role", _rules([_all]))]})) == 1
}

test_sessions if {
	_count(_tf("aws_ssoadmin_permission_set", {"session_duration": "PT4H"})) == 0
	_count(_tf("aws_ssoadmin_permission_set", {"session_duration": "PT4H1M"})) == 1
	_count(_tf("aws_ssoadmin_permission_set", {"session_duration": "PT12H"})) == 1
	_count(_tf("aws_ssoadmin_permission_set", {})) == 0
	_count(_tf("aws_iam_role", {"max_session_duration": 43200})) == 1
	_count(_tf("aws_iam_role", {"max_session_duration": 3600})) == 0
	_count(_tf("aws_iam_role", {
		"max_session_duration": 43200, "assume_role_policy": "{\"Principal\":{\"Service\":\"ec2.amazonaws.com\"}}",
	})) == 0
}

test_new_credentials if {
	_count(object.union(_tf("aws_iam_access_key", {}), {"action": "create"})) == 1
	_count(object.union(_tf("aws_iam_user", {}), {"action": "present"})) == 0
}

test_standing_roles if {
	_count(_tf("aws_iam_user_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"})) == 1
	_count(_tf("aws_iam_user_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})) == 0
	owner := {"role_definition_name": "Owner"}
	_count(_tf("azurerm_role_assignment", object.union(owner, {"principal_type": "User"}))) == 1
	_count(_tf("azurerm_role_assignment", object.union(owner, {"principal_type": "Group"}))) == 0
	found := policy.unknown with input as sample.about(_tf("azurerm_role_assignment", owner))
	count(found) == 1
	_count(_tf("google_project_iam_member", {"role": "roles/owner", "member": "user:a@acme.example"})) == 1
	_count(_tf("google_project_iam_binding", {"role": "roles/owner", "members": ["group:a@acme.example"]})) == 0
}

test_eligible_roles_expire_and_ask if {
	expiring := {"schedule": [{"expiration": [{"duration_hours": 8}]}], "justification": "on call"}
	_count(_tf("azurerm_pim_eligible_role_assignment", expiring)) == 0
	_count(_tf("azurerm_pim_eligible_role_assignment", {})) == 2
}

test_entitlements if {
	good := {"max_request_duration": "14400s", "approval_workflow": [{}]}
	_count(_tf("google_privileged_access_manager_entitlement", good)) == 0
	long := object.union(good, {"max_request_duration": "14401s"})
	_count(_tf("google_privileged_access_manager_entitlement", long)) == 1
	_count(_tf("google_privileged_access_manager_entitlement", {"max_request_duration": "3600s"})) == 1
}

test_unknown_environment if {
	lost := object.union(_rules([_all]), {"environment": null})
	_found(lost) == set()
	found := policy.unknown with input as sample.about(lost)
	found == {resource.unclassified}
}

test_staging_and_deleted_ones_are_not_judged if {
	_found(object.union(_rules([_all]), {"environment": "staging"})) == set()
	_found(object.union(_rules([_all]), {"action": "delete"})) == set()
}

test_odd_values_do_not_stop_it if {
	every attrs in [{"rules": "x"}, {"rules": ["x"]}, {"rules": [{"verbs": "*", "resources": "*"}]}] {
		count(_found(_rbac("ClusterRole", attrs))) >= 0
	}
	every subjects in ["x", ["x"], [{"kind": 1}]] {
		count(_found(_rbac("ClusterRoleBinding", {"roleRef": "x", "subjects": subjects}))) >= 0
	}
}

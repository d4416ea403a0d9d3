# METADATA
# title: Standing or unlimited access to production
# description: >-
#   People reach production through a role, for a bounded time, with no more than they need: no person is bound to
#   cluster-admin, admin or edit; nobody to everything by verbs and resources `*`; anonymous users and everybody who is
#   logged in to nothing; the service account that every pod gets to no administration. In the clouds no person holds
#   Owner or AdministratorAccess for good, no user or access key is made anew, a session lasts four hours at most, an
#   eligible role expires and asks for a reason, and an entitlement is approved. Members of groups stand elsewhere: they
#   are evidence, not a finding.
# related_resources:
#   - https://kubernetes.io/docs/concepts/security/rbac-good-practices/
#   - https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
# custom:
#   id: GOV-002
#   scope: resource
#   targets:
#     - rbac.authorization.k8s.io/ClusterRoleBinding
#     - rbac.authorization.k8s.io/RoleBinding
#     - rbac.authorization.k8s.io/ClusterRole
#     - rbac.authorization.k8s.io/Role
#     - aws_ssoadmin_permission_set
#     - aws_iam_role
#     - aws_iam_user
#     - aws_iam_access_key
#     - aws_iam_user_policy_attachment
#     - azurerm_role_assignment
#     - azurerm_pim_eligible_role_assignment
#     - google_project_iam_member
#     - google_project_iam_binding
#     - google_privileged_access_manager_entitlement
#   severity: high
#   enforcement: soft
#   stages: [commit, pull-request]
#   controls:
#     SOC2: [CC6.1, CC6.3]
#     ISO27001: ["5.15", "5.18", "8.2"]
#     NIST80053: [AC-2, AC-3, AC-5, AC-6(2), AC-6(5), CM-5]
#     PCIDSS: ["7.2"]
#     HIPAA: ["164.308(a)(4)", "164.312(a)"]
#   remediation: >-
#     Bind groups to roles that list what they need, and give more for hours, on request and with approval.
#   since: 0.1.0
package policies.governance.standing_access

import data.policies.lib.demand
import data.policies.lib.resource
import data.policies.lib.shape
import data.policies.lib.tier

deny contains finding if {
	resource.remains(input.resource)
	some finding in _faults
	tier.applies(input.resource, 3)
}

unknown contains resource.unclassified if {
	resource.remains(input.resource)
	some fault in _faults
	not fault.enforcement
	tier.undecided(input.resource, 3)
}

unknown contains finding if {
	resource.remains(input.resource)
	tier.applies(input.resource, 3)
	some finding in demand.undecided(input.resource, _demands)
}

unknown contains finding if {
	resource.remains(input.resource)
	tier.applies(input.resource, 3)
	input.resource.type == "azurerm_role_assignment"
	_attr(["role_definition_name"]) in _azure_owners
	_attr(["principal_type"]) == null
	finding := {
		"msg": sprintf("whether a person holds %s by %s is not known (principal_type)", [
			_attr(["role_definition_name"]),
			resource.address(input.resource),
		]),
		"path": ["principal_type"],
	}
}

_attr(path) := shape.at(input.resource.attrs, path)

_type := input.resource.type

_binding if _type in {"rbac.authorization.k8s.io/ClusterRoleBinding", "rbac.authorization.k8s.io/RoleBinding"}

_powerful := {"cluster-admin", "admin", "edit"}

_subjects[index] := subject if {
	_binding
	some index, entry in shape.list(_attr(["subjects"]))
	subject := shape.map(entry)
}

_role := _attr(["roleRef", "name"])

_faults contains fault if {
	some index, subject in _subjects
	subject.kind == "User"
	not startswith(sprintf("%v", [subject.name]), "system:")
	_role in _powerful
	fault := {
		"msg": sprintf("the person %v is bound to %s for good, expected a group and access for a time", [
			subject.name,
			_role,
		]),
		"path": ["subjects", index],
	}
}

_everybody := {"system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"}

_faults contains fault if {
	some index, subject in _subjects
	subject.name in _everybody
	_may_much
	fault := {
		"msg": sprintf("%s is bound to %s: that is everybody", [subject.name, _role]),
		"path": ["subjects", index],
	}
}

_faults contains fault if {
	some index, subject in _subjects
	subject.kind == "ServiceAccount"
	subject.name == "default"
	_may_much
	fault := {
		"msg": sprintf("the service account default, which every pod of %v gets, is bound to %s", [
			object.get(subject, "namespace", input.resource.namespace),
			_role,
		]),
		"path": ["subjects", index],
	}
}

_may_much if _role in _powerful

_may_much if {
	some role in shape.list(shape.at(input.resource, ["related"]))
	role.relation == "role"
	some rule in shape.list(shape.at(role.attrs, ["rules"]))
	_unlimited(shape.map(rule))
	_within_one_group(rule) == {}
}

# An automation that holds the whole cluster can be scoped, or is the cluster's own.
_faults contains fault if {
	_type == "rbac.authorization.k8s.io/ClusterRoleBinding"
	some index, subject in _subjects
	subject.kind == "ServiceAccount"
	subject.name != "default"
	_role == "cluster-admin"
	fault := {
		"msg": sprintf("the service account %v is bound to cluster-admin over the whole cluster", [subject.name]),
		"path": ["subjects", index],
		"enforcement": "advisory",
		"severity": "medium",
	}
}

_is_role if _type in {"rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/Role"}

_faults contains fault if {
	_is_role
	not _attr(["metadata", "labels", "kubernetes.io/bootstrapping"]) == "rbac-defaults"
	some index, entry in shape.list(_attr(["rules"]))
	_unlimited(shape.map(entry))
	fault := object.union(_within_one_group(entry), {
		"msg": sprintf("%s may do everything with everything (verbs and resources *)%s", [
			input.resource.name,
			_groups(entry),
		]),
		"path": ["rules", index],
		"evidence": [{
			"pointer": sprintf("rules.%d", [index]),
			"observed": "verbs: ['*'], resources: ['*']",
			"expected": "the verbs and resources that are needed",
		}],
	})
}

# Groups whose resources reach everything else: pods, secrets, roles.
_wide := {"*", "", "apps", "batch", "rbac.authorization.k8s.io"}

# All of one extension's own resources is much, and not everything.
_within_one_group(rule) := {} if count({group | some group in shape.list(shape.at(rule, ["apiGroups"]))} & _wide) > 0

_within_one_group(rule) := {"enforcement": "advisory", "severity": "low"} if {
	count({group | some group in shape.list(shape.at(rule, ["apiGroups"]))} & _wide) == 0
}

_unlimited(rule) if {
	"*" in shape.list(shape.at(rule, ["verbs"]))
	"*" in shape.list(shape.at(rule, ["resources"]))
}

_groups(rule) := "" if "*" in shape.list(shape.at(rule, ["apiGroups"]))

_groups(rule) := sprintf(" of the groups %s", [json.marshal(shape.list(shape.at(rule, ["apiGroups"])))]) if {
	not "*" in shape.list(shape.at(rule, ["apiGroups"]))
}

# Seconds of a duration of ISO 8601, as far as sessions go.
_session_seconds(text) := (_part(text, "H") * 3600) + (_part(text, "M") * 60) if {
	is_string(text)
	regex.match(`^PT([0-9]{1,6}H)?([0-9]{1,6}M)?$`, text)
}

_part(text, unit) := to_number(trim_suffix(regex.find_n(sprintf("[0-9]+%s", [unit]), text, 1)[0], unit)) if {
	regex.match(sprintf("[0-9]+%s", [unit]), text)
}

_part(text, unit) := 0 if not regex.match(sprintf("[0-9]+%s", [unit]), text)

_faults contains fault if {
	_type == "aws_ssoadmin_permission_set"
	_session_seconds(_attr(["session_duration"])) > 14400
	fault := {
		"msg": sprintf("sessions of %s last %s, expected PT4H or less", [
			resource.address(input.resource),
			_attr(["session_duration"]),
		]),
		"path": ["session_duration"],
	}
}

# A role that only services assume has no sessions of people.
_faults contains fault if {
	_type == "aws_iam_role"
	seconds := demand.number(_attr(["max_session_duration"]))
	seconds > 14400
	not _for_services
	fault := {
		"msg": sprintf("sessions of %s last up to %v s, expected 14400 or less", [
			resource.address(input.resource),
			seconds,
		]),
		"path": ["max_session_duration"],
	}
}

_for_services if {
	policy := _attr(["assume_role_policy"])
	is_string(policy)
	contains(policy, "\"Service\"")
	not contains(policy, "\"AWS\"")
	not contains(policy, "\"Federated\"")
}

_faults contains fault if {
	_type in {"aws_iam_user", "aws_iam_access_key"}
	input.resource.action == "create"
	fault := {
		"msg": sprintf("%s is a new standing credential, expected a role that is assumed for a time", [
			resource.address(input.resource),
		]),
		"path": [],
	}
}

_faults contains fault if {
	_type == "aws_iam_user_policy_attachment"
	arn := _attr(["policy_arn"])
	is_string(arn)
	regex.match(`:policy/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$`, arn)
	fault := {
		"msg": sprintf("%s gives a user %s for good", [resource.address(input.resource), arn]),
		"path": ["policy_arn"],
	}
}

_azure_owners := {"Owner", "Contributor", "User Access Administrator", "Role Based Access Control Administrator"}

_faults contains fault if {
	_type == "azurerm_role_assignment"
	_attr(["role_definition_name"]) in _azure_owners
	_attr(["principal_type"]) == "User"
	fault := {
		"msg": sprintf("%s makes a person %s for good, expected an eligible assignment", [
			resource.address(input.resource),
			_attr(["role_definition_name"]),
		]),
		"path": ["role_definition_name"],
	}
}

_faults contains fault if {
	_type == "azurerm_pim_eligible_role_assignment"
	count([1 | some key in ["duration_days", "duration_hours", "end_date_time"]; _expiration(key) != null]) == 0
	count([path | some path in input.resource.unknown; path[0] == "schedule"]) == 0
	fault := {
		"msg": sprintf("%s never expires", [resource.address(input.resource)]),
		"path": ["schedule"],
	}
}

_expiration(key) := _attr(["schedule", 0, "expiration", 0, key])

_faults contains fault if {
	_type == "azurerm_pim_eligible_role_assignment"
	_attr(["justification"]) in {null, ""}
	_attr(["ticket", 0, "number"]) in {null, ""}
	fault := {
		"msg": sprintf("%s gives neither a ticket nor a reason", [resource.address(input.resource)]),
		"path": ["justification"],
	}
}

_google_owners := {"roles/owner", "roles/editor", "roles/resourcemanager.projectIamAdmin"}

_google_members := array.concat(
	[_attr(["member"]) | is_string(_attr(["member"]))],
	[member | some member in shape.list(_attr(["members"])); is_string(member)],
)

_faults contains fault if {
	_type in {"google_project_iam_member", "google_project_iam_binding"}
	_attr(["role"]) in _google_owners
	some member in _google_members
	regex.match(`^(user:|allUsers$|allAuthenticatedUsers$)`, member)
	fault := {
		"msg": sprintf("%s gives %s %s for good, expected a group or an entitlement", [
			resource.address(input.resource),
			member,
			_attr(["role"]),
		]),
		"path": ["role"],
	}
}

_faults contains fault if {
	_type == "google_privileged_access_manager_entitlement"
	text := _attr(["max_request_duration"])
	is_string(text)
	regex.match(`^[0-9]{1,9}s$`, text)
	to_number(trim_suffix(text, "s")) > 14400
	fault := {
		"msg": sprintf("%s may be asked for %s at once, expected 14400s or less", [resource.address(input.resource), text]),
		"path": ["max_request_duration"],
	}
}

_demands := [{"path": ["approval_workflow"], "length": 1}] if {
	_type == "google_privileged_access_manager_entitlement"
}

_faults contains fault if {
	_type == "google_privileged_access_manager_entitlement"
	some fault in demand.broken(input.resource, _demands)
}

# METADATA
# title: A change that every policy allows
# description: >-
#   One complete policy input for the tests of the library: orders-api 4.2.0 goes to prod as a canary, with a request,
#   two verified approvals and an open calendar. A test patches it with `json.patch` to tell its own story.
package policies.lib.sample_test

# 2026-06-09T09:00:00Z, when the pull request is judged.
now := 1780995600000000000

# 2026-06-11T19:00:00Z to 21:30:00Z, and twenty minutes for the rollback.
start := 1781204400000000000

end := 1781213400000000000

rollback := 1200000000000

minute := 60000000000

hour := 60 * minute

day := 24 * hour

document := {
	"stage": "pull-request",
	"mode": "difference",
	"now": "2026-06-09T09:00:00Z",
	"now_ns": now,
	"actor": {"id": null, "login": null, "email": "alice@acme.example", "assurance": "A0", "method": "git-config"},
	"git": git,
	"change": change,
	"resources": [rollout],
	"changed": [rollout],
	"calendar": {
		"given": true,
		"calendars": [{"name": "acme-freezes", "default_state": "open", "source": ".changegate/freeze.yaml:9:17"}],
		"windows": [],
	},
	"approvals": [approval("dave", "peer"), approval("frank", "service-owner")],
	"matrix": matrix,
	"context": {
		"services": {
			"given": true, "as_of": null, "stale": false, "source": ".changegate/catalog-info.yaml:1:1",
			"entries": [service("orders-api", 1), service("orders-db", 2)],
		},
		"identities": {"given": true},
	},
	"risk": {"declared": "medium", "level": "medium"},
	"config": {"thresholds": {}, "policy_owners": [], "minimum_assurance": "A2"},
}

# The same tree without a base: nothing is an action.
present := json.patch(document, [
	{"op": "replace", "path": "/mode", "value": "present"},
	{"op": "replace", "path": "/git", "value": null},
	{"op": "replace", "path": "/changed", "value": []},
	{"op": "replace", "path": "/resources/0/action", "value": "present"},
])

# The document as a policy of scope `resource` sees it.
about(resource) := json.patch(document, [
	{"op": "add", "path": "/resource", "value": resource},
	{"op": "replace", "path": "/resources", "value": [resource]},
	{"op": "replace", "path": "/changed", "value": [resource]},
])

git := {
	"base": "b1", "head": "h1", "merge_base": "b1", "branch": "change",
	"commits": [{
		"id": "h1", "author": "alice@acme.example", "committer": "alice@acme.example", "co_authors": [],
		"signed": false, "at": "2026-06-08T13:00:00Z",
	}],
	"authors": ["alice@acme.example"],
	"files": [{
		"path": "k8s/prod/orders-api/rollout.yaml", "status": "modified", "previous_path": null, "gate": null,
	}],
	"contributors": ["alice@acme.example", "bob@acme.example"],
}

change := {
	"apiVersion": "changegate/v1",
	"kind": "ChangeRequest",
	"metadata": {"id": "CHG-2026-00417", "title": "Roll out orders-api 4.2.0"},
	"spec": {
		"type": "normal",
		"changeClass": "feature",
		"justification": "Customers may split one order over several deliveries from this release on.",
		"customerImpact": "none",
		"risk": {"declared": "medium"},
		"requester": {"id": "alice@acme.example"},
		"implementer": {"id": "bob@acme.example"},
		"team": "group:default/orders",
		"scope": {
			"environments": ["prod"],
			"regions": ["eu-west-1"],
			"services": [{"ref": "component:default/orders-api", "tier": 1}],
			"destructiveActions": [],
		},
		"artifacts": {"images": []},
		"schedule": {"start": "2026-06-11T20:00:00+01:00", "end": "2026-06-11T22:30:00+01:00"},
		"rollback": {
			"strategy": "redeploy-previous",
			"triggers": [
				{"metric": "slo:errors:ratio_rate5m", "comparator": ">", "threshold": 0.01, "for": "PT5M"},
				{"alert": "OrdersApiFastBurn"},
			],
			"steps": [{
				"step": 1, "action": "Abort the rollout and set the previous digest in Git",
				"owner": "bob@acme.example", "duration": "PT10M", "ref": "runbooks/orders-api.md#back",
			}],
			"decisionOwner": "carol@acme.example",
			"maxDuration": "PT20M",
			"verification": ["error ratio < 0.1 % for 10 min"],
			"testedAt": "2026-05-31T09:00:00Z",
			"testEvidence": "https://ci.acme.example/runs/991",
		},
		"progressiveDelivery": {"method": "canary", "steps": [{"weight": 10, "bake": "PT10M"}], "metrics": [{}]},
		"preChecks": {"backups": [], "monitoring": {"alerts": ["A"]}, "staging": {"deployId": "dep-7781"}},
		"communications": {"notices": [{"audience": "internal"}]},
		"relatedIncidents": [],
	},
	"file": "changes/CHG-2026-00417.yaml",
	"digest": "sha256:aa",
	"window": {
		"start": "2026-06-11T19:00:00Z", "start_ns": start, "end": "2026-06-11T21:30:00Z", "end_ns": end,
		"rollback_ns": rollback,
		"occupied": {
			"start": "2026-06-11T19:00:00Z", "start_ns": start,
			"end": "2026-06-11T21:50:00Z", "end_ns": end + rollback,
		},
	},
	"services": [object.union(service("orders-api", 1), {"ref": "component:default/orders-api", "known": true})],
}

matrix := {
	"tiers": {tier: row | some tier in ["0", "1", "2"]; row := _row},
	"cab": {"quorumRoles": ["change-manager", "service-owner"]},
	"overrideRoles": ["incident-commander", "change-manager"],
	"source": ".changegate/approvals.yaml:8:3",
	"sources": {"1/medium": ".changegate/approvals.yaml:30:7", "1/high": ".changegate/approvals.yaml:33:7"},
}

_row := {
	"low": {"peer": 1},
	"medium": {"peer": 1, "service-owner": 1},
	"high": {"peer": 1, "service-owner": 1, "change-manager": 1},
	"very-high": {"peer": 1, "service-owner": 1, "change-manager": 1, "incident-commander": 1},
}

service(name, tier) := {
	"name": name, "ref": sprintf("component:default/%s", [name]), "tier": tier, "rto": "PT4H", "rto_ns": 4 * hour,
	"rpo": "PT24H", "rpo_ns": 24 * hour, "owner": "group:default/orders", "core": false, "ephemeral": false,
	"singleton": false, "kind": "Component", "source": ".changegate/catalog-info.yaml:1:1",
}

# A verified approval by somebody who holds the role and did not contribute.
approval(person, role) := {
	"by": sprintf("%s@acme.example", [person]), "login": sprintf("%s-acme", [person]), "roles": [role],
	"at": "2026-06-08T18:00:00Z", "at_ns": 1780941600000000000, "method": "github-review", "assurance": "A2",
	"bound_digest": null, "commit": "h1", "decision": "approved", "valid": true, "why_not": [], "contributor": false,
	"source": "reviews.json:2:3",
}

# The same, excluded for a reason.
excluded(person, role, code) := object.union(approval(person, role), {
	"valid": false, "why_not": [code], "contributor": code == "contributor",
})

kubernetes(kind, name, attrs) := {
	"id": sprintf("%s/orders/%s", [kind, name]), "iac": "kubernetes", "type": kind, "name": name,
	"namespace": "orders", "address": null, "module": null, "file": "k8s/prod/orders-api/rollout.yaml", "line": 1,
	"action": "update", "attrs": attrs, "before": attrs, "changed": [["spec", "template"]], "unknown": [],
	"sensitive": [], "replace_paths": [], "lifecycle": null, "environment": "prod", "service": "orders-api", "tier": 1,
	"region": "eu-west-1", "zones": [], "stateful": false, "owners": ["group:default/orders"], "introduced_by": [],
	"related": [],
}

terraform(kind, name, attrs) := {
	"id": sprintf("%s.%s", [kind, name]), "iac": "terraform", "type": kind, "name": name, "namespace": null,
	"address": sprintf("%s.%s", [kind, name]), "module": null, "file": "terraform/prod/main.tf", "line": 21,
	"action": "update", "attrs": attrs, "before": attrs, "changed": [["engine_version"]], "unknown": [],
	"sensitive": [], "replace_paths": [], "lifecycle": null, "environment": "prod", "service": "orders-db", "tier": 2,
	"region": "eu-west-1", "zones": [], "stateful": true, "owners": ["group:default/orders"], "introduced_by": [],
	"related": [],
}

# How another resource appears in `related`.
relation(name, other) := object.union(
	{"relation": name},
	object.filter(other, [
		"id", "type", "name", "namespace", "file", "line", "action", "attrs", "environment", "tier", "related",
	]),
)

pods := {"spec": {"containers": [{
	"name": "api", "image": "ghcr.io/acme/orders-api@sha256:22", "ports": [{"name": "http", "containerPort": 8080}],
}]}}

rollout := kubernetes("argoproj.io/Rollout", "orders-api", {
	"apiVersion": "argoproj.io/v1alpha1",
	"kind": "Rollout",
	"metadata": {"name": "orders-api", "namespace": "orders"},
	"spec": {
		"replicas": 10,
		"strategy": {"canary": {
			"analysis": {"startingStep": 1, "templates": [{"templateName": "orders-api-slo"}]},
			"steps": [{"setWeight": 10}, {"pause": {"duration": "10m"}}, {"setWeight": 50}],
		}},
		"template": pods,
	},
})

deployment := kubernetes("apps/Deployment", "orders-api", {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "orders-api", "namespace": "orders"},
	"spec": {"replicas": 10, "strategy": {"type": "RollingUpdate"}, "template": pods},
})

flagger := json.patch(
	kubernetes("flagger.app/Canary", "orders-api", {
		"apiVersion": "flagger.app/v1beta1",
		"kind": "Canary",
		"metadata": {"name": "orders-api", "namespace": "orders"},
		"spec": {
			"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "orders-api"},
			"analysis": {"interval": "3m", "stepWeight": 5, "metrics": [{"name": "request-success-rate"}]},
		},
	}),
	[{"op": "replace", "path": "/changed", "value": [["spec", "analysis"]]}],
)

database := terraform("aws_db_instance", "orders", {
	"identifier": "orders-prod", "engine": "postgres", "engine_version": "16.4", "deletion_protection": true,
	"skip_final_snapshot": false, "final_snapshot_identifier": "orders-prod-final",
})

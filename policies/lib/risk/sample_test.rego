# METADATA
# title: The worked examples of the risk model
# description: Four changes whose score is known, on a world in which nothing else weighs anything.
package policies.lib.risk.sample_test

import data.policies.lib.sample_test as sample

# Sixteen changes without a failure, a full budget, no incident.
_calm(service, tier) := {
	"services": {
		"given": true, "as_of": null, "stale": false, "source": "catalog-info.yaml:1:1",
		"entries": [object.union(sample.service(service, tier), {"depends_on": []})],
	},
	"identities": {"given": true},
	"deploys": {"given": true, "stale": false, "entries": [deployment |
		some number in numbers.range(1, 16)
		deployment := {
			"id": sprintf("dep-%d", [number]), "change": sprintf("CHG-2026-%d", [number]), "service": service,
			"environment": "prod", "startedAt": "2026-06-01T08:00:00Z", "finishedAt": "2026-06-01T09:00:00Z",
			"result": "success",
		}
	]},
	"incidents": {"given": true, "stale": false, "entries": []},
	"slo": {"given": true, "stale": false, "entries": [{
		"slo": "availability", "service": service, "budgetRemaining": 0.8, "burnRate": {"6h": 0.3},
	}]},
}

_ready := [
	{"op": "add", "path": "/change/spec/schedule/bookings", "value": [{"kind": "on-call", "ref": "pagerduty:P1"}]},
	{"op": "replace", "path": "/change/spec/preChecks/staging", "value": {"deployId": "dep-1", "result": "pass"}},
]

_about(changed, service, tier) := json.patch(sample.document, array.concat(_ready, [
	{"op": "replace", "path": "/changed", "value": changed},
	{"op": "replace", "path": "/context", "value": _calm(service, tier)},
	{"op": "replace", "path": "/change/services", "value": [object.union(
		sample.service(service, tier),
		{"ref": service, "known": true},
	)]},
]))

# (a) Tier 1, an armed canary whose first step is 20 %, a rollback that was tested ten days ago.
image_bump := _about(
	[json.patch(sample.rollout, [{
		"op": "replace", "path": "/attrs/spec/strategy/canary/steps/0/setWeight", "value": 20,
	}])],
	"orders-api",
	1,
)

_dependent(name) := object.union(sample.service(name, 1), {"depends_on": ["resource:default/orders-db"]})

# (b) Tier 1, a major upgrade in place, a way back that loses data, three dependents, a rollback that was tested.
database_upgrade := json.patch(
	_about([object.union(sample.database, {"tier": 1})], "orders-db", 1),
	[
		{"op": "replace", "path": "/change/spec/rollback/testedAt", "value": "2026-04-01T09:00:00Z"},
		{"op": "add", "path": "/change/spec/rollback/dataReversibility", "value": "reversible-with-data-loss"},
		{"op": "replace", "path": "/change/spec/preChecks/backups", "value": [{
			"resource": "aws_db_instance.orders", "verification": {"kind": "restore-test", "result": "pass"},
		}]},
		{"op": "add", "path": "/context/services/entries/-", "value": _dependent("checkout")},
		{"op": "add", "path": "/context/services/entries/-", "value": _dependent("payments")},
		{"op": "add", "path": "/context/services/entries/-", "value": _dependent("search")},
	],
)

_record(name, service) := object.union(
	sample.terraform("aws_route53_record", name, {"name": name}),
	{"tier": 0, "service": service, "stateful": false, "changed": [["records"]], "region": null},
)

# (c) Tier 0, two records of a zone for two services, everywhere at once.
zone_edit := json.patch(
	_about([_record("www", "dns"), _record("api", "edge")], "dns", 0),
	[
		{"op": "replace", "path": "/change/spec/rollback/testedAt", "value": "2026-04-01T09:00:00Z"},
		{"op": "replace", "path": "/change/spec/scope/regions", "value": []},
		{"op": "add", "path": "/context/deploys/entries/-", "value": {
			"id": "dep-edge", "change": "CHG-2026-41", "service": "edge", "environment": "prod",
			"finishedAt": "2026-06-01T09:00:00Z", "result": "success",
		}},
		{"op": "add", "path": "/config/thresholds/risk", "value": {"R-HISTORY": {"prior": 50}}},
	],
)

# (d) Tier 3, the schedule of a job.
cron_tweak := json.patch(
	_about(
		[object.union(sample.kubernetes("batch/CronJob", "report", {"spec": {"schedule": "0 3 * * *"}}), {
			"tier": 3, "service": "report", "changed": [["spec", "schedule"]],
		})],
		"report",
		3,
	),
	[{"op": "replace", "path": "/change/spec/rollback/testedAt", "value": "2026-04-01T09:00:00Z"}],
)

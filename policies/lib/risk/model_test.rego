package policies.lib.risk.model_test

import data.policies.lib.risk.model
import data.policies.lib.risk.sample_test as sample

_assess(document) := found if {
	found := model.assessment with input as document
}

_points(document, id) := sum([factor.points | some factor in _assess(document).factors; factor.id == id])

# The worked examples of the model: score and level.

test_example_a_image_bump_behind_a_canary if {
	found := _assess(sample.image_bump)
	found.score == 10
	found.level == "low"
	[[factor.id, factor.points] | some factor in found.factors] == [["R-ACTION", 3], ["R-BREADTH", 2], ["R-TIER", 18]]
	[one.id | some one in found.mitigations] == ["canary", "rollback"]
}

test_example_b_database_upgrade_in_place if {
	found := _assess(sample.database_upgrade)
	found.score == 44
	found.level == "high"
	[[factor.id, factor.points] | some factor in found.factors] == [
		["R-ACTION", 6], ["R-BREADTH", 2], ["R-FANOUT", 6], ["R-IRREV", 12], ["R-TIER", 18],
	]
}

test_example_b_without_a_tested_rollback if {
	document := json.patch(sample.database_upgrade, [{"op": "remove", "path": "/change/spec/rollback/testedAt"}])
	_assess(document).score == 50
}

test_example_c_zone_edit if {
	found := _assess(sample.zone_edit)
	found.score == 41
	found.level == "high"
	[[factor.id, factor.points] | some factor in found.factors] == [
		["R-ACTION", 10], ["R-BREADTH", 3], ["R-BREADTH", 3], ["R-TIER", 25],
	]
}

test_example_d_cron_tweak if {
	found := _assess(sample.cron_tweak)
	found.score == 7
	found.level == "low"
}

# The window lies from 19:00 to 21:30 UTC on a Thursday.
test_peak_hours if {
	at := {"text": "x", "timezone": "UTC", "days": ["Thursday"]}
	every row in [
		[[[1290, 1320]], false], [[[1275, 1290]], true], [[[1140, 1155]], true], [[[1080, 1140]], false],
		[[[1320, 1150]], true], [[[0, 60], [1200, 1201]], true],
	] {
		document := json.patch(sample.image_bump, [{
			"op": "add", "path": "/context/services/entries/0/peak", "value": object.union(at, {"hours": row[0]}),
		}])
		assessed := model.assessment with input as document
		calm := model.assessment with input as sample.image_bump
		(assessed.score - calm.score == 6) == row[1]
	}
}

test_the_afternoon_before_a_holiday if {
	document := json.patch(sample.image_bump, [
		{"op": "add", "path": "/change/spec/schedule/timezone", "value": "UTC"},
		{"op": "add", "path": "/calendar/events", "value": [{"kind": "holiday", "date": "2026-06-12", "name": "", "source": ""}]},
	])
	eve := model.assessment with input as document
	usual := model.assessment with input as json.patch(document, [{"op": "replace", "path": "/calendar/events/0/kind", "value": "launch"}])
	eve.score - usual.score == 3
}

test_nothing_to_weigh_without_production_and_request if {
	not _assess(json.patch(sample.image_bump, [
		{"op": "replace", "path": "/change", "value": null},
		{"op": "replace", "path": "/changed/0/environment", "value": "staging"},
	]))
	not _assess(json.patch(sample.image_bump, [
		{"op": "replace", "path": "/change", "value": null},
		{"op": "replace", "path": "/mode", "value": "present"},
	]))
}

test_a_scope_of_staging_hides_no_production if {
	document := json.patch(sample.image_bump, [{
		"op": "replace", "path": "/change/spec/scope/environments", "value": ["staging"],
	}])
	_points(document, "R-TIER") == 18
}

# Properties, over all examples.

_examples := [sample.image_bump, sample.database_upgrade, sample.zone_edit, sample.cron_tweak]

test_the_score_stays_within_bounds if {
	every document in _examples {
		every patched in [document, _worst(document), _best(document)] {
			found := _assess(patched)
			found.score >= 0
			found.score <= 100
			found.score == floor(found.score)
			every factor in found.factors {
				factor.points > 0
				factor.points == floor(factor.points)
				factor.evidence != ""
			}
		}
	}
}

_worst(document) := json.patch(document, [
	{"op": "replace", "path": "/changed/0/tier", "value": 0},
	{"op": "replace", "path": "/changed/0/action", "value": "delete"},
	{"op": "replace", "path": "/changed/0/stateful", "value": true},
	{"op": "replace", "path": "/change/spec/rollback", "value": {"dataReversibility": "irreversible"}},
	{"op": "replace", "path": "/change/spec/preChecks", "value": {}},
	{"op": "replace", "path": "/context", "value": {}},
])

_best(document) := json.patch(document, [{
	"op": "add", "path": "/config/thresholds/risk", "value": {"mitigations": {"canary": 90, "rollback": 90}},
}])

test_a_score_above_100_is_100 if {
	document := json.patch(_worst(sample.database_upgrade), [{
		"op": "add", "path": "/config/thresholds/risk", "value": {"R-TIER": {"0": 95, "1": 95, "unknown": 95}},
	}])
	_assess(document).score == 100
}

test_mitigations_take_away_at_most_25 if {
	heavy := json.patch(sample.image_bump, [{
		"op": "add", "path": "/config/thresholds/risk", "value": {"R-TIER": {"1": 60}},
	}])
	found := _assess(json.patch(heavy, [{
		"op": "add", "path": "/config/thresholds/risk/mitigations", "value": {"canary": 90, "rollback": 90},
	}]))
	found.score == (60 + 3 + 2) - 25
}

test_the_score_is_never_below_0 if {
	document := json.patch(sample.cron_tweak, [{
		"op": "add", "path": "/change/spec/rollback/testedAt", "value": "2026-06-01T09:00:00Z",
	}])
	found := _assess(json.patch(document, [{
		"op": "add", "path": "/config/thresholds/risk", "value": {"mitigations": {"rollback": 20}},
	}]))
	found.score == 0
}

test_levels_begin_at_their_score if {
	every score, level in {"19": "low", "20": "medium", "39": "medium", "40": "high", "64": "high", "65": "very-high"} {
		# The other factors of the example add 5 and take 5 away.
		weights := {"R-TIER": {"3": to_number(score) - 5}}
		document := json.patch(sample.cron_tweak, [{"op": "add", "path": "/config/thresholds/risk", "value": weights}])
		found := _assess(document)
		found.score == to_number(score)
		found.level == level
	}
}

# What is not known raises the risk: taking a fact away never lowers it.

_never_lower(document, paths) if {
	before := _assess(document).score
	every path in paths {
		_assess(json.patch(document, [{"op": "replace", "path": path, "value": null}])).score >= before
	}
}

_asserted := [
	"/changed/0/tier", "/change/spec/rollback/testedAt", "/change/spec/rollback/testEvidence",
	"/change/spec/preChecks/staging", "/change/spec/preChecks/monitoring",
]

_observed := ["/context/deploys", "/context/incidents", "/context/slo"]

test_less_evidence_never_lowers_the_risk if {
	every document in _examples {
		_never_lower(document, _asserted)
	}
}

test_less_context_never_lowers_the_risk if {
	every document in _examples {
		_never_lower(document, _observed)
	}
}

test_a_stale_document_is_no_document if {
	every kind in ["deploys", "incidents", "slo"] {
		document := json.patch(sample.image_bump, [{
			"op": "replace", "path": sprintf("/context/%s/stale", [kind]), "value": true,
		}])
		_assess(document).score > _assess(sample.image_bump).score
	}
}

test_without_a_catalogue_the_tier_counts_as_0 if {
	document := json.patch(sample.database_upgrade, [
		{"op": "replace", "path": "/changed/0/tier", "value": null},
		{"op": "replace", "path": "/change/services/0/tier", "value": null},
		{"op": "replace", "path": "/context/services", "value": {"given": false, "entries": []}},
	])
	_points(document, "R-TIER") == 25
	_assess(document).score >= _assess(sample.database_upgrade).score
}

# Floors.

_floor(document) := found.level if {
	found := _assess(document)
	count(found.floors) > 0
}

test_floors if {
	every level, patch in {
		"high": [
			{"op": "replace", "path": "/changed/0/action", "value": "delete"},
			{"op": "replace", "path": "/changed/0/stateful", "value": true},
		],
		"medium": [{"op": "replace", "path": "/change/spec/type", "value": "emergency"}],
	} {
		_floor(json.patch(sample.image_bump, patch)) == level
	}
	_floor(json.patch(sample.image_bump, [{
		"op": "add", "path": "/change/spec/rollback/dataReversibility", "value": "irreversible",
	}])) == "high"
	_floor(json.patch(sample.image_bump, [{"op": "add", "path": "/change/spec/freezeOverride", "value": {}}])) == "high"
	_floor(json.patch(sample.image_bump, [{
		"op": "add", "path": "/git/files/-",
		"value": {"path": ".changegate/freeze.yaml", "status": "modified", "gate": "calendar"},
	}])) == "medium"
	_floor(json.patch(sample.image_bump, [{
		"op": "replace", "path": "/changed/0/attrs/spec/strategy/canary/steps", "value": [],
	}])) == "medium"
	_floor(json.patch(sample.cron_tweak, [{"op": "replace", "path": "/changed/0/type", "value": "aws_iam_role"}])) == "medium"
	not _floor(sample.image_bump)
}

test_recorded_incidents_are_no_rules if {
	not _floor(json.patch(sample.image_bump, [{
		"op": "add", "path": "/git/files/-",
		"value": {"path": ".changegate/incidents.yaml", "status": "modified", "gate": "context"},
	}]))
}

test_an_ephemeral_store_has_no_floor if {
	document := json.patch(sample.image_bump, [
		{"op": "replace", "path": "/changed/0/action", "value": "delete"},
		{"op": "replace", "path": "/changed/0/stateful", "value": true},
		{"op": "replace", "path": "/context/services/entries/0/ephemeral", "value": true},
	])
	not _floor(document)
	_points(document, "R-ACTION") == 5
}

test_several_regions_at_once if {
	regions := [{"op": "replace", "path": "/change/spec/scope/regions", "value": ["eu-west-1", "us-east-1"]}]
	document := json.patch(sample.zone_edit, regions)
	_points(document, "R-BREADTH") == 16
	_floor(document) == "high"
	waves := [{"name": "w1", "regions": ["eu-west-1"]}, {"name": "w2", "regions": ["us-east-1"]}]
	apart := json.patch(document, [{
		"op": "add", "path": "/change/spec/progressiveDelivery", "value": {"method": "rolling-waves", "waves": waves},
	}])
	_points(apart, "R-BREADTH") == 6
}

# Weights.

test_weights_of_the_configuration if {
	_points(json.patch(sample.image_bump, [{
		"op": "add", "path": "/config/thresholds/risk", "value": {"R-TIER": {"1": 11}},
	}]), "R-TIER") == 11
}

_faults(written) := faults if {
	faults := model.faults with input as {"config": {"thresholds": {"risk": written}}}
}

test_weights_that_do_not_fit if {
	every written in [
		{"R-TEIR": {"1": 11}}, {"R-TIER": {"4": 11}}, {"R-TIER": {"1": "11"}}, {"R-TIER": {"1": 0 - 1}},
		{"R-TIER": {"1": 1.5}}, {"R-TIER": 7}, {"R-BREADTH": {"resources": [[2, 1], [1, 2]]}}, 7,
		{"R-BREADTH": {"resources": [["1", 2]]}}, {"mitigations": {"prayer": 25}}, {"R-TIER": {"1": null}},
	] {
		count(_faults(written)) == 1
	}
	count(_faults({"R-BREADTH": {"resources": [[1, 0], [10, 5]]}, "levels": {"high": 50}})) == 0
	count(_faults({})) == 0
}

test_the_fault_names_what_there_is if {
	some fault in _faults({"R-TIER": {"4": 11}})
	fault == "policies.thresholds.risk.R-TIER has no weight 4; weights are 0, 1, 2, 3, unknown"
}

test_explanation if {
	found := model.explanation with input as {}
	count(found) == 16
	found[0] == {
		"id": "R-ACTION", "group": "impact", "title": found[0].title, "lower": found[0].lower,
		"weights": found[0].weights,
	}
}

# Without a base the request alone is weighed.

test_present_with_a_request if {
	document := json.patch(sample.image_bump, [
		{"op": "replace", "path": "/mode", "value": "present"},
		{"op": "replace", "path": "/changed", "value": []},
	])
	_points(document, "R-TIER") == 18
	_points(document, "R-ACTION") == 6
	_points(document, "R-EVIDENCE") == 0
}

test_instants_at_which_it_can_change if {
	found := _assess(sample.image_bump)
	# The test of the rollback is 30 days old, and then 90.
	found.instants == [1782810000000000000, 1787994000000000000]
}

package policies.lib.rollout_test

import data.policies.lib.rollout
import data.policies.lib.sample_test as sample

_minutes(controller) := rollout.least_ns(controller) / 60000000000

_argo(steps) := {"name": "a", "type": "argoproj.io/Rollout", "attrs": {"spec": {"strategy": {"canary": {"steps": steps}}}}}

_flagger(analysis) := {"name": "a", "type": "flagger.app/Canary", "attrs": {"spec": {"analysis": analysis}}}

test_pauses_add_up if {
	_minutes(_argo([{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"pause": {"duration": 300}}, {"pause": {"duration": "60"}}])) == 16
	_minutes(_argo([])) == 0
	_minutes(_argo([{"pause": {}}, {"pause": {"duration": "soon"}}])) == 0
}

test_analyses_of_steps_take_their_time if {
	template := {
		"relation": "analysis-template", "name": "slo",
		"attrs": {"spec": {"metrics": [{"interval": "2m", "count": 5}, {"interval": "30s", "count": 3}]}},
	}
	controller := object.union(_argo([{"analysis": {"templates": [{"templateName": "slo"}]}}]), {"related": [template]})
	_minutes(controller) == 10
}

test_flagger if {
	_minutes(_flagger({"interval": "3m", "maxWeight": 50, "stepWeight": 5})) == 30
	_minutes(_flagger({"interval": "1m", "stepWeights": [1, 5, 50]})) == 3
	_minutes(_flagger({"interval": "1m", "iterations": 10})) == 10
	_minutes(_flagger({"interval": "1m", "maxWeight": 50, "stepWeight": 20})) == 3
	_minutes(_flagger({"interval": "soon"})) == 0
	_minutes(_flagger({})) == 1
}

test_waits_for_a_person if {
	rollout.waits_for_a_person(_argo([{"pause": {}}]))
	rollout.waits_for_a_person(_argo([{"pause": {"duration": null}}]))
	not rollout.waits_for_a_person(_argo([{"pause": {"duration": "1m"}}]))
	not rollout.waits_for_a_person(_argo([{"setWeight": 5}]))
}

test_controllers_of_what_changes if {
	[one.name | some one in rollout.controllers([sample.rollout])] == ["orders-api"]
	rollout.controllers([object.union(sample.rollout, {"action": "delete"})]) == []
	rollout.controllers([object.union(sample.rollout, {"environment": "staging"})]) == []
	related := object.union(sample.deployment, {"related": [sample.relation("canary", sample.flagger)]})
	[one.type | some one in rollout.controllers([related])] == ["flagger.app/Canary"]
}

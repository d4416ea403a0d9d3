package policies.lib.pipeline_test

import data.policies.lib.pipeline

_workflow(script) := {"true": ["push"], "jobs": {"a": {"steps": [{"run": script}]}}}

_runs(script) := pipeline.runs("github-workflow", _workflow(script), set())

test_calls if {
	every script in [
		"changegate check", "./changegate check .", "/usr/bin/changegate --color never check",
		"time changegate check --base x", "set -e\nchangegate check", "changegate \\\n  check",
	] {
		count(_runs(script)) == 1
	}
}

test_words_that_call_nothing if {
	every script in [
		"# changegate check", "echo changegate check", "make # changegate check", "cargo install changegate",
		"changegate test", "", null, 1,
	] {
		count(_runs(script)) == 0
	}
}

test_a_reusable_workflow_and_a_composite_action if {
	workflow := {"true": "push", "jobs": {"gate": {"uses": "acme/.github/.github/workflows/changegate.yml@main"}}}
	count(pipeline.runs("github-workflow", workflow, set())) == 1
	action := {"runs": {"using": "composite", "steps": [{"run": "changegate check --stage apply"}]}}
	some run in pipeline.runs("github-action", action, set())
	run.stage == "apply"
}

test_the_stage_of_a_step if {
	some run in _runs("changegate check --stage=apply")
	run.stage == "apply"
}

test_odd_documents_run_nothing if {
	every kind in ["github-workflow", "github-action", "gitlab-ci", "pre-commit", "owners"] {
		every document in [
			null, 1, "x", [], {}, {"jobs": []}, {"jobs": {"a": null}}, {"repos": [null]}, {"runs": 1}, {"a": null},
		] {
			count(pipeline.runs(kind, document, set())) == 0
		}
	}
}

test_needs if {
	document := {"jobs": {"a": {}, "b": {"needs": "a"}, "c": {"needs": ["b"]}, "d": null}}
	pipeline.needed(document, "c") == {"a", "b", "c"}
	not "a" in pipeline.needed(null, "c")
}

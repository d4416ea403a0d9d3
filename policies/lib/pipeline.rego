# METADATA
# title: Where a pipeline runs the gate
# description: >-
#   Finds the steps, jobs and hooks of a pipeline file that run the gate, says what triggers each, and what disarms it:
#   a failure that is ignored, a condition that never holds, a result that only advises.
# related_resources:
#   - https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
#   - https://docs.gitlab.com/ci/yaml/
#   - https://pre-commit.com/#plugins
package policies.lib.pipeline

import data.policies.lib.shape

# Everything that runs the gate: `{job, names, path, trigger, stage, disarmed, doubtful}`, one entry for each trigger.
# `words` are names of steps besides the gate's own.
runs(kind, document, words) := {run |
	some one in _runs(kind, shape.map(document), words)
	some trigger in _triggers(kind, shape.map(document))
	run := object.union(one, {"trigger": trigger})
}

_runs("github-workflow", document, words) := {run |
	some job_id, job in shape.map(document.jobs)
	is_object(job)
	some one in _of_job(job, words)
	run := {
		"job": job_id,
		"names": {name | some name in [job_id, object.get(job, "name", job_id)]; is_string(name)},
		"path": array.concat(["jobs", job_id], one.path),
		"stage": _stage(one.step),
		"disarmed": _disarmed(one.step) | _disarmed_job(job),
		"doubtful": _doubtful(one.step) | _conditions(job) | _filters(document),
	}
}

_runs("github-action", document, words) := {run |
	some one in _steps(shape.at(document, ["runs", "steps"]), ["runs", "steps"], words)
	run := {
		"job": "runs", "names": set(), "path": one.path, "stage": _stage(one.step),
		"disarmed": _disarmed(one.step), "doubtful": _doubtful(one.step),
	}
}

_runs("gitlab-ci", document, words) := {run |
	some job_id, job in document
	is_object(job)
	not job_id in _gitlab_words
	some text in _scripts(job)
	_calls(text, words)
	run := {
		"job": job_id, "names": {job_id}, "path": [job_id], "stage": _stage({"run": text}),
		"disarmed": _ignores(text) | _disarmed_gitlab(job), "doubtful": _doubtful({"run": text}) | _rules(job),
	}
} | {run |
	some index, entry in _listed(object.get(document, "include", []))
	_mentions(entry, words)
	run := {
		"job": "include", "names": {"changegate"}, "path": ["include", index], "stage": "pull-request",
		"disarmed": set(), "doubtful": set(),
	}
}

_runs("pre-commit", document, words) := {run |
	some at, repository in shape.list(document.repos)
	some index, hook in shape.list(shape.map(repository).hooks)
	_is_hook(repository, hook, words)
	run := {
		"job": object.get(hook, "id", "hook"), "names": set(), "path": ["repos", at, "hooks", index], "stage": "commit",
		"disarmed": {"it only runs by hand" | shape.list(object.get(hook, "stages", [])) == ["manual"]},
		"doubtful": {sprintf("%s narrows it", [key]) | some key in ["files", "exclude", "types"]; hook[key]},
	}
}

_runs(kind, _, _) := set() if not kind in {"github-workflow", "github-action", "gitlab-ci", "pre-commit"}

_gitlab_words := {"default", "include", "variables", "workflow", "stages", "image", "services", "cache"}

# A job that is a reusable workflow of the gate, or has a step that runs it.
_of_job(job, words) := {one |
	_is_gate(job.uses, words)
	one := {"path": [], "step": job}
} | _steps(object.get(job, "steps", []), ["steps"], words)

_steps(steps, path, words) := {one |
	some index, step in shape.list(steps)
	is_object(step)
	_runs_gate(step, words)
	one := {"path": array.concat(path, [index]), "step": step}
}

_runs_gate(step, words) if _is_gate(step.uses, words)

_runs_gate(step, words) if _calls(step.run, words)

_is_gate(uses, words) if _mentions(uses, words)

_mentions(value, words) if {
	text := lower(json.marshal(value))
	some word in words | {"changegate"}
	contains(text, lower(word))
}

# A line of the script calls the gate and has it judge.
_calls(script, words) if count(_lines(script, words)) > 0

_lines(script, words) := {line |
	is_string(script)
	some written in split(replace(script, "\\\n", " "), "\n")
	line := trim_space(regex.replace(written, `\s#.*$`, ""))
	not startswith(line, "#")
	not startswith(line, "echo ")
	_is_call(line, words)
}

_is_call(line, _) if regex.match(`(^|[\s;&|(/"'])changegate(\.exe)?["']?\s(.*\s)?check(\s|$)`, line)

_is_call(line, words) if {
	some word in words
	contains(line, word)
}

_is_hook(_, hook, words) if _mentions([object.get(hook, "id", ""), object.get(hook, "entry", "")], words)

_is_hook(repository, _, _) if contains(lower(sprintf("%v", [object.get(repository, "repo", "")])), "changegate")

_scripts(job) := [text |
	some key in ["before_script", "script", "after_script"]
	some text in _listed(object.get(job, key, []))
	is_string(text)
]

_listed(value) := value if is_array(value)

_listed(value) := [value] if not is_array(value)

# Events that start it; a part of a pipeline is started by its whole.
_triggers("github-workflow", document) := _events(object.get(document, "true", object.get(document, "on", [])))

_triggers(kind, _) := {"pipeline"} if kind != "github-workflow"

_events(on) := {on} if is_string(on)

_events(on) := {event | some event in on} if is_array(on)

_events(on) := {event | some event, _ in on} if is_object(on)

_events(on) := set() if {
	not is_string(on)
	not is_array(on)
	not is_object(on)
}

# What stage of the life of a change it judges.
_stage(step) := words[0] if {
	words := [word[1] | some word in regex.find_all_string_submatch_n(`--stage[ =]["']?([a-z-]+)`, _text(step.run), 1)]
	count(words) > 0
}

_stage(step) := step["with"].stage if is_string(step["with"].stage)

_stage(step) := "pull-request" if {
	not contains(_text(object.get(step, "run", "")), "--stage")
	not is_string(shape.at(step, ["with", "stage"]))
}

_text(value) := value if is_string(value)

_text(value) := "" if not is_string(value)

# Reasons why a failure of the step stops nothing.
_disarmed(step) := union({
	_ignores(object.get(step, "run", "")),
	_disarmed_job(step),
	{sprintf("the input %s is %v", [key, value]) |
		some key, value in shape.map(object.get(step, "with", {}))
		_advises(key, value)
	},
})

_disarmed_job(job) := union({
	{sprintf("continue-on-error is %v", [job["continue-on-error"]]) | _set(object.get(job, "continue-on-error", false))},
	{sprintf("its condition is %v", [job["if"]]) | _never(object.get(job, "if", true))},
	{sprintf("the variable %s is %v", [key, value]) |
		some key, value in shape.map(object.get(job, "env", {}))
		startswith(lower(key), "changegate_")
		_advises(trim_prefix(lower(key), "changegate_"), value)
	},
})

_disarmed_gitlab(job) := union({
	{"allow_failure is set" | _set(object.get(job, "allow_failure", false))},
	{sprintf("when is %s", [job.when]) | job.when in {"manual", "never"}},
	{"no rule ever lets it run" | count(_rules_of(job)) > 0; every rule in _rules_of(job) { rule.when == "never" }},
})

_rules_of(job) := [rule | some rule in shape.list(object.get(job, "rules", [])); is_object(rule)]

_rules(job) := {sprintf("%s narrows it", [key]) | some key in ["rules", "only", "except"]; job[key]}

_set(value) if {
	word := _word(value)
	not word in {"false", "", "null", "no", "0"}
}

_never(value) if _word(value) in {"false", "0", "''", "null", "!true", "always() && false", "false && always()"}

_never(value) if regex.match(`^false\s*&&|&&\s*false$`, _word(value))

# The words inside `${{ }}`.
_word(value) := lower(trim_space(regex.replace(sprintf("%v", [value]), `\$\{\{|\}\}`, "")))

# A call whose exit code nobody sees, or that leaves out what judges.
_ignores(script) := union({
	{"its exit code is ignored" |
		some line in _lines(script, set())
		regex.match(`(\|\|\s*(true|:|exit 0|echo|printf|/bin/true)|;\s*(true|exit 0|:)\s*$|^!\s|--exit-zero)`, line)
	},
	{sprintf("%s leaves policies out", [option]) |
		some line in _lines(script, set())
		some option in ["--only", "--skip", "--no-builtin"]
		regex.match(sprintf(`\s%s([\s=]|$)`, [option]), line)
	},
	{"it judges at a fixed instant" | some line in _lines(script, set()); regex.match(`\s--now[\s=]`, line)},
	{"it only advises" |
		some line in _lines(script, set())
		regex.match(`\s--(advisory|(enforce|enforcement|mode)[\s=]["']?(advisory|warn|off|none|report))`, line)
	},
})

_advises(key, value) if {
	lower(key) in {"enforce", "enforcement", "mode", "fail-on", "fail_on"}
	_word(value) in {"advisory", "advise", "warn", "warning", "off", "none", "never", "report", "audit", "shadow", "false"}
}

_advises(key, value) if {
	lower(key) in {"fail", "fail-on-denied", "fail_on_denied"}
	_word(value) in {"false", "no", "0"}
}

_advises(key, value) if {
	lower(key) in {"soft-fail", "soft_fail", "advisory", "dry-run", "dry_run", "continue-on-error"}
	_word(value) in {"true", "yes", "1"}
}

_advises(key, _) if lower(key) in {"only", "skip"}

# What may keep it from running or from failing: nobody can tell from the text.
_doubtful(step) := _conditions(step) | {sprintf("%s may hide its exit code", [sign]) |
	some line in _lines(object.get(step, "run", ""), set())
	some sign in ["||", " | "]
	contains(line, sign)
} | {"set +e may hide its exit code" | contains(_text(object.get(step, "run", "")), "set +e")}

_conditions(thing) := {sprintf("it runs if %v", [thing["if"]]) | thing["if"]; not _never(thing["if"])}

_filters(document) := {sprintf("%s narrows %s", [key, event]) |
	some event, settings in shape.map(object.get(document, "true", object.get(document, "on", {})))
	is_object(settings)
	some key in ["branches-ignore", "paths", "paths-ignore", "types"]
	settings[key]
}

# Jobs that a job waits for, directly or through others.
needed(document, job_id) := graph.reachable(_needs(document), {job_id})

_needs(document) := {job_id: {need | some need in _listed(object.get(shape.map(job), "needs", []))} |
	some job_id, job in shape.map(shape.map(document).jobs)
}

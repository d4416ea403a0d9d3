# METADATA
# title: Nobody would notice when the change goes wrong
# description: >-
#   A change of a tier 0 to 2 service names alerts that exist, are on and not silenced, and that measure errors and
#   latency or the burning of the error budget; the alerts of its rollback triggers exist, too. It names a dashboard and
#   an on-call schedule, or the catalogue does. At apply the normal state was captured in the 24 hours before the start
#   (threshold `PRE-002.baseline_hours`). On a pull request an alert that is named and not there yet may still come.
#   Alerts of other repositories are read from an AlertInventory. Standard changes follow their template; an emergency
#   documents afterwards.
# related_resources:
#   - https://sre.google/workbook/alerting-on-slos/
#   - https://csrc.nist.gov/projects/cprt/catalog#/cprt/framework/version/SP_800_53_5_1_1/home?element=SI-4
# custom:
#   id: PRE-002
#   scope: change
#   targets: []
#   severity: high
#   enforcement: soft
#   stages: [pull-request, apply]
#   controls:
#     SOC2: [CC7.2, CC8.1]
#     ISO27001: ["8.16", "8.32"]
#     NIST80053: [SI-4, CM-4(2), AU-6]
#   remediation: >-
#     Name in spec.preChecks.monitoring the alerts that watch each service of the change, best its burn-rate alerts (over
#     1 h and 5 min at 14.4 times, over 6 h and 30 min at 6 times), its dashboard and who is on call.
#   since: 0.2.0
package policies.precheck.unwatched_change

import data.policies.lib.alert
import data.policies.lib.context
import data.policies.lib.instant
import data.policies.lib.reach
import data.policies.lib.shape
import data.policies.lib.silence
import data.policies.lib.text
import data.policies.lib.threshold

deny contains finding if {
	_judged
	some fault in _faults
	finding := object.union(fault, {"at": "change"})
}

unknown contains finding if {
	_judged
	_has_monitoring
	some named in _named
	not named.alert in _defined
	not _is_all_known
	finding := {
		"msg": sprintf("whether the alert %s exists is not known: %s, and no AlertInventory was given", [
			named.alert,
			"the tree defines no alert of these services",
		]),
		"at": "change",
		"path": named.path,
		"remediation": "Commit an AlertInventory with the alerts of other repositories under .changegate/.",
	}
}

_judged if {
	reach.judged(input)
	not _is_exempt_type
	count(_watched) > 0
}

_is_exempt_type if input.change.spec.type in {"standard", "emergency"}

# Services that have to be watched.
_watched := {name: facts |
	some name, facts in reach.services(input)
	reach.important(facts)
}

_monitoring := shape.map(shape.at(input.change, ["spec", "preChecks", "monitoring"]))

_has_monitoring if count(_monitoring) > 0

_at := ["spec", "preChecks", "monitoring"]

_faults contains fault if {
	not _has_monitoring
	fault := {"msg": "the request does not say who watches the change (preChecks.monitoring)", "path": ["spec"]}
}

_faults contains fault if {
	_has_monitoring
	count(_watching) == 0
	fault := {"msg": "no alert is named that watches the change (preChecks.monitoring.alerts)", "path": _at}
}

# A name that nothing bears. On a pull request the alert may still come.
_faults contains fault if {
	_has_monitoring
	some named in _named
	not named.alert in _defined
	_is_all_known
	fault := {
		"msg": sprintf("the alert %s (%s) does not exist", [named.alert, named.role]),
		"path": named.path,
		"pending": input.stage == "pull-request",
		"evidence": [{
			"pointer": named.alert,
			"observed": sprintf("%d alerts, none of this name", [count(_defined)]),
			"expected": "a rule of this name in the tree or in the AlertInventory",
		}],
	}
}

# An alert that nobody hears counts as none.
_faults contains fault if {
	_has_monitoring
	some named in _named
	some reason in _unheard[named.alert]
	fault := {"msg": sprintf("the alert %s (%s) %s", [named.alert, named.role, reason]), "path": named.path}
}

_faults contains fault if {
	_has_monitoring
	_is_all_known
	every named in _watching {
		named.alert in _defined
	}
	some name, _ in _watched
	count(_watching) > 0
	missing := _missing_signals(name)
	count(missing) > 0
	fault := {
		"msg": sprintf("the alerts that are named do not measure %s of %s", [concat(" and ", sort(missing)), name]),
		"path": array.concat(_at, ["alerts"]),
		"evidence": [{
			"pointer": sprintf("signals of %s", [name]),
			"observed": concat(", ", sort(_signals_of(name) | {"none" | count(_signals_of(name)) == 0})),
			"expected": "errors and latency, or the burning of the error budget",
		}],
	}
}

_faults contains fault if {
	_has_monitoring
	not _has_dashboard(_monitoring)
	some name, facts in _watched
	count(shape.list(object.get(facts, "dashboards", []))) == 0
	fault := {
		"msg": sprintf("no dashboard of %s is named, neither in the request nor in the catalogue", [name]),
		"path": _at,
		"because": [facts.source | is_string(facts.source)],
	}
}

_faults contains fault if {
	_has_monitoring
	not _has_schedule
	some name, facts in _watched
	not text.answered(object.get(facts, "on_call", null))
	fault := {
		"msg": sprintf("nobody is named who is on call for %s (preChecks.monitoring.onCall)", [name]),
		"path": _at,
	}
}

_faults contains fault if {
	_has_monitoring
	input.stage == "apply"
	captured := object.get(_monitoring, "baselineCapturedAt", null)
	not instant.valid(captured)
	fault := {
		"msg": "the normal state was not captured before the change (preChecks.monitoring.baselineCapturedAt)",
		"path": _at,
	}
}

_faults contains fault if {
	_has_monitoring
	input.stage == "apply"
	captured_ns := instant.ns(_monitoring.baselineCapturedAt)
	not _is_recent(captured_ns)
	fault := {
		"msg": sprintf("the normal state was captured at %s, not in the %v hours before the start", [
			_monitoring.baselineCapturedAt,
			_baseline_hours,
		]),
		"path": array.concat(_at, ["baselineCapturedAt"]),
	}
}

_baseline_hours := threshold.number(input.config, "PRE-002", "baseline_hours", 24)

_is_recent(captured_ns) if {
	captured_ns <= input.now_ns
	_start_ns - captured_ns <= _baseline_hours * instant.hour
}

_start_ns := input.change.window.start_ns if _is_planned

_start_ns := input.now_ns if not _is_planned

_is_planned if is_object(input.change.window)

_has_dashboard(monitoring) if {
	some link in shape.list(monitoring.dashboards)
	is_string(link)
	regex.match("^https?://", link)
}

_has_schedule if text.answered(sprintf("%v", [_monitoring.onCall]))

_has_schedule if {
	some booking in shape.list(shape.at(input.change, ["spec", "schedule", "bookings"]))
	booking.kind == "on-call"
}

# Alerts that the request relies on, with the place of each name.
_named := _watching | {{"alert": trigger.alert, "role": "a rollback trigger", "path": path} |
	some index, trigger in shape.list(shape.at(input.change, ["spec", "rollback", "triggers"]))
	is_string(trigger.alert)
	path := ["spec", "rollback", "triggers", index, "alert"]
}

_watching := {{"alert": name, "role": "preChecks.monitoring", "path": array.concat(_at, ["alerts", index])} |
	some index, name in shape.list(object.get(_monitoring, "alerts", []))
	is_string(name)
}

_alerts := alert.all(input)

_defined := {one.name | some one in _alerts}

# The rules of these services are at hand: what is not among them is not there.
_is_all_known if context.given(input, "alert_inventories")

_is_all_known if {
	some one in _alerts
	one.service in object.keys(_watched)
}

# Why nobody hears an alert, by its name; one of the name that is heard is enough.
_unheard[name] := reasons if {
	some name in _defined
	same := [one | some one in _alerts; one.name == name]
	reasons := {reason | some one in same; some reason in _reasons(one)}
	every one in same {
		count(_reasons(one)) > 0
	}
}

_reasons(one) := {one.fault | is_string(one.fault)} | {"is silenced for the window (communications.silences)" |
	some quiet in _silences
	silence.covers(quiet, one.labels)
}

_silences := [silence.matchers(object.get(written, "matchers", [])) |
	some written in shape.list(shape.at(input.change, ["spec", "communications", "silences"]))
	is_object(written)
]

_signals_of(name) := {signal |
	some named in _watching
	some one in _alerts
	one.name == named.alert
	_belongs(one, name)
	some signal in alert.signals(one)
}

_belongs(one, name) if one.service == name

_belongs(one, _) if one.service == null

_missing_signals(name) := set() if "burn" in _signals_of(name)

_missing_signals(name) := {"errors", "latency"} - _signals_of(name) if not "burn" in _signals_of(name)

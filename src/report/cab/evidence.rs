//! What was checked before the change, how it would go back, and how its services fare.
//!
//! What a request says about itself is asserted. It is verified where another document says the same: the deployment of
//! the staging soak, the drill of the restore or of the rollback.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::change::Request;
use super::page::{Evidence, Fact, Incident, Word};
use crate::facts::World;
use crate::report::text;

/// Incidents older than this say little about the present.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 90);

pub(super) fn checks(request: &Request, world: &World, now: Timestamp) -> Vec<Evidence> {
    let mut rows = Vec::new();
    for backup in request.list("/preChecks/backups") {
        rows.push(backup_row(backup, world, now));
    }
    let alerts: Vec<String> = request.list("/preChecks/monitoring/alerts").iter().map(text::value).collect();
    rows.push(row("Monitoring", &alerts.join(", "), "", !alerts.is_empty(), false));
    rows.push(staging(request, world));
    let tested = request.text("/rollback/testedAt");
    let age = text::age(&tested, now).unwrap_or_default();
    let drilled = !tested.is_empty() && entries(world, "drills").any(|drill| instants_equal(&drill["at"], &tested));
    rows.push(row("Rollback test", &request.text("/rollback/testEvidence"), &age, !tested.is_empty(), drilled));
    if !request.at("/preChecks/loadTest").is_null() {
        rows.push(row("Load test", &request.text("/preChecks/loadTest/evidence"), "", true, false));
    }
    rows
}

fn backup_row(backup: &Value, world: &World, now: Timestamp) -> Evidence {
    let word = |key: &str| backup[key].as_str().unwrap_or_default();
    let detail = [word("resource"), word("kind"), word("evidence")].into_iter().filter(|w| !w.is_empty());
    let tested = ["restoreTestedAt", "testedAt", "takenAt", "at"].into_iter().map(word).find(|w| !w.is_empty());
    let verified = tested.is_some_and(|at| entries(world, "drills").any(|drill| instants_equal(&drill["at"], at)));
    let age = tested.and_then(|at| text::age(at, now)).unwrap_or_default();
    row("Backup", &detail.collect::<Vec<_>>().join(", "), &age, true, verified)
}

fn staging(request: &Request, world: &World) -> Evidence {
    let deploy = request.text("/preChecks/staging/deployId");
    let known = entries(world, "deploys").find(|entry| entry["id"].as_str() == Some(deploy.as_str()));
    let verified = known.is_some_and(|entry| entry["result"] == "success");
    let soak = request.text("/preChecks/staging/soak");
    let detail = [deploy.as_str(), soak.as_str()].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(", ");
    row("Staging", &detail, "", !deploy.is_empty(), verified)
}

fn row(what: &'static str, detail: &str, age: &str, given: bool, verified: bool) -> Evidence {
    let badge = match (given, verified) {
        (true, true) => Word::new("verified", "good"),
        (true, false) => Word::new("asserted", "warn"),
        (false, _) => Word::new("missing", "bad"),
    };
    Evidence { what, detail: detail.to_owned(), age: age.to_owned(), badge }
}

fn instants_equal(entry: &Value, other: &str) -> bool {
    let parse = |text: &str| text.parse::<Timestamp>().ok();
    entry.as_str().and_then(parse).is_some_and(|at| Some(at) == parse(other))
}

fn entries<'a>(world: &'a World, kind: &str) -> impl Iterator<Item = &'a Value> {
    world.context.get(kind).and_then(|context| context.entries.as_array()).into_iter().flatten()
}

pub(super) fn rollback(request: &Request, world: &World, now: Timestamp) -> Vec<Fact> {
    if request.at("/rollback").is_null() {
        return vec![Fact::toned("Plan", "none", "bad")];
    }
    let tested = text::age(&request.text("/rollback/testedAt"), now);
    let reversible = request.text("/rollback/dataReversibility");
    let reversible_tone = if matches!(reversible.as_str(), "" | "reversible") { "" } else { "bad" };
    let triggers: Vec<String> = request.list("/rollback/triggers").iter().map(trigger).collect();
    let mut facts = vec![
        Fact::new("Strategy", request.text("/rollback/strategy")),
        Fact::new("Triggers", triggers.join("; ")),
        Fact::new("Decides", request.text("/rollback/decisionOwner")),
        fits(world),
        Fact::new("Last tested", tested.unwrap_or_else(|| "never".into())),
        Fact::toned("Data", reversible, reversible_tone),
        Fact::new("Point of no return", request.text("/rollback/pointOfNoReturn")),
    ];
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

/// The rollback against the shortest recovery time that a service of the scope promises.
fn fits(world: &World) -> Fact {
    let Some(change) = &world.change else { return Fact::new("Takes at most", "") };
    let Some(window) = change.window else { return Fact::new("Takes at most", "") };
    let takes = text::duration(window.rollback_ns);
    match change.services.iter().filter_map(|s| s.entry.rto_ns).min() {
        Some(rto) if window.rollback_ns > rto => {
            Fact::toned("Takes at most", format!("{takes}, longer than the RTO of {}", text::duration(rto)), "bad")
        }
        Some(rto) => {
            Fact::toned("Takes at most", format!("{takes}, within the RTO of {}", text::duration(rto)), "good")
        }
        None => Fact::new("Takes at most", takes),
    }
}

fn trigger(trigger: &Value) -> String {
    let word = |key: &str| trigger[key].as_str().map(str::to_owned);
    match (word("alert"), word("metric")) {
        (Some(alert), _) => alert,
        (None, Some(metric)) => {
            let period = word("for").map(|period| format!(" for {period}")).unwrap_or_default();
            let comparator = word("comparator").unwrap_or_default();
            text::cut(&format!("{metric} {comparator} {}{period}", trigger["threshold"]))
        }
        _ => text::value(trigger),
    }
}

pub(super) fn reliability(world: &World) -> Vec<Fact> {
    let objectives = entries(world, "slo").filter(|entry| concerns(world, &entry["service"]));
    let budget = |entry: &Value| {
        let left = entry["budgetRemaining"].as_f64()?;
        let tone = if left <= 0.0 {
            "bad"
        } else if left < 0.25 {
            "warn"
        } else {
            "good"
        };
        let name = entry["slo"].as_str().or(entry["service"].as_str()).unwrap_or("objective");
        Some(Fact::toned("Error budget", format!("{name}: {:.0} % left", left * 100.0), tone))
    };
    objectives.filter_map(budget).collect()
}

pub(super) fn incidents(world: &World, zone: &TimeZone, now: Timestamp) -> Vec<Incident> {
    let recent = |entry: &&Value| {
        let at = entry["startedAt"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        at.is_none_or(|at| now.duration_since(at) <= LOOK_BACK)
    };
    let touched = |entry: &&Value| {
        entry["services"].as_array().is_none_or(|services| services.iter().any(|service| concerns(world, service)))
    };
    entries(world, "incidents").filter(touched).filter(recent).map(|entry| incident(entry, zone)).collect()
}

fn incident(entry: &Value, zone: &TimeZone) -> Incident {
    let word = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let status = word("status");
    let tone = if status == "resolved" { "good" } else { "bad" };
    let started = word("startedAt");
    let when = started.parse().map_or_else(|_| started.clone(), |at| text::instant(at, zone));
    let services = entry["services"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Incident {
        id: word("id"),
        title: text::cut(&word("title")),
        severity: word("severity"),
        status: Word::new(status, tone),
        when,
        services: services.collect::<Vec<_>>().join(", "),
    }
}

/// Whether a reference means a service of the scope.
fn concerns(world: &World, service: &Value) -> bool {
    let name = service.as_str().map(|text| text.rsplit(['/', ':']).next().unwrap_or(text));
    world.change.iter().flat_map(|change| &change.services).any(|scoped| name == Some(scoped.name.as_str()))
}

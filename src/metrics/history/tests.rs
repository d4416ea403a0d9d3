//! Bad input, each kind: counted and shown, never silently dropped.

use jiff::Timestamp;

use super::*;
use crate::audit::tally::JudgedChange;
use crate::metrics::quality::Problem;
use crate::metrics::record::{
    ActionItem, Announced, Cause, Deployment, DeploymentResult, Incident, Provenance, Records, Review, Trust,
};

const NOW: &str = "2030-06-30T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn said(index: u64) -> Provenance {
    Provenance { source: "log.yaml".into(), index, trust: Trust::Asserted }
}

fn deployment(n: u64, change: Option<&str>, finished: &str, result: DeploymentResult) -> Deployment {
    Deployment {
        id: Some(format!("dep-{n}").into()),
        change: change.map(Into::into),
        digest: None,
        commit: None,
        service: "orders".into(),
        started: None,
        finished: at(finished),
        committed: None,
        result,
        rollback_of: None,
        unplanned: false,
        actor: None,
        provenance: said(n),
    }
}

fn incident(n: u64, started: &str, recovered: Option<&str>, cause: Cause) -> Incident {
    Incident {
        id: format!("INC-{n}").into(),
        services: vec!["orders".into()],
        started: at(started),
        recovered: recovered.map(at),
        cause,
        tags: vec!["cache".into()],
        recurrence_of: None,
        provenance: said(n),
    }
}

fn judged(change: &str, digest: &str, applied: &str) -> JudgedChange {
    JudgedChange {
        key: change.into(),
        change: Some(change.into()),
        digest: Some(digest.into()),
        head: Some(format!("head-of-{change}").into()),
        service: Some("orders".into()),
        index: 0,
        first: at(applied),
        last: at(applied),
        applied: Some(at(applied)),
        approved: None,
        decisions: 1,
        denied: 0,
        resources: 1,
        overridden: false,
        waived: false,
        frozen: false,
    }
}

fn owners() -> Owners {
    let owner = Owner { team: Some("shop".into()), rto: Some(1.0) };
    Owners([("orders".to_owned(), owner)].into())
}

fn history(records: Records) -> History {
    link(records, &owners(), at(NOW))
}

use DeploymentResult::{AbortedCanary, Cancelled, Failed, RolledBack, Success};

#[test]
fn waves_and_sources_of_one_change_are_one_deployment() {
    let day = "2030-06-01T10:00:00Z";
    let by_digest =
        Deployment { digest: Some("sha256:1".into()), ..deployment(2, None, "2030-06-01T11:00:00Z", Success) };
    let by_commit =
        Deployment { commit: Some("head-of-CHG-1".into()), ..deployment(3, None, "2030-06-01T12:00:00Z", Success) };
    let records = Records {
        judged: vec![judged("CHG-1", "sha256:1", day)],
        deployments: vec![deployment(1, Some("CHG-1"), day, Success), by_digest, by_commit],
        ..Records::default()
    };
    let history = history(records);
    assert_eq!(history.deployments.len(), 1);
    let one = &history.deployments[0];
    assert_eq!((one.at, one.provenance.trust), (at(day), Trust::Verified), "the gate let it through");
    assert_eq!(history.quality.count(Problem::DeploymentWithoutChange), 0);
}

#[test]
fn what_went_wrong_with_a_deployment() {
    let rollback =
        Deployment { rollback_of: Some("dep-3".into()), ..deployment(4, None, "2030-06-03T12:00:00Z", Success) };
    let records = Records {
        deployments: vec![
            deployment(1, Some("CHG-1"), "2030-06-01T10:00:00Z", Success),
            deployment(2, Some("CHG-2"), "2030-06-02T10:00:00Z", AbortedCanary),
            deployment(3, Some("CHG-3"), "2030-06-03T10:00:00Z", RolledBack),
            rollback,
            deployment(5, Some("CHG-5"), "2030-06-05T10:00:00Z", Cancelled),
            deployment(6, Some("CHG-6"), "2030-06-06T10:00:00Z", Failed),
            deployment(7, Some("CHG-7"), "2030-06-30T10:00:00Z", Success),
        ],
        incidents: vec![
            incident(1, "2030-06-01T10:30:00Z", Some("2030-06-01T11:00:00Z"), Cause::Change("CHG-1".into())),
            incident(7, "2030-06-30T11:00:00Z", None, Cause::Change("CHG-7".into())),
        ],
        ..Records::default()
    };
    let history = history(records);
    let told: Vec<_> = history
        .deployments
        .iter()
        .map(|d| (d.change.as_deref().unwrap(), d.failed, d.caught, d.recovery.map(|r| (r.hours, r.over))))
        .collect();
    assert_eq!(
        told,
        [
            ("CHG-1", true, false, Some((0.5, true))),
            ("CHG-2", false, true, None),
            ("CHG-3", true, false, Some((2.0, true))),
            ("CHG-6", true, false, None),
            ("CHG-7", true, false, Some((1.0, false))),
        ],
        "an open incident is censored, a rollback is no deployment"
    );
    assert_eq!(history.quality.count(Problem::UnknownRecovery), 1);
    let owed: Vec<_> = history.debts.iter().map(|d| (d.about.as_deref().unwrap(), d.team)).collect();
    assert_eq!(owed, [("CHG-1", Some(0)), ("CHG-3", Some(0)), ("CHG-6", Some(0))], "CHG-7 has five business days");
    assert!(history.debts.iter().all(|d| !d.paid));
}

#[test]
fn what_cannot_be_is_told() {
    let backwards = Deployment {
        started: Some(at("2030-06-02T00:00:00Z")),
        ..deployment(2, Some("CHG-2"), "2030-06-01T00:00:00Z", Success)
    };
    let older = Deployment {
        committed: Some(at("2030-06-04T00:00:00Z")),
        ..deployment(3, Some("CHG-3"), "2030-06-03T00:00:00Z", Success)
    };
    let records = Records {
        deployments: vec![
            deployment(1, Some("CHG-1"), "2031-01-01T00:00:00Z", Success),
            backwards,
            older,
            deployment(4, None, "2030-06-04T00:00:00Z", Success),
            deployment(5, Some("CHG-5"), "2030-06-05T00:00:00Z", Success),
            deployment(5, Some("CHG-5"), "2030-06-05T00:00:00Z", Success),
            deployment(5, Some("CHG-9"), "2030-06-05T00:00:00Z", Success),
        ],
        incidents: vec![
            incident(1, "2030-06-01T00:00:00Z", Some("2030-05-01T00:00:00Z"), Cause::None),
            incident(2, "2031-06-01T00:00:00Z", None, Cause::None),
            incident(3, "2030-06-01T00:00:00Z", None, Cause::Change("CHG-404".into())),
            Incident { services: Vec::new(), ..incident(4, "2030-06-01T00:00:00Z", None, Cause::Unknown) },
            incident(3, "2030-06-01T00:00:00Z", None, Cause::Change("CHG-404".into())),
        ],
        reviews: vec![Review { change: "CHG-404".into(), outcome: None, provenance: said(1) }],
        ..Records::default()
    };
    let history = history(records);
    let counts = [
        (Problem::ClockSkew, 4),
        (Problem::NegativeLeadTime, 1),
        (Problem::Duplicate, 2),
        (Problem::Conflict, 1),
        (Problem::DeploymentWithoutChange, 1),
        (Problem::IncidentOfUnknownChange, 1),
        (Problem::IncidentWithoutService, 1),
        (Problem::ReviewOfUnknownChange, 1),
    ];
    for (problem, count) in counts {
        assert_eq!(history.quality.count(problem), count, "{problem:?}");
    }
    assert_eq!(history.deployments.len(), 3);
    assert!(history.deployments[0].lead.is_none());
    assert_eq!(history.outages.len(), 2);
}

#[test]
fn the_trail_alone_tells_of_deployments_where_nobody_else_does() {
    let apart = JudgedChange { service: Some("cart".into()), ..judged("CHG-2", "sha256:2", "2030-06-02T10:00:00Z") };
    let nowhere = JudgedChange { service: None, ..judged("CHG-4", "sha256:4", "2030-06-02T10:00:00Z") };
    let future = judged("CHG-5", "sha256:5", "2030-07-02T10:00:00Z");
    let records = Records {
        trail: "audit".into(),
        judged: vec![judged("CHG-1", "sha256:1", "2030-06-01T10:00:00Z"), apart, nowhere, future],
        deployments: vec![deployment(3, Some("CHG-3"), "2030-06-03T10:00:00Z", Success)],
        ..Records::default()
    };
    let history = history(records);
    let changes: Vec<&str> = history.deployments.iter().filter_map(|d| d.change.as_deref()).collect();
    assert_eq!(changes, ["CHG-2", "CHG-3"], "deployments of orders are recorded: CHG-1 is not one of them");
    assert_eq!(history.deployments[0].provenance.trust, Trust::Verified);
    for (problem, count) in [
        (Problem::DecisionWithoutDeployment, 1),
        (Problem::DeploymentWithoutDecision, 1),
        (Problem::DecisionWithoutService, 1),
        (Problem::ServiceWithoutTeam, 1),
        (Problem::ClockSkew, 1),
    ] {
        assert_eq!(history.quality.count(problem), count, "{problem:?}");
    }
}

#[test]
fn incidents_repeat_within_ninety_days() {
    let records = Records {
        incidents: vec![
            incident(1, "2030-01-01T00:00:00Z", Some("2030-01-01T01:00:00Z"), Cause::None),
            incident(2, "2030-03-01T00:00:00Z", Some("2030-03-01T01:00:00Z"), Cause::None),
            incident(3, "2030-06-15T00:00:00Z", Some("2030-06-15T01:00:00Z"), Cause::None),
        ],
        ..Records::default()
    };
    let history = history(records);
    assert_eq!(history.outages.iter().map(|o| o.repeats).collect::<Vec<_>>(), [None, Some(true), None]);
}

#[test]
fn emergencies_and_actions_are_owed() {
    let action = |owner: Option<&str>, due: Option<&str>, done| ActionItem {
        follows: Some("INC-1".into()),
        owner: owner.map(Into::into),
        due: due.map(|day| day.parse().unwrap()),
        done,
        provenance: said(1),
    };
    let records = Records {
        judged: vec![judged("CHG-1", "sha256:1", "2030-06-01T10:00:00Z")],
        announced: vec![Announced { change: "CHG-1".into(), emergency: true, team: None }],
        incidents: vec![incident(1, "2030-06-01T00:00:00Z", None, Cause::None)],
        actions: vec![
            action(Some("somebody"), Some("2030-06-29"), false),
            action(Some("shop"), Some("2030-06-30"), false),
            action(None, Some("2030-06-01"), true),
            action(None, None, false),
        ],
        ..Records::default()
    };
    let history = history(records);
    let due: Vec<_> = history.debts.iter().map(|d| (d.kind, d.team, d.paid)).collect();
    let (done, review, late) =
        ((DebtKind::Action, Some(0), true), (DebtKind::Review, Some(0), false), (DebtKind::Action, Some(0), false));
    assert_eq!(due, [done, review, late], "of the last day nothing is overdue");
    assert_eq!(history.changes[0].emergency, Some(true));
}

#[test]
fn a_young_service_is_told() {
    let records = Records {
        deployments: vec![deployment(1, Some("CHG-1"), "2030-06-29T00:00:00Z", Success)],
        ..Records::default()
    };
    assert_eq!(history(records).quality.count(Problem::ShortHistory), 1);
}

/// A decision of a check that had no request: all it knows of the change is the commit.
fn judged_commit(head: &str, applied: Option<&str>) -> JudgedChange {
    JudgedChange {
        key: head.into(),
        change: None,
        digest: None,
        head: Some(head.into()),
        applied: applied.map(at),
        ..judged(head, "", applied.unwrap_or("2030-06-01T08:00:00Z"))
    }
}

/// As it landed: `id` is the commit on the branch, `commit` the head that it merges.
fn landed(n: u64, change: Option<&str>, merge: &str, head: &str, finished: &str) -> Deployment {
    Deployment {
        id: Some(merge.into()),
        commit: Some(head.into()),
        provenance: Provenance { source: "branch main".into(), index: n, trust: Trust::Verified },
        ..deployment(n, change, finished, Success)
    }
}

#[test]
fn a_trailer_names_what_was_judged_by_its_commit() {
    let day = "2030-06-01T10:00:00Z";
    let checked = JudgedChange { approved: Some(at("2030-06-01T04:00:00Z")), ..judged_commit("head-1", None) };
    let records = Records {
        judged: vec![checked, judged_commit("merge-1", Some(day)), judged_commit("merge-2", Some(day))],
        deployments: vec![landed(1, Some("CHG-1"), "merge-1", "head-1", day)],
        announced: vec![Announced { change: "CHG-1".into(), emergency: true, team: None }],
        reviews: vec![Review { change: "head-1".into(), outcome: None, provenance: said(1) }],
        ..Records::default()
    };
    let history = history(records);
    assert_eq!(history.quality.count(Problem::DeploymentWithoutDecision), 0, "{:?}", history.quality);
    assert_eq!(history.quality.count(Problem::DecisionWithoutDeployment), 1, "of merge-2 alone");
    assert_eq!(history.quality.count(Problem::ReviewOfUnknownChange), 0);
    let told: Vec<_> = history.changes.iter().map(|c| (&*c.key, c.emergency, c.review_age)).collect();
    assert_eq!(told, [("CHG-1", Some(true), Some(6.0)), ("merge-2", None, None)], "one change, by whatever name");
    assert_eq!(history.deployments.len(), 1);
    assert!(history.debts.iter().all(|d| d.paid), "the review names the commit");
}

#[test]
fn a_merge_is_the_change_that_was_judged_on_it_or_on_its_head() {
    let day = "2030-06-01T10:00:00Z";
    let on = |change, head: &str| JudgedChange { head: Some(head.into()), ..judged(change, "", day) };
    let records = Records {
        judged: vec![on("CHG-1", "merge-1"), on("CHG-2", "head-2")],
        deployments: vec![landed(1, None, "merge-1", "head-1", day), landed(2, None, "merge-2", "head-2", day)],
        ..Records::default()
    };
    let history = history(records);
    let changes: Vec<&str> = history.deployments.iter().filter_map(|d| d.change.as_deref()).collect();
    assert_eq!(changes, ["CHG-1", "CHG-2"]);
    assert_eq!(history.quality.iter().count(), 0, "{:?}", history.quality);
}

#[test]
fn a_commit_of_two_changes_names_neither_where_both_touch_the_service() {
    let day = "2030-06-01T10:00:00Z";
    let on = |change, service: &str| JudgedChange {
        head: Some("head".into()),
        service: Some(service.into()),
        ..judged(change, "", day)
    };
    let to = |n, service: &str| Deployment {
        commit: Some("head".into()),
        service: service.into(),
        ..deployment(n, None, day, Success)
    };
    let records = Records {
        judged: vec![on("CHG-1", "cart"), on("CHG-2", "orders"), on("CHG-3", "pay"), on("CHG-4", "pay")],
        deployments: vec![to(1, "cart"), to(2, "orders"), to(3, "pay")],
        ..Records::default()
    };
    let history = history(records);
    let changes: Vec<Option<&str>> = history.deployments.iter().map(|d| d.change.as_deref()).collect();
    assert_eq!(changes, [Some("CHG-1"), Some("CHG-2"), None], "never guessed");
    assert_eq!(history.quality.count(Problem::DeploymentWithoutChange), 1);
}

#[test]
fn an_incident_may_name_the_commit() {
    let by = |n, commit: &str| {
        incident(n, "2030-06-01T11:00:00Z", Some("2030-06-01T12:00:00Z"), Cause::Change(commit.into()))
    };
    let records = Records {
        judged: vec![judged_commit("head-2", Some("2030-06-01T10:00:00Z"))],
        deployments: vec![
            landed(1, Some("CHG-1"), "merge-1", "head-1", "2030-06-01T10:00:00Z"),
            landed(2, None, "merge-2", "head-2", "2030-06-01T10:30:00Z"),
        ],
        incidents: vec![by(1, "merge-1"), by(2, "head-2"), by(3, "head-3")],
        ..Records::default()
    };
    let history = history(records);
    assert!(history.deployments.iter().all(|d| d.failed && d.recovery.is_some()), "{:?}", history.deployments);
    assert_eq!(history.quality.count(Problem::IncidentOfUnknownChange), 1);
    assert_eq!(history.outages.iter().map(|o| o.by_change).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn a_revert_is_linked_to_what_it_takes_back() {
    let revert = |n, id: &str, of: &str, finished: &str| Deployment {
        rollback_of: Some(of.into()),
        ..landed(n, None, id, id, finished)
    };
    let records = Records {
        deployments: vec![
            landed(1, Some("CHG-1"), "merge-1", "head-1", "2030-06-01T10:00:00Z"),
            revert(2, "revert-1", "merge-1", "2030-06-01T12:00:00Z"),
            revert(3, "revert-2", "revert-1", "2030-06-02T10:00:00Z"),
            revert(4, "revert-3", "long-ago", "2030-06-03T10:00:00Z"),
        ],
        ..Records::default()
    };
    let history = history(records);
    let told: Vec<_> = history.deployments.iter().map(|d| (d.failed, d.recovery.map(|r| r.hours))).collect();
    assert_eq!(told, [(true, Some(2.0)), (false, None)], "taking a revert back brings the change in again");
    let problems: Vec<_> = history.quality.iter().map(|(problem, seen)| (problem, seen.count)).collect();
    let unknown = (Problem::RollbackOfUnknownDeployment, 1);
    assert_eq!(problems, [(Problem::DeploymentWithoutChange, 1), unknown], "{:?}", history.quality);
    assert!(history.quality.iter().any(|(_, seen)| seen.examples == ["branch main, entry 5 (revert-3): long-ago"]));
}

#[test]
fn an_emergency_that_went_around_the_gate_counts() {
    let announced = |change: &str, emergency| Announced { change: change.into(), emergency, team: None };
    let records = Records {
        judged: vec![judged("CHG-1", "sha256:1", "2030-06-01T10:00:00Z")],
        deployments: vec![
            deployment(1, Some("CHG-1"), "2030-06-01T10:00:00Z", Success),
            deployment(2, Some("CHG-2"), "2030-06-02T10:00:00Z", Success),
            deployment(3, Some("CHG-3"), "2030-06-03T10:00:00Z", Success),
            deployment(4, Some("CHG-4"), "2030-06-03T10:00:00Z", Success),
        ],
        announced: vec![announced("CHG-1", false), announced("CHG-2", true), announced("CHG-3", false)],
        ..Records::default()
    };
    let history = history(records);
    let owed: Vec<_> = history.debts.iter().map(|d| d.about.as_deref().unwrap()).collect();
    assert_eq!(owed, ["CHG-2"]);
    let summary = crate::metrics::summary::summarise(&history, &jiff::tz::TimeZone::UTC, false);
    let emergencies = summary.organisation.headline().unwrap().emergencies.counts;
    assert_eq!((emergencies.k, emergencies.n), (1, 3), "of the fourth nobody knows");
}

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::super::history::{Changed, Deployed, History, Outage, Recovery, Service};
use super::super::record::{Provenance, Trust};
use super::*;
use crate::metrics::truth;

const NOW: &str = "2030-06-30T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

fn said() -> Provenance {
    Provenance { source: "log".into(), index: 0, trust: Trust::Asserted }
}

fn deployed(service: usize, days: i64, failed: bool) -> Deployed {
    Deployed {
        service,
        change: None,
        at: days_ago(days),
        failed,
        caught: false,
        unplanned: false,
        emergency: None,
        lead: Some(days as f64),
        recovery: failed.then_some(Recovery { hours: 1.0, over: true }),
        actor: Some("ann".into()),
        provenance: said(),
    }
}

fn history(mut deployments: Vec<Deployed>) -> History {
    deployments.sort_by_key(|d| d.at);
    let service = |name: &str, team| Service { name: name.into(), team: Some(team), rto: None, first: days_ago(3650) };
    History {
        now: now(),
        services: vec![service("cart", 0), service("orders", 1)],
        teams: vec!["a".into(), "b".into()],
        deployments,
        ..History::default()
    }
}

#[test]
fn weeks_of_nothing_are_rows() {
    let summary = summarise(&history(vec![deployed(0, 70, false), deployed(0, 0, true)]), &TimeZone::UTC, false);
    let weeks = &summary.teams[0].weeks;
    assert_eq!((weeks.len(), weeks.iter().filter(|w| w.deployments == 0).count()), (11, 9));
    assert_eq!(weeks.last().unwrap().failed, 1);
    assert!(summary.teams[1].weeks.is_empty(), "never seen");
    assert!(summary.people.is_none());
}

#[test]
fn ten_years_of_one_service_and_two_days_of_another() {
    let mut all: Vec<Deployed> = (0..520).map(|week| deployed(0, 7 * week, false)).collect();
    all.push(deployed(1, 2, false));
    all.push(deployed(1, 1, true));
    let summary = summarise(&history(all), &TimeZone::UTC, false);
    let old = summary.services[0].headline().unwrap();
    assert_eq!((old.observed_days, old.deployments), (180.0, 26));
    let young = summary.services[1].headline().unwrap();
    assert_eq!((young.observed_days, young.deployments), (2.0, 2));
    let rate = young.frequency.unwrap();
    assert!(rate.interval.low < 1.0 && rate.interval.high > 20.0, "two days say little: {rate:?}");
    assert_eq!(summary.teams[0].weeks.len(), 104);
    assert_eq!(summary.organisation.windows.len(), 4 + 8);
    let compared = &summary.compared[1];
    assert_eq!((compared.own, compared.p), (Proportion { k: 1, n: 2 }, None), "nothing about fewer than ten");
    assert!(summary.flags.is_empty());
}

#[test]
fn one_signal_is_none() {
    // Half of a team's deployments fail, which is beyond chance; nothing else speaks against it.
    let mut all: Vec<Deployed> = (0..40).map(|n| deployed(0, n, n % 2 == 0)).collect();
    all.extend((0..100).map(|n| deployed(1, n, n % 20 == 0)));
    let mut history = history(all);
    let summary = summarise(&history, &TimeZone::UTC, false);
    assert!(summary.compared[0].q.unwrap() < 0.001);
    assert!(summary.flags.is_empty(), "{:?}", summary.flags);
    // Recoveries beyond the objective are another fact.
    history.services[0].rto = Some(0.5);
    let summary = summarise(&history, &TimeZone::UTC, true);
    let flag = &summary.flags[0];
    assert_eq!((&*flag.team, flag.signals.len()), ("a", 2));
    assert!(flag.signals[0].evidence.starts_with("20 of 40 deployments failed in 180 days: 50.0 %"), "{flag:?}");
    assert!(flag.signals[1].evidence.starts_with("20 of 20 recoveries took longer"), "{flag:?}");
    assert_eq!(summary.people.unwrap()[0].deployments, Proportion { k: 25, n: 140 });
}

#[test]
fn a_correlation_needs_weeks_and_incidents() {
    let mut history = history((0..200).map(|n| deployed(0, n, false)).collect());
    assert!(summarise(&history, &TimeZone::UTC, false).teams[0].correlation.is_empty());
    history.outages = (0..30)
        .map(|n| Outage {
            id: format!("{n}").into(),
            services: vec![0],
            started: days_ago(199 - (n * n) / 5),
            by_change: false,
            repeats: None,
            provenance: said(),
        })
        .collect();
    let summary = summarise(&history, &TimeZone::UTC, false);
    let lags: Vec<usize> = summary.teams[0].correlation.iter().map(|c| c.lag).collect();
    assert_eq!(lags, [0, 1, 2, 3]);
    let per_100 = summary.teams[0].headline().unwrap().incidents_per_100.unwrap();
    assert!(per_100.interval.contains(per_100.rate));
}

#[test]
fn the_heat_map_has_every_hour_once() {
    let summary = summarise(&history(vec![deployed(0, 0, true)]), &TimeZone::get("Europe/Berlin").unwrap(), false);
    assert_eq!(summary.heat.len(), 168);
    // Sunday, 12:00 UTC, is 14:00 in Berlin.
    let hit = summary.heat.iter().find(|cell| cell.deployments.n > 0).unwrap();
    assert_eq!((hit.weekday, hit.hour, hit.deployments.k), (6, 14, 1));
    assert_eq!(summary.zone, "Europe/Berlin");
}

#[test]
fn a_change_to_two_services_is_one_change() {
    let changed = |n: i64, service: usize, resources: u64| Changed {
        key: format!("CHG-{n}").into(),
        service: Some(service),
        at: days_ago(n),
        resources,
        emergency: Some(service == 1 && n == 3),
        overridden: service == 0 && n < 2,
        waived: false,
        frozen: false,
        review_age: Some(n as f64),
    };
    let mut history = history(Vec::new());
    history.services[1].team = Some(0);
    history.changes = (0..10).rev().flat_map(|n| [changed(n, 0, 3), changed(n, 1, 4)]).collect();
    let summary = summarise(&history, &TimeZone::UTC, false);
    for scope in [&summary.organisation, &summary.teams[0]] {
        let measures = scope.headline().unwrap();
        assert_eq!((measures.changes, measures.batch.n, measures.batch.median), (10, 10, Some(7.0)));
        assert_eq!(measures.overrides.counts, Proportion { k: 2, n: 10 });
        assert_eq!(measures.emergencies.counts, Proportion { k: 1, n: 10 });
        assert_eq!((measures.review_age.n, measures.review_age.median), (10, Some(4.5)));
    }
    assert_eq!(summary.services[0].headline().unwrap().batch.median, Some(3.0));
}

#[test]
fn nothing_is_said_about_too_few() {
    let of = |n: i64| {
        let all = (0..n).map(|day| deployed(0, day, true)).collect();
        let summary = summarise(&history(all), &TimeZone::UTC, false);
        summary.teams[0].headline().unwrap().clone()
    };
    let few = of(9);
    assert_eq!(
        (few.fail_rate.counts, few.fail_rate.rate, few.fail_rate.interval),
        (Proportion { k: 9, n: 9 }, None, None)
    );
    assert_eq!((few.lead_time.n, few.lead_time.median, few.lead_time.p90), (9, None, None));
    assert_eq!((few.recovery.over, few.recovery.median.value, few.recovery.p90.value), (9, None, None));
    assert!(few.incidents_per_100.is_none());
    let enough = of(10);
    assert!(enough.fail_rate.rate.is_some() && enough.lead_time.p90.is_some() && enough.incidents_per_100.is_some());
    assert_eq!(enough.recovery.median.value, Some(1.0));
}

#[test]
fn what_a_service_owes_is_told_of_the_service() {
    let summary = truth::summary(1);
    for (team, service) in summary.teams.iter().zip(&summary.services) {
        let owed = |scope: &Scope| scope.headline().map(|m| (m.overdue_reviews, m.overdue_actions)).unwrap();
        assert_eq!(owed(team), owed(service), "{} has one service", team.name);
    }
    assert!(summary.services.iter().any(|s| s.headline().unwrap().overdue_reviews > 0));
}

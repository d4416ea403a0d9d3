use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::super::history::{Deployed, History, Outage, Recovery, Service};
use super::super::record::{Provenance, Trust};
use super::*;

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
    assert_eq!((old.observed_days.round(), old.deployments), (180.0, 26));
    let young = summary.services[1].headline().unwrap();
    assert_eq!((young.observed_days.round(), young.deployments), (2.0, 2));
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

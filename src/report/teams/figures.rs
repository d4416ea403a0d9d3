//! Figures as people read them: never without what they rest on, and none where there is too little.

use crate::metrics::statistics::{FEWEST, Interval};
use crate::metrics::summary::{Durations, Measures, Rate, Recoveries, Share};

/// One measure of every window.
pub(super) type Figure = (&'static str, fn(&Measures) -> String);

/// What the table of a scope shows, in its order.
pub(super) const FIGURES: [Figure; 17] = [
    ("Deployments", |m| format!("{} in {} observed days", m.deployments, m.observed_days.round())),
    ("Deployment frequency, a week", |m| rate(m.frequency, m.observed_days.round() >= 28.0)),
    ("Change lead time", |m| hours(&m.lead_time)),
    ("Change fail rate", |m| share(&m.fail_rate)),
    ("Fail rate pulled towards all", |m| if m.deployments == 0 { "none".into() } else { percent(m.fail_rate_shrunk) }),
    ("Failed deployment recovery time", |m| recoveries(&m.recovery)),
    ("Deployment rework rate", |m| share(&m.rework)),
    ("Caught by the canary", |m| share(&m.caught)),
    ("Changes judged", |m| m.changes.to_string()),
    ("Batch size, resources", |m| sizes(&m.batch)),
    ("Emergencies", |m| share(&m.emergencies)),
    ("Overrides", |m| share(&m.overrides)),
    ("Waivers", |m| share(&m.waivers)),
    ("Met a freeze", |m| share(&m.freezes)),
    ("Age of the last approval at apply", |m| hours(&m.review_age)),
    ("Incidents, on 100 deployments", |m| {
        let few = (1..FEWEST).contains(&m.deployments);
        format!("{}; {}", m.incidents, if few { TOO_LITTLE.into() } else { rate(m.incidents_per_100, true) })
    }),
    ("Overdue reviews and actions", |m| format!("{} and {}", m.overdue_reviews, m.overdue_actions)),
];

const TOO_LITTLE: &str = "too little to say";

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

pub(super) fn share(share: &Share) -> String {
    let (k, n) = (share.counts.k, share.counts.n);
    match (share.rate, share.interval) {
        (Some(rate), Some(Interval { low, high })) => {
            format!("{} ({} to {}), {k} of {n}", percent(rate), percent(low), percent(high))
        }
        _ if n == 0 => "none".into(),
        _ => format!("{k} of {n}: too few to say"),
    }
}

fn rate(rate: Option<Rate>, enough: bool) -> String {
    match rate {
        Some(Rate { rate, interval }) if enough => format!("{rate:.1} ({:.1} to {:.1})", interval.low, interval.high),
        Some(_) => TOO_LITTLE.into(),
        None => "none".into(),
    }
}

/// Hours in the unit that suits them.
pub(super) fn time(hours: f64) -> String {
    match hours {
        h if h < 1.0 => format!("{:.0} min", h * 60.0),
        h if h < 48.0 => format!("{h:.1} h"),
        h => format!("{:.1} d", h / 24.0),
    }
}

fn hours(durations: &Durations) -> String {
    described(durations, time)
}

fn sizes(durations: &Durations) -> String {
    described(durations, |size| format!("{size:.0}"))
}

fn described(durations: &Durations, show: impl Fn(f64) -> String) -> String {
    match (durations.n, durations.median, durations.interval, durations.p90) {
        (0, ..) => "unknown".into(),
        (n, Some(median), Some(Interval { low, high }), Some(p90)) => {
            format!("{} ({} to {}), 9 of 10 within {}, of {n}", show(median), show(low), show(high), show(p90))
        }
        (n, ..) => format!("{n} known: too few to say"),
    }
}

fn recoveries(recoveries: &Recoveries) -> String {
    let Recoveries { over, open, median, .. } = recoveries;
    let n = over + open;
    match (n, median.value) {
        (0, _) => "none".into(),
        (n, _) if n < FEWEST => format!("{n} known, {open} of them open: too few to say"),
        (n, None) => format!("median not reached: {open} of {n} are open"),
        (n, Some(value)) => {
            let low = median.low.map_or_else(|| "?".into(), time);
            let high = median.high.map_or_else(|| "no bound yet".into(), time);
            let p90 = recoveries.p90.value.map_or_else(String::new, |p90| format!(", 9 of 10 within {}", time(p90)));
            format!("{} ({low} to {high}){p90}, of {n}, {open} open", time(value))
        }
    }
}

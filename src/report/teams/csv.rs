//! Every figure as a row, for spreadsheets.

use jiff::ToSpan;

use crate::audit::export;
use crate::metrics::statistics::{Interval, Quantile};
use crate::metrics::summary::{Durations, Measures, Rate, Recoveries, Scope, Share, Summary};

const COLUMNS: &str = "level,name,window,start,end,measure,k,n,value,low,high";

/// RFC 4180; every cell is quoted, and none is taken for a formula.
pub fn csv(summary: &Summary) -> String {
    let mut out = format!("{COLUMNS}\r\n");
    let all = std::iter::once(&summary.organisation).chain(&summary.teams).chain(&summary.services);
    for scope in all {
        for measures in scope.windows.iter().chain(&scope.trend) {
            rows(scope, measures, &mut out);
        }
        weeks(scope, &mut out);
    }
    out
}

/// What a measure comes to.
#[derive(Default)]
struct Row {
    k: Option<u64>,
    n: Option<u64>,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

fn rows(scope: &Scope, measures: &Measures, out: &mut String) {
    let m = measures;
    let all = [
        ("deployments", Row { n: Some(m.deployments), ..Row::default() }),
        ("observed_days", value(m.observed_days)),
        ("deployments_a_week", m.frequency.map_or_else(Row::default, rate)),
        ("lead_time_median_hours", durations(&m.lead_time)),
        ("lead_time_p90_hours", Row { n: Some(m.lead_time.n), value: m.lead_time.p90, ..Row::default() }),
        ("fail_rate", share(&m.fail_rate)),
        ("fail_rate_shrunk", value(m.fail_rate_shrunk)),
        ("recovery_median_hours", recovery(&m.recovery, m.recovery.median)),
        ("recovery_p90_hours", recovery(&m.recovery, m.recovery.p90)),
        ("rework_rate", share(&m.rework)),
        ("caught_by_canary", share(&m.caught)),
        ("changes", Row { n: Some(m.changes), ..Row::default() }),
        ("batch_median_resources", durations(&m.batch)),
        ("emergencies", share(&m.emergencies)),
        ("overrides", share(&m.overrides)),
        ("waivers", share(&m.waivers)),
        ("freezes", share(&m.freezes)),
        ("review_age_median_hours", durations(&m.review_age)),
        ("incidents", Row { n: Some(m.incidents), ..Row::default() }),
        ("incidents_on_100_deployments", m.incidents_per_100.map_or_else(Row::default, rate)),
        ("overdue_reviews", Row { n: Some(m.overdue_reviews), ..Row::default() }),
        ("overdue_actions", Row { n: Some(m.overdue_actions), ..Row::default() }),
    ];
    let window = [m.window.name.clone(), m.window.start.to_string(), m.window.end.to_string()];
    for (name, row) in all {
        line(scope, &window, name, &row, out);
    }
}

/// What happened in each week, with those in which nothing did. Weeks have days, not instants.
fn weeks(scope: &Scope, out: &mut String) {
    for week in &scope.weeks {
        let next = week.monday.checked_add(7.days()).unwrap_or(week.monday);
        let window = [format!("week of {}", week.monday), week.monday.to_string(), next.to_string()];
        let counts =
            [("deployments", week.deployments), ("failed_deployments", week.failed), ("incidents", week.incidents)];
        for (name, count) in counts {
            line(scope, &window, name, &Row { n: Some(count), ..Row::default() }, out);
        }
    }
}

fn line(scope: &Scope, [window, start, end]: &[String; 3], measure: &str, row: &Row, out: &mut String) {
    let number = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
    let count = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    let numbers = [count(row.k), count(row.n), number(row.value), number(row.low), number(row.high)];
    let names = [scope.level.name(), &*scope.name, window, start, end, measure];
    export::row(names.into_iter().chain(numbers.iter().map(String::as_str)), out);
}

fn value(value: f64) -> Row {
    Row { value: Some(value), ..Row::default() }
}

fn share(share: &Share) -> Row {
    let (low, high) = bounds(share.interval);
    Row { k: Some(share.counts.k), n: Some(share.counts.n), value: share.rate, low, high }
}

fn rate(rate: Rate) -> Row {
    let (low, high) = bounds(Some(rate.interval));
    Row { value: Some(rate.rate), low, high, ..Row::default() }
}

fn durations(durations: &Durations) -> Row {
    let (low, high) = bounds(durations.interval);
    Row { n: Some(durations.n), value: durations.median, low, high, ..Row::default() }
}

/// How many are over, of how many.
fn recovery(recoveries: &Recoveries, quantile: Quantile) -> Row {
    let (k, n) = (Some(recoveries.over), Some(recoveries.over + recoveries.open));
    Row { k, n, value: quantile.value, low: quantile.low, high: quantile.high }
}

fn bounds(interval: Option<Interval>) -> (Option<f64>, Option<f64>) {
    interval.map(|i| (i.low, i.high)).unzip()
}

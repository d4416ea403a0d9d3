//! The figures of the organisation, its teams and its services: what the report shows, as plain data.

mod measures;
mod slice;
#[cfg(test)]
mod tests;
mod weeks;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use super::flags::{self, Flag};
use super::history::History;
use super::quality::Quality;
use super::record::Name;
use super::statistics::{Correlation, FunnelLimits, Proportion, fisher, funnel, lagged};
use super::window::{Window, quarters, rolling};

pub use measures::{Durations, Measures, Rate, Recoveries, Share};
pub use slice::Slice;
pub use weeks::{Cell, Week};

/// The window that comparisons and flags are about, in days.
pub const HEADLINE_DAYS: i64 = 180;
/// Rolling windows, in days.
const WINDOWS: [i64; 4] = [28, 90, HEADLINE_DAYS, 365];
const MOST_QUARTERS: usize = 8;
/// 28-day windows of a trend: a year.
const TREND: i64 = 13;
/// Weeks after which incidents may follow.
const LAGS: usize = 3;
/// Fewer incidents than this say nothing about a correlation.
const FEWEST_INCIDENTS: u64 = 5;

/// Definitions that the report prints, of DORA (<https://dora.dev/guides/dora-metrics/>) with the rules of counting.
pub const DEFINITIONS: [(&str, &str); 5] = [
    (
        "Deployment frequency",
        "Deployments to production in a week. Waves and regions of one change to one service are one deployment; rollbacks and canary aborts are none.",
    ),
    (
        "Change lead time",
        "From the first commit of a change to its deployment in production: median, with an interval, and the time within which nine of ten were there.",
    ),
    (
        "Change fail rate",
        "Share of deployments that needed intervention: they broke, were taken back, or an incident names their change as its cause. A canary that stopped in time did not fail.",
    ),
    (
        "Failed deployment recovery time",
        "From the beginning of the incident, or from the deployment when there was none, to the recovery of users. What is not over yet counts as lasting at least until now (Kaplan and Meier).",
    ),
    ("Deployment rework rate", "Share of deployments that were not planned and made because of an incident."),
];

/// Said wherever two series are compared.
pub const NO_CAUSE: &str = "A correlation is no cause: weeks with more deployments may also be weeks with more users, \
                            more teams at work, or a shared event. It says where to look, not whom to blame.";

/// Of whom figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All together.
    Organisation,
    /// The services of one owner.
    Team,
    /// One service.
    Service,
}

impl Level {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Team => "team",
            Self::Service => "service",
        }
    }
}

/// The figures of one organisation, team or service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scope {
    /// What it is.
    pub level: Level,
    /// Its name.
    pub name: Name,
    /// The team of a service.
    pub team: Option<Name>,
    /// First record.
    pub first: Option<Timestamp>,
    /// Rolling windows and calendar quarters.
    pub windows: Vec<Measures>,
    /// Thirteen windows of 28 days; not for services.
    pub trend: Vec<Measures>,
    /// Every week since the first record, at most two years, with those of nothing.
    pub weeks: Vec<Week>,
    /// Deployments and incidents of the same and of later weeks, where there is enough to say something; not for
    /// services.
    pub correlation: Vec<Correlation>,
}

impl Scope {
    /// The measures of the window that comparisons are about.
    pub fn headline(&self) -> Option<&Measures> {
        let name = format!("last {HEADLINE_DAYS} days");
        self.windows.iter().find(|measures| measures.window.name == name)
    }
}

/// A team's fail rate beside that of all others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The team.
    pub team: Name,
    /// Its failures and deployments.
    pub own: Proportion,
    /// Those of all others.
    pub rest: Proportion,
    /// Where chance alone would leave it, around the rate of all.
    pub limits: Option<FunnelLimits>,
    /// Fisher's exact test; `None` under ten deployments.
    pub p: Option<f64>,
    /// The same after Benjamini and Hochberg, over all teams that were compared.
    pub q: Option<f64>,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Frozen; keys are only ever added.
    pub schema: &'static str,
    /// The instant of the report.
    pub now: Timestamp,
    /// IANA name of the zone of weeks, quarters and hours.
    pub zone: String,
    /// What is wrong with the data.
    pub quality: Quality,
    /// Decisions of the gate.
    pub decisions: u64,
    /// All together.
    pub organisation: Scope,
    /// Sorted by name.
    pub teams: Vec<Scope>,
    /// Sorted by name.
    pub services: Vec<Scope>,
    /// Fail rates of teams, sorted by name: no league table.
    pub compared: Vec<Compared>,
    /// Deployments and failures by weekday and hour.
    pub heat: Vec<Cell>,
    /// Teams that could use support, with the evidence.
    pub flags: Vec<Flag>,
    /// Counts for each person; only when people were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<Person>>,
}

/// What one person deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// As the sources name them.
    pub name: Name,
    /// Deployments and how many of them failed.
    pub deployments: Proportion,
}

/// Sums up a history; weeks, quarters and hours are those of `zone`.
pub fn summarise(history: &History, zone: &TimeZone, people: bool) -> Summary {
    let all = Slice::of(history);
    let windows = windows(&all, history.now, zone);
    let trend = rolling(TREND, history.now, zone);
    let prior = all.fails(history.now);
    let scope = |level, name: &Name, team, slice: &Slice<'_>| {
        let measure = |windows: &[Window]| windows.par_iter().map(|w| slice.measures(w, history, prior)).collect();
        let detailed = level != Level::Service;
        let weeks = slice.weeks(history.now, zone);
        Scope {
            level,
            name: name.clone(),
            team,
            first: slice.first(),
            windows: measure(&windows),
            trend: if detailed { measure(&trend) } else { Vec::new() },
            correlation: if detailed { correlation(&weeks) } else { Vec::new() },
            weeks,
        }
    };
    let organisation = scope(Level::Organisation, &"organisation".into(), None, &all);
    let by_team = all.by_team(history);
    let teams: Vec<Scope> =
        history.teams.par_iter().zip(&by_team).map(|(name, slice)| scope(Level::Team, name, None, slice)).collect();
    let services = history.services.par_iter().zip(all.by_service(history).into_par_iter());
    let services = services
        .map(|(service, slice)| {
            let team = service.team.and_then(|team| history.teams.get(team)).cloned();
            scope(Level::Service, &service.name, team, &slice)
        })
        .collect();
    let compared = compare(&organisation, &teams);
    let flags = flags::raise(history, &teams, &by_team, &compared);
    Summary {
        schema: "changegate/teams/v1",
        now: history.now,
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        quality: history.quality.clone(),
        decisions: history.decisions,
        heat: all.heat(zone),
        people: people.then(|| all.people()),
        organisation,
        teams,
        services,
        compared,
        flags,
    }
}

fn windows(all: &Slice<'_>, now: Timestamp, zone: &TimeZone) -> Vec<Window> {
    let mut windows: Vec<Window> = WINDOWS.into_iter().map(|days| Window::last(days, now)).collect();
    windows.extend(all.first().into_iter().flat_map(|first| quarters(first, now, zone, MOST_QUARTERS)));
    windows
}

/// Deployments of a week and incidents of it and of the weeks after.
fn correlation(weeks: &[Week]) -> Vec<Correlation> {
    // The present week is not over.
    let whole = weeks.split_last().map_or(weeks, |(_, whole)| whole);
    if whole.iter().map(|w| w.incidents).sum::<u64>() < FEWEST_INCIDENTS {
        return Vec::new();
    }
    let series = |of: fn(&Week) -> u64| whole.iter().map(|w| of(w) as f64).collect::<Vec<_>>();
    lagged(&series(|w| w.deployments), &series(|w| w.incidents), LAGS)
}

fn compare(organisation: &Scope, teams: &[Scope]) -> Vec<Compared> {
    let fails = |scope: &Scope| scope.headline().map(|m| m.fail_rate.counts).unwrap_or_default();
    let all = fails(organisation);
    let mut compared: Vec<Compared> = teams
        .iter()
        .map(|team| {
            let own = fails(team);
            let rest = own.rest_of(all);
            let p = (own.is_enough() && rest.is_enough()).then(|| fisher(own, rest));
            let limits = all.rate().and_then(|rate| funnel(rate, own.n));
            Compared { team: team.name.clone(), own, rest, limits, p, q: None }
        })
        .collect();
    let p_values: Vec<f64> = compared.iter().filter_map(|c| c.p).collect();
    let adjusted = super::statistics::benjamini_hochberg(&p_values);
    for (one, q) in compared.iter_mut().filter(|c| c.p.is_some()).zip(adjusted) {
        one.q = Some(q);
    }
    compared
}

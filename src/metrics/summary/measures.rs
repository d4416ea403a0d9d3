//! The figures of one scope in one window.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::super::history::{Changed, DebtKind, Deployed, History, Recovery};
use super::super::record::{Map, Name};
use super::super::statistics::{FEWEST, Interval, Proportion, Quantile, Survival, median, percentile, poisson, shrink};
use super::super::window::Window;
use super::slice::Slice;

/// A share with all that is needed to believe it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many of how many.
    #[serde(flatten)]
    pub counts: Proportion,
    /// The share; `None` under ten.
    pub rate: Option<f64>,
    /// Wilson, 95 %; `None` under ten.
    pub interval: Option<Interval>,
}

/// Events in a time, with the exact interval of Poisson.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Events in a unit.
    pub rate: f64,
    /// 95 %.
    pub interval: Interval,
}

/// Hours, or sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Durations {
    /// How many are known.
    pub n: u64,
    /// The middle one; `None` under ten.
    pub median: Option<f64>,
    /// 95 %; `None` under ten.
    pub interval: Option<Interval>,
    /// Nine of ten are at most this; `None` under ten.
    pub p90: Option<f64>,
}

/// Recoveries, with those that are not over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recoveries {
    /// That are over.
    pub over: u64,
    /// That are not: they last at least until now.
    pub open: u64,
    /// Hours, or `value: null`: not reached, or fewer than ten.
    pub median: Quantile,
    /// The same for nine of ten.
    pub p90: Quantile,
}

/// The figures of one scope in one window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// The window.
    pub window: Window,
    /// Days of it that the scope was seen in.
    pub observed_days: f64,
    /// Deployments to production.
    pub deployments: u64,
    /// Deployments in a week of the observed days.
    pub frequency: Option<Rate>,
    /// Hours from the first commit to production.
    pub lead_time: Durations,
    /// Deployments that needed intervention.
    pub fail_rate: Share,
    /// The same, recent ones weighing more, pulled towards the organisation.
    pub fail_rate_shrunk: f64,
    /// Hours until users were well again.
    pub recovery: Recoveries,
    /// Deployments made because of an incident.
    pub rework: Share,
    /// Attempts that the canary stopped in time.
    pub caught: Share,
    /// Changes that the gate judged.
    pub changes: u64,
    /// Resources of a change.
    pub batch: Durations,
    /// Emergencies among the changes, judged or deployed, whose type is known.
    pub emergencies: Share,
    /// Changes that an override let through.
    pub overrides: Share,
    /// Changes with a waived finding.
    pub waivers: Share,
    /// Changes that met a freeze.
    pub freezes: Share,
    /// Hours from the last approval to the apply.
    pub review_age: Durations,
    /// Incidents.
    pub incidents: u64,
    /// Incidents on a hundred deployments; `None` under ten.
    pub incidents_per_100: Option<Rate>,
    /// Post-implementation reviews that were due before the end of the window and are still owed.
    pub overdue_reviews: u64,
    /// Actions of which the same holds.
    pub overdue_actions: u64,
}

impl Share {
    /// With its interval; under ten, the counts alone.
    pub fn of(counts: Proportion) -> Self {
        let enough = counts.is_enough();
        Self { counts, rate: counts.rate().filter(|_| enough), interval: counts.wilson().filter(|_| enough) }
    }
}

impl Durations {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        let n = sorted.len() as u64;
        if n < FEWEST {
            return Self { n, ..Self::default() };
        }
        sorted.sort_by(f64::total_cmp);
        let (middle, interval) = median(&sorted).unzip();
        Self { n, median: middle, interval: interval.flatten(), p90: percentile(&sorted, 0.9) }
    }
}

impl Recoveries {
    /// Of failed deployments.
    pub fn of(recoveries: impl Iterator<Item = Recovery>) -> Self {
        let survival = Survival::of(recoveries.map(|r| (r.hours, r.over)));
        let (over, open) = (survival.observed(), survival.censored());
        let enough = over + open >= FEWEST;
        let quantile = |p| if enough { survival.quantile(p) } else { Quantile::default() };
        Self { over, open, median: quantile(0.5), p90: quantile(0.9) }
    }
}

impl Slice<'_> {
    /// The figures of a window. `prior` is the fail rate that is expected before anything is known.
    pub(super) fn measures(&self, window: &Window, history: &History, prior: f64) -> Measures {
        let tried: Vec<&Deployed> = between(&self.deployments, window, |d| d.at);
        let deployed: Vec<&Deployed> = tried.iter().copied().filter(|d| !d.caught).collect();
        let changes = joined(&between(&self.changes, window, |c| c.at));
        let incidents = between(&self.outages, window, |o| o.started).len() as u64;
        let share = |is: fn(&Joined) -> bool| Share::of(Proportion::of(changes.values(), is));
        let around: Map<&Name, bool> = tried.iter().filter_map(|d| Some((d.change.as_ref()?, d.emergency?))).collect();
        let known = changes.values().filter_map(|c| c.emergency).chain(around.into_values());
        let observed_days = self.observed_days(window, history.now);
        let n = deployed.len() as u64;
        let owed =
            |kind| self.debts.iter().filter(|d| d.kind == kind && !d.paid && !window.ends_before(d.due)).count() as u64;
        Measures {
            observed_days,
            deployments: n,
            frequency: rate(n, observed_days / 7.0),
            lead_time: Durations::of(deployed.iter().filter_map(|d| d.lead)),
            fail_rate: Share::of(Proportion::of(&deployed, |d| d.failed)),
            fail_rate_shrunk: shrunk(&deployed, window.end.min(history.now), prior),
            recovery: Recoveries::of(deployed.iter().filter_map(|d| d.recovery)),
            rework: Share::of(Proportion::of(&deployed, |d| d.unplanned)),
            caught: Share::of(Proportion::of(&tried, |d| d.caught)),
            changes: changes.len() as u64,
            batch: Durations::of(changes.values().map(|c| c.resources as f64).filter(|n| *n > 0.0)),
            emergencies: Share::of(Proportion::of(known, |emergency| emergency)),
            overrides: share(|c| c.overridden),
            waivers: share(|c| c.waived),
            freezes: share(|c| c.frozen),
            review_age: Durations::of(changes.values().filter_map(|c| c.review_age)),
            incidents,
            incidents_per_100: rate(incidents, n as f64 / 100.0).filter(|_| n >= FEWEST),
            overdue_reviews: owed(DebtKind::Review),
            overdue_actions: owed(DebtKind::Action),
            window: window.clone(),
        }
    }

    /// Days of the window in which there was something to see.
    fn observed_days(&self, window: &Window, now: Timestamp) -> f64 {
        let Some(first) = self.first() else { return 0.0 };
        let seen: SignedDuration = window.end.min(now).duration_since(window.start.max(first));
        (seen.as_secs_f64() / 86_400.0).max(0.0)
    }

    /// The fail rate of the last 180 days, recent ones weighing more; a tenth where nothing is known.
    pub(super) fn fails(&self, now: Timestamp) -> f64 {
        let window = Window::last(super::HEADLINE_DAYS, now);
        let deployed: Vec<&Deployed> = between(&self.deployments, &window, |d| d.at);
        let deployed: Vec<&Deployed> = deployed.into_iter().filter(|d| !d.caught).collect();
        shrunk(&deployed, now, 0.1)
    }
}

fn shrunk(deployed: &[&Deployed], at: Timestamp, prior: f64) -> f64 {
    let days = |d: &Deployed| at.duration_since(d.at).as_secs_f64() / 86_400.0;
    shrink(deployed.iter().map(|d| (days(d), f64::from(u8::from(d.failed)))), prior)
}

fn rate(events: u64, exposure: f64) -> Option<Rate> {
    let interval = poisson(events, exposure)?;
    Some(Rate { rate: events as f64 / exposure, interval })
}

/// A change with all its services.
#[derive(Default)]
struct Joined {
    emergency: Option<bool>,
    overridden: bool,
    waived: bool,
    frozen: bool,
    resources: u64,
    /// To the first apply.
    review_age: Option<f64>,
}

/// Each change once, however many services it touches: what was decided about it together is one observation.
fn joined<'a>(changes: &[&'a Changed]) -> Map<&'a Name, Joined> {
    let mut joined: Map<&Name, Joined> = Map::with_capacity_and_hasher(changes.len(), Default::default());
    for one in changes {
        let all = joined.entry(&one.key).or_default();
        all.emergency = all.emergency.max(one.emergency);
        all.overridden |= one.overridden;
        all.waived |= one.waived;
        all.frozen |= one.frozen;
        all.resources += one.resources;
        all.review_age = [all.review_age, one.review_age].into_iter().flatten().reduce(f64::min);
    }
    joined
}

/// The part of a list in the order of time that lies in a window.
fn between<'a, T>(all: &[&'a T], window: &Window, at: fn(&T) -> Timestamp) -> Vec<&'a T> {
    let from = all.partition_point(|one| window.begins_after(at(one)));
    let to = all.partition_point(|one| !window.ends_before(at(one)));
    all.get(from..to).unwrap_or_default().to_vec()
}

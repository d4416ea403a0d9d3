//! A generator that knows the truth: what the figures say is compared with what they were made from.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::history::{Owner, Owners, link};
use super::record::{
    ActionItem, Announced, Cause, Deployment, DeploymentResult, Incident, Name, Provenance, Records, Review, Trust,
};
use super::statistics::{Interval, spearman};
use super::summary::{HEADLINE_DAYS, Summary, summarise};
use crate::audit::tally::JudgedChange;

const SEEDS: u64 = 200;
const HOUR: f64 = 3600.0;

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform below one, never zero.
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn is(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    fn exponential(&mut self, median: f64) -> f64 {
        -self.share().ln() * median / std::f64::consts::LN_2
    }
}

/// How a team really is.
#[derive(Clone, Copy)]
struct Truth {
    name: &'static str,
    /// Deployments in the 180 days, on average.
    deployments: f64,
    fail_rate: f64,
    /// Hours, median.
    recovery: f64,
    emergencies: f64,
    /// Exactly so many of its deployments fail, whatever its rate is.
    forced: Option<u64>,
}

/// Causes of incidents, equally frequent for everybody.
const CAUSES: u64 = 8;
/// This share of the reviews is not written and of the actions not done, by anybody: who has many failures owes many.
const OWED: f64 = 0.1;

/// Hours from commit to production, median, of everybody.
const LEAD: f64 = 20.0;

const ALIKE: Truth =
    Truth { name: "", deployments: 120.0, fail_rate: 0.08, recovery: 0.3, emergencies: 0.03, forced: None };

/// `differs` really does. `busy` has by far the most failures because it deploys most, `unlucky` the worst share of
/// all by chance, in few deployments.
const TEAMS: [Truth; 7] = [
    Truth { name: "alike-1", ..ALIKE },
    Truth { name: "alike-2", ..ALIKE },
    Truth { name: "alike-3", ..ALIKE },
    Truth { name: "alike-4", ..ALIKE },
    Truth { name: "busy", deployments: 700.0, ..ALIKE },
    Truth { name: "differs", fail_rate: 0.25, recovery: 1.5, emergencies: 0.2, ..ALIKE },
    Truth { name: "unlucky", deployments: 14.0, forced: Some(5), ..ALIKE },
];

fn now() -> Timestamp {
    "2030-06-30T00:00:00Z".parse().unwrap()
}

fn said(index: u64) -> Provenance {
    Provenance { source: "generated".into(), index, trust: Trust::Asserted }
}

fn after(at: Timestamp, hours: f64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs_f64(hours * HOUR)).unwrap()
}

fn generate(seed: u64) -> (Records, Owners) {
    let mut dice = Dice(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x1234_5678);
    let mut records = Records::default();
    let mut owners = Owners::default();
    let start = now() - SignedDuration::from_hours(24 * HEADLINE_DAYS);
    for truth in TEAMS {
        owners.0.insert(truth.name.to_owned(), Owner { team: Some(truth.name.to_owned()), rto: Some(1.0) });
        let (mut hours, mut n) = (0.0, 0);
        let span = HEADLINE_DAYS as f64 * 24.0;
        loop {
            // A Poisson process: exponential gaps of the mean that the truth says.
            hours += dice.exponential(span / truth.deployments * std::f64::consts::LN_2);
            if hours >= span - 1.0 {
                break;
            }
            let failed = truth.forced.map_or_else(|| dice.is(truth.fail_rate), |forced| n < forced);
            deploy(&truth, n, after(start, hours), failed, &mut dice, &mut records);
            n += 1;
        }
    }
    (records, owners)
}

fn deploy(truth: &Truth, n: u64, at: Timestamp, failed: bool, dice: &mut Dice, records: &mut Records) {
    let change: Name = format!("CHG-{}-{n}", truth.name).into();
    let index = records.deployments.len() as u64;
    records.announced.push(Announced { change: change.clone(), emergency: dice.is(truth.emergencies), team: None });
    records.judged.push(judged(truth.name, &change, index, at));
    records.deployments.push(Deployment {
        id: Some(format!("dep-{}-{n}", truth.name).into()),
        change: Some(change.clone()),
        digest: None,
        commit: None,
        service: truth.name.into(),
        started: None,
        finished: at,
        committed: Some(after(at, -dice.exponential(LEAD))),
        result: DeploymentResult::Success,
        rollback_of: None,
        unplanned: false,
        actor: None,
        provenance: said(index),
    });
    if failed {
        let recovered = after(at, dice.exponential(truth.recovery));
        records.incidents.push(Incident {
            id: format!("INC-{}-{n}", truth.name).into(),
            services: vec![truth.name.into()],
            started: at,
            // What is not over at the end of the report is censored.
            recovered: (recovered <= now()).then_some(recovered),
            cause: Cause::Change(change.clone()),
            tags: vec![format!("cause-{}", dice.next() % CAUSES).into()],
            recurrence_of: None,
            provenance: said(index),
        });
        records.actions.push(ActionItem {
            follows: Some(change),
            owner: None,
            due: Some(after(at, 14.0 * 24.0).to_zoned_datetime(TimeZone::UTC).date()),
            done: !dice.is(OWED),
            provenance: said(index),
        });
    }
}

fn judged(service: &str, change: &Name, index: u64, at: Timestamp) -> JudgedChange {
    JudgedChange {
        key: change.clone(),
        change: Some(change.clone()),
        digest: None,
        head: None,
        service: Some(service.into()),
        index,
        first: at,
        last: at,
        applied: Some(at),
        approved: None,
        decisions: 1,
        denied: 0,
        resources: 1,
        overridden: false,
        waived: false,
        frozen: false,
    }
}

pub(crate) fn summary(seed: u64) -> Summary {
    let (mut records, owners) = generate(seed);
    let mut dice = Dice(seed ^ 0x5eed);
    records.reviews = records
        .announced
        .iter()
        .filter(|_| !dice.is(OWED))
        .map(|a| Review { change: a.change.clone(), outcome: None, provenance: said(0) })
        .collect();
    summarise(&link(records, &owners, now()), &TimeZone::UTC, false)
}

/// Counts how often an interval has the truth in it.
#[derive(Default)]
struct Coverage {
    covered: u32,
    of: u32,
}

impl Coverage {
    fn add(&mut self, interval: Option<Interval>, truth: f64) {
        let Some(interval) = interval else { return };
        self.of += 1;
        self.covered += u32::from(interval.contains(truth));
    }

    /// Draws are apart, so that the count is binomial: it lies within 2.6 standard deviations of the nominal share, which
    /// an interval that is right leaves once in a hundred times, to either side.
    #[track_caller]
    fn holds(&self, nominal: f64, what: &str) {
        let (covered, of) = (f64::from(self.covered), f64::from(self.of));
        let away = (covered - nominal * of) / (of * nominal * (1.0 - nominal)).sqrt();
        assert!(self.of > 150 && away.abs() <= 2.6, "{what}: {covered} of {of}, {away:.1} standard deviations");
    }
}

#[test]
fn the_team_that_differs_is_flagged_and_the_one_that_looks_so_is_not() {
    let mut flagged = [0_u64; TEAMS.len()];
    let (mut worst, mut most) = (0, 0);
    let (mut fails, mut frequency, mut lead, mut recovery) =
        (Coverage::default(), Coverage::default(), Coverage::default(), Coverage::default());
    for seed in 0..SEEDS {
        let summary = summary(seed);
        for flag in &summary.flags {
            let team = TEAMS.iter().position(|t| *t.name == *flag.team).unwrap();
            flagged[team] += 1;
        }
        let rate = |name: &str| summary.compared.iter().find(|c| &*c.team == name).unwrap().own;
        let top = summary.compared.iter().max_by(|a, b| a.own.rate().unwrap().total_cmp(&b.own.rate().unwrap()));
        worst += u32::from(&*top.unwrap().team == "unlucky");
        most += u32::from(TEAMS.iter().all(|t| rate("busy").k >= rate(t.name).k));
        for (truth, team) in TEAMS.iter().zip(&summary.teams) {
            let measures = team.headline().unwrap();
            if truth.forced.is_none() {
                fails.add(measures.fail_rate.interval, truth.fail_rate);
                let median = measures.recovery.median;
                // No upper bound yet covers everything above the lower one.
                let bounds = median.low.map(|low| Interval { low, high: median.high.unwrap_or(f64::INFINITY) });
                recovery.add(bounds.filter(|_| measures.recovery.over >= 10), truth.recovery);
            }
            frequency.add(measures.frequency.map(|r| r.interval), truth.deployments * 7.0 / HEADLINE_DAYS as f64);
            lead.add(measures.lead_time.interval, LEAD);
        }
    }
    let count = |name: &str| flagged[TEAMS.iter().position(|t| t.name == name).unwrap()];
    let alike: u64 = (1..=4).map(|n| count(&format!("alike-{n}"))).sum();
    let told = format!(
        "flagged in {SEEDS} seeds: differs {}, unlucky {} (the worst share in {worst}), busy {} (most failures in {most}), \
         four alike {alike} of {}; covered: fail rate {}/{}, frequency {}/{}, lead time {}/{}, recovery {}/{}",
        count("differs"),
        count("unlucky"),
        count("busy"),
        4 * SEEDS,
        fails.covered,
        fails.of,
        frequency.covered,
        frequency.of,
        lead.covered,
        lead.of,
        recovery.covered,
        recovery.of,
    );
    assert!(count("differs") >= SEEDS / 100 * 95, "{told}");
    assert!(worst >= 150 && most >= 150, "it does look so: {told}");
    // In one of forty seeds at most.
    assert!(count("unlucky") <= SEEDS / 40 && count("busy") <= SEEDS / 40, "{told}");
    assert!(alike <= 4 * SEEDS / 40, "{told}");
    #[allow(
        clippy::print_stdout,
        clippy::disallowed_macros,
        reason = "the figures of docs/learning.md, with --nocapture"
    )]
    {
        println!("{told}");
    }
    fails.holds(0.95, "fail rate");
    // Garwood's interval is exact, so it covers more where counts are few: 96.9 % at 14, 95.6 % at 120, 95.1 % at 700.
    frequency.holds(0.957, "frequency");
    lead.holds(0.95, "lead time");
    recovery.holds(0.95, "recovery");
}

/// Incidents follow deployments by one week; in the other half of the seeds by nothing at all.
#[test]
fn a_lag_is_found_where_there_is_one() {
    let mut found = 0;
    let mut none = Coverage::default();
    for seed in 0..SEEDS {
        let mut dice = Dice(seed + 77);
        let mut draw = |mean: f64| (0..40).filter(|_| dice.is(mean / 40.0)).count() as f64;
        let deployments: Vec<f64> = (0..52).map(|_| draw(12.0)).collect();
        let follows: Vec<f64> =
            (0..52).map(|week| if week == 0 { 0.0 } else { draw(0.3 * deployments[week - 1]) }).collect();
        let apart: Vec<f64> = (0..52).map(|_| draw(4.0)).collect();
        let lags = super::statistics::lagged(&deployments, &follows, 3);
        let strongest = lags.iter().max_by(|a, b| a.rho.total_cmp(&b.rho)).unwrap();
        found += u32::from(strongest.lag == 1);
        none.add(spearman(&deployments, &apart).map(|c| c.interval), 0.0);
    }
    assert!(found >= 150, "the week after was the strongest in {found} of {SEEDS}");
    none.holds(0.95, "correlation");
}

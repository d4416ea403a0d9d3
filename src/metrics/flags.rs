//! Which teams could use support. An offer, never a rank: a team is named only when two signals that rest on different
//! facts agree, each beyond what chance explains, and each printed with its counts.

use serde::Serialize;

use super::history::{DebtKind, History, Outage};
use super::record::Name;
use super::statistics::{FEWEST, Proportion, benjamini_hochberg, fisher, significance};
use super::summary::{Compared, HEADLINE_DAYS, Measures, Scope, Slice};
use super::window::Window;

/// A fail rate whose lower bound lies above this needs no comparison.
const FAIL_RATE: f64 = 0.15;
/// The same for emergencies, overrides, recoveries beyond their objective, and what is overdue of what was due: a team
/// that does more owes more, so counts would name the busy.
const SHARE: f64 = 0.10;
/// Shares that differ by chance at most this often, over all teams.
const FALSE_DISCOVERIES: f64 = 0.05;
/// Signals that must agree.
const AGREE: usize = 2;

/// A fact that speaks for support. Each kind rests on facts of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalKind {
    /// Deployments fail.
    FailRate,
    /// Users wait longer than the services' objective.
    Recovery,
    /// The same causes come back.
    Recurrence,
    /// Changes are emergencies.
    Emergencies,
    /// Changes go around the gate.
    Overrides,
    /// Reviews and actions are owed.
    Learning,
}

/// One signal with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Signal {
    /// What kind.
    pub kind: SignalKind,
    /// The evidence in words, with the counts.
    pub evidence: String,
}

/// A team that could use support.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flag {
    /// The team.
    pub team: Name,
    /// At least two.
    pub signals: Vec<Signal>,
    /// What would help.
    pub offer: Vec<&'static str>,
}

/// Raises the flags of teams, which stand in the order of `parts`.
pub fn raise(history: &History, teams: &[Scope], parts: &[Slice<'_>], compared: &[Compared]) -> Vec<Flag> {
    let recurrences = recurrences(history, parts);
    let mut flags = Vec::new();
    for (((team, part), compared), recurrence) in teams.iter().zip(parts).zip(compared).zip(recurrences) {
        let Some(measures) = team.headline() else { continue };
        let signals = [
            fail_rate(measures, compared),
            recovery(history, part),
            recurrence,
            share(SignalKind::Emergencies, "changes were emergencies", measures.emergencies.counts),
            share(SignalKind::Overrides, "changes went through under an override", measures.overrides.counts),
            learning(history, part),
        ];
        let signals: Vec<Signal> = signals.into_iter().flatten().collect();
        if signals.len() >= AGREE {
            let offer = signals.iter().map(|signal| signal.kind.offer()).collect();
            flags.push(Flag { team: team.name.clone(), signals, offer });
        }
    }
    flags
}

impl SignalKind {
    fn offer(self) -> &'static str {
        match self {
            Self::FailRate => {
                "a pair for the next deployments: smaller steps, a canary that is armed, a test that failed to catch"
            }
            Self::Recovery => "a rollback drill, and a runbook that the drill proves",
            Self::Recurrence => "time for the actions of the post-mortems before new work",
            Self::Emergencies => "a pre-approved template for what keeps coming up",
            Self::Overrides => "a look at the freeze together: it may be the calendar that does not fit",
            Self::Learning => "an hour with somebody who writes the open reviews down together with the team",
        }
    }
}

/// Failing beyond 15 % for sure, or outside the funnel and different from the rest after the correction for looking at
/// many teams.
fn fail_rate(measures: &Measures, compared: &Compared) -> Option<Signal> {
    let Proportion { k, n } = compared.own;
    let (rate, interval) = (compared.own.rate()?, compared.own.wilson()?);
    let outside = compared.limits.is_some_and(|limits| rate > limits.warning.high);
    let differs = compared.q.is_some_and(|q| q <= FALSE_DISCOVERIES);
    if n < FEWEST || !(interval.low > FAIL_RATE || outside && differs) {
        return None;
    }
    let rest = compared.rest.rate().map_or_else(String::new, |rest| {
        let q = compared.q.map_or_else(String::new, |q| format!(", {}", significance(q)));
        format!("; all others {}{q}", percent(rest))
    });
    let evidence = format!(
        "{k} of {n} deployments failed in {HEADLINE_DAYS} days: {}, interval {} to {}, {} when pulled towards all{rest}",
        percent(rate),
        percent(interval.low),
        percent(interval.high),
        percent(measures.fail_rate_shrunk),
    );
    Some(Signal { kind: SignalKind::FailRate, evidence })
}

/// More than one recovery in ten, for sure, takes longer than the objective of its service.
fn recovery(history: &History, part: &Slice<'_>) -> Option<Signal> {
    let window = Window::last(HEADLINE_DAYS, history.now);
    let failed = part.deployments.iter().filter(|d| d.failed && window.has(d.at));
    let judged = failed.filter_map(|d| {
        let (rto, recovery) = (history.services.get(d.service)?.rto?, d.recovery?);
        // One that is still open and within its objective says nothing yet.
        (recovery.over || recovery.hours > rto).then_some(recovery.hours > rto)
    });
    share(SignalKind::Recovery, "recoveries took longer than the objective (RTO)", Proportion::of(judged, |late| late))
}

/// Incidents that repeat, compared with the rest of the organisation.
fn recurrences(history: &History, parts: &[Slice<'_>]) -> Vec<Option<Signal>> {
    let window = Window::last(HEADLINE_DAYS, history.now);
    let recent = |at| window.has(at);
    let counted = |outages: &mut dyn Iterator<Item = &Outage>| {
        Proportion::of(outages.filter(|o| recent(o.started)).filter_map(|o| o.repeats), |repeats| repeats)
    };
    let all = counted(&mut history.outages.iter());
    let own: Vec<Proportion> = parts.iter().map(|part| counted(&mut part.outages.iter().copied())).collect();
    let enough = |own: &Proportion| own.is_enough() && own.rest_of(all).is_enough();
    let p_values: Vec<f64> = own.iter().filter(|own| enough(own)).map(|own| fisher(*own, own.rest_of(all))).collect();
    let mut adjusted = benjamini_hochberg(&p_values).into_iter();
    own.iter()
        .map(|own| {
            let q = if enough(own) { adjusted.next()? } else { return None };
            let more = own.rate()? > own.rest_of(all).rate()?;
            let evidence = || {
                format!(
                    "{} of {} incidents have a cause of the one before; of all others {} do, {}",
                    own.k,
                    own.n,
                    percent(own.rest_of(all).rate().unwrap_or(0.0)),
                    significance(q)
                )
            };
            (more && q <= FALSE_DISCOVERIES).then(|| Signal { kind: SignalKind::Recurrence, evidence: evidence() })
        })
        .collect()
}

/// A share that lies above a tenth for sure.
fn share(kind: SignalKind, what: &str, counts: Proportion) -> Option<Signal> {
    let interval = counts.wilson().filter(|interval| counts.is_enough() && interval.low > SHARE)?;
    let evidence = format!(
        "{} of {} {what} in {HEADLINE_DAYS} days: {}, interval {} to {}",
        counts.k,
        counts.n,
        percent(counts.rate()?),
        percent(interval.low),
        percent(interval.high)
    );
    Some(Signal { kind, evidence })
}

/// More than one review or action in ten that was due is overdue, for sure.
fn learning(history: &History, part: &Slice<'_>) -> Option<Signal> {
    let window = Window::last(HEADLINE_DAYS, history.now);
    let overdue = |kind, what| {
        let due = part.debts.iter().filter(|debt| debt.kind == kind && window.has(debt.due));
        share(SignalKind::Learning, what, Proportion::of(due, |debt| !debt.paid))
    };
    let reviews = overdue(DebtKind::Review, "post-implementation reviews that were due are not written");
    let actions = overdue(DebtKind::Action, "actions that were due are not done");
    let evidence: Vec<String> = [reviews, actions].into_iter().flatten().map(|signal| signal.evidence).collect();
    (!evidence.is_empty()).then(|| Signal { kind: SignalKind::Learning, evidence: evidence.join("; ") })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

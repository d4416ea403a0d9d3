//! What teams were to do by the moment of the report, and whether it is done: reviews of changes that went wrong or around
//! the rules, and actions.

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Debt, DebtKind, History, Owners};
use crate::metrics::record::{ActionItem, Announced, Map, Name, Review, Set};

/// Business days after its end within which a change is reviewed (PIR-001).
const REVIEW_WITHIN: u32 = 5;

/// Everything that was due, oldest first.
pub(super) fn owed(
    history: &History,
    reviews: &[Review],
    actions: &[ActionItem],
    announced: &[Announced],
    owners: &Owners,
) -> Vec<Debt> {
    let reviewed: Set<&Name> = reviews.iter().map(|r| &r.change).collect();
    let review = |(change, ended): (&Name, Timestamp)| {
        let due = business_days_after(ended, REVIEW_WITHIN)?;
        let (about, paid) = (Some(change.clone()), reviewed.contains(change));
        Some(Debt { team: None, services: Vec::new(), kind: DebtKind::Review, due, about, paid })
    };
    let mut debts: Vec<Debt> = needed(history).into_iter().filter_map(review).collect();
    debts.extend(actions.iter().filter_map(|action| {
        // Due on a day: over when the day is, wherever it is.
        let due = action.due?.checked_add(1.day()).ok()?.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
        let owner = action.owner.as_deref().filter(|owner| owners.is_team(owner));
        let team = owner.and_then(|owner| history.teams.iter().position(|team| **team == *owner));
        let (about, paid) = (action.follows.clone(), action.done);
        Some(Debt { team, services: Vec::new(), kind: DebtKind::Action, due, about, paid })
    }));
    debts.retain(|debt| debt.due <= history.now);
    whose(&mut debts, history, announced);
    debts.sort_by(|a, b| (a.due, &a.about, a.team).cmp(&(b.due, &b.about, b.team)));
    debts
}

/// Changes that need a review in any case, with their ends. The samples of PIR-001 are for the policy to draw.
fn needed(history: &History) -> BTreeMap<&Name, Timestamp> {
    let mut needed = BTreeMap::new();
    for one in history.deployments.iter().filter(|d| d.failed) {
        needed.extend(one.change.as_ref().map(|change| (change, one.at)));
    }
    for one in history.deployments.iter().filter(|d| d.emergency == Some(true) && !d.caught) {
        if let Some(change) = &one.change {
            needed.entry(change).or_insert(one.at);
        }
    }
    for one in history.changes.iter().filter(|c| c.overridden || c.emergency == Some(true)) {
        needed.entry(&one.key).or_insert(one.at);
    }
    needed
}

/// Says which services the debts are about and, where no owner is named, which team owes them: who announced the change,
/// else who owns what it was deployed to.
fn whose(debts: &mut [Debt], history: &History, announced: &[Announced]) {
    let asked: Set<Name> = debts.iter().filter_map(|debt| debt.about.clone()).collect();
    let hit = history.outages.iter().flat_map(|o| o.services.iter().map(|service| (&o.id, *service)));
    let judged = history.changes.iter().filter_map(|c| Some((&c.key, c.service?)));
    let deployed = history.deployments.iter().filter_map(|d| Some((d.change.as_ref()?, d.service)));
    let mut services: Map<&Name, Vec<usize>> = Map::default();
    for (about, service) in hit.chain(judged).chain(deployed).filter(|(about, _)| asked.contains(*about)) {
        services.entry(about).or_default().push(service);
    }
    let index = |name: &Name| history.teams.iter().position(|team| team == name);
    let teams: Map<&Name, usize> =
        announced.iter().filter_map(|a| Some((&a.change, index(a.team.as_ref()?)?))).collect();
    let owner = |service: &usize| history.services.get(*service).and_then(|s| s.team);
    for debt in debts {
        let Some(about) = &debt.about else { continue };
        debt.services = services.get(about).cloned().unwrap_or_default();
        let of_services = debt.services.iter().rev().find_map(owner);
        debt.team = debt.team.or_else(|| teams.get(about).copied()).or(of_services);
        debt.services.sort_unstable();
        debt.services.dedup();
    }
}

/// The same time so many days later, Saturdays and Sundays not counted.
fn business_days_after(at: Timestamp, days: u32) -> Option<Timestamp> {
    let mut day = at.to_zoned_datetime(TimeZone::UTC);
    let mut left = days;
    while left > 0 {
        day = day.checked_add(1.day()).ok()?;
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    Some(day.timestamp())
}

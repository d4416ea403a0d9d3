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
    let teams = Teams::of(history, announced);
    let review = |(change, ended): (&Name, Timestamp)| {
        let due = business_days_after(ended, REVIEW_WITHIN)?;
        let (team, about, paid) = (teams.of_change(change), Some(change.clone()), reviewed.contains(change));
        Some(Debt { team, kind: DebtKind::Review, due, about, paid })
    };
    let mut debts: Vec<Debt> = needed(history).into_iter().filter_map(review).collect();
    debts.extend(actions.iter().filter_map(|action| {
        // Due on a day: over when the day is, wherever it is.
        let due = action.due?.checked_add(1.day()).ok()?.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
        let owner = action.owner.as_deref().filter(|owner| owners.is_team(owner));
        let team = owner.and_then(|owner| history.teams.iter().position(|team| **team == *owner));
        let team = team.or_else(|| action.follows.as_ref().and_then(|about| teams.of_change(about)));
        Some(Debt { team, kind: DebtKind::Action, due, about: action.follows.clone(), paid: action.done })
    }));
    debts.retain(|debt| debt.due <= history.now);
    debts.sort_by(|a, b| (a.due, &a.about, a.team).cmp(&(b.due, &b.about, b.team)));
    debts
}

/// Changes that need a review in any case, with their ends. The samples of PIR-001 are for the policy to draw.
fn needed(history: &History) -> BTreeMap<&Name, Timestamp> {
    let mut needed = BTreeMap::new();
    for one in history.deployments.iter().filter(|d| d.failed) {
        needed.extend(one.change.as_ref().map(|change| (change, one.at)));
    }
    for one in history.changes.iter().filter(|c| c.overridden || c.emergency == Some(true)) {
        needed.entry(&one.key).or_insert(one.at);
    }
    needed
}

/// Which team made a change.
struct Teams<'a> {
    announced: Map<&'a Name, Option<usize>>,
    made: Map<&'a Name, Option<usize>>,
}

impl<'a> Teams<'a> {
    fn of(history: &'a History, announced: &'a [Announced]) -> Self {
        let team = |service: usize| history.services.get(service).and_then(|s| s.team);
        let index = |name: &Name| history.teams.iter().position(|team| team == name);
        let deployed = history.deployments.iter().filter_map(|d| Some((d.change.as_ref()?, team(d.service))));
        let judged = history.changes.iter().map(|c| (&c.key, c.service.and_then(team)));
        let hit = history.outages.iter().map(|o| (&o.id, o.services.first().copied().and_then(team)));
        Self {
            announced: announced.iter().map(|a| (&a.change, a.team.as_ref().and_then(index))).collect(),
            made: hit.chain(judged).chain(deployed).collect(),
        }
    }

    fn of_change(&self, change: &Name) -> Option<usize> {
        let announced = self.announced.get(change).copied().flatten();
        announced.or_else(|| self.made.get(change).copied().flatten())
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

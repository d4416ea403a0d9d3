//! Windows that come again: a schedule and an end, expanded to concrete intervals.

use std::collections::BTreeSet;
use std::iter;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::clock;
use super::cron::Cron;
use super::interval::Interval;
use super::rrule::Rule;
use crate::change::Elapsed;

/// A window that comes again.
#[derive(Clone, Debug)]
pub struct Recurrence {
    /// When it starts, on the wall clock of `zone`.
    pub starts: Starts,
    /// When it ends.
    pub end: RecurringEnd,
    /// The zone of the wall clock.
    pub zone: TimeZone,
    /// What the pattern does not say.
    pub exceptions: Exceptions,
}

/// The pattern of starts.
#[derive(Clone, Debug)]
pub enum Starts {
    /// A cron expression.
    Cron(Cron),
    /// A recurrence rule of iCalendar.
    Rule(Box<Rule>),
    /// No pattern: what was added is all there is.
    Listed,
}

/// When an occurrence ends.
#[derive(Clone, Debug)]
pub enum RecurringEnd {
    /// After elapsed time.
    After(Elapsed),
    /// When the wall clock next says so.
    Until(Time),
    /// When a second schedule next fires.
    At(Cron),
    /// So many days later when the wall clock says the same, and elapsed time after that.
    Days(i32, Elapsed),
}

/// Occurrences that were taken out of a pattern, and others that were added to it.
#[derive(Clone, Debug, Default)]
pub struct Exceptions {
    /// Starts that do not happen.
    pub excluded: BTreeSet<Timestamp>,
    /// Days, on the wall clock, on which nothing starts.
    pub excluded_days: BTreeSet<Date>,
    /// Occurrences beside the pattern.
    pub added: Vec<Interval>,
}

/// What a change of clocks does to an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disturbed {
    /// The clock never shows its start: it starts as the clocks change.
    NeverShown { local: DateTime, start: Timestamp },
    /// The clock shows its start twice: it starts the first time.
    ShownTwice { local: DateTime, start: Timestamp },
    /// Its length is elapsed time, so that its end is another time of day than usual.
    EndMoves { local: DateTime, end: Timestamp },
}

/// Longest recurring window, and how far an expansion looks at most: a leap year and a month.
const HORIZON: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Slack for zones: no wall clock is further than a day from UTC.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far an end schedule is searched: the longest wait for 29 February, over a century without one.
const LONGEST_WAIT_IN_DAYS: usize = 8 * 366;

impl Recurrence {
    /// Occurrences that share an instant with `range`, sorted by start. A range longer than the horizon of 400 days
    /// is looked at that far. Two days start at one instant where a zone skips one.
    pub fn occurrences(&self, range: Interval) -> impl Iterator<Item = Interval> {
        let end = range.end.min(horizon(range.start));
        let first = local_date(earlier(range.start, self.lookback()), &self.zone).max(self.starts.first_day());
        let last = local_date(later(end, DAY), &self.zone);
        let mut ends = Ends { recurrence: self, next: None };
        let pattern = days(first, last)
            .filter(|day| self.starts.matches_day(*day))
            .flat_map(|day| self.starts_on(day))
            .filter(|(local, start)| !self.exceptions.hold(*local, *start))
            .map(|(local, start)| Interval { start, end: ends.of(local, start) });
        let added = self.exceptions.added.iter().copied();
        let mut found: Vec<Interval> =
            pattern.chain(added).filter(|interval| !interval.is_empty() && interval.touches(&range)).collect();
        if !self.exceptions.added.is_empty() {
            found.sort_unstable();
        }
        found.into_iter()
    }

    /// What changes of clocks do to occurrences near an instant at which the zone's offset changes.
    pub(super) fn disturbed(&self, transition: Timestamp) -> Vec<Disturbed> {
        let first = local_date(earlier(transition, self.lookback().min(WEEK)), &self.zone).max(self.starts.first_day());
        let last = local_date(later(transition, DAY), &self.zone);
        let mut ends = Ends { recurrence: self, next: None };
        days(first, last)
            .filter(|day| self.starts.matches_day(*day))
            .flat_map(|day| self.starts.times(day).into_iter().map(move |time| day.to_datetime(time)))
            .filter_map(|local| {
                let (start, again) = clock::first_and_last(local, &self.zone)?;
                let end = ends.of(local, start);
                let shown = self.zone.to_datetime(start);
                let elapsed = matches!(self.end, RecurringEnd::After(_)) && start < transition && transition < end;
                let shift = self.zone.to_datetime(end).duration_since(shown) - start.duration_until(end);
                match (shown != local, again != start) {
                    (true, _) => Some(Disturbed::NeverShown { local, start }),
                    (_, true) => Some(Disturbed::ShownTwice { local, start }),
                    _ if elapsed && !shift.is_zero() => Some(Disturbed::EndMoves { local, end }),
                    _ => None,
                }
            })
            .collect()
    }

    /// The occurrence that starts when the wall clock says `local`, whatever the pattern says.
    pub(super) fn occurrence_at(&self, local: DateTime) -> Option<Interval> {
        let start = clock::start(local, &self.zone)?;
        Some(Interval { start, end: Ends { recurrence: self, next: None }.of(local, start) })
    }

    /// Starts on one day, in order, each with what the wall clock says.
    fn starts_on(&self, day: Date) -> Vec<(DateTime, Timestamp)> {
        let mut starts: Vec<_> = self
            .starts
            .times(day)
            .into_iter()
            .map(|time| day.to_datetime(time))
            .filter_map(|local| Some((local, clock::first_and_last(local, &self.zone)?)))
            .flat_map(|(local, (first, last))| {
                // A schedule of every hour goes on through a fold; any other one starts once a day.
                let again = (self.starts.every_hour() && last != first).then_some((local, last));
                iter::once((local, first)).chain(again)
            })
            .collect();
        starts.sort_by_key(|(local, start)| (*start, *local));
        // All times in a gap start at its transition; the last of them knows best when to end.
        starts.dedup_by(|next, kept| {
            next.1 == kept.1 && {
                *kept = *next;
                true
            }
        });
        starts
    }

    fn lookback(&self) -> SignedDuration {
        match &self.end {
            RecurringEnd::After(length) => length.signed().min(HORIZON) + DAY + DAY,
            RecurringEnd::Until(_) => DAY + DAY + DAY,
            RecurringEnd::At(_) => HORIZON,
            RecurringEnd::Days(days, rest) => {
                let length = SignedDuration::from_hours(i64::from(*days) * 24).saturating_add(rest.signed());
                length.min(HORIZON) + DAY + DAY
            }
        }
    }
}

impl Starts {
    /// The day before which nothing starts.
    fn first_day(&self) -> Date {
        match self {
            Self::Rule(rule) => rule.start().date(),
            Self::Cron(_) | Self::Listed => Date::MIN,
        }
    }

    fn matches_day(&self, day: Date) -> bool {
        match self {
            Self::Cron(cron) => cron.matches_day(day),
            Self::Rule(rule) => rule.matches_day(day),
            Self::Listed => false,
        }
    }

    fn times(&self, day: Date) -> Vec<Time> {
        match self {
            Self::Cron(cron) => cron.times().filter_map(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).collect(),
            Self::Rule(rule) => rule.times(day),
            Self::Listed => Vec::new(),
        }
    }

    fn every_hour(&self) -> bool {
        match self {
            Self::Cron(cron) => cron.every_hour(),
            Self::Rule(rule) => rule.every_hour(),
            Self::Listed => false,
        }
    }
}

impl Exceptions {
    fn hold(&self, local: DateTime, start: Timestamp) -> bool {
        self.excluded.contains(&start) || self.excluded_days.contains(&local.date())
    }
}

/// The ends of starts that come in order. Remembers the end schedule's next firing, so that it is searched once, and
/// from when on it is the next.
struct Ends<'a> {
    recurrence: &'a Recurrence,
    next: Option<(DateTime, DateTime)>,
}

impl Ends<'_> {
    fn of(&mut self, local: DateTime, start: Timestamp) -> Timestamp {
        let until = match &self.recurrence.end {
            RecurringEnd::After(length) => return later(start, length.signed()),
            RecurringEnd::Until(time) if *time > local.time() => local.date().to_datetime(*time),
            RecurringEnd::Until(time) => local.date().saturating_add(jiff::Span::new().days(1)).to_datetime(*time),
            RecurringEnd::At(schedule) => self.next_firing(schedule, local),
            RecurringEnd::Days(days, rest) => return self.days_later(local, start, *days, *rest),
        };
        let end = clock::end(until, &self.recurrence.zone).unwrap_or(Timestamp::MAX);
        // Both ends fell into one gap: the window keeps its length on the wall clock rather than vanish.
        if end <= start { later(start, local.duration_until(until)) } else { end }
    }

    /// A day that a zone skips holds no time, and neither does a window of that day.
    fn days_later(&self, local: DateTime, start: Timestamp, days: i32, rest: Elapsed) -> Timestamp {
        let until = local.saturating_add(jiff::Span::new().days(days));
        let end = clock::end(until, &self.recurrence.zone).unwrap_or(Timestamp::MAX);
        later(end.max(start), rest.signed())
    }

    fn next_firing(&mut self, schedule: &Cron, after: DateTime) -> DateTime {
        match self.next {
            Some((from, next)) if from <= after && after < next => next,
            _ => self.next.insert((after, next_firing(schedule, after))).1,
        }
    }
}

/// When a schedule fires next, strictly after an instant of the wall clock.
fn next_firing(schedule: &Cron, after: DateTime) -> DateTime {
    days(after.date(), Date::MAX)
        .take(LONGEST_WAIT_IN_DAYS)
        .filter(|day| schedule.matches_day(*day))
        .flat_map(|day| schedule.times().map(move |(hour, minute)| day.at(hour, minute, 0, 0)))
        .find(|firing| *firing > after)
        .unwrap_or(DateTime::MAX)
}

fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}

fn local_date(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

/// How far ahead an expansion looks from an instant.
pub(super) fn horizon(from: Timestamp) -> Timestamp {
    later(from, HORIZON)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;

//! Recurrence rules of iCalendar (RFC 5545, section 3.3.10): which days and times they name.
//!
//! Frequencies from `YEARLY` to `HOURLY`. A window that begins again every minute or second is one that never ends,
//! and is refused. A rule is asked day by day, so that an expansion costs no more than the days that are looked at;
//! only `COUNT` and `BYSETPOS` need more, and both are bounded.

mod day;
mod parse;
mod position;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};

/// A rule with the start that it counts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    start: DateTime,
    frequency: Frequency,
    interval: i64,
    /// Last start, inclusive, on the rule's wall clock.
    last: Option<DateTime>,
    months: u16,
    week_numbers: BTreeSet<i16>,
    year_days: BTreeSet<i16>,
    month_days: BTreeSet<i16>,
    weekdays: u8,
    nth_weekdays: BTreeSet<(u8, i16)>,
    hours: u32,
    minutes: u64,
    second: i8,
    positions: BTreeSet<i16>,
    week_start: Weekday,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// What a rule is read against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor<'a> {
    /// First start on the wall clock; `None` when nobody says, and the rule must stand on its own.
    pub(super) start: Option<DateTime>,
    /// The zone of the wall clock, in which an `UNTIL` that is an instant is looked up.
    pub(super) zone: &'a jiff::tz::TimeZone,
}

/// Longest `COUNT` that is followed.
const MOST: u32 = 100_000;

impl Rule {
    /// Reads `FREQ=WEEKLY;BYDAY=FR;BYHOUR=18`.
    ///
    /// # Errors
    ///
    /// A sentence that names the part and what is wrong with it; also when no start can ever happen.
    pub(super) fn parse(text: &str, anchor: Anchor<'_>) -> Result<Self, String> {
        parse::rule(text, anchor)
    }

    /// Whether a window may start on this day.
    pub(super) fn matches_day(&self, date: Date) -> bool {
        date >= self.start.date()
            && self.last.is_none_or(|last| date <= last.date())
            && self.names(date)
            && self.in_period(date)
            && (self.positions.is_empty() || !position::times(self, date).is_empty())
    }

    /// Times at which it starts on a day that matches, in order.
    pub(super) fn times(&self, date: Date) -> Vec<Time> {
        let in_range = |time: &Time| {
            let at = date.to_datetime(*time);
            at >= self.start && self.last.is_none_or(|last| at <= last)
        };
        let times = if self.positions.is_empty() { self.all_times(date) } else { position::times(self, date) };
        times.into_iter().filter(in_range).collect()
    }

    /// Whether it starts in every hour: such a rule goes on through an hour that is repeated.
    pub(super) fn every_hour(&self) -> bool {
        self.frequency == Frequency::Hourly && self.interval == 1 && self.hours == (1 << 24) - 1
    }

    /// The start that the rule counts from.
    pub(super) fn start(&self) -> DateTime {
        self.start
    }

    /// Last start, when there is a last one.
    pub(super) fn last(&self) -> Option<DateTime> {
        self.last
    }

    /// Times of a day that the rule names, whatever the positions say.
    fn all_times(&self, date: Date) -> Vec<Time> {
        let hours = (0..24i8).filter(|hour| self.hours & (1 << hour) != 0 && self.hour_fits(date, *hour));
        let minutes = |hour| {
            let minutes = (0..60i8).filter(|minute| self.minutes & (1 << minute) != 0);
            minutes.filter_map(move |minute| Time::new(hour, minute, self.second, 0).ok())
        };
        hours.flat_map(minutes).collect()
    }

    fn hour_fits(&self, date: Date, hour: i8) -> bool {
        self.frequency != Frequency::Hourly
            || (days_between(self.start.date(), date) * 24 + i64::from(hour) - i64::from(self.start.hour()))
                .rem_euclid(self.interval)
                == 0
    }

    /// The first start; looks as far as the calendar repeats itself.
    fn first(&self) -> Option<DateTime> {
        self.starts_on(day::series(self.start.date()).take(day::REPEATS)).next()
    }

    /// The nth start; `None` when it is centuries away, which is as good as never.
    fn nth(&self, count: usize) -> Option<DateTime> {
        self.starts_on(day::series(self.start.date()).take(day::REPEATS)).nth(count.checked_sub(1)?)
    }

    fn starts_on(&self, days: impl Iterator<Item = Date>) -> impl Iterator<Item = DateTime> {
        days.filter(|date| self.matches_day(*date))
            .flat_map(|date| self.times(date).into_iter().map(move |time| date.to_datetime(time)))
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).map_or(0, |span| span.get_days()))
}

//! Whether a rule names a day: its period, and each part that restricts days.

use std::iter;

use jiff::civil::{Date, Weekday};

use super::{Frequency, Rule, days_between};

/// Days after which the calendar repeats itself: 400 years.
pub(super) const REPEATS: usize = 146_097;

/// Days from one on.
pub(super) fn series(first: Date) -> impl Iterator<Item = Date> {
    iter::successors(Some(first), |day| day.tomorrow().ok())
}

impl Rule {
    /// Whether the interval reaches the period that a day lies in.
    pub(super) fn in_period(&self, date: Date) -> bool {
        let start = self.start.date();
        let periods = match self.frequency {
            Frequency::Yearly => i64::from(date.year()) - i64::from(start.year()),
            Frequency::Monthly => months(date) - months(start),
            Frequency::Weekly => {
                days_between(week_of(start, self.week_start), week_of(date, self.week_start)).div_euclid(7)
            }
            Frequency::Daily => days_between(start, date),
            // The hours of a day say for themselves.
            Frequency::Hourly => 0,
        };
        periods.rem_euclid(self.interval) == 0
    }

    /// Whether every part that restricts days admits a day.
    pub(super) fn names(&self, date: Date) -> bool {
        (self.months == 0 || self.months & (1 << date.month()) != 0)
            && (self.week_numbers.is_empty() || self.names_week(date))
            && either_end(&self.year_days, date.day_of_year(), date.days_in_year())
            && either_end(&self.month_days, date.day().into(), date.days_in_month().into())
            && self.names_weekday(date)
    }

    fn names_weekday(&self, date: Date) -> bool {
        if self.weekdays == 0 && self.nth_weekdays.is_empty() {
            return true;
        }
        let weekday = number(date.weekday());
        self.weekdays & (1 << weekday) != 0 || self.names_nth(date, weekday)
    }

    /// Nth of the month, or of the year where the rule is yearly and names no month.
    fn names_nth(&self, date: Date, weekday: u8) -> bool {
        if self.nth_weekdays.is_empty() {
            return false;
        }
        let in_year = self.frequency == Frequency::Yearly && self.months == 0;
        let (day, length) = if in_year {
            (date.day_of_year(), date.days_in_year())
        } else {
            (date.day().into(), date.days_in_month().into())
        };
        let (from_start, from_end) = ((day - 1) / 7 + 1, -((length - day) / 7 + 1));
        self.nth_weekdays.contains(&(weekday, from_start)) || self.nth_weekdays.contains(&(weekday, from_end))
    }

    fn names_week(&self, date: Date) -> bool {
        let monday = week_of(date, self.week_start);
        // The year of a week is the one that holds its fourth day.
        let Ok(fourth) = monday.checked_add(jiff::Span::new().days(3)) else { return false };
        let week = (fourth.day_of_year() - 1) / 7 + 1;
        let weeks = (fourth.last_of_year().day_of_year() - fourth.day_of_year()) / 7 + week;
        self.week_numbers.contains(&week) || self.week_numbers.contains(&(week - weeks - 1))
    }
}

/// First day of the week that holds a day.
pub(super) fn week_of(date: Date, week_start: Weekday) -> Date {
    let since = i64::from(week_start.until(date.weekday()));
    date.saturating_sub(jiff::Span::new().days(since))
}

/// Sunday is 0.
pub(super) fn number(weekday: Weekday) -> u8 {
    weekday.to_sunday_zero_offset().unsigned_abs()
}

fn months(date: Date) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month())
}

/// Whether a set holds a number counted from the start, or from the end; an empty set holds all.
fn either_end(set: &std::collections::BTreeSet<i16>, number: i16, length: i16) -> bool {
    set.is_empty() || set.contains(&number) || set.contains(&(number - length - 1))
}

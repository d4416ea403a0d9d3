//! `BYSETPOS`: which of the starts in a period count.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};

use super::day::{series, week_of};
use super::{Frequency, Rule};

/// Times of a day that count.
pub(super) fn times(rule: &Rule, date: Date) -> Vec<Time> {
    chosen(rule, date).into_iter().filter(|at| at.date() == date).map(DateTime::time).collect()
}

/// The starts of the period around a day that the positions choose, in order.
fn chosen(rule: &Rule, date: Date) -> Vec<DateTime> {
    let Some((first, last)) = period(rule, date) else { return Vec::new() };
    let days = series(first).take_while(|day| *day <= last).filter(|day| rule.names(*day));
    let days: Vec<Date> = days.collect();
    let per_day = rule.all_times(date);
    let total = days.len() * per_day.len();
    let index = |position: i16| match usize::from(position.unsigned_abs()) {
        0 => None,
        n if position > 0 => Some(n - 1),
        n => total.checked_sub(n),
    };
    let wanted: BTreeSet<usize> = rule.positions.iter().filter_map(|p| index(*p)).collect();
    let at = |index: usize| {
        let day = days.get(index.checked_div(per_day.len())?)?;
        Some(day.to_datetime(*per_day.get(index.checked_rem(per_day.len())?)?))
    };
    wanted.into_iter().filter_map(at).collect()
}

/// First and last day of the period that holds a day.
fn period(rule: &Rule, date: Date) -> Option<(Date, Date)> {
    match rule.frequency {
        Frequency::Yearly => Some((date.first_of_year(), date.last_of_year())),
        Frequency::Monthly => Some((date.first_of_month(), date.last_of_month())),
        Frequency::Weekly => {
            let first = week_of(date, rule.week_start);
            Some((first, first.checked_add(jiff::Span::new().days(6)).ok()?))
        }
        Frequency::Daily => Some((date, date)),
        Frequency::Hourly => None,
    }
}

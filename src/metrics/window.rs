//! Spans of time that figures are about: rolling windows, calendar quarters, weeks.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

/// A span with its name. One end of it belongs to it: the first instant of a quarter, the last one of a window that goes
/// up to an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// `last 90 days`, `2030-Q1`, `28 days to 2030-03-01`.
    pub name: String,
    /// Where it begins.
    pub start: Timestamp,
    /// Where it ends.
    pub end: Timestamp,
    /// Whether its end belongs to it, and its start to the window before.
    #[serde(skip)]
    rolls: bool,
}

impl Window {
    /// Whether an instant lies in it.
    pub fn has(&self, at: Timestamp) -> bool {
        !self.begins_after(at) && !self.ends_before(at)
    }

    /// Whether an instant lies before all of it.
    pub fn begins_after(&self, at: Timestamp) -> bool {
        if self.rolls { at <= self.start } else { at < self.start }
    }

    /// Whether an instant lies after all of it.
    pub fn ends_before(&self, at: Timestamp) -> bool {
        if self.rolls { at > self.end } else { at >= self.end }
    }

    /// Its length in days.
    pub fn days(&self) -> f64 {
        self.end.duration_since(self.start).as_secs_f64() / 86_400.0
    }

    /// The last so many days, with the present instant.
    pub fn last(days: i64, now: Timestamp) -> Self {
        Self { name: format!("last {days} days"), start: before(now, days), end: now, rolls: true }
    }
}

/// So many 28-day windows that end now, oldest first.
pub fn rolling(count: i64, now: Timestamp, zone: &TimeZone) -> Vec<Window> {
    let window = |back: i64| {
        let end = before(now, 28 * back);
        let day = end.to_zoned_datetime(zone.clone()).date();
        Window { name: format!("28 days to {day}"), start: before(end, 28), end, rolls: true }
    };
    (0..count).rev().map(window).collect()
}

/// Calendar quarters from the one of `first` to the present one, oldest first; at most so many.
pub fn quarters(first: Timestamp, now: Timestamp, zone: &TimeZone, most: usize) -> Vec<Window> {
    let mut quarters = Vec::new();
    let mut day = now.to_zoned_datetime(zone.clone()).date();
    while quarters.len() < most {
        let month = (day.month() - 1) / 3 * 3 + 1;
        let Ok(start) = Date::new(day.year(), month, 1) else { break };
        let Ok(next) = start.checked_add(3.months()) else { break };
        let (Some(from), Some(to)) = (midnight(start, zone), midnight(next, zone)) else { break };
        if to <= first {
            break;
        }
        let name = format!("{}-Q{}", day.year(), (month + 2) / 3);
        quarters.push(Window { name, start: from, end: to, rolls: false });
        let Ok(before) = start.checked_sub(1.day()) else { break };
        day = before;
    }
    quarters.reverse();
    quarters
}

/// The Monday of a week, in a zone.
pub fn monday(at: Timestamp, zone: &TimeZone) -> Date {
    let day = at.to_zoned_datetime(zone.clone()).date();
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day)
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

fn before(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn quarters_begin_at_local_midnight() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let all = quarters(at("2029-11-05T00:00:00Z"), at("2030-03-31T22:30:00Z"), &zone, 8);
        let names: Vec<&str> = all.iter().map(|w| w.name.as_str()).collect();
        assert_eq!(names, ["2029-Q4", "2030-Q1", "2030-Q2"], "it is April there already");
        assert_eq!(all[1].start, at("2029-12-31T23:00:00Z"));
        assert!(all[1].has(all[1].start) && !all[1].has(all[1].end));
        assert_eq!(all[0].end, all[1].start);
        assert_eq!(quarters(at("2000-01-01T00:00:00Z"), at("2030-03-31T00:00:00Z"), &zone, 8).len(), 8);
    }

    #[test]
    fn windows_follow_each_other_up_to_now() {
        let now = at("2030-03-01T12:00:00Z");
        let all = rolling(13, now, &TimeZone::UTC);
        assert_eq!(all.len(), 13);
        assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(all[12].has(now) && all[12].end == now);
        assert!(all[11].has(all[12].start) && !all[12].has(all[12].start), "each instant in one of them");
        let last = Window::last(90, now);
        assert_eq!((last.days(), last.end, last.has(last.start)), (90.0, now, false));
    }

    #[test]
    fn weeks_begin_on_monday() {
        let zone = TimeZone::get("America/New_York").unwrap();
        assert_eq!(monday(at("2030-03-04T03:00:00Z"), &zone).to_string(), "2030-02-25", "Sunday there");
        assert_eq!(monday(at("2030-03-04T12:00:00Z"), &zone).to_string(), "2030-03-04");
    }
}

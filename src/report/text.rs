//! Values as people write them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Longer values are cut: a report is no dump.
const LONGEST: usize = 160;

/// `Tue 5 Mar 2030, 10:00 CET`, in the zone of the board.
pub(super) fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %Y, %H:%M %Z").to_string()
}

/// `10:00`, in the zone of the board.
pub(super) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string()
}

/// `Tue 5 Mar`, in the zone of the board.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%a %-d %b").to_string()
}

/// `1 h 30 min`, `12 d 4 h`: the two largest parts.
pub(super) fn duration(ns: i64) -> String {
    let minutes = SignedDuration::from_nanos(ns).as_mins();
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// How long before `now` an instant was, `None` for what is no instant.
pub(super) fn age(text: &str, now: Timestamp) -> Option<String> {
    let at: Timestamp = text.parse().ok()?;
    let ns = i64::try_from(now.as_nanosecond() - at.as_nanosecond()).ok()?;
    Some(if ns < 0 { format!("in {}", duration(-ns)) } else { format!("{} ago", duration(ns)) })
}

/// A value on one line: text as it is, everything else as JSON, both cut.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

/// At most [`LONGEST`] characters, line breaks as spaces.
pub(super) fn cut(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= LONGEST {
        return flat;
    }
    flat.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_parts() {
        let minute = 60_000_000_000;
        assert_eq!(duration(20 * minute), "20 min");
        assert_eq!(duration(90 * minute), "1 h 30 min");
        assert_eq!(duration(120 * minute), "2 h");
        assert_eq!(duration(1440 * minute * 3 + 61 * minute), "3 d 1 h");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(cut("a\nb"), "a b");
        assert_eq!(cut(&"x".repeat(200)).chars().count(), LONGEST);
    }

    #[test]
    fn ages() {
        let now: Timestamp = "2030-02-25T09:00:00Z".parse().unwrap();
        assert_eq!(age("2030-02-20T09:00:00Z", now).as_deref(), Some("5 d ago"));
        assert_eq!(age("2030-02-25T10:00:00Z", now).as_deref(), Some("in 1 h"));
        assert_eq!(age("soon", now), None);
    }
}

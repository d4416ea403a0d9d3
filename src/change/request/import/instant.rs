//! Times as other systems write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Which end of a window a time is. Where a local time is ambiguous, the window gets longer, never shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// An instant with an offset, `2026-11-24T21:00:00.000+0100` as well as RFC 3339.
pub(super) fn with_offset(text: &str) -> Option<Timestamp> {
    let (local, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
    let plain = offset.starts_with(['+', '-']) && offset.bytes().skip(1).all(|b| b.is_ascii_digit());
    let (hours, minutes) = offset.split_at_checked(3)?;
    let text = if plain { format!("{local}{hours}:{minutes}") } else { text.to_owned() };
    text.parse().ok()
}

/// A time without an offset, `2026-11-24 21:00:00`, in a zone.
pub(super) fn local(text: &str, zone: &TimeZone, end: End) -> Option<Timestamp> {
    let civil: DateTime = text.trim().replacen(' ', "T", 1).parse().ok()?;
    let possible = zone.to_ambiguous_timestamp(civil);
    match (possible.offset(), end) {
        (AmbiguousOffset::Unambiguous { .. }, _) => possible.unambiguous().ok(),
        (_, End::First) => possible.earlier().ok(),
        (_, End::Last) => possible.later().ok(),
    }
}

/// Whether a text is a time without an offset.
pub(super) fn is_local(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 16 && with_offset(text).is_none() && text.replacen(' ', "T", 1).parse::<DateTime>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_with_and_without_a_colon() {
        for text in ["2026-11-24T21:00:00.000+0100", "2026-11-24T21:00:00+01:00", "2026-11-24T20:00:00Z"] {
            assert_eq!(with_offset(text).map(|t| t.to_string()).as_deref(), Some("2026-11-24T20:00:00Z"), "{text}");
        }
        for text in ["2026-11-24T21:00:00", "2026-11-24 21:00:00", "soon", "", "é"] {
            assert_eq!(with_offset(text), None, "{text}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_makes_the_window_longer() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |end| local("2026-10-25 02:30:00", &zone, end).map(|t| t.to_string());
        assert_eq!(at(End::First).as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(at(End::Last).as_deref(), Some("2026-10-25T01:30:00Z"));
        assert_eq!(
            local("2026-11-24 21:00:00", &zone, End::First).map(|t| t.to_string()).as_deref(),
            Some("2026-11-24T20:00:00Z")
        );
        assert_eq!(local("24.11.2026 21:00", &zone, End::First), None);
    }
}

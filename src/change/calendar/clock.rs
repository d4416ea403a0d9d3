//! Wall-clock times as instants, with the rules of safety for days on which clocks change.
//!
//! A start in a gap, and an end in a gap, is the instant of the transition. A start in a fold is its first occurrence,
//! an end in a fold its last. So no window vanishes or shrinks because of a transition.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// The instant at which a window starts whose wall clock says `local`.
pub(super) fn start(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    first_and_last(local, zone).map(|(first, _)| first)
}

/// The instant at which a window ends whose wall clock says `local`.
pub(super) fn end(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    first_and_last(local, zone).map(|(_, last)| last)
}

/// The first and the last instant at which the wall clock says `local`; twice the transition when it never does.
/// `None` at the ends of the calendar, where no instant exists.
pub(super) fn first_and_last(local: DateTime, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let instant = |offset: Offset| offset.to_timestamp(local).ok();
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => instant(offset).map(|at| (at, at)),
        AmbiguousOffset::Fold { before, after } => Some((instant(before)?, instant(after)?)),
        AmbiguousOffset::Gap { after, .. } => {
            // Read with the later offset, a time in the gap lies just before the transition.
            let before_it = instant(after)?;
            let transition = zone.following(before_it).next()?.timestamp();
            Some((transition, transition))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(zone: &str, local: &str) -> (String, String) {
        let zone = TimeZone::get(zone).expect("a zone");
        let (first, last) = first_and_last(local.parse().expect("a time"), &zone).expect("instants");
        (first.to_string(), last.to_string())
    }

    #[test]
    fn gaps_are_their_transition_and_folds_have_two_ends() {
        let rows = [
            ("Europe/London", "2026-03-29T01:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/London", "2026-03-29T02:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/London", "2026-03-29T00:59", "2026-03-29T00:59:00Z", "2026-03-29T00:59:00Z"),
            ("Europe/London", "2026-10-25T01:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
            ("Europe/London", "2026-10-25T02:00", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"),
            ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00:00Z", "2026-03-08T07:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"),
            ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z"),
            ("Pacific/Apia", "2011-12-30T00:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
            ("UTC", "2026-01-01T00:00", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ];
        for (zone, local, first, last) in rows {
            assert_eq!(both(zone, local), (first.into(), last.into()), "{zone} {local}");
        }
    }
}

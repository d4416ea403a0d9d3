//! What Argo CD itself would decide, its edges and flaws included (`SyncWindows.CanSync` of Argo CD 3).
//!
//! A window is open at both ends. Its schedule runs on UTC shifted by the zone's offset of the present, so that a
//! change of clocks moves, shortens or swallows it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::change::Elapsed;
use crate::change::calendar::{Cron, Kind};

/// A window at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) kind: Kind,
    pub(crate) active: bool,
    pub(crate) manual_sync: bool,
    pub(crate) overrun: bool,
}

/// Whether a sync may begin, by the windows that match the application. Precedence: no window, an active freeze, an
/// active slot, a slot that is not active; a person may pass where every window that stands in the way says so.
pub(crate) fn can_sync(windows: &[State], manual: bool) -> bool {
    match in_the_way(windows).as_slice() {
        [] => true,
        blocking => manual && blocking.iter().all(|window| window.manual_sync),
    }
}

/// Whether a sync may go on that began when the windows were as in `began`.
pub(crate) fn can_continue(windows: &[State], began: &[State], manual: bool) -> bool {
    let overrun = in_the_way(windows).iter().all(|window| window.overrun);
    can_sync(windows, manual) || (overrun && can_sync(began, manual))
}

/// The active freezes; else, when no slot is active, all slots.
fn in_the_way(windows: &[State]) -> Vec<State> {
    let chosen = |kind: Kind, active: bool| -> Vec<State> {
        windows.iter().filter(|window| window.kind == kind && window.active == active).copied().collect()
    };
    match chosen(Kind::Deny, true) {
        freezes if !freezes.is_empty() => freezes,
        _ if !chosen(Kind::Allow, true).is_empty() => Vec::new(),
        _ => chosen(Kind::Allow, false),
    }
}

/// Whether a window is active at an instant: some start lies strictly between `length` ago and now, on a clock that
/// has always had the zone's present offset.
pub(crate) fn is_active(schedule: &Cron, length: Elapsed, zone: &TimeZone, at: Timestamp) -> bool {
    let now = zone.to_datetime(at);
    let Ok(from) = now.checked_sub(length.signed()) else { return false };
    starts_between(schedule, from, now)
}

fn starts_between(schedule: &Cron, from: DateTime, to: DateTime) -> bool {
    let last = to.date();
    let mut day = from.date();
    while day <= last {
        let starts = schedule.matches_day(day)
            && schedule
                .times()
                .map(|(hour, minute)| day.at(hour, minute, 0, 0))
                .any(|start| from < start && start < to);
        let Some(next) = day.tomorrow().ok().filter(|_| !starts) else { return starts };
        day = next;
    }
    false
}

/// A schedule by robfig/cron's standard parser: no `L`, no `#`, no Sunday as 7.
pub(crate) fn schedule(text: &str) -> Result<Cron, String> {
    let weekdays = text.split_ascii_whitespace().nth(4).unwrap_or_default();
    if weekdays.contains('7') {
        return Err(format!("`{weekdays}` is not a day of week: expected 0 to 6"));
    }
    if text.contains('#') || text.split_ascii_whitespace().any(|field| field.split(',').any(is_last)) {
        return Err(format!("`{text}` uses `L` or `#`, which Argo CD does not know"));
    }
    Cron::parse_strict_stars(text)
}

/// A duration by Go's `time.ParseDuration`: no days, no ISO 8601.
pub(crate) fn duration(text: &str) -> Result<Elapsed, String> {
    if text.contains(['d', 'w', 'P']) {
        return Err(format!("`{text}` is not a duration of Go: its longest unit is the hour"));
    }
    Elapsed::parse(text)
}

fn is_last(item: &str) -> bool {
    item.eq_ignore_ascii_case("L") || item.strip_suffix(['L', 'l']).is_some_and(|day| day.parse::<u8>().is_ok())
}

/// The instants beside an edge: at the edge itself the two engines differ by design.
pub(crate) fn beside(edge: Timestamp) -> impl Iterator<Item = Timestamp> {
    [-1, 1].into_iter().filter_map(move |second| edge.checked_add(SignedDuration::from_secs(second)).ok())
}

#[cfg(test)]
mod tests;

//! When changes may happen: the instants that no freeze holds, and that every closed calendar opens.

use std::iter;

use jiff::{SignedDuration, Timestamp};

use super::{Calendar, Interval, Kind, Subject, Window, recurrence};

/// Whether a change may happen at an instant, and until when that stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Openness {
    /// Whether it may.
    pub open: bool,
    /// When that changes; `None` when it does not within 400 days.
    pub until: Option<Timestamp>,
}

/// The next `n` slots from `from` on that are at least `length` long, in order, each as long as it stays open. Looks
/// 400 days ahead; a slot that goes on there ends there.
///
/// A slot holds a change from end to end, so it lies in one allow window of each closed calendar: two windows of
/// different ids that meet are two slots. No slot shares an instant with a freeze that may apply.
pub fn next_slots(
    calendars: &[Calendar],
    subject: &Subject<'_>,
    from: Timestamp,
    length: SignedDuration,
    n: usize,
) -> Vec<Interval> {
    let long_enough = |slot: &Interval| slot.start.duration_until(slot.end) >= length;
    let mut found = Vec::new();
    for end in horizons(from) {
        let slots = open(calendars, subject, Interval { start: from, end });
        found = slots.into_iter().filter(long_enough).take(n).collect();
        // A slot that ends where the search does may go on behind it.
        if found.len() == n && found.iter().all(|slot| slot.end < end) {
            break;
        }
    }
    found
}

/// Whether a change may happen at an instant.
pub fn openness(calendars: &[Calendar], subject: &Subject<'_>, at: Timestamp) -> Openness {
    let mut state = Openness { open: false, until: None };
    for end in horizons(at) {
        let slots = super::interval::union(open(calendars, subject, Interval { start: at, end }));
        let first = slots.first();
        state.open = first.is_some_and(|slot| slot.start == at);
        state.until = first.map(|slot| if state.open { slot.end } else { slot.start }).filter(|until| *until < end);
        if state.until.is_some() {
            break;
        }
    }
    state
}

/// Ends of ever longer searches, so that the usual question is answered within days.
pub(super) fn horizons(from: Timestamp) -> impl Iterator<Item = Timestamp> {
    let days = |days: i64| from.checked_add(SignedDuration::from_hours(24 * days)).ok();
    [days(8), days(64)].into_iter().flatten().chain(iter::once(recurrence::horizon(from)))
}

/// Slots within a range, sorted, none of them inside another.
fn open(calendars: &[Calendar], subject: &Subject<'_>, range: Interval) -> Vec<Interval> {
    let mut layers = vec![gaps(&frozen(calendars, subject, range), range)];
    layers.extend(calendars.iter().filter(|c| c.is_closed(subject)).map(|c| allowed(c, subject, range)));
    common(&layers)
}

/// Intervals in which some freeze applies, merged.
fn frozen(calendars: &[Calendar], subject: &Subject<'_>, range: Interval) -> Vec<Interval> {
    let windows = calendars.iter().flat_map(|calendar| &calendar.windows);
    let applies =
        |window: &&Window| window.kind == Kind::Deny && window.fits(subject) && window.exemption(subject).is_none();
    let mut found: Vec<Interval> = windows.filter(applies).flat_map(|window| window.intervals(range)).collect();
    found.sort_unstable();
    super::interval::union(found)
}

fn allowed(calendar: &Calendar, subject: &Subject<'_>, range: Interval) -> Vec<Interval> {
    let windows = calendar.windows.iter().filter(|window| window.kind == Kind::Allow && window.fits(subject));
    let clip = |slot: Interval| Interval { start: slot.start.max(range.start), end: slot.end.min(range.end) };
    windows.flat_map(|window| window.intervals(range)).map(clip).collect()
}

/// What lies between merged intervals.
fn gaps(merged: &[Interval], range: Interval) -> Vec<Interval> {
    let ends = iter::once(range.start).chain(merged.iter().map(|interval| interval.end));
    let starts = merged.iter().map(|interval| interval.start).chain(iter::once(range.end));
    ends.zip(starts).map(|(start, end)| Interval { start, end }).filter(|gap| !gap.is_empty()).collect()
}

/// The longest intervals that lie inside one interval of each layer.
///
/// Such an interval begins with one of a layer; from there it lasts as long as, in each layer, the longest one that
/// has begun. One sweep over all starts finds them.
fn common(layers: &[Vec<Interval>]) -> Vec<Interval> {
    let numbered = |(layer, intervals): (usize, &Vec<Interval>)| {
        intervals.iter().map(move |interval| (interval.start, layer, interval.end)).collect::<Vec<_>>()
    };
    let mut starts: Vec<_> = layers.iter().enumerate().flat_map(numbered).collect();
    starts.sort_unstable();
    let mut lasting = vec![Timestamp::MIN; layers.len()];
    let mut found: Vec<Interval> = Vec::new();
    for (start, layer, end) in starts {
        if let Some(until) = lasting.get_mut(layer) {
            *until = end.max(*until);
        }
        let end = lasting.iter().copied().min().unwrap_or(Timestamp::MIN);
        match found.last_mut() {
            _ if end <= start => {}
            Some(last) if last.start == start => last.end = last.end.max(end),
            Some(last) if end <= last.end => {}
            _ => found.push(Interval { start, end }),
        }
    }
    found
}

#[cfg(test)]
mod tests;

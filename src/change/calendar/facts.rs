//! The calendar's part of the policy input: concrete intervals near the change.

use jiff::{SignedDuration, Timestamp};

use super::{Calendar, DefaultState, Interval, OverrideProtocol, Subject, Window, next_slots};
use crate::facts::{CalendarFacts, CalendarHeader, Instant, Occupied, SlotFacts, WindowFacts};
use crate::source::{Sources, Span};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How many open slots are named.
const SLOTS: usize = 3;

/// Intervals that touch `[occupied.start - 1 day, occupied.end + 1 day)`, around `now` when there is no window of
/// change; sorted by start, then calendar, id and end.
pub fn facts(
    calendars: &[Calendar],
    subject: &Subject<'_>,
    occupied: Option<Occupied>,
    now: Timestamp,
    sources: &Sources,
) -> CalendarFacts {
    let (start, end) = occupied.map_or((now, now), |o| (o.start.0, o.end.0));
    let range = Interval {
        start: start.checked_sub(DAY).unwrap_or(Timestamp::MIN),
        end: end.checked_add(DAY).unwrap_or(Timestamp::MAX),
    };
    let near = |calendar| near(calendar, subject, range, sources);
    let mut windows: Vec<WindowFacts> = calendars.iter().flat_map(near).collect();
    windows.sort_by(|a, b| (a.start, &a.calendar, &a.id, a.end).cmp(&(b.start, &b.calendar, &b.id, b.end)));
    CalendarFacts {
        given: !calendars.is_empty(),
        calendars: calendars.iter().map(|calendar| header(calendar, subject, sources)).collect(),
        windows,
        next_open: occupied.map_or_else(Vec::new, |occupied| next_open(calendars, subject, now, occupied)),
    }
}

/// The next instant after `from` at which a window that fits the change and is not exempted starts or ends; looks 400
/// days ahead.
pub fn next_transition(calendars: &[Calendar], subject: &Subject<'_>, from: Timestamp) -> Option<Timestamp> {
    let windows = calendars.iter().flat_map(|calendar| &calendar.windows);
    let applies = |window: &&Window| window.fits(subject) && window.exemption(subject).is_none();
    let windows: Vec<&Window> = windows.filter(applies).collect();
    super::slots::horizons(from)
        .find_map(|end| windows.iter().filter_map(|window| window.next_transition(from, end)).min())
}

/// The next slots that hold what the change occupies.
fn next_open(calendars: &[Calendar], subject: &Subject<'_>, now: Timestamp, occupied: Occupied) -> Vec<SlotFacts> {
    let length = occupied.start.0.duration_until(occupied.end.0);
    let slot = |slot: Interval| SlotFacts { start: Instant(slot.start), end: Instant(slot.end) };
    next_slots(calendars, subject, now, length, SLOTS).into_iter().map(slot).collect()
}

fn header(calendar: &Calendar, subject: &Subject<'_>, sources: &Sources) -> CalendarHeader {
    let state = if calendar.is_closed(subject) { DefaultState::Closed } else { DefaultState::Open };
    CalendarHeader {
        name: calendar.name.clone(),
        default_state: state.as_str(),
        source: place(calendar.state_span, sources),
    }
}

fn near<'a>(
    calendar: &'a Calendar,
    subject: &'a Subject<'_>,
    range: Interval,
    sources: &'a Sources,
) -> impl Iterator<Item = WindowFacts> + use<'a> {
    calendar.windows.iter().flat_map(move |window| {
        let pattern = pattern(calendar, window, subject, sources);
        window.intervals(range).into_iter().map(move |interval| at(&pattern, interval))
    })
}

/// A window's facts but for the interval.
fn pattern(calendar: &Calendar, window: &Window, subject: &Subject<'_>, sources: &Sources) -> WindowFacts {
    let exempt_by = window.exemption(subject);
    let never = Instant(Timestamp::UNIX_EPOCH);
    WindowFacts {
        calendar: calendar.name.clone(),
        id: window.id.clone(),
        kind: window.kind.as_str(),
        name: window.name.clone().unwrap_or_else(|| window.id.clone()),
        start: never,
        start_ns: 0,
        end: never,
        end_ns: 0,
        matches: window.fits(subject),
        exempt: exempt_by.is_some(),
        exempt_by,
        overridable: window.protocol == OverrideProtocol::StandardProtocol,
        owner: window.owner.clone(),
        reason: window.reason.clone(),
        source: place(window.span, sources),
    }
}

fn at(pattern: &WindowFacts, interval: Interval) -> WindowFacts {
    let (start, end) = (Instant(interval.start), Instant(interval.end));
    WindowFacts { start, start_ns: start.ns(), end, end_ns: end.ns(), ..pattern.clone() }
}

fn place(span: Span, sources: &Sources) -> String {
    sources.locate(span).map(|place| place.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::calendar::Target;
    use crate::change::fixture;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn occupied(start: &str, end: &str) -> Occupied {
        let (start, end) = (Instant(at(start)), Instant(at(end)));
        Occupied { start, start_ns: start.ns(), end, end_ns: end.ns() }
    }

    fn calendar() -> (Sources, Vec<Calendar>) {
        let (sources, documents) = fixture::yaml(include_str!("../../../tests/data/change/calendar.yaml"));
        let (calendar, told) = Calendar::read_alone(&documents[0]);
        assert!(told.is_empty());
        (sources, vec![calendar.expect("a calendar")])
    }

    fn orders() -> Subject<'static> {
        let target = Target {
            environment: Some("prod".into()),
            service: Some("orders-api".into()),
            tier: Some(1),
            region: Some("eu-west-1".into()),
            namespace: None,
        };
        let names = [("production".to_owned(), "prod".to_owned())];
        Subject {
            targets: vec![target],
            teams: vec!["group:default/orders".into()],
            paths: Some(vec!["k8s/prod/orders.yaml".into()]),
            environment_names: names.into(),
            ..Subject::default()
        }
    }

    #[test]
    fn intervals_near_the_change_with_their_places() {
        let (sources, calendars) = calendar();
        let facts = facts(
            &calendars,
            &orders(),
            Some(occupied("2026-06-12T20:00:00Z", "2026-06-12T23:00:00Z")),
            at("2026-06-09T09:00:00Z"),
            &sources,
        );
        assert!(facts.given);
        assert_eq!(facts.calendars[0].source, "test.yaml:9:17");
        let found: Vec<_> = facts
            .windows
            .iter()
            .map(|w| (w.id.as_str(), w.start.0.to_string(), w.end.0.to_string(), w.matches, w.source.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("weekdays", "2026-06-08T06:00:00Z".into(), "2026-06-12T18:00:00Z".into(), true, "test.yaml:34:7"),
                ("weekend", "2026-06-12T22:00:00Z".into(), "2026-06-15T12:00:00Z".into(), true, "test.yaml:23:7"),
            ]
        );
        assert_eq!(facts.windows[0].name, "weekdays", "a window without a name goes by its id");
    }

    #[test]
    fn the_day_around_the_change_is_half_open() {
        let (sources, calendars) = calendar();
        let ids = |start: &str, end: &str| -> Vec<String> {
            let facts = facts(&calendars, &orders(), Some(occupied(start, end)), at(start), &sources);
            facts.windows.into_iter().map(|w| w.id).filter(|id| id == "peak-2026").collect()
        };
        // The freeze is [2026-11-22T23:00Z, 2026-12-02T05:00Z).
        assert!(ids("2026-11-21T20:00:00Z", "2026-11-21T23:00:00Z").is_empty());
        assert_eq!(ids("2026-11-21T20:00:00Z", "2026-11-21T23:00:01Z"), ["peak-2026"]);
        assert_eq!(ids("2026-12-03T04:59:59Z", "2026-12-03T06:00:00Z"), ["peak-2026"]);
        assert!(ids("2026-12-03T05:00:00Z", "2026-12-03T06:00:00Z").is_empty());
    }

    #[test]
    fn without_a_window_of_change_the_day_around_now_is_shown() {
        let (sources, calendars) = calendar();
        let facts = facts(&calendars, &Subject::default(), None, at("2026-06-16T12:00:00Z"), &sources);
        let ids: Vec<_> = facts.windows.iter().map(|w| w.id.as_str()).collect();
        assert_eq!(ids, ["weekdays", "maintenance"]);
    }

    #[test]
    fn the_next_slots_hold_what_the_change_occupies() {
        let (sources, calendars) = calendar();
        let next = |start: &str, end: &str| {
            let facts = facts(&calendars, &orders(), Some(occupied(start, end)), at("2026-06-12T09:00:00Z"), &sources);
            let slots = facts.next_open.iter().map(|slot| format!("{}/{}", slot.start.0, slot.end.0));
            slots.collect::<Vec<_>>()
        };
        // From now until the week's slot closes; later ones are cut by the weekend's freeze, which ends at 12:00Z.
        assert_eq!(
            next("2026-06-12T20:00:00Z", "2026-06-12T23:00:00Z"),
            [
                "2026-06-12T09:00:00Z/2026-06-12T18:00:00Z",
                "2026-06-15T12:00:00Z/2026-06-19T18:00:00Z",
                "2026-06-22T12:00:00Z/2026-06-26T18:00:00Z",
            ]
        );
        assert_eq!(
            next("2026-06-12T20:00:00Z", "2026-06-13T20:00:00Z")[0],
            "2026-06-15T12:00:00Z/2026-06-19T18:00:00Z"
        );
        assert!(next("2026-06-12T20:00:00Z", "2026-06-22T20:00:00Z").is_empty(), "no slot is ten days long");
    }

    #[test]
    fn without_a_calendar_nothing_is_given() {
        let facts = facts(&[], &Subject::default(), None, at("2026-06-16T12:00:00Z"), &Sources::default());
        assert!(!facts.given && facts.windows.is_empty());
    }

    #[test]
    fn the_next_transition_is_strictly_later_and_only_of_windows_that_fit() {
        let (_, calendars) = calendar();
        let next = |from: &str| next_transition(&calendars, &orders(), at(from)).map(|t| t.to_string());
        assert_eq!(next("2026-06-12T17:59:59Z").as_deref(), Some("2026-06-12T18:00:00Z"));
        assert_eq!(next("2026-06-12T18:00:00Z").as_deref(), Some("2026-06-12T22:00:00Z"));
        assert_eq!(next("2026-06-12T22:00:00Z").as_deref(), Some("2026-06-15T06:00:00Z"));
        assert_eq!(next_transition(&[], &orders(), at("2026-06-12T18:00:00Z")), None);
    }
}

use proptest::prelude::*;

use super::*;
use crate::change::calendar::{Exemption, Scope, Target, Timing};
use crate::change::fixture;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn calendar(name: &str, state: &str, windows: &str) -> Calendar {
    let text = format!(
        "apiVersion: changegate/v1\nkind: FreezeCalendar\nmetadata: {{name: {name}}}\nspec:\n  timezone: UTC\n  defaultState: {state}\n  windows:\n{windows}\n"
    );
    let (_, documents) = fixture::yaml(&text);
    Calendar::read_alone(&documents[0]).0.expect("a calendar")
}

fn slots(calendars: &[Calendar], from: &str, length: &str, n: usize) -> Vec<String> {
    let length = crate::change::Elapsed::parse(length).expect("a length").signed();
    let found = next_slots(calendars, &Subject::default(), at(from), length, n);
    found.iter().map(|slot| format!("{}/{}", slot.start, slot.end)).collect()
}

const NIGHTS: &str = "    - {id: night, kind: allow, scope: all, schedule: 0 22 * * *, duration: 4h}";

#[test]
fn slots_of_an_open_calendar_lie_between_its_freezes() {
    let weekend =
        [calendar("a", "open", "    - {id: w, kind: deny, scope: all, schedule: 0 18 * * FRI, duration: 62h}")];
    assert_eq!(
        slots(&weekend, "2026-06-12T17:00:00Z", "2h", 2),
        ["2026-06-15T08:00:00Z/2026-06-19T18:00:00Z", "2026-06-22T08:00:00Z/2026-06-26T18:00:00Z"]
    );
    assert_eq!(
        slots(&weekend, "2026-06-12T17:00:00Z", "1h", 1),
        ["2026-06-12T17:00:00Z/2026-06-12T18:00:00Z"],
        "as long as asked is long enough"
    );
}

#[test]
fn a_slot_lies_in_one_window_of_each_closed_calendar() {
    let two = "    - {id: a, kind: allow, scope: all, schedule: 0 1 * * *, duration: 1h}\n    - {id: b, kind: allow, scope: all, schedule: 0 2 * * *, duration: 1h}";
    let split = [calendar("a", "closed", two)];
    assert!(slots(&split, "2026-06-12T00:00:00Z", "90m", 1).is_empty());
    assert_eq!(slots(&split, "2026-06-12T00:00:00Z", "1h", 2).len(), 2);
    let both = [calendar("a", "closed", NIGHTS), calendar("b", "closed", &NIGHTS.replace("0 22", "0 23"))];
    assert_eq!(slots(&both, "2026-06-12T00:00:00Z", "3h", 1), ["2026-06-12T23:00:00Z/2026-06-13T02:00:00Z"]);
}

#[test]
fn a_freeze_cuts_an_open_slot() {
    let windows = format!("{NIGHTS}\n    - {{id: f, kind: deny, scope: all, schedule: 0 23 * * *, duration: 1h}}");
    let cut = [calendar("a", "closed", &windows)];
    assert_eq!(
        slots(&cut, "2026-06-12T00:00:00Z", "30m", 3),
        [
            "2026-06-12T00:00:00Z/2026-06-12T02:00:00Z",
            "2026-06-12T22:00:00Z/2026-06-12T23:00:00Z",
            "2026-06-13T00:00:00Z/2026-06-13T02:00:00Z",
        ]
    );
}

#[test]
fn openness_changes_at_the_edges_and_not_before() {
    let closed = [calendar("a", "closed", NIGHTS)];
    let state = |instant: &str| {
        let state = openness(&closed, &Subject::default(), at(instant));
        (state.open, state.until.map(|until| until.to_string()).unwrap_or_default())
    };
    assert_eq!(state("2026-06-12T21:59:59Z"), (false, "2026-06-12T22:00:00Z".into()));
    assert_eq!(state("2026-06-12T22:00:00Z"), (true, "2026-06-13T02:00:00Z".into()));
    assert_eq!(state("2026-06-13T01:59:59Z"), (true, "2026-06-13T02:00:00Z".into()));
    assert_eq!(state("2026-06-13T02:00:00Z"), (false, "2026-06-13T22:00:00Z".into()));
    assert_eq!(openness(&[], &Subject::default(), at("2026-06-13T02:00:00Z")), Openness { open: true, until: None });
    let always = [calendar("a", "open", "    - {id: w, kind: deny, scope: all, schedule: 0 0 * * *, duration: 24h}")];
    let state = openness(&always, &Subject::default(), at("2026-06-13T02:00:00Z"));
    assert_eq!(state, Openness { open: false, until: None }, "what never ends has no end");
}

#[test]
fn a_slot_for_one_service_opens_nothing_for_another() {
    let scoped = NIGHTS.replace("scope: all", "scope: {services: [orders-db]}");
    let calendars = [calendar("a", "closed", &scoped)];
    let target = |name: &str| Target { service: Some(name.into()), ..Target::default() };
    let open = |targets: Vec<Target>| {
        let subject = Subject { targets, ..Subject::default() };
        openness(&calendars, &subject, at("2026-06-12T23:00:00Z")).open
    };
    assert!(open(vec![target("orders-db")]));
    assert!(!open(vec![target("orders-db"), target("orders-api")]), "one window does not cover both");
    assert!(!open(vec![Target::default()]) && !open(vec![]), "what is unknown may be another service");
}

fn once(start: i64, length: i64, kind: Kind) -> Window {
    let instant = |hours: i64| Timestamp::from_second(1_780_000_000 + hours * 3_600).expect("in range");
    Window {
        id: start.to_string(),
        kind,
        name: None,
        timing: Timing::Once(Interval { start: instant(start), end: instant(start + length) }),
        scope: Scope::default(),
        exemptions: Vec::<Exemption>::new(),
        protocol: crate::change::calendar::OverrideProtocol::default(),
        owner: None,
        reason: None,
        origin: crate::change::calendar::Origin::FreezeCalendar,
        span: crate::source::Span::default(),
    }
}

fn windows(kind: Kind) -> impl Strategy<Value = Vec<Window>> {
    prop::collection::vec((0i64..300, 1i64..40), 0..12)
        .prop_map(move |list| list.into_iter().map(|(start, length)| once(start, length, kind)).collect())
}

proptest! {
    /// Slots share no instant with a freeze, lie in an open window of each closed calendar, are long enough, and
    /// none is missed: an hour that a brute force finds open for as long begins one, or lies in one.
    #[test]
    fn slots_are_exactly_what_is_open(
        deny in windows(Kind::Deny),
        allow in windows(Kind::Allow),
        other in windows(Kind::Allow),
        length in 1i64..20,
    ) {
        let closed = |windows: Vec<Window>| Calendar {
            name: "c".into(),
            default_state: crate::change::calendar::DefaultState::Closed,
            state_span: crate::source::Span::default(),
            windows,
        };
        let calendars = [closed([deny.clone(), allow.clone()].concat()), closed(other.clone())];
        let from = Timestamp::from_second(1_780_000_000).expect("in range");
        let needed = SignedDuration::from_hours(length);
        let found = next_slots(&calendars, &Subject::default(), from, needed, usize::MAX);
        let interval = |window: &Window| match window.timing {
            Timing::Once(interval) => interval,
            Timing::Recurring(_) => unreachable!(),
        };
        for slot in &found {
            prop_assert!(slot.start >= from && slot.start.duration_until(slot.end) >= needed);
            prop_assert!(deny.iter().all(|window| !interval(window).touches(slot)));
            prop_assert!(allow.iter().any(|window| interval(window).contains(slot)));
            prop_assert!(other.iter().any(|window| interval(window).contains(slot)));
        }
        for hour in 0..340 {
            let start = from + SignedDuration::from_hours(hour);
            let change = Interval { start, end: start + needed };
            let open = deny.iter().all(|window| !interval(window).touches(&change))
                && allow.iter().any(|window| interval(window).contains(&change))
                && other.iter().any(|window| interval(window).contains(&change));
            prop_assert_eq!(open, found.iter().any(|slot| slot.contains(&change)), "hour {}", hour);
        }
    }
}

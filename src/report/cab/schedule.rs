//! When the change happens: its window and its rollback against freezes and open slots.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::busy;
use super::page::{Fact, Freeze, Schedule, Word};
use crate::facts::{WindowFacts, WindowOfChange, World};
use crate::report::chart::{Bar, Row, gantt};
use crate::report::text;

/// A day of air on both sides of the picture.
const MARGIN: i64 = 86_400_000_000_000;

pub(super) fn of(world: &World, zone: &TimeZone, now: Timestamp) -> Schedule {
    let window = world.change.as_ref().and_then(|change| change.window);
    let relevant: Vec<&WindowFacts> = world.calendar.windows.iter().filter(|w| w.matches || w.kind == "deny").collect();
    Schedule {
        facts: facts(world, window, zone),
        chart: window.map(|window| picture(world, &relevant, window, now, zone)),
        freezes: relevant.iter().map(|w| freeze(w, window, zone)).collect(),
        next_open: world
            .calendar
            .next_open
            .iter()
            .map(|slot| format!("{} to {}", text::instant(slot.start.0, zone), text::instant(slot.end.0, zone)))
            .collect(),
    }
}

fn facts(world: &World, window: Option<WindowOfChange>, zone: &TimeZone) -> Vec<Fact> {
    let Some(window) = window else {
        return vec![Fact::toned("Window", "not planned", "bad")];
    };
    let mut facts = vec![
        Fact::new("Start", text::instant(window.start.0, zone)),
        Fact::new("End", text::instant(window.end.0, zone)),
        Fact::new("Duration", text::duration(window.end_ns - window.start_ns)),
        Fact::new("Rollback", format!("{} after the end", text::duration(window.rollback_ns))),
        Fact::new("Occupied until", text::instant(window.occupied.end.0, zone)),
    ];
    facts.extend(busy::facts(world, window, around(window), zone));
    if !world.calendar.given {
        facts.push(Fact::toned("Freeze calendar", "none was given", "warn"));
    }
    facts
}

fn picture(world: &World, windows: &[&WindowFacts], window: WindowOfChange, now: Timestamp, zone: &TimeZone) -> String {
    let of_kind = |kind: &str, class: &'static str| -> Vec<Bar> {
        let chosen = windows.iter().filter(|w| w.kind == kind);
        chosen.map(|w| Bar { start: w.start.0, end: w.end.0, kind: class, title: titled(w, zone) }).collect()
    };
    let change = vec![
        Bar {
            start: window.start.0,
            end: window.end.0,
            kind: "change",
            title: format!(
                "change from {} to {}",
                text::instant(window.start.0, zone),
                text::clock(window.end.0, zone)
            ),
        },
        Bar {
            start: window.end.0,
            end: window.occupied.end.0,
            kind: "rollback",
            title: format!("rollback until {}", text::clock(window.occupied.end.0, zone)),
        },
    ];
    let mut rows = vec![Row { name: "change".into(), bars: change }];
    for (name, bars) in [("freezes", of_kind("deny", "freeze")), ("open slots", of_kind("allow", "slot"))] {
        if !bars.is_empty() {
            rows.push(Row { name: name.into(), bars });
        }
    }
    rows.extend(busy::rows(world, around(window), zone));
    gantt("schedule", &rows, around(window), now, zone)
}

/// The window of a picture: a day before and after what the change occupies.
pub(super) fn around(window: WindowOfChange) -> (Timestamp, Timestamp) {
    let shift = |at: Timestamp, ns: i64| at.checked_add(jiff::SignedDuration::from_nanos(ns)).unwrap_or(at);
    (shift(window.start.0, -MARGIN), shift(window.occupied.end.0, MARGIN))
}

fn titled(window: &WindowFacts, zone: &TimeZone) -> String {
    format!("{} from {} to {}", window.name, text::instant(window.start.0, zone), text::instant(window.end.0, zone))
}

fn freeze(window: &WindowFacts, change: Option<WindowOfChange>, zone: &TimeZone) -> Freeze {
    let overlaps = change.is_some_and(|c| window.start_ns < c.occupied.end_ns && window.end_ns > c.occupied.start_ns);
    let applies = match (window.kind, window.matches, window.exempt, overlaps) {
        ("deny", true, false, true) => Word::new("overlaps", "bad"),
        ("deny", true, true, true) => Word::new("exempt", "warn"),
        (_, false, _, _) => Word::new("another scope", ""),
        (_, _, _, false) => Word::new("no overlap", "good"),
        _ => Word::new("holds it", "good"),
    };
    Freeze {
        name: window.name.clone(),
        kind: Word::new(if window.kind == "deny" { "freeze" } else { "open slot" }, ""),
        when: format!("{} to {}", text::instant(window.start.0, zone), text::instant(window.end.0, zone)),
        applies,
        reason: window.reason.clone().unwrap_or_default(),
        source: window.source.clone(),
    }
}

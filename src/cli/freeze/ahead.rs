//! `changegate freeze next` and `changegate freeze list`: what is to come.

use std::fmt::Write;

use changegate::change::calendar::{Calendar, Interval, Subject, Window, next_slots};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::show::{Occurrence, instant, json, length, place};
use super::{Asked, ListArgs, NextArgs, Shape};
use crate::cli::Answer;

/// The open slots, frozen as JSON.
#[derive(Debug, Serialize)]
struct Next {
    schema: &'static str,
    from: String,
    /// Change and rollback.
    length_seconds: i64,
    slots: Vec<Slot>,
}

#[derive(Debug, Serialize)]
struct Slot {
    start: String,
    end: String,
    /// Latest instant at which the change can start and its rollback still be over in time.
    latest_start: String,
}

pub(super) fn next(asked: &Asked, args: &NextArgs) -> Answer {
    let needed = args.length.signed().saturating_add(args.rollback.signed());
    let subject = asked.subject(&args.subject);
    let calendars = &asked.calendars.documents.calendars;
    let slots = next_slots(calendars, &subject, asked.at, needed, args.count.into());
    let stdout = match asked.format {
        Shape::Json => json(&Next {
            schema: "changegate/freeze-next/v1",
            from: asked.at.to_string(),
            length_seconds: needed.as_secs(),
            slots: slots.iter().map(|slot| Slot::new(*slot, needed)).collect(),
        }),
        Shape::Pretty => slots_as_text(asked.at, &slots, needed).into_bytes(),
    };
    Answer { stdout, code: u8::from(slots.is_empty()), ..Answer::default() }
}

impl Slot {
    fn new(slot: Interval, needed: SignedDuration) -> Self {
        let latest = slot.end.checked_sub(needed).unwrap_or(slot.start);
        Self { start: slot.start.to_string(), end: slot.end.to_string(), latest_start: latest.to_string() }
    }
}

fn slots_as_text(now: Timestamp, slots: &[Interval], needed: SignedDuration) -> String {
    if slots.is_empty() {
        return format!("no slot of {} within 400 days\n", length(needed));
    }
    let mut out = String::new();
    for slot in slots {
        let latest = slot.end.checked_sub(needed).unwrap_or(slot.start);
        let lasts = length(slot.start.duration_until(slot.end));
        let _ = writeln!(out, "{}  to  {}  {lasts}, start by {latest}", instant(slot.start, now), slot.end);
    }
    out
}

/// All windows, frozen as JSON.
#[derive(Debug, Serialize)]
struct List<'a> {
    schema: &'static str,
    from: String,
    calendars: Vec<Listed<'a>>,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    calendar: &'a str,
    default_state: &'static str,
    source: String,
    windows: Vec<ListedWindow<'a>>,
}

#[derive(Debug, Serialize)]
struct ListedWindow<'a> {
    id: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    source: String,
    /// The occurrence in force and the next ones; empty when none comes within 400 days.
    next: Vec<Occurrence<'a>>,
}

pub(super) fn list(asked: &Asked, args: &ListArgs) -> Answer {
    let subject = asked.subject(&args.subject);
    let calendars = asked.calendars.documents.calendars.iter();
    let list = List {
        schema: "changegate/freeze-list/v1",
        from: asked.at.to_string(),
        calendars: calendars.map(|calendar| listed(asked, calendar, &subject, args.count.into())).collect(),
    };
    let stdout = match asked.format {
        Shape::Json => json(&list),
        Shape::Pretty => list_as_text(&list).into_bytes(),
    };
    Answer { stdout, ..Answer::default() }
}

/// A calendar with the windows that fit; all of them when nobody says what would be touched.
fn listed<'a>(asked: &'a Asked, calendar: &'a Calendar, subject: &Subject<'_>, count: usize) -> Listed<'a> {
    let windows = calendar.windows.iter().filter(|window| subject.targets.is_empty() || window.fits(subject));
    Listed {
        calendar: &calendar.name,
        default_state: calendar.default_state.as_str(),
        source: place(calendar.state_span, &asked.calendars.sources),
        windows: windows.map(|window| listed_window(asked, calendar, window, count)).collect(),
    }
}

fn listed_window<'a>(asked: &'a Asked, calendar: &'a Calendar, window: &'a Window, count: usize) -> ListedWindow<'a> {
    let sources = &asked.calendars.sources;
    let next = window.next_occurrences(asked.at, count);
    ListedWindow {
        id: &window.id,
        kind: window.kind.as_str(),
        name: window.name.as_deref(),
        source: place(window.span, sources),
        next: next.into_iter().map(|interval| Occurrence::new(calendar, window, interval, sources)).collect(),
    }
}

fn list_as_text(list: &List<'_>) -> String {
    let mut out = String::new();
    for calendar in &list.calendars {
        let _ = writeln!(out, "{} · {} · {}", calendar.calendar, calendar.default_state, calendar.source);
        for window in &calendar.windows {
            let name = window.name.map(|name| format!(" · {name}")).unwrap_or_default();
            let _ = writeln!(out, "  {:<5} {}{name}\n        {}", window.kind, window.id, window.source);
            for occurrence in &window.next {
                let _ = writeln!(out, "        {} to {}", occurrence.start, occurrence.end);
            }
            if window.next.is_empty() {
                out.push_str("        not within 400 days\n");
            }
        }
    }
    out
}

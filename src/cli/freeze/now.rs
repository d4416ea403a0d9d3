//! `changegate freeze status`: open or frozen, by what, and until when.

use std::fmt::Write;

use changegate::change::calendar::{Calendar, Interval, Kind, Subject, Window, next_transition, openness};
use serde::Serialize;

use super::show::{Occurrence, instant, json, place};
use super::{Asked, Shape, SubjectArgs};
use crate::cli::Answer;

/// The answer, frozen as JSON.
#[derive(Debug, Serialize)]
struct Status<'a> {
    schema: &'static str,
    at: String,
    state: &'static str,
    /// When that changes; null when it does not within 400 days.
    until: Option<String>,
    /// When the next window that fits starts or ends; null when none does within 400 days.
    next_transition: Option<String>,
    /// Freezes in force.
    freezes: Vec<Occurrence<'a>>,
    /// Freezes in force that an exemption lifts.
    exempt: Vec<Occurrence<'a>>,
    /// Open slots in force.
    slots: Vec<Occurrence<'a>>,
    /// Calendars that are closed and that no slot opens now.
    closed: Vec<Closed<'a>>,
}

#[derive(Debug, Serialize)]
struct Closed<'a> {
    calendar: &'a str,
    source: String,
}

pub(super) fn status(asked: &Asked, args: &SubjectArgs) -> Answer {
    let subject = asked.subject(args);
    let calendars = &asked.calendars.documents.calendars;
    let state = openness(calendars, &subject, asked.at);
    let status = Status {
        schema: "changegate/freeze-status/v1",
        at: asked.at.to_string(),
        state: if state.open { "open" } else { "frozen" },
        until: state.until.map(|until| until.to_string()),
        next_transition: next_transition(calendars, &subject, asked.at).map(|at| at.to_string()),
        freezes: active(asked, &subject, |w| w.kind == Kind::Deny && w.exemption(&subject).is_none()),
        exempt: active(asked, &subject, |w| w.kind == Kind::Deny && w.exemption(&subject).is_some()),
        slots: active(asked, &subject, |w| w.kind == Kind::Allow),
        closed: closed(asked, &subject),
    };
    let stdout = match asked.format {
        Shape::Json => json(&status),
        Shape::Pretty => pretty(asked, &status).into_bytes(),
    };
    Answer { stdout, code: u8::from(!state.open), ..Answer::default() }
}

/// Windows in force that fit and satisfy a condition.
fn active<'a>(asked: &'a Asked, subject: &Subject<'_>, wanted: impl Fn(&Window) -> bool) -> Vec<Occurrence<'a>> {
    let calendars = &asked.calendars.documents.calendars;
    let windows = calendars.iter().flat_map(|c| c.windows.iter().map(move |w| (c, w)));
    let fitting = windows.filter(|(_, w)| wanted(w) && w.fits(subject));
    let occurrence = |(calendar, window): (&'a Calendar, &'a Window)| {
        let interval = now(window, asked.at)?;
        Some(Occurrence::new(calendar, window, interval, &asked.calendars.sources))
    };
    fitting.filter_map(occurrence).collect()
}

/// The interval of a window that holds an instant.
fn now(window: &Window, at: jiff::Timestamp) -> Option<Interval> {
    let end = at.checked_add(jiff::SignedDuration::from_nanos(1)).ok()?;
    window.intervals(Interval { start: at, end }).into_iter().next()
}

fn closed<'a>(asked: &'a Asked, subject: &Subject<'_>) -> Vec<Closed<'a>> {
    let opened = |calendar: &Calendar| {
        let mut slots = calendar.windows.iter().filter(|w| w.kind == Kind::Allow && w.fits(subject));
        slots.any(|window| now(window, asked.at).is_some())
    };
    let shut = asked.calendars.documents.calendars.iter().filter(|c| c.is_closed(subject) && !opened(c));
    shut.map(|c| Closed { calendar: &c.name, source: place(c.state_span, &asked.calendars.sources) }).collect()
}

fn pretty(asked: &Asked, status: &Status<'_>) -> String {
    let parse = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    let until = parse(&status.until).map(|until| format!(" until {}", instant(until, asked.at)));
    let until = until.unwrap_or_else(|| ", for the next 400 days".to_owned());
    let mut out = format!("{}{until}\n", status.state);
    for freeze in &status.freezes {
        let reason = freeze.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(out, "  freeze `{}` ({} to {}){reason}", freeze.title(), freeze.start, freeze.end);
        let _ = writeln!(out, "    {}", owned(freeze));
    }
    for freeze in &status.exempt {
        let _ = writeln!(out, "  exempt from freeze `{}`\n    {}", freeze.title(), freeze.source);
    }
    for slot in &status.slots {
        let _ = writeln!(out, "  open slot `{}` ({} to {})\n    {}", slot.title(), slot.start, slot.end, slot.source);
    }
    for calendar in &status.closed {
        let _ =
            writeln!(out, "  calendar `{}` is closed, and no slot is open\n    {}", calendar.calendar, calendar.source);
    }
    match parse(&status.next_transition) {
        Some(next) => drop(writeln!(out, "next transition: {}", instant(next, asked.at))),
        None => out.push_str("next transition: none within 400 days\n"),
    }
    out
}

fn owned(freeze: &Occurrence<'_>) -> String {
    freeze.owner.map_or_else(|| freeze.source.clone(), |owner| format!("{} · owner {owner}", freeze.source))
}

//! What a calendar says that is seldom meant: every window is asked what it will really do.
//!
//! Reading already tells what is wrong with the text; this looks at the calendars as a whole, and at the year ahead.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::read::seldom_meant;
use super::recurrence::{self, Disturbed};
use super::{Calendar, DefaultState, Interval, Kind, Origin, Recurrence, Starts, Timing, Window};
use crate::change::request::bare_name;
use crate::finding::Diagnostic;
use crate::source::Span;

/// Names that exist; an empty set is one that nobody declared.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Services of the catalogue, bare, in lower case.
    pub services: BTreeSet<String>,
    /// Every spelling of an environment, in lower case.
    pub environments: BTreeSet<String>,
}

/// Warnings about windows that do nothing, never end or surprise, and notes about changes of clocks within 400 days.
pub fn lint(calendars: &[Calendar], known: &Known, at: Timestamp) -> Vec<Diagnostic> {
    let year = Interval { start: at, end: recurrence::horizon(at) };
    let mut told = duplicates(calendars);
    for calendar in calendars {
        told.extend(never_opens(calendar, year));
        for window in &calendar.windows {
            told.extend(idle(calendar, window));
            told.extend(unknown_names(window, known));
            told.extend(when(window, year));
        }
    }
    told
}

/// An override names a freeze by its id alone.
fn duplicates(calendars: &[Calendar]) -> Vec<Diagnostic> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut told = Vec::new();
    for window in calendars.iter().flat_map(|calendar| &calendar.windows) {
        let first = *seen.entry(&window.id).or_insert(window.span);
        // Instances of one event share its id, and are one freeze.
        let one_event = window.origin == Origin::ICalendar && first.source == window.span.source;
        if first != window.span && !one_event {
            told.push(
                warning("calendar::duplicate", format!("a second window `{}`", window.id), window.span)
                    .help("an override lifts every window of its id: give this one an id of its own"),
            );
        }
    }
    told
}

fn never_opens(calendar: &Calendar, year: Interval) -> Option<Diagnostic> {
    let opens = |window: &Window| window.kind == Kind::Allow && !window.intervals(year).is_empty();
    let never = calendar.default_state == DefaultState::Closed && !calendar.windows.iter().any(opens);
    never.then(|| {
        warning(
            "calendar::closed",
            format!("calendar `{}` is closed, and nothing opens it", calendar.name),
            calendar.state_span,
        )
        .help("add an allow window, or make it `defaultState: open`")
    })
}

/// Windows and parts of them that change nothing.
fn idle(calendar: &Calendar, window: &Window) -> Option<Diagnostic> {
    if window.kind == Kind::Deny {
        return None;
    }
    let open = calendar.default_state == DefaultState::Open;
    let (message, help) = match (open, window.exemptions.is_empty()) {
        (true, _) => {
            ("an open slot in an open calendar opens nothing", "make it `defaultState: closed`, or remove the window")
        }
        (false, false) => {
            ("an exemption from an open slot has no effect", "exemptions lift freezes: give it to a deny window")
        }
        (false, true) => return None,
    };
    Some(warning("calendar::idle", format!("window `{}`: {message}", window.id), window.span).help(help))
}

/// Names of a scope that nobody else knows: such a window may match nothing.
fn unknown_names(window: &Window, known: &Known) -> Vec<Diagnostic> {
    let unknown = |kind: &str, names: &[String], known: &BTreeSet<String>| -> Vec<Diagnostic> {
        let missing = names.iter().filter(|name| !known.is_empty() && !known.contains(&bare_name(name).to_lowercase()));
        let tell = |name: &String| {
            warning("calendar::scope", format!("window `{}`: there is no {kind} `{name}`", window.id), window.span)
                .help("this part of its scope matches nothing: correct the name, or declare it")
        };
        missing.map(tell).collect()
    };
    let mut told = unknown("service", &window.scope.services, &known.services);
    told.extend(unknown("environment", &window.scope.environments, &known.environments));
    told
}

/// When a window is, in the year ahead.
fn when(window: &Window, year: Interval) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    let intervals = window.intervals(year);
    if over(window, year.start) {
        told.push(
            warning("calendar::expired", format!("window `{}` is over", window.id), window.span)
                .help("remove it, or move it to its next date"),
        );
    } else if intervals.is_empty() && matches!(window.timing, Timing::Recurring(_)) {
        told.push(
            Diagnostic::note("calendar::rare", format!("window `{}` does not come within 400 days", window.id))
                .at(window.span),
        );
    }
    if let Timing::Recurring(recurrence) = &window.timing {
        let endless = matches!(intervals.as_slice(), [one] if one.contains(&year));
        told.extend(endless.then(|| always(window)));
        if let (Starts::Cron(cron), true) = (&recurrence.starts, window.origin != Origin::FreezeCalendar) {
            told.extend(seldom_meant(window.span, cron, &recurrence.end));
        }
        told.extend(no_place(window, recurrence));
        told.extend(clock_changes(window, recurrence, year));
    }
    told
}

/// Whether nothing of it is left.
fn over(window: &Window, now: Timestamp) -> bool {
    match &window.timing {
        Timing::Once(interval) => interval.end <= now,
        Timing::Recurring(recurrence) => {
            let last = match &recurrence.starts {
                Starts::Rule(rule) => rule.last(),
                Starts::Listed => Some(jiff::civil::DateTime::MIN),
                Starts::Cron(_) => None,
            };
            last.is_some_and(|last| last < recurrence.zone.to_datetime(now))
                && window.intervals(Interval { start: now, end: recurrence::horizon(now) }).is_empty()
        }
    }
}

fn always(window: &Window) -> Diagnostic {
    let effect = match window.kind {
        Kind::Deny => "it freezes without end",
        Kind::Allow => "it is always open",
    };
    warning("calendar::schedule", format!("window `{}` comes again before it ends: {effect}", window.id), window.span)
        .help("shorten it, or let it come less often")
}

/// Names of the database that are an offset and know no summer time.
fn no_place(window: &Window, recurrence: &Recurrence) -> Option<Diagnostic> {
    let name = recurrence.zone.iana_name()?;
    let offset = name.starts_with("Etc/GMT") && name.len() > "Etc/GMT".len();
    let abbreviation = ["EST", "MST", "HST", "CET", "MET", "EET", "WET", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"];
    let (why, help) = match (offset, abbreviation.contains(&name)) {
        (true, _) => ("its sign is the other way round than people write it", "name a place, such as `Europe/Berlin`"),
        (_, true) => ("it is an abbreviation, not a place", "name a place, such as `America/New_York`"),
        _ => return None,
    };
    Some(
        warning("calendar::time-zone", format!("window `{}` is in the zone `{name}`: {why}", window.id), window.span)
            .help(help),
    )
}

/// What the coming changes of clocks do to a window: one note for each change.
fn clock_changes(window: &Window, recurrence: &Recurrence, year: Interval) -> Vec<Diagnostic> {
    let transitions = recurrence.zone.following(year.start).map(|transition| transition.timestamp());
    let coming = transitions.take_while(|at| *at < year.end);
    let first = coming.filter_map(|at| recurrence.disturbed(at).first().copied());
    first.map(|disturbed| clock_change(window, recurrence, disturbed)).collect()
}

fn clock_change(window: &Window, recurrence: &Recurrence, disturbed: Disturbed) -> Diagnostic {
    let message = match disturbed {
        Disturbed::NeverShown { local, start } => {
            format!("no clock shows {local}: it starts at {start}, as the clocks change")
        }
        Disturbed::ShownTwice { local, start } => {
            format!("clocks show {local} twice: it starts the first time, at {start}")
        }
        Disturbed::EndMoves { local, end } => {
            let shown = recurrence.zone.to_datetime(end);
            format!("the occurrence of {local} ends when the clock shows {shown}, because its length is elapsed time")
        }
    };
    Diagnostic::note("calendar::clock-change", format!("window `{}`: {message}", window.id))
        .at(window.span)
        .help("write `until` where the time of day counts, and `duration` where the length does")
}

fn warning(code: &'static str, message: String, span: Span) -> Diagnostic {
    Diagnostic::warning(code, message).at(span)
}

#[cfg(test)]
mod tests;

//! iCalendar files (RFC 5545) as calendars: events are windows, and their lines are the windows' places.
//!
//! Honoured: all-day events, `DTEND` (exclusive) and `DURATION`, `RRULE`, `RDATE`, `EXDATE`, `RECURRENCE-ID`,
//! `STATUS`, `TRANSP`, `VTIMEZONE`, AWS' `X-CALENDAR-TYPE`. Tasks, journals and alarms hold no window. What would
//! change when a window is and is not understood is an error, never a guess.

mod component;
mod duration;
mod event;
mod line;
mod series;
#[cfg(test)]
mod tests;
mod value;
mod zone;

use jiff::tz::TimeZone;

use self::component::{Component, Property};
use self::zone::Zones;
use super::read::fault;
use super::{Calendar, DefaultState, Kind, Scope};
use crate::change::documents::ContextFile;
use crate::finding::Diagnostic;
use crate::parse::de::Spanned;
use crate::source::Span;

/// What the importing calendar says about a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// The zone of times that name none, unless the file says.
    pub(super) zone: Option<TimeZone>,
    /// What the events are, unless the file says.
    pub(super) kind: Option<Spanned<Kind>>,
    /// What the events apply to.
    pub(super) scope: Scope,
}

/// Reads a file. `None`, or an error told, when it cannot be used.
pub(super) fn calendar(file: &ContextFile<'_>, reading: &Reading, told: &mut Vec<Diagnostic>) -> Option<Calendar> {
    let Some((source, text)) = file.text else {
        told.push(Diagnostic::error("calendar::ics", "not an iCalendar file").in_file(file.path));
        return None;
    };
    let calendar = match component::read(source, text) {
        Ok(calendar) => calendar,
        Err(fault) => {
            told.push(fault);
            return None;
        }
    };
    let state = told.ok_or_tell(declared_state(&calendar));
    let kind = told.ok_or_tell(kind_of(state.flatten(), reading))?;
    let zones = Zones::new(&calendar, reading.zone.clone(), told);
    let name = calendar.get("X-WR-CALNAME").or(calendar.get("NAME")).map(Property::text);
    Some(Calendar {
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| file_name(file.path).to_owned()),
        default_state: state.flatten().map_or(DefaultState::Open, |state| state.value),
        state_span: state.flatten().map_or(calendar.span, |state| state.span),
        windows: event::windows(&calendar, &zones, kind, &reading.scope, told),
        events: Vec::new(),
    })
}

/// Whether a file says by itself if it is open: then it is a calendar of its own.
pub(super) fn says_its_state(file: &ContextFile<'_>) -> bool {
    let read = file.text.and_then(|(source, text)| component::read(source, text).ok());
    read.is_some_and(|calendar| calendar.get("X-CALENDAR-TYPE").is_some())
}

/// AWS Systems Manager's `X-CALENDAR-TYPE`.
fn declared_state(calendar: &Component) -> Result<Option<Spanned<DefaultState>>, Diagnostic> {
    let Some(property) = calendar.get("X-CALENDAR-TYPE") else { return Ok(None) };
    let value = match property.value.trim() {
        "DEFAULT_OPEN" => DefaultState::Open,
        "DEFAULT_CLOSED" => DefaultState::Closed,
        other => {
            return Err(fault("calendar::ics", format!("`{other}` is no type of calendar"), property.span)
                .label("is it open or closed outside its events?")
                .help("`X-CALENDAR-TYPE` is DEFAULT_OPEN or DEFAULT_CLOSED"));
        }
    };
    Ok(Some(Spanned { span: property.span, value }))
}

/// Events close an open calendar and open a closed one; a file that does not say which it is lists freezes.
fn kind_of(state: Option<Spanned<DefaultState>>, reading: &Reading) -> Result<Kind, Diagnostic> {
    let declared = state.map(|state| match state.value {
        DefaultState::Closed => Kind::Allow,
        DefaultState::Open | DefaultState::ClosedWhereAllowed => Kind::Deny,
    });
    match (declared, reading.kind) {
        (Some(declared), Some(said)) if declared != said.value => {
            Err(fault("calendar::import", format!("`kind: {}` contradicts the file", said.as_str()), said.span)
                .label(format!("its `X-CALENDAR-TYPE` says that its events {} changes", declared.as_str()))
                .help("leave `kind` out: the file says what its events are"))
        }
        (Some(declared), _) => Ok(declared),
        (None, Some(said)) => Ok(said.value),
        (None, None) => Ok(Kind::Deny),
    }
}

fn file_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Keeps what could be read, and tells what could not.
trait Tell {
    fn ok_or_tell<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T>;
}

impl Tell for Vec<Diagnostic> {
    fn ok_or_tell<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|fault| self.push(fault)).ok()
    }
}

fn wrong(message: impl Into<String>, span: Span) -> Diagnostic {
    fault("calendar::ics", message, span)
}

//! From the shape of a calendar to windows that can be expanded; everything doubtful is said at its place.

mod scope;
mod timing;

use std::collections::HashMap;

use jiff::tz::TimeZone;

pub(super) use self::scope::scope_of;
pub(super) use self::timing::{between, recurring_length, rrule, seldom_meant, with_first, zone};

use self::scope::{exemption_of, says_nothing};
use self::timing::timing;
use super::import::{self, Imported};
use super::shape::{CalendarShape, WindowShape};
use super::{Calendar, Neighbours, Origin, Window};
use crate::change::documents::Envelope;
use crate::finding::{Diagnostic, Level};
use crate::parse::de::{Spanned, from_node, header};
use crate::parse::tree::Node;
use crate::source::Span;

pub(super) type Checked<T> = Result<T, Diagnostic>;

/// The calendar of a document, and after it those of its imports that stand on their own.
pub(super) fn calendars(document: &Node, neighbours: &Neighbours<'_>) -> (Vec<Calendar>, Vec<Diagnostic>) {
    let envelope: Envelope<CalendarShape> = match from_node(document) {
        Ok(envelope) => envelope,
        Err(fault) => return (Vec::new(), vec![fault]),
    };
    let shape = envelope.spec;
    let mut told = duplicates(&shape.windows);
    let inherited = shape.timezone.as_ref().map(zone).transpose().unwrap_or_else(|fault| {
        told.push(fault);
        Some(TimeZone::UTC)
    });
    let mut windows = Vec::new();
    for window in shape.windows {
        match window_of(window, inherited.as_ref(), &mut told) {
            Ok(window) => windows.push(window),
            Err(fault) => told.push(fault),
        }
    }
    let mut others = Vec::new();
    for import in shape.imports {
        match import::read(import, inherited.as_ref(), neighbours, &mut told) {
            Ok(Imported::Windows(imported)) => windows.extend(imported),
            Ok(Imported::Calendar(calendar)) => others.push(calendar),
            Err(fault) => told.push(fault),
        }
    }
    let state = shape.default_state.as_ref();
    let calendar = Calendar {
        name: envelope.metadata.name.unwrap_or_default(),
        default_state: state.map_or_else(Default::default, |state| state.value),
        state_span: state.map_or_else(|| document.get("spec").map_or(header(document), header), |state| state.span),
        windows,
    };
    let broken = told.iter().any(|d| d.level == Level::Error);
    let calendars = if broken { Vec::new() } else { std::iter::once(calendar).chain(others).collect() };
    (calendars, told)
}

fn window_of(
    window: Spanned<WindowShape>,
    inherited: Option<&TimeZone>,
    told: &mut Vec<Diagnostic>,
) -> Checked<Window> {
    let Spanned { span, value: shape } = window;
    let id = shape.id.value.0.clone();
    let zone = match &shape.timezone {
        Some(name) => Some(zone(name)?),
        None => inherited.cloned(),
    };
    let timing = timing(&shape, span, zone, told)?;
    if shape.scope.as_ref().is_none_or(|scope| says_nothing(scope)) {
        told.push(without_scope(shape.scope.as_ref().map_or(span, |scope| scope.span), &id));
    }
    let scope = shape.scope.map(|scope| scope_of(scope.value)).transpose()?.unwrap_or_default();
    let exemptions = shape.exemptions.into_iter().map(exemption_of).collect::<Checked<_>>()?;
    let WindowShape { kind, name, owner, reason, protocol, .. } = shape;
    let origin = Origin::FreezeCalendar;
    Ok(Window { id, kind, name, timing, scope, exemptions, protocol, owner, reason, origin, span })
}

/// Ids that were used before, because an override names one freeze and nothing else.
fn duplicates(windows: &[Spanned<WindowShape>]) -> Vec<Diagnostic> {
    let mut seen = HashMap::new();
    windows
        .iter()
        .filter(|window| seen.insert(&window.id.value.0, ()).is_some())
        .map(|window| {
            fault("calendar::duplicate", format!("a second window `{}`", window.id.value.0), window.id.span)
                .label("this id is taken")
                .help("an override names one window by its id; give this one its own")
        })
        .collect()
}

fn without_scope(span: Span, id: &str) -> Diagnostic {
    Diagnostic::warning("calendar::scope", format!("window `{id}` has no scope and matches everything"))
        .at(span)
        .help("write `scope: all` if that is meant")
}

pub(super) fn fault(code: &'static str, message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error(code, message).at(span)
}

#[cfg(test)]
mod tests;

//! From the shape of a calendar to windows that can be expanded; everything doubtful is said at its place.

use std::collections::HashMap;

use globset::{GlobBuilder, GlobSetBuilder};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::clock;
use super::cron::Cron;
use super::shape::{CalendarShape, ExemptionShape, ScopeLists, ScopeShape, WindowShape};
use super::{Calendar, Exemption, Interval, Recurrence, RecurringEnd, Scope, Timing, Window};
use crate::change::documents::Envelope;
use crate::change::request::bare_name;
use crate::change::{Elapsed, Moment, ZoneName};
use crate::finding::{Diagnostic, Level};
use crate::parse::de::{Spanned, from_node, header};
use crate::parse::tree::Node;
use crate::source::Span;

type Checked<T> = Result<T, Diagnostic>;

/// A recurring window that is longer than this is two dates.
const LONGEST: Elapsed = Elapsed { ns: 366 * 24 * 3_600 * 1_000_000_000 };

pub(super) fn calendar(document: &Node) -> (Option<Calendar>, Vec<Diagnostic>) {
    let envelope: Envelope<CalendarShape> = match from_node(document) {
        Ok(envelope) => envelope,
        Err(fault) => return (None, vec![fault]),
    };
    let shape = envelope.spec;
    let mut told: Vec<Diagnostic> = shape.imports.iter().map(|import| unread(import.span, &import.format)).collect();
    told.extend(duplicates(&shape.windows));
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
    let state = shape.default_state.as_ref();
    let calendar = Calendar {
        name: envelope.metadata.name.unwrap_or_default(),
        default_state: state.map_or_else(Default::default, |state| state.value),
        state_span: state.map_or_else(|| document.get("spec").map_or(header(document), header), |state| state.span),
        windows,
    };
    let broken = told.iter().any(|d| d.level == Level::Error);
    ((!broken).then_some(calendar), told)
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
    let WindowShape { kind, name, owner, reason, .. } = shape;
    Ok(Window { id, kind, name, timing, scope, exemptions, owner, reason, span })
}

/// One of: start and end; start or schedule with duration or until; schedule and endSchedule.
fn timing(shape: &WindowShape, span: Span, zone: Option<TimeZone>, told: &mut Vec<Diagnostic>) -> Checked<Timing> {
    if let Some(rrule) = &shape.rrule {
        return Err(fault("calendar::unsupported", "`rrule` is not supported yet", rrule.span)
            .label("this window cannot be expanded")
            .help("write it as `schedule` (five cron fields) with `duration` or `until`"));
    }
    match (&shape.start, &shape.schedule) {
        (Some(_), Some(schedule)) => Err(contradiction(schedule.span, "`schedule` stands beside `start`")),
        (None, None) => Err(fault("calendar::window", "a window without a time", span)
            .label("neither `start` nor `schedule`")
            .help("add `start` and `end`, or `schedule` and one of `duration`, `until`, `endSchedule`")),
        (Some(start), None) => once(shape, start, zone.as_ref()).map(Timing::Once),
        (None, Some(schedule)) => {
            let zone = zone.ok_or_else(|| without_zone(schedule.span))?;
            recurring(shape, schedule, zone, told).map(Box::new).map(Timing::Recurring)
        }
    }
}

fn once(shape: &WindowShape, start: &Spanned<String>, zone: Option<&TimeZone>) -> Checked<Interval> {
    if let Some(schedule) = &shape.end_schedule {
        return Err(contradiction(schedule.span, "`endSchedule` needs `schedule`, not `start`"));
    }
    let from = written(start, zone)?.instant(clock::start).ok_or_else(|| out_of_range(start.span))?;
    let (end, span) = match (&shape.end, &shape.duration, &shape.until) {
        (Some(end), None, None) => (written(end, zone)?.instant(clock::end), end.span),
        (None, Some(length), None) => (from.checked_add(length.signed()).ok(), length.span),
        (None, None, Some(until)) => (until_after(start, until, zone)?, until.span),
        _ => return Err(one_end(start.span, "`end`, `duration` or `until`")),
    };
    let interval = Interval { start: from, end: end.ok_or_else(|| out_of_range(span))? };
    if interval.is_empty() {
        return Err(fault("calendar::empty", "a window that ends before it starts, or as it starts", span)
            .label(format!("this is {}, and the start is {from}", interval.end))
            .help("move the end behind the start; a day that a zone skips holds no time"));
    }
    Ok(interval)
}

fn recurring(
    shape: &WindowShape,
    schedule: &Spanned<String>,
    zone: TimeZone,
    told: &mut Vec<Diagnostic>,
) -> Checked<Recurrence> {
    if let Some(end) = &shape.end {
        return Err(contradiction(end.span, "`end` needs `start`, not `schedule`"));
    }
    let starts = cron(schedule)?;
    let end = match (&shape.duration, &shape.until, &shape.end_schedule) {
        (Some(length), None, None) => RecurringEnd::After(recurring_length(length)?),
        (None, Some(until), None) => RecurringEnd::Until(time(until)?),
        (None, None, Some(end)) => RecurringEnd::At(cron(end)?),
        _ => return Err(one_end(schedule.span, "`duration`, `until` or `endSchedule`")),
    };
    told.extend(lint(schedule.span, &starts, &end));
    Ok(Recurrence { schedule: starts, end, zone })
}

fn recurring_length(length: &Spanned<Elapsed>) -> Checked<Elapsed> {
    match length.value {
        Elapsed { ns: 0 } => Err(fault("calendar::empty", "a window without length", length.span)
            .label("zero")
            .help("give it a length such as `2h` or `PT2H`")),
        longer if longer > LONGEST => {
            Err(fault("calendar::window", "a recurring window longer than a year", length.span)
                .label("more than 366 days")
                .help("write `start` and `end`"))
        }
        length => Ok(length),
    }
}

/// What is allowed and seldom meant.
fn lint(span: Span, starts: &Cron, end: &RecurringEnd) -> Vec<Diagnostic> {
    let warn = |message: &str, help: &str| Diagnostic::warning("calendar::schedule", message).at(span).help(help);
    let mut told = Vec::new();
    if starts.either_day_field() {
        told.push(warn(
            "day of month and day of week are both restricted: either of them is enough",
            "leave one of them `*`, or write two windows",
        ));
    }
    if starts.every_minute() && !starts.every_hour() {
        told.push(warn("it starts in every minute of the hour", "write `0` as the minute to start once"));
    }
    if matches!(end, RecurringEnd::At(ends) if ends == starts) {
        told.push(warn("it ends when it starts again: there is no time outside it", "give `endSchedule` another time"));
    }
    told
}

/// A point in time as a calendar writes it.
enum Written<'a> {
    Instant(Timestamp),
    Local(DateTime, &'a TimeZone),
}

impl Written<'_> {
    fn instant(&self, on_wall: fn(DateTime, &TimeZone) -> Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Instant(at) => Some(*at),
            Self::Local(local, zone) => on_wall(*local, zone),
        }
    }
}

/// `2026-11-23T00:00` on the wall clock of the zone, or RFC 3339 with an offset.
fn written<'a>(text: &Spanned<String>, zone: Option<&'a TimeZone>) -> Checked<Written<'a>> {
    if let Ok(Moment(at)) = Moment::parse(text) {
        return Ok(Written::Instant(at));
    }
    let local = local_time(text).ok_or_else(|| {
        fault("calendar::window", format!("`{}` is not a time", text.value), text.span)
            .label("expected `2026-11-23T06:00`")
            .help("write date and time, local in `timezone`, or with seconds and an offset as in RFC 3339")
    })?;
    zone.map(|zone| Written::Local(local, zone)).ok_or_else(|| without_zone(text.span))
}

fn local_time(text: &str) -> Option<DateTime> {
    let shape = |text: &str| -> String { text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() };
    matches!(shape(text).as_str(), "0000-00-00T00:00" | "0000-00-00T00:00:00").then(|| text.parse().ok()).flatten()
}

/// The end of a single window that is given as a wall-clock time: the next one after its start.
fn until_after(
    start: &Spanned<String>,
    until: &Spanned<String>,
    zone: Option<&TimeZone>,
) -> Checked<Option<Timestamp>> {
    let time = time(until)?;
    let zone = zone.ok_or_else(|| without_zone(until.span))?;
    let local = match written(start, Some(zone))? {
        Written::Instant(at) => zone.to_datetime(at),
        Written::Local(local, _) => local,
    };
    let day = if time > local.time() { Some(local.date()) } else { local.date().tomorrow().ok() };
    Ok(day.and_then(|day| clock::end(day.to_datetime(time), zone)))
}

/// `HH:MM`; `24:00` is midnight.
fn time(text: &Spanned<String>) -> Checked<Time> {
    let number = |digits: &str| (digits.len() == 2).then(|| digits.parse::<i8>().ok()).flatten();
    let parsed = text.split_once(':').and_then(|(hour, minute)| match (number(hour)?, number(minute)?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    });
    parsed.ok_or_else(|| {
        fault("calendar::window", format!("`{}` is not a time of day", text.value), text.span)
            .label("expected `06:00`")
            .help("`until` is a wall-clock time, HH:MM; elapsed time is `duration`")
    })
}

fn cron(text: &Spanned<String>) -> Checked<Cron> {
    Cron::parse(text).map_err(|why| {
        fault("calendar::cron", why, text.span).label("not a schedule that can happen").help(
            "five fields: minute, hour, day of month, month, day of week; `0 18 * * FRI` is every Friday at 18:00",
        )
    })
}

fn zone(name: &Spanned<String>) -> Checked<TimeZone> {
    ZoneName::parse(name).map(|(_, zone)| zone).map_err(|why| {
        fault("calendar::time-zone", why, name.span)
            .label("not in the time zone database")
            .help("nothing is assumed in its place; offsets are written at `start` and `end`")
    })
}

fn says_nothing(scope: &ScopeShape) -> bool {
    let ScopeShape::Lists(lists) = scope else { return false };
    let ScopeLists { environments, services, tiers, regions, teams, change_types, paths } = &**lists;
    [environments, services, regions, teams, paths].iter().all(|list| list.is_empty())
        && tiers.is_empty()
        && change_types.is_empty()
}

fn scope_of(shape: ScopeShape) -> Checked<Scope> {
    let ScopeShape::Lists(lists) = shape else { return Ok(Scope::default()) };
    let bare = |list| names(list).map(|list| list.iter().map(|name| bare_name(name).to_owned()).collect());
    Ok(Scope {
        environments: names(lists.environments)?,
        services: bare(lists.services)?,
        tiers: lists.tiers.into_iter().map(tier).collect::<Checked<_>>()?,
        regions: names(lists.regions)?,
        teams: bare(lists.teams)?,
        change_types: lists.change_types,
        paths: paths(lists.paths)?,
    })
}

fn names(list: Vec<Spanned<String>>) -> Checked<Vec<String>> {
    let name = |name: Spanned<String>| match name.value.contains(['*', '?', '[', '{']) || name.trim().is_empty() {
        false => Ok(name.value),
        true => Err(fault("calendar::scope", format!("`{}` is not a name", name.value), name.span)
            .label("it would match nothing")
            .help("only `paths` takes globs; an empty list matches everything")),
    };
    list.into_iter().map(name).collect()
}

fn tier(tier: Spanned<u8>) -> Checked<u8> {
    match tier.value {
        0..=3 => Ok(tier.value),
        other => Err(fault("calendar::scope", format!("there is no tier {other}"), tier.span)
            .label("it would match nothing")
            .help("tiers are 0 to 3")),
    }
}

fn paths(globs: Vec<Spanned<String>>) -> Checked<Option<globset::GlobSet>> {
    if globs.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    let place = globs.first().map(|glob| glob.span).unwrap_or_default();
    for glob in globs {
        let compiled = GlobBuilder::new(&glob).literal_separator(true).build();
        set.add(compiled.map_err(|why| fault("calendar::scope", format!("not a glob: {why}"), glob.span))?);
    }
    set.build().map(Some).map_err(|why| fault("calendar::scope", format!("not globs: {why}"), place))
}

fn exemption_of(exemption: Spanned<ExemptionShape>) -> Checked<Exemption> {
    let ExemptionShape { change_class, change_types, services, requires } = exemption.value;
    if change_class.is_none() && change_types.is_empty() && services.is_empty() {
        return Err(fault("calendar::exemption", "an exemption that exempts everything", exemption.span)
            .label("names neither `changeClass`, `changeTypes` nor `services`")
            .help("say which changes are exempt, or remove the window"));
    }
    let services = services.iter().map(|name| bare_name(name).to_owned()).collect();
    Ok(Exemption { change_class, change_types, services, requires })
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

fn unread(span: Span, format: &str) -> Diagnostic {
    fault("calendar::unsupported", format!("imported calendars are not read yet ({format})"), span)
        .label("its windows would be missing")
        .help("write its windows into `windows`; a calendar that is only half read must not open the gate")
}

fn contradiction(span: Span, message: &str) -> Diagnostic {
    fault("calendar::window", message, span)
        .label("two answers to when this window is")
        .help("a window has `start` and `end`, or `schedule` and one of `duration`, `until`, `endSchedule`")
}

fn one_end(span: Span, ends: &str) -> Diagnostic {
    fault("calendar::window", format!("a window needs exactly one of {ends}"), span)
        .label("when does it end?")
        .help("`duration` is elapsed time, `until` a time on the wall clock")
}

fn without_zone(span: Span) -> Diagnostic {
    fault("calendar::time-zone", "a local time without a time zone", span)
        .label("on which wall clock?")
        .help("add `timezone` to the window or to the calendar's spec, for example `timezone: Europe/Berlin`")
}

fn out_of_range(span: Span) -> Diagnostic {
    fault("calendar::window", "a time outside the calendar", span).label("there is no such instant")
}

fn fault(code: &'static str, message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error(code, message).at(span)
}

#[cfg(test)]
mod tests;

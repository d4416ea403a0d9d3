//! When a window is: dates, a cron expression or a recurrence rule, each with its end.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::{Checked, fault};
use crate::change::calendar::clock;
use crate::change::calendar::cron::Cron;
use crate::change::calendar::rrule::{Anchor, Rule};
use crate::change::calendar::shape::WindowShape;
use crate::change::calendar::{Exceptions, Interval, Recurrence, RecurringEnd, Starts, Timing};
use crate::change::{Elapsed, Moment, ZoneName};
use crate::finding::Diagnostic;
use crate::parse::de::Spanned;
use crate::source::Span;

/// A recurring window that is longer than this is two dates.
const LONGEST: Elapsed = Elapsed { ns: 366 * 24 * 3_600 * 1_000_000_000 };

/// One of: start and end; start, schedule or rrule with duration or until; schedule and endSchedule.
pub(super) fn timing(
    shape: &WindowShape,
    span: Span,
    zone: Option<TimeZone>,
    told: &mut Vec<Diagnostic>,
) -> Checked<Timing> {
    match (&shape.start, &shape.schedule, &shape.rrule) {
        (_, Some(_), Some(rule)) => Err(contradiction(rule.span, "`rrule` stands beside `schedule`")),
        (Some(_), Some(schedule), None) => Err(contradiction(schedule.span, "`schedule` stands beside `start`")),
        (None, None, None) => Err(fault("calendar::window", "a window without a time", span)
            .label("neither `start` nor `schedule` nor `rrule`")
            .help("add `start` and `end`, or `schedule` and one of `duration`, `until`, `endSchedule`")),
        (Some(start), None, None) => once(shape, start, zone.as_ref()).map(Timing::Once),
        (None, Some(schedule), None) => {
            let zone = zone.ok_or_else(|| without_zone(schedule.span))?;
            recurring(shape, schedule, zone, told).map(Box::new).map(Timing::Recurring)
        }
        (start, None, Some(rule)) => {
            let zone = zone.ok_or_else(|| without_zone(rule.span))?;
            ruled(shape, rule, start.as_ref(), zone, told).map(Box::new).map(Timing::Recurring)
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
    between(from, end.ok_or_else(|| out_of_range(span))?, span)
}

/// From one instant to a later one.
pub(in crate::change::calendar) fn between(start: Timestamp, end: Timestamp, span: Span) -> Checked<Interval> {
    let interval = Interval { start, end };
    if interval.is_empty() {
        return Err(fault("calendar::empty", "a window that ends before it starts, or as it starts", span)
            .label(format!("this is {end}, and the start is {start}"))
            .help("move the end behind the start; a day that a zone skips holds no time"));
    }
    Ok(interval)
}

fn too_long(span: Span) -> Diagnostic {
    fault("calendar::window", "a recurring window longer than a year", span)
        .label("more than 366 days")
        .help("write `start` and `end`")
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
    told.extend(seldom_meant(schedule.span, &starts, &end));
    Ok(Recurrence { starts: Starts::Cron(starts), end, zone, exceptions: Exceptions::default() })
}

/// A recurrence rule; `start` is where it counts from, and its first occurrence.
fn ruled(
    shape: &WindowShape,
    rule: &Spanned<String>,
    start: Option<&Spanned<String>>,
    zone: TimeZone,
    told: &mut Vec<Diagnostic>,
) -> Checked<Recurrence> {
    if let Some(schedule) = &shape.end_schedule {
        return Err(contradiction(schedule.span, "`endSchedule` needs `schedule`, not `rrule`"));
    }
    let first = start.map(|start| local(start, &zone)).transpose()?;
    let text = rule.strip_prefix("RRULE:").unwrap_or(rule);
    let starts = rrule(text, rule.span, Anchor { start: first, zone: &zone })?;
    let end = match (&shape.duration, &shape.until, &shape.end, start) {
        (Some(length), None, None, _) => RecurringEnd::After(recurring_length(length)?),
        (None, Some(until), None, _) => RecurringEnd::Until(time(until)?),
        (None, None, Some(end), Some(_)) => RecurringEnd::After(length_of_first(shape, end, &zone)?),
        (None, None, Some(end), None) => return Err(contradiction(end.span, "`end` needs `start`")),
        _ => return Err(one_end(rule.span, "`duration`, `until` or `end`")),
    };
    if first.is_none() && !text.to_ascii_uppercase().contains("BYHOUR") {
        told.push(
            Diagnostic::warning("calendar::schedule", "a rule without an hour starts at midnight")
                .at(rule.span)
                .help("add `BYHOUR` to the rule, or `start` to the window"),
        );
    }
    let recurrence =
        Recurrence { starts: Starts::Rule(Box::new(starts)), end, zone, exceptions: Exceptions::default() };
    Ok(with_first(recurrence, first, rule.span, told))
}

/// Reads a recurrence rule at its place.
pub(in crate::change::calendar) fn rrule(text: &str, span: Span, anchor: Anchor<'_>) -> Checked<Rule> {
    Rule::parse(text, anchor).map_err(|why| {
        fault("calendar::rrule", why, span)
            .label("not a rule that can happen")
            .help("a recurrence rule of RFC 5545; `FREQ=WEEKLY;BYDAY=FR;BYHOUR=18` is every Friday at 18:00")
    })
}

/// The start is the first occurrence, also where the rule does not name it (RFC 5545, 3.8.2.4).
pub(in crate::change::calendar) fn with_first(
    mut recurrence: Recurrence,
    first: Option<DateTime>,
    span: Span,
    told: &mut Vec<Diagnostic>,
) -> Recurrence {
    let Some(first) = first else { return recurrence };
    let named = match &recurrence.starts {
        Starts::Rule(rule) => rule.matches_day(first.date()) && rule.times(first.date()).contains(&first.time()),
        Starts::Cron(_) | Starts::Listed => false,
    };
    if !named {
        if matches!(recurrence.starts, Starts::Rule(_)) {
            told.push(
                Diagnostic::warning("calendar::schedule", format!("the rule does not name its own start, {first}"))
                    .at(span)
                    .help(
                        "the start counts as an occurrence all the same; move it to the first day that the rule names",
                    ),
            );
        }
        recurrence.exceptions.added.extend(recurrence.occurrence_at(first));
    }
    recurrence
}

/// Elapsed time between the start and the end of the first occurrence: all of them last as long.
fn length_of_first(shape: &WindowShape, end: &Spanned<String>, zone: &TimeZone) -> Checked<Elapsed> {
    let Some(start) = &shape.start else { return Err(without_zone(end.span)) };
    let from = written(start, Some(zone))?.instant(clock::start).ok_or_else(|| out_of_range(start.span))?;
    let to = written(end, Some(zone))?.instant(clock::end).ok_or_else(|| out_of_range(end.span))?;
    let interval = between(from, to, end.span)?;
    let length = interval.start.duration_until(interval.end);
    let ns = i64::try_from(length.as_nanos()).ok().map(|ns| Elapsed { ns }).filter(|length| *length <= LONGEST);
    ns.ok_or_else(|| too_long(end.span))
}

pub(in crate::change::calendar) fn recurring_length(length: &Spanned<Elapsed>) -> Checked<Elapsed> {
    match length.value {
        Elapsed { ns: 0 } => Err(fault("calendar::empty", "a window without length", length.span)
            .label("zero")
            .help("give it a length such as `2h` or `PT2H`")),
        longer if longer > LONGEST => Err(too_long(length.span)),
        length => Ok(length),
    }
}

/// What is allowed and seldom meant.
pub(in crate::change::calendar) fn seldom_meant(span: Span, starts: &Cron, end: &RecurringEnd) -> Vec<Diagnostic> {
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

/// The wall clock of the zone.
fn local(text: &Spanned<String>, zone: &TimeZone) -> Checked<DateTime> {
    Ok(match written(text, Some(zone))? {
        Written::Instant(at) => zone.to_datetime(at),
        Written::Local(local, _) => local,
    })
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
    let local = local(start, zone)?;
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

pub(in crate::change::calendar) fn zone(name: &Spanned<String>) -> Checked<TimeZone> {
    ZoneName::parse(name).map(|(_, zone)| zone).map_err(|why| {
        fault("calendar::time-zone", why, name.span)
            .label("not in the time zone database")
            .help("nothing is assumed in its place; offsets are written at `start` and `end`")
    })
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

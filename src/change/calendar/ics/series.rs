//! When an event is: once, or again and again with exceptions.

use jiff::civil::DateTime;

use super::component::{Component, Property};
use super::duration::Length;
use super::value::When;
use super::wrong;
use super::zone::Zones;
use crate::change::Elapsed;
use crate::change::calendar::read::{between, recurring_length, rrule, with_first};
use crate::change::calendar::rrule::Anchor;
use crate::change::calendar::{Exceptions, Interval, Recurrence, RecurringEnd, Starts, Timing};
use crate::finding::Diagnostic;
use crate::parse::de::Spanned;
use crate::source::Span;

/// Occurrences that other events stand for.
pub(super) type Replaced = Vec<(When, Span)>;

/// When an event is; `None` when it takes no time. Without an end, a day lasts a day and a time no time.
pub(super) fn timing(
    event: &Component,
    zones: &Zones,
    replaced: &Replaced,
    told: &mut Vec<Diagnostic>,
) -> Result<Option<Timing>, Diagnostic> {
    for name in ["EXRULE", "RRULE"] {
        if let Some(second) = event.all(name).nth(usize::from(name == "RRULE")) {
            return Err(wrong(format!("a {name} that is not read"), second.span)
                .label("an event has one RRULE, and exceptions as EXDATE")
                .help("write the rules as events of their own"));
        }
    }
    let property = event.get("DTSTART").ok_or_else(|| wrong("an event without DTSTART", event.span))?;
    let start = Spanned { span: property.span, value: When::read(property, zones)? };
    let recurs = ["RRULE", "RDATE"].iter().any(|name| event.get(name).is_some());
    let Some(end) = end(event, &start, zones)? else {
        told.push(
            Diagnostic::warning("calendar::empty", "an event that takes no time")
                .at(start.span)
                .help("it closes and opens nothing: add DTEND or DURATION"),
        );
        return Ok(None);
    };
    match recurs || !replaced.is_empty() {
        true => recurring(event, &start, &end, zones, replaced, told).map(|r| Some(Timing::Recurring(Box::new(r)))),
        false => once(&start, &end).map(|interval| Some(Timing::Once(interval))),
    }
}

/// How an event says when it ends.
enum End {
    At(When, Span),
    After(Length, Span),
}

fn end(event: &Component, start: &Spanned<When>, zones: &Zones) -> Result<Option<End>, Diagnostic> {
    let day = Length { days: 1, rest: Elapsed::default() };
    match (event.get("DTEND"), event.get("DURATION")) {
        (Some(_), Some(length)) => Err(wrong("DURATION beside DTEND", length.span).label("when does it end?")),
        (Some(property), None) => {
            let end = When::read(property, zones)?;
            if end.is_day() != start.is_day() {
                return Err(wrong(
                    "an event that starts with a day and ends with a time, or the other way",
                    property.span,
                )
                .label("when does it end?"));
            }
            Ok(Some(End::At(end, property.span)))
        }
        (None, Some(property)) => Ok(Some(End::After(Length::read(property)?, property.span))),
        (None, None) if start.is_day() => Ok(Some(End::After(day, start.span))),
        (None, None) => Ok(None),
    }
}

fn once(start: &Spanned<When>, end: &End) -> Result<Interval, Diagnostic> {
    let from = start.start(start.span)?;
    match end {
        End::At(end, span) => between(from, end.end(*span)?, *span),
        End::After(length, span) => {
            let later = When::Local(later(start.local(), length.days), start.zone().clone());
            let until = if length.days == 0 { from } else { later.end(*span)? };
            let until = until.checked_add(length.rest.signed());
            between(from, until.map_err(|_| wrong("a time outside the calendar", *span))?, *span)
        }
    }
}

fn recurring(
    event: &Component,
    start: &Spanned<When>,
    end: &End,
    zones: &Zones,
    replaced: &Replaced,
    told: &mut Vec<Diagnostic>,
) -> Result<Recurrence, Diagnostic> {
    let zone = start.zone().clone();
    let anchor = Anchor { start: Some(start.local()), zone: &zone };
    let rule = event.get("RRULE");
    let starts = match rule {
        Some(rule) => Starts::Rule(Box::new(self::rrule(&rule.value, rule.span, anchor)?)),
        None => Starts::Listed,
    };
    let recurrence = Recurrence { starts, end: recurring_end(start, end)?, zone, exceptions: Exceptions::default() };
    let span = rule.map_or(start.span, |rule| rule.span);
    let mut recurrence = with_first(recurrence, Some(start.local()), span, told);
    for property in event.all("RDATE") {
        recurrence.exceptions.added.extend(dates(property, &recurrence, zones)?);
    }
    exclude(event, zones, replaced, &mut recurrence)?;
    Ok(recurrence)
}

/// All occurrences last as long as the first (RFC 5545, 3.8.5.3): DTEND fixes elapsed time, DURATION and days the wall
/// clock.
fn recurring_end(start: &Spanned<When>, end: &End) -> Result<RecurringEnd, Diagnostic> {
    let days = |days: i32, rest: Elapsed, span: Span| {
        // The length is checked as if every day had 24 hours.
        let whole = i64::from(days).checked_mul(24 * 3_600_000_000_000).and_then(|ns| ns.checked_add(rest.ns));
        recurring_length(&Spanned { span, value: Elapsed { ns: whole.unwrap_or(i64::MAX) } })?;
        Ok(RecurringEnd::Days(days, rest))
    };
    match end {
        End::At(When::Day(last, _), span) => {
            let length = start.local().date().until(*last).map_or(0, |length| length.get_days());
            match length {
                ..=0 => once(start, end).map(|_| RecurringEnd::Days(0, Elapsed::default())),
                length => days(length, Elapsed::default(), *span),
            }
        }
        End::At(_, span) => {
            let first = once(start, end)?;
            let ns = i64::try_from(first.start.duration_until(first.end).as_nanos()).unwrap_or(i64::MAX);
            recurring_length(&Spanned { span: *span, value: Elapsed { ns } }).map(RecurringEnd::After)
        }
        End::After(Length { days: 0, rest }, span) => {
            recurring_length(&Spanned { span: *span, value: *rest }).map(RecurringEnd::After)
        }
        End::After(length, span) => days(length.days, length.rest, *span),
    }
}

/// `RDATE`: more starts, or periods with ends of their own.
fn dates(property: &Property, recurrence: &Recurrence, zones: &Zones) -> Result<Vec<Interval>, Diagnostic> {
    let outside = || wrong("a time outside the calendar", property.span);
    let one = |text: &str| {
        let Some((start, end)) = text.split_once('/') else {
            let start = When::parse(text, property, zones)?;
            let local = start.zone().to_ambiguous_timestamp(start.local()).compatible().map_err(|_| outside())?;
            let local = recurrence.zone.to_datetime(local);
            let local = if start.zone() == &recurrence.zone { start.local() } else { local };
            return recurrence.occurrence_at(local).ok_or_else(outside);
        };
        let start = Spanned { span: property.span, value: When::parse(start, property, zones)? };
        let end = match end.starts_with(['P', '+']) {
            true => End::After(Length::read(&Property { value: end.to_owned(), ..property.clone() })?, property.span),
            false => End::At(When::parse(end, property, zones)?, property.span),
        };
        once(&start, &end)
    };
    property.value.split(',').map(|text| one(text.trim())).collect()
}

/// `EXDATE`, and occurrences for which other events stand.
fn exclude(
    event: &Component,
    zones: &Zones,
    replaced: &Replaced,
    recurrence: &mut Recurrence,
) -> Result<(), Diagnostic> {
    let mut excluded = replaced.clone();
    for property in event.all("EXDATE") {
        excluded.extend(When::list(property, zones)?.into_iter().map(|when| (when, property.span)));
    }
    let exceptions = &mut recurrence.exceptions;
    for (when, span) in excluded {
        match when {
            // A day takes out whatever starts on it.
            When::Day(day, _) => drop(exceptions.excluded_days.insert(day)),
            When::Local(..) => drop(exceptions.excluded.insert(when.start(span)?)),
        }
    }
    let Exceptions { excluded, excluded_days, added } = exceptions;
    let zone = &recurrence.zone;
    added.retain(|occurrence| {
        let day = zone.to_datetime(occurrence.start).date();
        !excluded.contains(&occurrence.start) && !excluded_days.contains(&day)
    });
    added.sort_unstable();
    added.dedup();
    Ok(())
}

fn later(local: DateTime, days: i32) -> DateTime {
    local.saturating_add(jiff::Span::new().days(days))
}

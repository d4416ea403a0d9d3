//! Which wall clock a time means: `TZID` and the `VTIMEZONE` that defines it, `X-WR-TIMEZONE`, or the importing
//! calendar's zone.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::component::{Component, Property};
use super::value::offset;
use super::wrong;
use crate::finding::Diagnostic;
use crate::source::Span;

/// The zones of a file.
pub(super) struct Zones {
    defined: BTreeMap<String, Result<TimeZone, Diagnostic>>,
    /// The zone of times that name none.
    floating: Option<TimeZone>,
}

impl Zones {
    /// Reads what a file defines; `inherited` is the zone of the importing calendar.
    pub(super) fn new(calendar: &Component, inherited: Option<TimeZone>, told: &mut Vec<Diagnostic>) -> Self {
        let zones = calendar.components.iter().filter(|component| component.name == "VTIMEZONE");
        let defined = zones.filter_map(|zone| Some((zone.get("TZID")?.value.trim().to_owned(), definition(zone))));
        let defined: BTreeMap<_, _> = defined.collect();
        let own = calendar.get("X-WR-TIMEZONE").filter(|property| !property.value.trim().is_empty());
        let own = own.and_then(|property| {
            let zone = lookup(property.value.trim(), property.span, &defined);
            zone.map_err(|fault| told.push(fault)).ok()
        });
        Self { defined, floating: own.or(inherited) }
    }

    /// The zone of a property's times.
    pub(super) fn of(&self, property: &Property) -> Result<TimeZone, Diagnostic> {
        match property.parameter("TZID") {
            Some(name) => lookup(name.trim(), property.span, &self.defined),
            None => self.floating.clone().ok_or_else(|| {
                wrong("a local time without a time zone", property.span)
                    .label("on which wall clock?")
                    .help("add `TZID`, or `X-WR-TIMEZONE` to the file, or import it from a FreezeCalendar that has a `timezone`")
            }),
        }
    }
}

fn lookup(
    name: &str,
    span: Span,
    defined: &BTreeMap<String, Result<TimeZone, Diagnostic>>,
) -> Result<TimeZone, Diagnostic> {
    if let Some(zone) = named(name) {
        return Ok(zone);
    }
    defined.get(name).cloned().unwrap_or_else(|| {
        Err(wrong(format!("unknown time zone `{name}`"), span)
            .label("neither in the time zone database nor defined by a VTIMEZONE")
            .help("nothing is assumed in its place; use an IANA name such as `Europe/Berlin`"))
    })
}

/// A zone of the database; some programs put their own name in front of it: `/example.org/Europe/Berlin`.
fn named(name: &str) -> Option<TimeZone> {
    let behind_prefix = |name: &str| {
        let parts: Vec<&str> = name.strip_prefix('/')?.split('/').collect();
        (1..parts.len()).find_map(|skipped| TimeZone::get(&parts.get(skipped..)?.join("/")).ok())
    };
    TimeZone::get(name).ok().or_else(|| behind_prefix(name))
}

/// A zone by what a VTIMEZONE says: the name of the database that it carries, or its present rules.
fn definition(zone: &Component) -> Result<TimeZone, Diagnostic> {
    let name = zone.get("X-LIC-LOCATION").or(zone.get("TZID")).map(|property| property.value.trim());
    if let Some(zone) = name.and_then(named) {
        return Ok(zone);
    }
    // Rules that ended, and all but the last to begin, are history.
    let present = |kind: &str| {
        let rules = zone.components.iter().filter(|part| part.name == kind);
        let current = rules.filter(|part| part.get("RRULE").is_none_or(|rule| !rule.value.contains("UNTIL=")));
        current.max_by_key(|part| part.get("DTSTART").map(|start| start.value.clone()))
    };
    match (present("STANDARD"), present("DAYLIGHT")) {
        (Some(standard), None) => to(standard).map(TimeZone::fixed),
        (Some(standard), Some(daylight)) => posix(standard, daylight),
        (None, _) => Err(wrong("a time zone without its standard time", zone.span)
            .label("no STANDARD that is still in force")
            .help("name the zone as in the time zone database, for example `TZID:Europe/Berlin`")),
    }
}

/// The POSIX rule of two observances that come every year.
fn posix(standard: &Component, daylight: &Component) -> Result<TimeZone, Diagnostic> {
    let side = |name: &str, offset: Offset| {
        let seconds = offset.seconds();
        let sign = if seconds > 0 { "-" } else { "" };
        let seconds = seconds.abs();
        format!("<{name}>{sign}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    };
    let text = format!(
        "{}{},{},{}",
        side("STD", to(standard)?),
        side("DST", to(daylight)?),
        onset(daylight)?,
        onset(standard)?
    );
    TimeZone::posix(&text).map_err(|_| no_rule(standard.span))
}

/// `TZOFFSETTO`.
fn to(observance: &Component) -> Result<Offset, Diagnostic> {
    let property = observance.get("TZOFFSETTO").ok_or_else(|| no_rule(observance.span))?;
    offset(property.value.trim()).ok_or_else(|| no_rule(property.span))
}

/// `M3.5.0/02:00:00` for `FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU` at two o'clock.
fn onset(observance: &Component) -> Result<String, Diagnostic> {
    let rule = observance.get("RRULE").ok_or_else(|| no_rule(observance.span))?;
    let start = observance.get("DTSTART").and_then(|p| DateTime::strptime("%Y%m%dT%H%M%S", p.value.trim()).ok());
    let parts: BTreeMap<&str, &str> = rule.value.trim().split(';').filter_map(|part| part.split_once('=')).collect();
    let known = ["FREQ", "BYMONTH", "BYDAY", "BYMONTHDAY", "INTERVAL", "WKST"];
    let plain = parts.keys().all(|name| known.contains(name))
        && parts.get("FREQ") == Some(&"YEARLY")
        && parts.get("INTERVAL").is_none_or(|interval| *interval == "1");
    let day = parts.get("BYDAY").and_then(|day| nth_weekday(day, parts.get("BYMONTHDAY").copied()));
    let month = parts.get("BYMONTH").and_then(|month| month.parse::<u8>().ok());
    match (plain, month, day, start) {
        (true, Some(month), Some((week, day)), Some(start)) => {
            Ok(format!("M{month}.{week}.{day}/{}", start.strftime("%H:%M:%S")))
        }
        _ => Err(no_rule(rule.span)),
    }
}

/// Week of the month, 5 for the last, and the day, 0 for Sunday: `2SU`, `-1SU`, or `SU` among days such as 8 to 14.
fn nth_weekday(text: &str, month_days: Option<&str>) -> Option<(u8, usize)> {
    let (nth, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"].iter().position(|name| *name == day)?;
    let week = match (nth, month_days) {
        ("-1", None) => 5,
        (nth, None) => nth.trim_start_matches('+').parse().ok().filter(|n| (1..=4).contains(n))?,
        ("", Some(list)) => {
            let days: Option<Vec<u8>> = list.split(',').map(|day| day.parse().ok()).collect();
            let days = days.filter(|days| days.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b)))?;
            match days.as_slice() {
                [first, .., _] if days.len() == 7 && first % 7 == 1 => first / 7 + 1,
                _ => return None,
            }
        }
        _ => return None,
    };
    Some((week, day))
}

fn no_rule(span: Span) -> Diagnostic {
    wrong("a time zone whose rules cannot be followed", span)
        .label("not a yearly change such as `FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU`")
        .help("name the zone as in the time zone database, for example `TZID:Europe/Berlin`")
}

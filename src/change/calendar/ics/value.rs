//! Dates and times of iCalendar: a day, a time on some wall clock, or an instant.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::component::Property;
use super::wrong;
use super::zone::Zones;
use crate::change::calendar::clock;
use crate::finding::Diagnostic;
use crate::source::Span;

/// A point in time as written.
#[derive(Clone, Debug)]
pub(super) enum When {
    /// A whole day, in the calendar's zone.
    Day(Date, TimeZone),
    /// A time on a wall clock; an instant is one on the wall clock of UTC.
    Local(DateTime, TimeZone),
}

impl When {
    /// The point in time of a property that has one value.
    pub(super) fn read(property: &Property, zones: &Zones) -> Result<Self, Diagnostic> {
        Self::parse(property.value.trim(), property, zones)
    }

    /// The points in time of a property that has a list.
    pub(super) fn list(property: &Property, zones: &Zones) -> Result<Vec<Self>, Diagnostic> {
        property.value.split(',').map(|text| Self::parse(text.trim(), property, zones)).collect()
    }

    /// One value of a property.
    pub(super) fn parse(text: &str, property: &Property, zones: &Zones) -> Result<Self, Diagnostic> {
        let only_a_day = property.parameter("VALUE").is_some_and(|value| value.eq_ignore_ascii_case("DATE"));
        match (date(text), date_time(text.strip_suffix('Z').unwrap_or(text))) {
            (Some(day), _) => Ok(Self::Day(day, zones.of(property)?)),
            (_, Some(local)) if !only_a_day => {
                let zone = if text.ends_with('Z') { TimeZone::UTC } else { zones.of(property)? };
                Ok(Self::Local(local, zone))
            }
            _ => Err(no_time(text, property.span)),
        }
    }

    /// Whether it is a whole day.
    pub(super) fn is_day(&self) -> bool {
        matches!(self, Self::Day(..))
    }

    /// What the wall clock says; a day begins at midnight.
    pub(super) fn local(&self) -> DateTime {
        match self {
            Self::Day(day, _) => day.to_datetime(Time::midnight()),
            Self::Local(local, _) => *local,
        }
    }

    /// Whose wall clock it is.
    pub(super) fn zone(&self) -> &TimeZone {
        match self {
            Self::Day(_, zone) | Self::Local(_, zone) => zone,
        }
    }

    /// The instant, read as a start.
    pub(super) fn start(&self, span: Span) -> Result<Timestamp, Diagnostic> {
        clock::start(self.local(), self.zone()).ok_or_else(|| out_of_range(span))
    }

    /// The instant, read as an end.
    pub(super) fn end(&self, span: Span) -> Result<Timestamp, Diagnostic> {
        clock::end(self.local(), self.zone()).ok_or_else(|| out_of_range(span))
    }
}

/// `20261123`.
fn date(text: &str) -> Option<Date> {
    digits(text, "00000000").then(|| Date::strptime("%Y%m%d", text).ok()).flatten()
}

/// `20261123T180000`.
fn date_time(text: &str) -> Option<DateTime> {
    digits(text, "00000000T000000").then(|| DateTime::strptime("%Y%m%dT%H%M%S", text).ok()).flatten()
}

/// An offset such as `+0100` or `-043000`.
pub(super) fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = text.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let number = |from: usize| rest.get(from..from + 2).and_then(|text| text.parse::<i32>().ok());
    let seconds = match rest.len() {
        4 => 0,
        6 => number(4)?,
        _ => return None,
    };
    Offset::from_seconds(sign * (number(0)? * 3_600 + number(2)? * 60 + seconds)).ok()
}

fn digits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(t, p)| if p == b'0' { t.is_ascii_digit() } else { t == p })
}

fn no_time(text: &str, span: Span) -> Diagnostic {
    wrong(format!("`{text}` is not a time"), span)
        .label("expected `20261123`, `20261123T180000` or `20261123T170000Z`")
        .help("a day takes `VALUE=DATE`, a local time its `TZID`")
}

fn out_of_range(span: Span) -> Diagnostic {
    wrong("a time outside the calendar", span).label("there is no such instant")
}

//! Timestamps of RFC 3339, with Go's messages about those that are none.

use std::fmt;

use jiff::Span;
use jiff::civil::{DateTime, Weekday};

/// A local time with its distance from UTC.
pub(super) struct Stamp {
    local: DateTime,
    /// Seconds east of UTC.
    offset: i32,
}

impl Stamp {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut fields = Fields { rest: text };
        let year = fields.number("year", 4, 0..=9999)?;
        fields.sign("-")?;
        let month = fields.number("month", 2, 1..=12)?;
        fields.sign("-")?;
        let day = fields.number("day of month", 2, 1..=31)?;
        if fields.sign("T").is_err() {
            return Err(wrong("missing required time introducer 'T'"));
        }
        let hour = fields.number("hour", 2, 0..=23)?;
        fields.sign(":")?;
        let minute = fields.number("minute", 2, 0..=59)?;
        fields.sign(":")?;
        let second = fields.number("second", 2, 0..=59)?;
        let nanosecond = fields.fraction();
        let offset = fields.offset()?;
        let small = |n: i32| i8::try_from(n).unwrap_or(0);
        let year = i16::try_from(year).unwrap_or(0);
        DateTime::new(year, small(month), small(day), small(hour), small(minute), small(second), nanosecond)
            .map(|local| Self { local, offset })
            .map_err(|_| wrong("day out of range"))
    }

    /// The time so many nanoseconds later, at the same distance from UTC.
    pub(super) fn plus(&self, nanoseconds: i64) -> Option<Self> {
        let local = self.local.checked_add(Span::new().try_nanoseconds(nanoseconds).ok()?).ok()?;
        (0..=9999).contains(&local.year()).then_some(Self { local, offset: self.offset })
    }

    /// What orders timestamps: the same time in UTC.
    pub(super) fn instant(&self) -> (i64, i32) {
        let days = self.local.date().duration_since(jiff::civil::date(0, 1, 1)).as_hours() / 24;
        let time = self.local.time();
        let seconds = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        (days * 86_400 + seconds - i64::from(self.offset), time.subsec_nanosecond())
    }

    pub(super) fn local(&self) -> DateTime {
        self.local
    }

    pub(super) fn weekday(&self) -> &'static str {
        match self.local.weekday() {
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
            Weekday::Sunday => "Sunday",
        }
    }

    /// `+02:00`, with a separator of choice.
    pub(super) fn offset(&self, separator: &str) -> String {
        let minutes = self.offset.abs() / 60;
        let sign = if self.offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }

    /// `Z`, or the offset.
    pub(super) fn zone(&self) -> String {
        if self.offset == 0 { "Z".to_owned() } else { self.offset(":") }
    }
}

/// RFC 3339 without fractions of seconds.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.local.date(), self.local.time());
        write!(f, "{:04}-{:02}-{:02}T", date.year(), date.month(), date.day())?;
        write!(f, "{:02}:{:02}:{:02}{}", time.hour(), time.minute(), time.second(), self.zone())
    }
}

fn wrong(why: &str) -> String {
    format!("not a valid RFC3339 timestamp: {why}")
}

struct Fields<'a> {
    rest: &'a str,
}

impl Fields<'_> {
    fn number(&mut self, name: &str, width: usize, range: std::ops::RangeInclusive<i32>) -> Result<i32, String> {
        if self.rest.is_empty() {
            return Err(wrong(&format!("end of string before {name}")));
        }
        let digits = self.rest.get(..width).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let Some(digits) = digits else {
            return Err(wrong(&format!("cannot use {:?} as {name}", self.rest)));
        };
        let value = digits.parse().ok().filter(|value| range.contains(value));
        let after = self.rest.get(width..).unwrap_or_default();
        let value = value.ok_or_else(|| wrong(&format!("cannot use {after:?} as {name}")))?;
        self.rest = after;
        Ok(value)
    }

    fn sign(&mut self, sign: &str) -> Result<(), String> {
        match self.rest.strip_prefix(sign) {
            Some(rest) => self.rest = rest,
            None if self.rest.is_empty() => return Err(wrong(&format!("end of string where {sign:?} is expected"))),
            None => return Err(wrong(&format!("found {:?} where {sign:?} is expected", self.rest))),
        }
        Ok(())
    }

    /// Nanoseconds behind a point; digits beyond the ninth are cut off.
    fn fraction(&mut self) -> i32 {
        let Some(rest) = self.rest.strip_prefix('.') else { return 0 };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return 0;
        }
        let nine: String = rest.chars().take(digits).chain("000000000".chars()).take(9).collect();
        self.rest = rest.get(digits..).unwrap_or_default();
        nine.parse().unwrap_or(0)
    }

    fn offset(&mut self) -> Result<i32, String> {
        let rest = self.rest;
        if rest.is_empty() {
            return Err(wrong("end of string before UTC offset"));
        }
        let bad = || wrong(&format!("cannot use {rest:?} as UTC offset"));
        if rest == "Z" {
            return Ok(0);
        }
        let sign = match rest.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return Err(bad()),
        };
        let (hours, minutes) = rest.get(1..).and_then(|zone| zone.split_once(':')).ok_or_else(bad)?;
        let two = |text: &str, most: i32| {
            let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<i32>().ok()).flatten().filter(|value| *value <= most).ok_or_else(bad)
        };
        Ok(sign * (two(hours, 23)? * 3600 + two(minutes, 59)? * 60))
    }
}

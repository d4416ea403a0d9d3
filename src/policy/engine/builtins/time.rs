//! Instants and durations with Go's layouts and calendar arithmetic.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use regorus::Value;

use super::layout::{self, Layout};
use super::{Entry, array, at, kind, string, text, whole};

pub(super) const TABLE: &[Entry] = &[
    ("time.format", 1, format),
    ("time.parse_ns", 2, parse_ns),
    ("time.parse_rfc3339_ns", 1, parse_rfc3339_ns),
    ("time.parse_duration_ns", 1, parse_duration_ns),
    ("time.add_date", 4, add_date),
    ("time.clock", 1, clock),
    ("time.date", 1, date),
    ("time.weekday", 1, weekday),
];

fn zone(name: &str) -> Result<TimeZone, String> {
    match name {
        "" | "UTC" => Ok(TimeZone::UTC),
        "Local" => Err(format!("{}`Local` is refused: policies do not depend on the machine", super::LIMIT)),
        _ => match TimeZone::get(name) {
            // Go looks names up as they are written.
            Ok(zone) if zone.iana_name() == Some(name) => Ok(zone),
            _ => Err(format!("unknown time zone {name}")),
        },
    }
}

/// `ns`, `[ns, zone]` or `[ns, zone, layout]`.
fn moment(value: &Value) -> Result<(ZonedDateTime, Option<String>), String> {
    let parts = match value {
        Value::Array(items) => items.iter().cloned().collect(),
        number @ Value::Number(_) => vec![number.clone()],
        other => return Err(format!("operand 1 must be one of {{number, array}} but got {}", kind(other))),
    };
    let text = |i: usize| match parts.get(i) {
        Some(Value::String(text)) => Ok(Some(text.to_string())),
        None => Ok(None),
        Some(other) => Err(format!("operand 1 must be string but got {}", kind(other))),
    };
    let ns = whole(&parts, 1)?;
    let zone = zone(&text(1)?.unwrap_or_default())?;
    let instant = Timestamp::from_nanosecond(ns.into()).map_err(|e| e.to_string())?;
    Ok((instant.to_zoned_datetime(zone), text(2)?))
}

fn format(args: &[Value]) -> Result<Value, String> {
    let (moment, layout) = moment(at(args, 1))?;
    let layout = layout.filter(|l| !l.is_empty()).unwrap_or_else(|| "RFC3339Nano".to_owned());
    Ok(string(Layout::read(layout::named(&layout)).format(&moment)))
}

fn parse_ns(args: &[Value]) -> Result<Value, String> {
    let (layout, value) = (text(args, 1)?, text(args, 2)?);
    nanoseconds(layout::named(layout), value)
}

fn parse_rfc3339_ns(args: &[Value]) -> Result<Value, String> {
    nanoseconds("2006-01-02T15:04:05Z07:00", text(args, 1)?)
}

fn nanoseconds(layout: &str, value: &str) -> Result<Value, String> {
    let quoted = super::super::display::quoted;
    let parsed = Layout::read(layout).parse(value);
    let parsed = parsed.ok_or_else(|| format!("parsing time {} as {}", quoted(value), quoted(layout)))?;
    i64::try_from(parsed).map(Value::from).map_err(|_| "time outside of valid range".to_owned())
}

/// Go's durations, and days, weeks and years.
fn parse_duration_ns(args: &[Value]) -> Result<Value, String> {
    let whole = text(args, 1)?;
    let invalid = || format!("invalid duration {}", super::super::display::quoted(whole));
    let (negative, mut rest) = match whole.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, whole.strip_prefix('+').unwrap_or(whole)),
    };
    if rest == "0" {
        return Ok(Value::from(0));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(invalid)?;
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            "y" => 31_536_000_000_000_000,
            _ => return Err(format!("unknown unit {} in duration", super::super::display::quoted(unit))),
        };
        total = total.checked_add(scaled(number, scale).ok_or_else(invalid)?).ok_or_else(invalid)?;
        rest = tail;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).map(Value::from).map_err(|_| invalid())
}

fn scaled(number: &str, scale: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let digits = fraction.get(..fraction.len().min(18))?;
    let part: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let unit = 10_i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    whole.checked_mul(scale)?.checked_add(part.checked_mul(scale)? / unit)
}

/// The day of a month that is too short becomes one of the next month, as in Go.
fn add_date(args: &[Value]) -> Result<Value, String> {
    let instant = Timestamp::from_nanosecond(whole(args, 1)?.into()).map_err(|e| e.to_string())?;
    let moved =
        shifted(instant.to_zoned_datetime(TimeZone::UTC).datetime(), whole(args, 2)?, whole(args, 3)?, whole(args, 4)?);
    let moved = moved.ok_or("time outside of valid range")?;
    let ns = moved.to_zoned_datetime(TimeZone::UTC).map_err(|e| e.to_string())?.timestamp().as_nanosecond();
    i64::try_from(ns).map(Value::from).map_err(|_| "time outside of valid range".to_owned())
}

fn shifted(from: DateTime, years: i64, months: i64, days: i64) -> Option<DateTime> {
    let months = i64::from(from.month()).checked_sub(1)?.checked_add(months)?;
    let year = i64::from(from.year()).checked_add(years)?.checked_add(months.div_euclid(12))?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    let first = Date::new(i16::try_from(year).ok()?, month, 1).ok()?;
    let days = days.checked_add(i64::from(from.day()))?.checked_sub(1)?;
    let date = first.checked_add(SignedDuration::from_hours(days.checked_mul(24)?)).ok()?;
    Some(date.to_datetime(from.time()))
}

fn clock(args: &[Value]) -> Result<Value, String> {
    let (moment, _) = moment(at(args, 1))?;
    Ok(array([moment.hour(), moment.minute(), moment.second()].map(|n| Value::from(i64::from(n)))))
}

fn date(args: &[Value]) -> Result<Value, String> {
    let (moment, _) = moment(at(args, 1))?;
    let parts = [i64::from(moment.year()), i64::from(moment.month()), i64::from(moment.day())];
    Ok(array(parts.map(Value::from)))
}

fn weekday(args: &[Value]) -> Result<Value, String> {
    let (moment, _) = moment(at(args, 1))?;
    Ok(string(layout::weekday(moment.weekday())))
}

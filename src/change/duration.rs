//! Elapsed time in the two spellings of the field: ISO 8601 (`PT20M`, `P1DT2H`) and Go's (`2h40m`, `62h`).

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// Elapsed time, never negative. A day is 24 hours: wall-clock days are spelled `until`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elapsed {
    /// Nanoseconds.
    pub ns: i64,
}

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

impl Elapsed {
    /// Reads `PT20M`, `P1DT2H`, `2h40m`, `62h`, `15m`, `30s`, `1.5h`, `7d`.
    ///
    /// # Errors
    ///
    /// A sentence about what is wrong: not a duration, years or months (which have no fixed length), too long.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ns = match text.strip_prefix('P') {
            Some(rest) => iso(rest),
            None => go(text),
        };
        let ns = ns.map_err(|fault| match fault {
            Fault::Calendar => format!("`{text}` has years or months, which have no fixed length; use days or hours"),
            Fault::TooLong => format!("`{text}` is too long"),
            Fault::Syntax => format!("`{text}` is not a duration such as `PT20M`, `P1D`, `2h40m` or `62h`"),
        })?;
        Ok(Self { ns })
    }

    /// The same as jiff counts it.
    pub fn signed(self) -> jiff::SignedDuration {
        jiff::SignedDuration::from_nanos(self.ns)
    }
}

enum Fault {
    Syntax,
    Calendar,
    TooLong,
}

/// What follows the `P`: weeks and days, then `T` and hours, minutes, seconds, each at most once and in this order.
fn iso(text: &str) -> Result<i64, Fault> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        None if !text.is_empty() => (text, ""),
        _ => return Err(Fault::Syntax),
    };
    if date.contains(['Y', 'M']) {
        return Err(Fault::Calendar);
    }
    let days = sum(date, &[("W", WEEK), ("D", DAY)])?;
    let hours = sum(time, &[("H", HOUR), ("M", MINUTE), ("S", SECOND)])?;
    days.checked_add(hours).and_then(|ns| i64::try_from(ns).ok()).ok_or(Fault::TooLong)
}

/// Go's units, and days and weeks as Prometheus writes them; from the largest to the smallest.
fn go(text: &str) -> Result<i64, Fault> {
    const UNITS: [(&str, u64); 9] = [
        ("w", WEEK),
        ("d", DAY),
        ("h", HOUR),
        ("m", MINUTE),
        ("s", SECOND),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("µs", 1_000),
        ("ns", 1),
    ];
    if text.is_empty() {
        return Err(Fault::Syntax);
    }
    i64::try_from(sum(text, &UNITS)?).map_err(|_| Fault::TooLong)
}

/// Adds up `number unit` pairs whose units come in the order given, each at most once.
fn sum(mut text: &str, mut units: &[(&str, u64)]) -> Result<u64, Fault> {
    let mut total: u64 = 0;
    while !text.is_empty() {
        let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(Fault::Syntax)?;
        let (number, rest) = text.split_at(number_end);
        let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(unit_end);
        let index = units.iter().position(|(name, _)| *name == unit).ok_or(Fault::Syntax)?;
        let length = units.get(index).map_or(0, |(_, length)| *length);
        total = total.checked_add(scaled(number, length)?).ok_or(Fault::TooLong)?;
        units = units.get(index + 1..).unwrap_or_default();
        text = rest;
    }
    Ok(total)
}

/// A decimal number of units in whole nanoseconds; what is finer than a nanosecond is cut off.
fn scaled(number: &str, unit: u64) -> Result<u64, Fault> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(Fault::Syntax);
    }
    let whole: u64 = whole.parse().map_err(|_| Fault::TooLong)?;
    let parts: u128 = fraction.parse().map_err(|_| Fault::Syntax)?;
    let scale = 10u128.pow(u32::try_from(fraction.len()).unwrap_or(9));
    let fraction = u64::try_from(parts * u128::from(unit) / scale).map_err(|_| Fault::TooLong)?;
    whole.checked_mul(unit).and_then(|ns| ns.checked_add(fraction)).ok_or(Fault::TooLong)
}

impl<'de> Deserialize<'de> for Elapsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Elapsed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration as a string, such as PT20M or 2h40m")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Elapsed, E> {
                Elapsed::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        Elapsed::parse(text).ok().map(|e| e.ns / 1_000_000_000)
    }

    #[test]
    fn both_spellings() {
        let rows = [
            ("PT0S", 0),
            ("PT20M", 1_200),
            ("PT1H30M", 5_400),
            ("P1D", 86_400),
            ("P1DT2H", 93_600),
            ("P2W", 1_209_600),
            ("PT1.5H", 5_400),
            ("2h40m", 9_600),
            ("62h", 223_200),
            ("15m", 900),
            ("90s", 90),
            ("1.5h", 5_400),
            ("7d", 604_800),
            ("1h0m0s", 3_600),
        ];
        for (text, expected) in rows {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!(Elapsed::parse("1.5ms").map(|e| e.ns), Ok(1_500_000));
        assert_eq!(Elapsed::parse("3µs2ns").map(|e| e.ns), Ok(3_002));
    }

    #[test]
    fn what_is_not_a_duration() {
        let wrong = [
            "", "P", "PT", "P1DT", "20M", "20", "h", "1h1h", "1m2h", "PT1M2H", "P1H", "PT1D", "-1h", "-PT1H", "1 h",
            "pt1h", "1.h", ".5h", "1..5h", "PT1M30", "1hh", "1h ", "５h",
        ];
        for text in wrong {
            assert!(Elapsed::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn years_months_and_overflow_say_why() {
        assert!(Elapsed::parse("P1Y").unwrap_err().contains("no fixed length"));
        assert!(Elapsed::parse("P1M").unwrap_err().contains("no fixed length"));
        assert!(Elapsed::parse("999999999999h").unwrap_err().contains("too long"));
        assert!(Elapsed::parse("99999999999999999999h").unwrap_err().contains("too long"));
        assert!(Elapsed::parse("2562048h").unwrap_err().contains("too long"), "just beyond 2^63 nanoseconds");
        assert!(Elapsed::parse("2562047h").is_ok());
    }
}

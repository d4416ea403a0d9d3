//! Decimal arithmetic on the engine's numbers.
//!
//! OPA computes with 64 bits of mantissa and prints the shortest decimal, so that `0.1 + 0.2` is 0.3; the engine's
//! floats have 53. Sums, differences and products are therefore exact here and rounded once. A quotient or a
//! literal that needs more than a float holds is the nearest float.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use regorus::Value;

/// `digits × 10^exponent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) digits: BigInt,
    pub(super) exponent: i32,
}

/// Largest exponent that is expanded into digits.
const MOST_DIGITS: i32 = 5_000;

impl Decimal {
    /// The decimal of a number: exact for integers, the shortest that reads back as the same float.
    pub(super) fn of(number: &Value) -> Option<Self> {
        Self::read(&shown(number))
    }

    /// Reads `-12.5e3`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let decimals = i32::try_from(fraction.len()).ok()?;
        Some(Self { digits, exponent: exponent.checked_sub(decimals)? })
    }

    /// Both with one exponent.
    fn aligned(&self, other: &Self) -> Option<(BigInt, BigInt, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let scale = |d: &Self| Some(&d.digits * power(d.exponent.checked_sub(exponent)?)?);
        Some((scale(self)?, scale(other)?, exponent))
    }

    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        let (a, b, exponent) = self.aligned(other)?;
        Some(Self { digits: a + b, exponent })
    }

    pub(super) fn minus(&self, other: &Self) -> Option<Self> {
        let (a, b, exponent) = self.aligned(other)?;
        Some(Self { digits: a - b, exponent })
    }

    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        let exponent = self.exponent.checked_add(other.exponent)?;
        Some(Self { digits: &self.digits * &other.digits, exponent })
    }

    /// The quotient to 30 digits.
    pub(super) fn divided(&self, other: &Self) -> Option<Self> {
        if other.digits.sign() == Sign::NoSign {
            return None;
        }
        let wanted = 30_i32.saturating_add(digits(&other.digits)).saturating_sub(digits(&self.digits)).max(0);
        let scaled = &self.digits * power(wanted)?;
        let exponent = self.exponent.checked_sub(other.exponent)?.checked_sub(wanted)?;
        Some(Self { digits: scaled / &other.digits, exponent })
    }

    /// As a whole number, rounded towards negative infinity, or up.
    pub(super) fn rounded(&self, how: Rounding) -> Option<BigInt> {
        if self.exponent >= 0 {
            return Some(&self.digits * power(self.exponent)?);
        }
        let unit = power(self.exponent.checked_neg()?)?;
        let whole = &self.digits / &unit;
        let rest = &self.digits - &whole * &unit;
        let negative = self.digits.sign() == Sign::Minus;
        let away = match how {
            Rounding::Down => negative && rest.sign() != Sign::NoSign,
            Rounding::Up => !negative && rest.sign() != Sign::NoSign,
            Rounding::HalfAway => (rest.magnitude() * 2_u32).cmp(unit.magnitude()) != Ordering::Less,
            Rounding::HalfEven => match (rest.magnitude() * 2_u32).cmp(unit.magnitude()) {
                Ordering::Equal => whole.bit(0),
                order => order == Ordering::Greater,
            },
        };
        Some(match (away, negative) {
            (false, _) => whole,
            (true, true) => whole - 1,
            (true, false) => whole + 1,
        })
    }

    /// As the engine's number: an integer when it is whole.
    pub(super) fn value(&self) -> Option<Value> {
        let whole = self.rounded(Rounding::Down)?;
        let exact = self.exponent >= 0 || &whole * power(self.exponent.checked_neg()?)? == self.digits;
        if exact {
            return Value::from_numeric_string(&whole.to_string()).ok();
        }
        format!("{}e{}", self.digits, self.exponent).parse::<f64>().ok().map(Value::from)
    }

    /// With a fixed number of decimals, half to even, as `%.2f` prints it.
    pub(super) fn fixed(&self, decimals: usize) -> Option<String> {
        let shift = i32::try_from(decimals).ok()?;
        let scaled = Self { digits: self.digits.clone(), exponent: self.exponent.checked_add(shift)? };
        let whole = scaled.rounded(Rounding::HalfEven)?;
        let sign = if self.digits.sign() == Sign::Minus { "-" } else { "" };
        let digits = whole.magnitude().to_string();
        let padded = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = padded.split_at_checked(padded.len() - decimals)?;
        Some(if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
    }
}

/// How a decimal becomes whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    Down,
    Up,
    HalfAway,
    HalfEven,
}

fn power(exponent: i32) -> Option<BigInt> {
    let exponent = u32::try_from(exponent).ok().filter(|_| exponent <= MOST_DIGITS)?;
    Some(BigInt::from(10).pow(exponent))
}

fn digits(number: &BigInt) -> i32 {
    i32::try_from(number.magnitude().to_string().len()).unwrap_or(MOST_DIGITS)
}

/// A number as Go prints it: digits up to 1e21, the shortest that reads back.
pub(super) fn shown(number: &Value) -> String {
    let Value::Number(number) = number else { return String::new() };
    match (number.as_i64(), number.as_f64()) {
        (Some(i), _) => i.to_string(),
        (None, Some(f)) => float(f),
        (None, None) => number.format_decimal(),
    }
}

/// A float in Go's shortest notation.
pub(super) fn float(f: f64) -> String {
    let text = format!("{f:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let Ok(power) = exponent.parse::<i32>() else { return text };
    if (-4..21).contains(&power) || f == 0.0 {
        return format!("{f}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

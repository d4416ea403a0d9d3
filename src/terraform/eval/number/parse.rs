//! Numbers from text, as `big.ParseFloat` reads base ten.

use num_bigint::BigUint;

use super::{Float, MAX_EXPONENT, Number, WRITTEN};

/// A text with more digits than this is refused.
const MAX_DIGITS: usize = 40_000;

impl Number {
    /// Reads `-12.5e-3`, `5.`, `.5`, `Inf`; 512 bits. `None` for anything else, and for numbers beyond the
    /// limits.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        if unsigned == "Inf" || unsigned == "inf" {
            return Some(Self::infinite(negative));
        }
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        decimal(negative, BigUint::parse_bytes(digits.as_bytes(), 10)?, exponent)
    }
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// digits · 10^exponent.
fn decimal(negative: bool, digits: BigUint, exponent: i64) -> Option<Number> {
    if digits.bits() == 0 {
        return Number::rounded(Float { negative, mantissa: digits, exponent: 0 }, false, WRITTEN);
    }
    let power =
        BigUint::from(10u8).pow(u32::try_from(exponent.unsigned_abs()).ok().filter(|e| i64::from(*e) <= MAX_EXPONENT)?);
    if exponent >= 0 {
        return Number::rounded(Float { negative, mantissa: digits * power, exponent: 0 }, false, WRITTEN);
    }
    let shift = u64::from(WRITTEN) + 2 + power.bits();
    let numerator = digits << shift;
    let quotient = &numerator / &power;
    let exact = &quotient * &power == numerator;
    let exponent = -i64::try_from(shift).ok()?;
    Number::rounded(Float { negative, mantissa: quotient, exponent }, !exact, WRITTEN)
}

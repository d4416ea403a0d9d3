//! Floating-point numbers as Go writes them, because kubectl's keys and integers pass through its text.

use crate::parse::tree::Number;

/// The number that remains of a double after kubectl wrote it as JSON and read it back: whole numbers
/// become integers when their shortest decimal fits one.
pub(super) fn number(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() < 1e19 {
        // Display writes the shortest digits that identify the double, filled up with zeros, as Go does.
        if let Ok(whole) = format!("{value}").parse() {
            return Number::Int(whole);
        }
    }
    Number::Float(value)
}

/// A double as a mapping key: `strconv.FormatFloat(value, 'g', -1, 32)`, and YAML's words.
#[expect(clippy::cast_possible_truncation, reason = "the key is formatted with 32 bits of precision")]
pub(super) fn key(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            ".nan"
        } else if value > 0.0 {
            ".inf"
        } else {
            "-.inf"
        }
        .into();
    }
    let scientific = format!("{:e}", value as f32);
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{}", value as f32);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

//! Numbers of JSON that keep what was written.

use super::tree::Number;

/// An integer of JSON, exactly.
pub(super) fn integer(text: &str) -> Number {
    let signed = text.parse().map(Number::Int);
    signed.or_else(|_| text.parse().map(Number::Uint)).unwrap_or_else(|_| Number::Big(text.into()))
}

/// A decimal of JSON: a double when its shortest decimal is the one that was written, else the text.
pub(super) fn decimal(text: &str) -> Number {
    let Ok(value) = text.parse::<f64>() else { return Number::Big(text.into()) };
    let exact = value.is_finite() && significant(&format!("{value:e}")) == significant(text);
    if exact { Number::Float(value) } else { Number::Big(text.into()) }
}

/// Digits without zeros at either end, and the power of ten of the first one; equal for equal numbers.
fn significant(text: &str) -> (String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_start_matches('0');
    if kept.is_empty() {
        return (String::new(), 0);
    }
    let zeros = i64::try_from(digits.len() - kept.len()).unwrap_or(i64::MAX);
    let whole = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX / 4);
    (kept.trim_end_matches('0').to_owned(), exponent.saturating_add(whole - zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_they_say() {
        assert!(matches!(integer("-9223372036854775808"), Number::Int(i64::MIN)));
        assert!(matches!(integer("18446744073709551615"), Number::Uint(u64::MAX)));
        assert!(matches!(integer("18446744073709551616"), Number::Big(_)));
        for text in ["0.1", "1.50e3", "-0.0", "0e999999999999999999999", "5e-324"] {
            assert!(matches!(decimal(text), Number::Float(_)), "{text}");
        }
        for text in ["0.10000000000000000001", "1e400", "1e-400"] {
            assert!(matches!(decimal(text), Number::Big(_)), "{text}");
        }
    }
}

//! What a scalar means by the rules of go-yaml v2 (`resolve.go`): YAML 1.1 booleans, Go's integers.

use std::borrow::Cow;

use super::go_float;
use crate::parse::tree::Number;

/// The meaning of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond a signed 64-bit integer.
    Uint(u64),
    /// May be infinite or not a number, which JSON cannot hold.
    Float(f64),
    Text(Cow<'a, str>),
}

/// The types that a tag can ask for; every other tag leaves a scalar its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Binary,
    Text,
}

impl Type {
    /// The type that a full tag such as `tag:yaml.org,2002:int` names.
    pub(super) fn of_tag(prefix: &str, suffix: &str) -> Self {
        let name = match prefix {
            "tag:yaml.org,2002:" => Some(suffix),
            "" => suffix.strip_prefix("tag:yaml.org,2002:"),
            _ => None,
        };
        match name {
            Some("null") => Self::Null,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("timestamp") => Self::Timestamp,
            Some("binary") => Self::Binary,
            _ => Self::Text,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Timestamp => "timestamp",
            Self::Binary => "binary",
            Self::Text => "str",
        }
    }
}

/// The meaning of a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Scalar<'_> {
    match text.as_bytes().first() {
        None | Some(b'~' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => word(text),
        Some(b'.') => not_finite(text).or_else(|| leading_dot(text)),
        Some(b'+' | b'-' | b'0'..=b'9') => not_finite(text).or_else(|| number(text)),
        Some(_) => None,
    }
    .unwrap_or(Scalar::Text(Cow::Borrowed(text)))
}

/// The meaning of a scalar with a tag, whatever its quotes; `Err` says why the tag does not fit.
pub(super) fn tagged(tag: Type, text: &str) -> Result<Scalar<'_>, String> {
    let resolved = match tag {
        Type::Text => return Ok(Scalar::Text(Cow::Borrowed(text))),
        Type::Binary => return binary(text).map(Scalar::Text),
        Type::Timestamp if is_date(text) => return Ok(Scalar::Text(Cow::Borrowed(text))),
        _ => resolve(text),
    };
    match (tag, resolved) {
        (Type::Null, Scalar::Null) => Ok(Scalar::Null),
        (Type::Bool, Scalar::Bool(b)) => Ok(Scalar::Bool(b)),
        (Type::Int, n @ (Scalar::Int(_) | Scalar::Uint(_))) => Ok(n),
        (Type::Float, n @ (Scalar::Float(_) | Scalar::Int(_) | Scalar::Uint(_))) => Ok(n),
        _ => Err(format!("`{text}` is not a `!!{}`", tag.name())),
    }
}

/// The number of a finite one.
pub(super) fn as_number(scalar: &Scalar) -> Option<Number> {
    match scalar {
        Scalar::Int(i) => Some(Number::Int(*i)),
        Scalar::Uint(u) => Some(Number::Uint(*u)),
        Scalar::Float(f) if f.is_finite() => Some(go_float::number(*f)),
        _ => None,
    }
}

/// A scalar as a key, which JSON wants as text; `None` when kubectl refuses it.
pub(super) fn as_key<'a>(scalar: &Scalar<'a>) -> Option<Cow<'a, str>> {
    match scalar {
        Scalar::Text(text) => Some(text.clone()),
        Scalar::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
        Scalar::Int(i) => Some(Cow::Owned(i.to_string())),
        Scalar::Float(f) => Some(Cow::Owned(go_float::key(*f))),
        Scalar::Null | Scalar::Uint(_) => None,
    }
}

fn word(text: &str) -> Option<Scalar<'_>> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Scalar::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(Scalar::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Scalar::Bool(false))
        }
        _ => None,
    }
}

fn not_finite(text: &str) -> Option<Scalar<'_>> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(Scalar::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Scalar::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Scalar::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

/// `.5`, `.1_0`: Go's `ParseFloat`, which takes an underscore between two digits.
fn leading_dot(text: &str) -> Option<Scalar<'_>> {
    let digit = |i: usize| text.as_bytes().get(i).is_some_and(u8::is_ascii_digit);
    let misplaced = |(i, _)| i == 0 || !digit(i - 1) || !digit(i + 1);
    if text.match_indices('_').any(misplaced) {
        return None;
    }
    decimal(&without_underscores(text))
}

/// A number that begins with a sign or a digit; underscores anywhere after that do not count.
fn number(text: &str) -> Option<Scalar<'_>> {
    let plain = without_underscores(text);
    integer(&plain).or_else(|| decimal(&plain))
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) }
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`: prefixes in either case, a leading zero means octal.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = radix(unsigned);
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if text.starts_with('-') {
        return 0_i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(small) => Some(Scalar::Int(small)),
        Err(_) if text.len() == unsigned.len() => Some(Scalar::Uint(magnitude)),
        Err(_) => None,
    }
}

fn radix(text: &str) -> (u32, &str) {
    match text.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, text.get(2..).unwrap_or_default()),
        [b'0', b'o' | b'O', _, ..] => (8, text.get(2..).unwrap_or_default()),
        [b'0', b'b' | b'B', _, ..] => (2, text.get(2..).unwrap_or_default()),
        [b'0', _, ..] => (8, text.get(1..).unwrap_or_default()),
        _ => (10, text),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, unless it overflows.
fn decimal(text: &str) -> Option<Scalar<'static>> {
    let written = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let value: f64 = if written { text.parse().ok()? } else { return None };
    value.is_finite().then_some(Scalar::Float(value))
}

/// `2001-12-14`, with or without a time: what go-yaml takes for a timestamp, and kubectl for text.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let all_digits = |s: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit())
    };
    let (year, month, rest) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
    let day = rest.split(['T', 't', ' ']).next().unwrap_or_default();
    year.is_some_and(|y| all_digits(y, 4..=4)) && month.is_some_and(|m| all_digits(m, 1..=2)) && all_digits(day, 1..=2)
}

/// Base 64 with padding (RFC 4648 §4); line breaks do not count. Bytes that are not UTF-8 are replaced.
fn binary(text: &str) -> Result<Cow<'_, str>, String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut digits, mut padding) = (0_u32, 0_u32, 0_u32);
    for byte in text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')) {
        let value = match byte {
            b'=' if digits % 4 >= 2 => {
                padding += 1;
                0
            }
            _ if padding > 0 => return Err(NOT_BASE_64.into()),
            _ => sextet(byte).ok_or(NOT_BASE_64)?,
        };
        buffer = buffer << 6 | value;
        digits += 1;
        if digits % 4 == 0 {
            bytes.extend(buffer.to_be_bytes().get(1..).unwrap_or_default());
            buffer = 0;
        }
    }
    if digits % 4 != 0 || padding > 2 {
        return Err(NOT_BASE_64.into());
    }
    bytes.truncate(bytes.len() - padding as usize);
    Ok(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

const NOT_BASE_64: &str = "a `!!binary` value must be base 64 with padding";

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_go_s() {
        let int = |text| match resolve(text) {
            Scalar::Int(i) => Some(i),
            _ => None,
        };
        let cases = [
            ("0777", 511),
            ("0o777", 511),
            ("012", 10),
            ("1_000", 1000),
            ("0x1F", 31),
            ("0b11", 3),
            ("0B11", 3),
            ("-0b11", -3),
            ("+7", 7),
            ("0", 0),
            ("-0", 0),
            ("-_1", -1),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, value) in cases {
            assert_eq!(int(text), Some(value), "{text}");
        }
        assert_eq!(resolve("18446744073709551615"), Scalar::Uint(u64::MAX));
        for text in ["1e400", "0x", "+", "-", "12:30:45", "2001-12-14", "1.2.3", "1e", "1__x", "._5", ".5_"] {
            assert_eq!(resolve(text), Scalar::Text(text.into()), "{text}");
        }
    }

    #[test]
    fn floats_are_go_s() {
        let cases = [("08", 8.0), ("1.", 1.0), ("-.5", -0.5), (".1_0", 0.1), ("1_0.5", 10.5), ("1.e5", 1e5)];
        for (text, value) in cases {
            assert_eq!(resolve(text), Scalar::Float(value), "{text}");
        }
        assert_eq!(as_number(&resolve("1.2345678901234567e18")), Some(Number::Int(1_234_567_890_123_456_800)));
        assert_eq!(as_key(&resolve("1e6")).as_deref(), Some("1e+06"));
        assert_eq!(as_key(&resolve("123456789.0")).as_deref(), Some("1.2345679e+08"));
        assert_eq!(as_key(&resolve("0.0001")).as_deref(), Some("0.0001"));
    }

    #[test]
    fn base_64_needs_its_padding() {
        assert_eq!(binary("aGVs\nbG8="), Ok("hello".into()));
        assert_eq!(binary(""), Ok("".into()));
        assert_eq!(binary("//8="), Ok("\u{fffd}\u{fffd}".into()));
        for text in ["aGVsbG8", "a===", "aG=s", "aGVs bG8=", "====", "YQ==="] {
            assert!(binary(text).is_err(), "{text}");
        }
    }
}

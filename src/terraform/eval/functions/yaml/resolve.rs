//! What a YAML scalar means (`resolveScalar` of `go-cty-yaml`): YAML 1.1 words, but YAML 1.2 octals.

use jiff::civil::DateTime;

use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

/// What a scalar stands for.
pub(super) enum Scalar {
    Value(Value),
    /// `<<` as a key.
    Merge,
}

/// The tags of YAML's core.
const PREFIX: &str = "tag:yaml.org,2002:";

/// Resolves a scalar by its tag (empty when it has none) and its style.
pub(super) fn resolve(tag: &str, text: &str, quoted: bool, block: bool) -> Result<Scalar, String> {
    let kind = match tag {
        "" => "",
        "!" => "str",
        tag => tag
            .strip_prefix(PREFIX)
            .filter(|kind| TAGS.contains(kind))
            .ok_or_else(|| format!("unsupported tag {tag:?}"))?,
    };
    if !matches!(kind, "str" | "binary") && hint(text) != Hint::Text {
        if quoted {
            return Ok(Scalar::Value(text.into()));
        }
        if let Some(word) = word(text) {
            return Ok(Scalar::Value(word));
        }
        if kind.is_empty() && matches!(text, ".nan" | ".NaN" | ".NAN") {
            return Err("floating point NaN is not supported".to_owned());
        }
        if let Some(found) = numeric(kind, text) {
            return Ok(Scalar::Value(found));
        }
    }
    if kind.is_empty() && text == "<<" && !quoted && !block {
        return Ok(Scalar::Merge);
    }
    tagged(kind, text).map(Scalar::Value).ok_or_else(|| format!("cannot parse {text:?} as {tag}"))
}

const TAGS: [&str; 7] = ["str", "bool", "int", "float", "null", "timestamp", "binary"];

/// What the first character lets a scalar be.
#[derive(Clone, Copy, PartialEq)]
enum Hint {
    Text,
    Word,
    Number,
    Point,
}

fn hint(text: &str) -> Hint {
    match text.bytes().next() {
        None => Hint::Word,
        Some(b'+' | b'-' | b'0'..=b'9') => Hint::Number,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => Hint::Word,
        Some(b'.') => Hint::Point,
        Some(_) => Hint::Text,
    }
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => true.into(),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => false.into(),
        "" | "~" | "null" | "Null" | "NULL" => Value::null(Type::Dynamic),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Number::infinite(false).into(),
        "-.inf" | "-.Inf" | "-.INF" => Number::infinite(true).into(),
        _ => return None,
    })
}

fn numeric(kind: &str, text: &str) -> Option<Value> {
    match hint(text) {
        Hint::Point => Number::parse(text).map(Value::from),
        Hint::Number => {
            let time = matches!(kind, "" | "timestamp").then(|| timestamp(text)).flatten();
            time.or_else(|| (is_integer(text) || is_float(text)).then(|| number(text)).flatten())
        }
        _ => None,
    }
}

fn tagged(kind: &str, text: &str) -> Option<Value> {
    match kind {
        "" | "str" => Some(text.into()),
        "binary" => super::super::base64::decode(text).ok().map(|_| text.into()),
        "bool" => word(text).filter(|value| value.as_bool().is_some()),
        "int" | "float" => number(text),
        "timestamp" => timestamp(text),
        _ => Some(Value::null(Type::Dynamic)),
    }
}

fn is_integer(text: &str) -> bool {
    let all = |digits: &str, valid: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|b| valid(&b));
    let decimal = text.strip_prefix(['+', '-']).unwrap_or(text);
    all(decimal, u8::is_ascii_digit)
        || text.strip_prefix("0o").is_some_and(|digits| all(digits, |b| (b'0'..=b'7').contains(b)))
        || text.strip_prefix("0x").is_some_and(|digits| all(digits, u8::is_ascii_hexdigit))
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    unsigned.starts_with(|c: char| c == '.' || c.is_ascii_digit())
        && !unsigned.ends_with(['e', 'E'])
        && Number::parse(text).is_some()
}

fn number(text: &str) -> Option<Value> {
    let plain = text.replace('_', "");
    if let Some(number) = Number::parse(&plain) {
        return Some(number.into());
    }
    let (negative, digits) = match plain.strip_prefix(['+', '-']) {
        Some(digits) => (plain.starts_with('-'), digits),
        None => (false, plain.as_str()),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = ["0x", "0o", "0b"]
        .iter()
        .zip([16, 8, 2])
        .find_map(|(prefix, base)| lower.strip_prefix(prefix).map(|digits| (base, digits)))?;
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    Number::whole(negative, magnitude.into()).map(Value::from)
}

/// A date or a time as text of RFC 3339.
fn timestamp(text: &str) -> Option<Value> {
    let year = text.get(..4).filter(|year| year.bytes().all(|b| b.is_ascii_digit()))?;
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, Some((text.get(at..=at)?, text.get(at + 1..)?))),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (first, month, day) = (parts.next()?, field(parts.next()?)?, field(parts.next()?)?);
    if parts.next().is_some() || first != year {
        return None;
    }
    let (hour, minute, second, zone) = match rest {
        None => (0, 0, 0, "Z"),
        Some((separator, rest)) => time(separator, rest)?,
    };
    DateTime::new(year.parse().ok()?, month, day, hour, minute, second, 0).ok()?;
    Some(Value::string(&format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")))
}

fn field(text: &str) -> Option<i8> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `15:4:5.9Z07:00` behind a `T`, `15:4:5.9` behind a blank.
fn time<'t>(separator: &str, text: &'t str) -> Option<(i8, i8, i8, &'t str)> {
    let zone_at = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = (text.get(..zone_at)?, text.get(zone_at..)?);
    let zone = match (separator, zone) {
        (" ", "") => "Z",
        (" ", _) | (_, "") => return None,
        (_, "Z" | "+00:00" | "-00:00") => "Z",
        (_, zone) => zone
            .get(1..)
            .and_then(|z| z.split_once(':'))
            .filter(|(h, m)| {
                h.len() == 2 && m.len() == 2 && field(h).is_some_and(|h| h < 24) && field(m).is_some_and(|m| m < 60)
            })
            .map(|_| zone)?,
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let valid = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    valid.then_some((field(hour)?, field(minute)?, field(second)?, zone))
}

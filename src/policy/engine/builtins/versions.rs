//! Versions, quantities and identifiers in texts.

use regorus::Value;

use super::super::decimal::Decimal;
use super::{Entry, LIMIT, at, object, string, text};

pub(super) const TABLE: &[Entry] = &[
    ("semver.compare", 2, semver_compare),
    ("semver.is_valid", 1, semver_is_valid),
    ("units.parse", 1, units_parse),
    ("units.parse_bytes", 1, units_parse_bytes),
    ("uuid.parse", 1, uuid_parse),
];

/// A version as the library behind OPA reads it: a leading `v` and empty parts of a pre-release are allowed.
struct Version<'a> {
    numbers: [u64; 3],
    before: &'a str,
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = text.split_once('+').unwrap_or((text, ""));
        let (numbers, before) = text.split_once('-').unwrap_or((text, ""));
        let allowed = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        let mut parts = numbers.split('.').map(|n| {
            let digits = !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
            n.parse().ok().filter(|_| digits)
        });
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        let full = before.is_empty() || before.split('.').all(|part| !part.is_empty());
        (parts.next().is_none() && full && allowed(before) && allowed(build)).then_some(Self { numbers, before })
    }

    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.before, other.before) {
            ("", "") => std::cmp::Ordering::Equal,
            ("", _) => std::cmp::Ordering::Greater,
            (_, "") => std::cmp::Ordering::Less,
            (a, b) => identifiers(a, b),
        })
    }
}

fn identifiers(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return std::cmp::Ordering::Equal,
            (None, _) => return std::cmp::Ordering::Less,
            (_, None) => return std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), _) => std::cmp::Ordering::Less,
                (_, Ok(_)) => std::cmp::Ordering::Greater,
                _ => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn semver_compare(args: &[Value]) -> Result<Value, String> {
    let version = |position| {
        let text = text(args, position)?;
        let bad =
            || format!("operand {position}: string {} is not a valid SemVer", super::super::display::quoted(text));
        Version::read(text).ok_or_else(bad)
    };
    Ok(Value::from(version(1)?.compare(&version(2)?) as i64))
}

fn semver_is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(text) if Version::read(text).is_some())))
}

/// Number and unit of `1.5Gi`; quotes are ignored, as OPA does.
fn quantity(text: &str) -> Result<(Decimal, String), String> {
    let text = text.replace('"', "");
    if text.contains(' ') {
        return Err("spaces not allowed in resource strings".to_owned());
    }
    let bytes = text.as_bytes();
    let exponent = |i: usize| {
        let sign = usize::from(matches!(bytes.get(i + 1), Some(b'+' | b'-')));
        bytes.get(i + 1 + sign).is_some_and(u8::is_ascii_digit)
    };
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let part_of_number = match byte {
            b'0'..=b'9' | b'.' => true,
            b'+' | b'-' => end == 0 || matches!(bytes.get(end - 1), Some(b'e' | b'E')),
            b'e' | b'E' => end > 0 && exponent(end),
            _ => false,
        };
        if !part_of_number {
            break;
        }
        end += 1;
    }
    let (number, unit) = text.split_at(end);
    if !number.bytes().any(|b| b.is_ascii_digit()) {
        return Err("no amount provided".to_owned());
    }
    let number = number.strip_prefix('+').unwrap_or(number);
    let plain = Decimal::read(number).filter(|_| number.matches('.').count() < 2);
    Ok((plain.ok_or("could not parse amount to a number")?, unit.to_owned()))
}

fn scaled(number: &Decimal, scale: &str) -> Result<Decimal, String> {
    let scale = Decimal::read(scale).ok_or("bad scale")?;
    number.times(&scale).ok_or_else(|| format!("{LIMIT}the number has too many digits"))
}

fn value(number: &Decimal) -> Result<Value, String> {
    number.value().ok_or_else(|| format!("{LIMIT}the number has too many digits"))
}

fn units_parse(args: &[Value]) -> Result<Value, String> {
    let (number, unit) = quantity(text(args, 1)?)?;
    let scale = match unit.as_str() {
        "" => "1",
        "m" => "0.001",
        "k" | "K" => "1e3",
        "M" => "1e6",
        "g" | "G" => "1e9",
        "t" | "T" => "1e12",
        "p" | "P" => "1e15",
        "e" | "E" => "1e18",
        other => match binary(&other.to_ascii_lowercase()) {
            Some(scale) => scale,
            None => return Err(format!("units.parse: unit {other} not recognized")),
        },
    };
    let scaled = scaled(&number, scale)?;
    // OPA keeps ten decimals.
    let rounded = scaled.fixed(10).and_then(|text| Decimal::read(&text));
    value(&rounded.unwrap_or(scaled))
}

fn binary(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "ki" => "1024",
        "mi" => "1048576",
        "gi" => "1073741824",
        "ti" => "1099511627776",
        "pi" => "1125899906842624",
        "ei" => "1152921504606846976",
        _ => return None,
    })
}

fn units_parse_bytes(args: &[Value]) -> Result<Value, String> {
    let (number, unit) = quantity(text(args, 1)?)?;
    let unit = unit.to_ascii_lowercase();
    let scale = match unit.as_str() {
        "" => "1",
        "k" | "kb" => "1e3",
        "m" | "mb" => "1e6",
        "g" | "gb" => "1e9",
        "t" | "tb" => "1e12",
        "p" | "pb" => "1e15",
        "e" | "eb" => "1e18",
        other => match binary(other.strip_suffix('b').unwrap_or(other)) {
            Some(scale) => scale,
            None => return Err(format!("units.parse_bytes: byte unit {other} not recognized")),
        },
    };
    let scaled = scaled(&number, scale)?;
    let whole = scaled.rounded(super::super::decimal::Rounding::Down);
    let whole = whole.ok_or_else(|| format!("{LIMIT}the number has too many digits"))?;
    Value::from_numeric_string(&whole.to_string()).map_err(|e| e.to_string())
}

fn uuid_parse(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    let Ok(id) = uuid::Uuid::parse_str(text) else { return Ok(Value::Undefined) };
    let variant = match id.get_variant() {
        uuid::Variant::RFC4122 => "RFC4122",
        uuid::Variant::Microsoft => "Microsoft",
        uuid::Variant::Future => "Future",
        _ => "Reserved",
    };
    let version = i64::try_from(id.get_version_num()).unwrap_or(0);
    let mut entries = vec![(string("variant"), string(variant)), (string("version"), Value::from(version))];
    if matches!(version, 1 | 2) {
        entries.extend(origin(&id, version));
    }
    Ok(object(entries))
}

/// When and where an identifier of version 1 or 2 was made.
fn origin(id: &uuid::Uuid, version: i64) -> Vec<(Value, Value)> {
    let fields = id.as_fields();
    let high = u64::from(fields.2 & 0x0fff) << 48 | u64::from(fields.1) << 32;
    let ticks = high | u64::from(fields.0);
    let since_1970 = i128::from(ticks) - 0x01B2_1DD2_1381_4000;
    let time = i64::try_from(since_1970 * 100).unwrap_or(0);
    let node: Vec<String> = fields.3.iter().skip(2).map(|b| format!("{b:02x}")).collect();
    let multicast = fields.3.get(2).is_some_and(|b| b & 1 == 1);
    let local = fields.3.get(2).is_some_and(|b| b & 2 == 2);
    let sequence = u64::from(fields.3.first().copied().unwrap_or(0) & 0x3f) << 8
        | u64::from(fields.3.get(1).copied().unwrap_or(0));
    let scope =
        format!("{}:{}", if local { "local" } else { "global" }, if multicast { "multicast" } else { "unicast" });
    let mut out = vec![
        (string("time"), Value::from(time)),
        (string("nodeid"), string(node.join("-"))),
        (string("macvariables"), string(scope)),
        (string("clocksequence"), Value::from(sequence)),
    ];
    if version == 2 {
        out.push((string("id"), Value::from(u64::from(fields.0))));
        let domain = match fields.3.get(1) {
            Some(0) => "Person",
            Some(1) => "Group",
            _ => "Org",
        };
        out.push((string("domain"), string(domain)));
    }
    out
}

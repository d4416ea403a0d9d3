//! RFC 8785, the JSON Canonicalization Scheme: one text for one value, whoever writes it.

use std::fmt::Write;

use crate::parse::tree::{Entry, Map, Node, Number, Value};

/// The canonical text of a value: keys sorted by UTF-16 code units, numbers as ECMAScript prints them, no white
/// space. What is unknown or sensitive is written `null`; neither occurs in documents.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// The first number that a double cannot hold exactly, so that two texts would share one canonical form.
pub(super) fn first_inexact(node: &Node) -> Option<&Node> {
    const LIMIT: u64 = 1 << 53;
    match &node.value {
        Value::Number(Number::Int(i)) => (i.unsigned_abs() > LIMIT).then_some(node),
        Value::Number(Number::Uint(_) | Number::Big(_)) => Some(node),
        Value::Number(Number::Float(f)) => (!f.is_finite()).then_some(node),
        Value::Seq(items) => items.iter().find_map(first_inexact),
        Value::Map(map) => map.iter().find_map(|entry| first_inexact(&entry.node)),
        _ => None,
    }
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null | Value::Unknown | Value::Sensitive => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&ecmascript(number.as_f64())),
        Value::String(text) => write_string(out, text),
        Value::Seq(items) => write_list(out, items),
        Value::Map(map) => write_map(out, map),
    }
}

fn write_list(out: &mut String, items: &[Node]) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_value(out, &item.value);
    }
    out.push(']');
}

fn write_map(out: &mut String, map: &Map) {
    let mut entries: Vec<&Entry> = map.iter().collect();
    entries.sort_by(|a, b| a.key.encode_utf16().cmp(b.key.encode_utf16()));
    out.push('{');
    for (index, entry) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, &entry.key);
        out.push(':');
        write_value(out, &entry.node.value);
    }
    out.push('}');
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// ECMAScript's `Number::toString` (ECMA-262, 6.1.6.1.20) of a finite number.
fn ecmascript(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    let scientific = shortest(number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let sign = if number < 0.0 { "-" } else { "" };
    format!("{sign}{}", layout(&digits, point))
}

/// The fewest digits that read back as the same double, of several the closest, of two the even one. Rust leaves the
/// last choice open, so the digits are rounded once more to their number, which settles ties as ECMAScript does.
fn shortest(number: f64) -> String {
    let shortest = format!("{number:e}");
    let digits = shortest.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let even = format!("{number:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(number) { even } else { shortest }
}

/// Digits with the decimal point after the first `point` of them.
fn layout(digits: &str, point: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or(0)).unwrap_or((digits, ""));
    match point {
        22.. | ..=-6 => {
            let (first, rest) = split(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{:+}", point - 1)
        }
        _ if count <= point => format!("{digits}{}", zeros(point - count)),
        1.. => {
            let (whole, fraction) = split(point);
            format!("{whole}.{fraction}")
        }
        _ => format!("0.{}{digits}", zeros(-point)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::fixture::json;

    #[test]
    fn numbers_of_the_rfc() {
        // RFC 8785, appendix B.
        let rows = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in rows {
            assert_eq!(ecmascript(f64::from_bits(bits)), expected);
        }
    }

    #[test]
    fn numbers_of_documents() {
        for (number, expected) in [(0.01, "0.01"), (99.5, "99.5"), (100.0, "100"), (1e-7, "1e-7"), (-1.5, "-1.5")] {
            assert_eq!(ecmascript(number), expected);
        }
    }

    #[test]
    fn the_example_of_the_rfc() {
        let input = r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"#;
        let expected = concat!(
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
            r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        assert_eq!(text(&json(input).value), expected);
    }

    #[test]
    fn keys_are_sorted_by_utf16() {
        // RFC 8785, 3.2.3: the surrogate pair of U+1F600 sorts before U+FB33.
        let input = r#"{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7}"#;
        let expected = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
        assert_eq!(text(&json(input).value), expected);
    }

    #[test]
    fn numbers_that_a_double_cannot_hold_are_found() {
        assert!(first_inexact(&json("[9007199254740992, -5, 0.1]")).is_none());
        for inexact in ["[9007199254740993]", r#"{"a": {"b": [18446744073709551615]}}"#, "-9007199254740993"] {
            assert!(first_inexact(&json(inexact)).is_some(), "{inexact}");
        }
    }
}

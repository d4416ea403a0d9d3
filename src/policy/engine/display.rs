//! Values as OPA writes them into texts: `%v` of sprintf and `$"…"`.

use regorus::Value;

/// Texts without quotes, everything else as in Rego.
pub(super) fn plain(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        other => term(other, out),
    }
}

/// A value as a Rego term.
pub(super) fn term(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Array(items) => list("[", items.iter(), "]", out),
        Value::Set(items) if items.is_empty() => out.push_str("set()"),
        Value::Set(items) => list("{", items.iter(), "}", out),
        Value::Object(entries) => {
            out.push('{');
            for (i, (key, value)) in entries.iter_sorted().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                term(key, out);
                out.push_str(": ");
                term(value, out);
            }
            out.push('}');
        }
        Value::Number(_) => out.push_str(&super::decimal::shown(value)),
        Value::Undefined => out.push_str("<undefined>"),
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
}

fn list<'a>(open: &str, items: impl Iterator<Item = &'a Value>, close: &str, out: &mut String) {
    out.push_str(open);
    for (i, item) in items.enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        term(item, out);
    }
    out.push_str(close);
}

/// A text in double quotes, escaped as Go's `strconv.Quote` does.
pub(super) fn quoted(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || u32::from(c) == 0x7f => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

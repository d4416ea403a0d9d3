//! JSON, YAML, URLs and query strings as Go writes and reads them.

use std::fmt::Write;

use regorus::Value;

use super::super::decimal::shown;
use super::super::input;
use super::{Entry, array, at, object, string, text, wrong};
use crate::parse::{json, yaml};
use crate::source::SourceId;

pub(super) const TABLE: &[Entry] = &[
    ("json.marshal", 1, json_marshal),
    ("json.unmarshal", 1, json_unmarshal),
    ("json.is_valid", 1, json_is_valid),
    ("yaml.unmarshal", 1, yaml_unmarshal),
    ("yaml.is_valid", 1, yaml_is_valid),
    ("yaml.marshal", 1, yaml_marshal),
    ("uri.parse", 1, uri_parse),
    ("uri.is_valid", 1, uri_is_valid),
    ("urlquery.decode", 1, query_decode),
    ("urlquery.decode_object", 1, query_decode_object),
];

/// As Go's `encoding/json` writes: `<`, `>`, `&` and the line separators are escaped, keys are in order.
fn json_marshal(args: &[Value]) -> Result<Value, String> {
    Ok(string(json_text(at(args, 1))))
}

pub(super) fn json_text(value: &Value) -> String {
    let mut out = String::new();
    written(value, &mut out);
    out
}

fn written(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => quoted(text, out),
        Value::Number(_) => out.push_str(&shown(value)),
        Value::Array(items) => list(items.iter(), out),
        Value::Set(items) => list(items.iter(), out),
        Value::Object(entries) => {
            let mut sorted: Vec<(String, &Value)> = entries.iter().map(|(k, v)| (key(k), v)).collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (i, (key, value)) in sorted.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                quoted(key, out);
                out.push(':');
                written(value, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn list<'a>(items: impl Iterator<Item = &'a Value>, out: &mut String) {
    out.push('[');
    for (i, item) in items.enumerate() {
        out.push_str(if i > 0 { "," } else { "" });
        written(item, out);
    }
    out.push(']');
}

/// A key of a JSON object: the text itself, or the JSON of anything else.
fn key(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => {
            let mut out = String::new();
            written(other, &mut out);
            out
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn json_unmarshal(args: &[Value]) -> Result<Value, String> {
    json_value(text(args, 1)?)
}

pub(super) fn json_value(text: &str) -> Result<Value, String> {
    let node = json::parse(SourceId::default(), text).map_err(|fault| fault.message)?;
    Ok(input::node_to_rego(&node))
}

fn json_is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(text) if json::parse(SourceId::default(), text).is_ok())))
}

/// The first document, read as kubectl reads it.
fn yaml_document(text: &str) -> Result<Value, String> {
    if text.starts_with('\t') {
        return Err("yaml: found character that cannot start any token".to_owned());
    }
    let parsed = yaml::parse(SourceId::default(), text, &yaml::Limits::default());
    if let Some(fault) = parsed.diagnostics.iter().find(|d| d.level == crate::finding::Level::Error) {
        return Err(format!("yaml: {}", fault.message));
    }
    Ok(parsed.documents.first().map_or(Value::Null, input::node_to_rego))
}

fn yaml_unmarshal(args: &[Value]) -> Result<Value, String> {
    yaml_document(text(args, 1)?)
}

fn yaml_is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(text) if yaml_document(text).is_ok())))
}

fn yaml_marshal(args: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    block(at(args, 1), 0, false, &mut out);
    Ok(string(out))
}

/// Writes a value at a depth; `inline` when its first line has begun.
fn block(value: &Value, depth: usize, inline: bool, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            let mut sorted: Vec<(String, &Value)> = entries.iter().map(|(k, v)| (key(k), v)).collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            for (i, (key, value)) in sorted.iter().enumerate() {
                out.push_str(if i > 0 || !inline { &indent } else { "" });
                let _ = write!(out, "{}:", scalar(key));
                below(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => sequence(items.iter(), depth, inline, out),
        Value::Set(items) if !items.is_empty() => sequence(items.iter(), depth, inline, out),
        other => {
            plain(other, depth, out);
            out.push('\n');
        }
    }
}

fn below(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            out.push('\n');
            block(value, depth + 1, false, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            sequence(items.iter(), depth, false, out);
        }
        Value::Set(items) if !items.is_empty() => {
            out.push('\n');
            sequence(items.iter(), depth, false, out);
        }
        other => {
            out.push(' ');
            plain(other, depth, out);
            out.push('\n');
        }
    }
}

fn sequence<'a>(items: impl Iterator<Item = &'a Value>, depth: usize, inline: bool, out: &mut String) {
    for (i, item) in items.enumerate() {
        out.push_str(if i > 0 || !inline { "  ".repeat(depth) } else { String::new() }.as_str());
        out.push_str("- ");
        block(item, depth + 1, true, out);
    }
}

fn plain(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::String(text) if text.contains('\n') && text.trim_start() == &**text => {
            let chomp = if text.ends_with('\n') { "" } else { "-" };
            let _ = write!(out, "|{chomp}");
            for line in text.trim_end_matches('\n').split('\n') {
                let _ = write!(out, "\n{}{line}", "  ".repeat(depth + 1));
            }
        }
        Value::String(text) => out.push_str(&scalar(text)),
        Value::Array(_) | Value::Set(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
        Value::Number(_) => out.push_str(&shown(value)),
        other => out.push_str(&other.to_string()),
    }
}

/// A text without quotes where it reads back as the same text.
fn scalar(text: &str) -> String {
    let same = yaml_document(&format!("a: {text}"))
        .ok()
        .and_then(|v| v.as_object().ok().and_then(|o| o.get(&string("a")).cloned()))
        .is_some_and(|back| back == string(text));
    if same && !text.is_empty() && !text.contains('\n') {
        return text.to_owned();
    }
    let mut out = String::new();
    quoted(text, &mut out);
    out
}

/// The parts of a URL as Go's `net/url` names them.
struct Url {
    scheme: String,
    host: String,
    port: String,
    path: String,
    raw_path: String,
    query: String,
    fragment: String,
}

impl Url {
    fn read(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("parse {}: {why}", super::super::display::quoted(text));
        if text.is_empty() {
            return Err(bad("empty url"));
        }
        if text.chars().any(|c| c.is_ascii_control()) {
            return Err(bad("net/url: invalid control character in URL"));
        }
        let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (scheme, rest) = match rest.find([':', '/', '?']).filter(|i| rest.as_bytes().get(*i) == Some(&b':')) {
            Some(0) => return Err(bad("missing protocol scheme")),
            Some(end) if is_scheme(rest.get(..end).unwrap_or_default()) => rest.split_at(end),
            Some(_) => return Err(bad("first path segment in URL cannot contain colon")),
            None => ("", rest),
        };
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let (authority, raw_path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let (host, port) = host(authority).ok_or_else(|| bad("invalid character or port in host name"))?;
        let path = decoded(raw_path, false).ok_or_else(|| bad("invalid URL escape"))?;
        let fragment = decoded(fragment, false).ok_or_else(|| bad("invalid URL escape"))?;
        // Go keeps the raw path only where the usual escapes would not give it back.
        let raw_path = if raw_path.to_ascii_lowercase().contains("%2f") { raw_path.to_owned() } else { path.clone() };
        let query = query.to_owned();
        Ok(Self { scheme: scheme.to_lowercase(), host, port, path, raw_path, query, fragment })
    }
}

fn is_scheme(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn host(authority: &str) -> Option<(String, String)> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}']) {
        return None;
    }
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, rest) = rest.split_once(']')?;
            (name, rest.strip_prefix(':').or(rest.is_empty().then_some(""))?)
        }
        None => host.split_once(':').unwrap_or((host, "")),
    };
    port.bytes().all(|b| b.is_ascii_digit()).then(|| Some((decoded(name, false)?, port.to_owned()))).flatten()
}

/// Percent-decoded; `+` is a space in queries. Nothing when an escape is broken.
fn decoded(text: &str, query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            }
            b'+' if query => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn uri_parse(args: &[Value]) -> Result<Value, String> {
    let url = Url::read(text(args, 1)?)?;
    let parts = [
        ("scheme", url.scheme),
        ("hostname", url.host),
        ("port", url.port),
        ("path", url.path),
        ("raw_path", url.raw_path),
        ("raw_query", url.query),
        ("fragment", url.fragment),
    ];
    let given = parts.into_iter().filter(|(_, value)| !value.is_empty());
    Ok(object(given.map(|(name, value)| (string(name), string(value)))))
}

pub(super) fn url_is_valid(text: &str) -> Result<(), String> {
    Url::read(text).map(|_| ())
}

fn uri_is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(text) if Url::read(text).is_ok())))
}

fn broken(text: &str) -> String {
    let at = text.find('%').unwrap_or(0);
    let shown: String = text.get(at..).unwrap_or_default().chars().take(3).collect();
    format!("invalid URL escape {}", super::super::display::quoted(&shown))
}

fn query_decode(args: &[Value]) -> Result<Value, String> {
    let text = text(args, 1)?;
    decoded(text, true).map(string).ok_or_else(|| broken(text))
}

fn query_decode_object(args: &[Value]) -> Result<Value, String> {
    let Value::String(query) = at(args, 1) else { return Err(wrong(1, "string", at(args, 1))) };
    let mut found: Vec<(String, Vec<Value>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            return Err("invalid semicolon separator in query".to_owned());
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name, true).ok_or_else(|| broken(name))?;
        let value = string(decoded(value, true).ok_or_else(|| broken(value))?);
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => found.push((name, vec![value])),
        }
    }
    Ok(object(found.into_iter().map(|(name, values)| (string(name), array(values)))))
}

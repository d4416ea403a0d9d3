//! Texts: what regorus counts, cuts or changes in another way than OPA.

use std::sync::LazyLock;

use data_encoding::{BASE64, Encoding};
use regorus::Value;

use super::super::limits::length;
use super::{Entry, LIMIT, array, at, kind, members, string, text, whole, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("strings.split_n", 3, split_n),
    ("strings.count", 2, count),
    ("strings.replace_n", 2, replace_n),
    ("replace", 3, replace),
    ("concat", 2, concat),
    ("indexof", 2, indexof),
    ("indexof_n", 2, indexof_n),
    ("upper", 1, upper),
    ("lower", 1, lower),
    ("substring", 3, substring),
    ("array.flatten", 1, flatten),
    ("array.slice", 3, slice),
    ("array.concat", 2, join),
    ("split", 2, |args| Ok(array(parts(text(args, 1)?, text(args, 2)?)?))),
    ("base64.decode", 1, base64_decode),
    ("base64.is_valid", 1, base64_is_valid),
];

fn parts<'a>(text: &'a str, separator: &str) -> Result<impl Iterator<Item = Value> + use<'a>, String> {
    let count = if separator.is_empty() { text.len() } else { text.matches(separator).count() };
    if count > MOST_ITEMS {
        return Err(format!("{LIMIT}the text would fall into more than {MOST_ITEMS} parts"));
    }
    Ok(split(text, separator).into_iter().map(string))
}

/// The first parts, the last ones when the number is negative.
fn split_n(args: &[Value]) -> Result<Value, String> {
    let (text, separator, n) = (text(args, 1)?, text(args, 2)?, whole(args, 3)?);
    let parts: Vec<Value> = parts(text, separator)?.collect();
    let most = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if n < 0 {
        array(parts.iter().skip(parts.len().saturating_sub(most)).cloned())
    } else {
        array(parts.into_iter().take(most))
    })
}

fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    if separator.is_empty() {
        return text.split("").filter(|part| !part.is_empty()).collect();
    }
    text.split(separator).collect()
}

fn count(args: &[Value]) -> Result<Value, String> {
    let (text, part) = (text(args, 1)?, text(args, 2)?);
    let n = if part.is_empty() { text.chars().count() + 1 } else { text.matches(part).count() };
    Ok(Value::from(i64::try_from(n).unwrap_or(i64::MAX)))
}

/// Replaces in one pass: what was put in is not replaced again. Of several patterns the first in order wins.
fn replace_n(args: &[Value]) -> Result<Value, String> {
    let Value::Object(patterns) = at(args, 1) else { return Err(wrong(1, "object", at(args, 1))) };
    let mut pairs = Vec::new();
    for (from, to) in patterns.iter_sorted() {
        let (Value::String(from), Value::String(to)) = (from, to) else {
            return Err("operand 1 non-string key or value found in pattern object".to_owned());
        };
        pairs.push((from.clone(), to.clone()));
    }
    let mut rest = text(args, 2)?;
    let mut out = String::new();
    while !rest.is_empty() {
        let found = pairs.iter().find(|(from, _)| !from.is_empty() && rest.starts_with(&**from));
        let step = match found {
            Some((from, to)) => {
                out.push_str(to);
                from.len()
            }
            None => {
                let c = rest.chars().next().unwrap_or_default();
                out.push(c);
                c.len_utf8()
            }
        };
        length(out.len())?;
        rest = rest.get(step..).unwrap_or_default();
    }
    Ok(string(out))
}

fn replace(args: &[Value]) -> Result<Value, String> {
    let (text, from, to) = (text(args, 1)?, text(args, 2)?, text(args, 3)?);
    let times = if from.is_empty() { text.chars().count() + 1 } else { text.matches(from).count() };
    length(text.len().saturating_add(times.saturating_mul(to.len())))?;
    Ok(string(text.replace(from, to)))
}

fn concat(args: &[Value]) -> Result<Value, String> {
    let between = text(args, 1)?;
    let value = at(args, 2);
    let Some(items) = members(value) else {
        return Err(format!("operand 2 must be one of {{array, set}} but got {}", kind(value)));
    };
    let mut out = String::new();
    for (i, item) in items.iter().enumerate() {
        let Value::String(part) = item else {
            return Err(format!("operand 2 must be collection of strings but got {}", kind(item)));
        };
        out.push_str(if i > 0 { between } else { "" });
        out.push_str(part);
        length(out.len())?;
    }
    Ok(string(out))
}

/// Positions count characters.
fn positions(args: &[Value]) -> Result<Vec<i64>, String> {
    let (text, part) = (text(args, 1)?, text(args, 2)?);
    if part.is_empty() {
        return Err("empty search character".to_owned());
    }
    let places = text.char_indices().enumerate();
    let found = places.filter(|(_, (at, _))| text.get(*at..).is_some_and(|rest| rest.starts_with(part)));
    Ok(found.filter_map(|(n, _)| i64::try_from(n).ok()).collect())
}

fn indexof(args: &[Value]) -> Result<Value, String> {
    Ok(Value::from(positions(args)?.first().copied().unwrap_or(-1)))
}

fn indexof_n(args: &[Value]) -> Result<Value, String> {
    Ok(array(positions(args)?.into_iter().map(Value::from)))
}

/// Go maps character by character: `ß` has no single capital and stays.
fn upper(args: &[Value]) -> Result<Value, String> {
    Ok(string(text(args, 1)?.chars().map(|c| single(c, c.to_uppercase())).collect::<String>()))
}

fn lower(args: &[Value]) -> Result<Value, String> {
    Ok(string(text(args, 1)?.chars().map(|c| single(c, c.to_lowercase())).collect::<String>()))
}

fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // U+0130 is the one letter that Go maps to a single `i`.
        (Some('i'), Some('\u{307}')) => 'i',
        _ => c,
    }
}

fn substring(args: &[Value]) -> Result<Value, String> {
    let (text, offset, length) = (text(args, 1)?, whole(args, 2)?, whole(args, 3)?);
    let offset = usize::try_from(offset).map_err(|_| "negative offset".to_owned())?;
    let rest = text.chars().skip(offset);
    Ok(string(match usize::try_from(length) {
        Ok(length) => rest.take(length).collect::<String>(),
        Err(_) => rest.collect(),
    }))
}

fn list(args: &[Value], position: usize) -> Result<Vec<Value>, String> {
    match at(args, position) {
        Value::Array(items) => Ok(items.iter().cloned().collect()),
        other => Err(wrong(position, "array", other)),
    }
}

/// One level of arrays is taken apart.
fn flatten(args: &[Value]) -> Result<Value, String> {
    let parts = list(args, 1)?.into_iter().flat_map(|item| match item {
        Value::Array(items) => items.iter().cloned().collect(),
        other => vec![other],
    });
    Ok(array(parts))
}

fn slice(args: &[Value]) -> Result<Value, String> {
    let items = list(args, 1)?;
    let bound = |n: i64| usize::try_from(n.max(0)).unwrap_or(usize::MAX).min(items.len());
    let (start, stop) = (bound(whole(args, 2)?), bound(whole(args, 3)?));
    Ok(array(items.get(start..stop.max(start)).unwrap_or_default().iter().cloned()))
}

fn join(args: &[Value]) -> Result<Value, String> {
    let (a, b) = (list(args, 1)?, list(args, 2)?);
    if a.len().saturating_add(b.len()) > MOST_ITEMS {
        return Err(format!("{LIMIT}the array would have more than {MOST_ITEMS} items"));
    }
    Ok(array(a.into_iter().chain(b)))
}

/// Longest array that two arrays make.
const MOST_ITEMS: usize = 1_000_000;

fn base64_decode(args: &[Value]) -> Result<Value, String> {
    let bytes = base64(text(args, 1)?).ok_or("illegal base64 data")?;
    Ok(string(String::from_utf8_lossy(&bytes).into_owned()))
}

fn base64_is_valid(args: &[Value]) -> Result<Value, String> {
    Ok(Value::Bool(matches!(at(args, 1), Value::String(text) if base64(text).is_some())))
}

static LAX: LazyLock<Encoding> = LazyLock::new(|| lax(BASE64));

/// An alphabet as Go decodes it: it does not look at the bits behind the last whole byte.
pub(super) fn lax(strict: Encoding) -> Encoding {
    let mut lax = strict.specification();
    lax.check_trailing_bits = false;
    lax.encoding().unwrap_or(strict)
}

/// As Go decodes it: line ends are skipped.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    LAX.decode(plain.as_bytes()).ok()
}

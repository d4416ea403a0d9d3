//! Writes thresholds into the text of `changegate.yaml`, comments and order left as they are, and shows it as a patch.

use serde_json::{Map, Value};

use crate::config::put_over;
use crate::finding::Diagnostic;
use crate::parse::tree::Node;
use crate::parse::yaml;
use crate::source::SourceId;

/// Lines around what differs.
const CONTEXT: usize = 3;

/// A unified diff that puts `thresholds` over `policies.thresholds`; empty when they are there already, or none is given.
///
/// # Errors
///
/// `proposal::edit` when the text is written in a way that is better edited by hand.
pub fn patch(name: &str, text: &str, thresholds: &Map<String, Value>) -> Result<String, Diagnostic> {
    if thresholds.is_empty() {
        return Ok(String::new());
    }
    let by_hand = || {
        let shown = Value::Object(thresholds.clone());
        Diagnostic::error("proposal::edit", format!("`{name}` cannot be edited here"))
            .in_file(name)
            .help(format!("put this below `policies.thresholds` by hand: {shown}"))
    };
    let mut wanted = read(text).ok_or_else(by_hand)?;
    let policies = serde_json::json!({"policies": {"thresholds": thresholds}});
    put_over(&mut wanted, &policies);
    let mut edited = text.to_owned();
    for (path, value) in leaves(&policies) {
        edited = set(&edited, &path, &value).ok_or_else(by_hand)?;
    }
    // Whatever the text looked like: it says now what it should, or it is not used.
    if read(&edited).as_ref() != Some(&wanted) {
        return Err(by_hand());
    }
    Ok(diff(name, text, &edited))
}

fn parse(text: &str) -> Option<Option<Node>> {
    let mut parsed = yaml::parse(SourceId(u32::MAX), text, &yaml::Limits::default()).without_repeated_keys();
    if !parsed.diagnostics.is_empty() || parsed.documents.len() > 1 {
        return None;
    }
    Some(parsed.documents.pop().filter(|node| !node.is_null()))
}

fn read(text: &str) -> Option<Value> {
    match parse(text)? {
        Some(node) => serde_json::to_value(&node).ok(),
        None => Some(Value::Object(Map::new())),
    }
}

/// Everything that is no mapping, with the keys that lead to it.
fn leaves(value: &Value) -> Vec<(Vec<String>, Value)> {
    let Value::Object(members) = value else { return vec![(Vec::new(), value.clone())] };
    let below = |(key, value): (&String, &Value)| {
        let longer = |(path, leaf): (Vec<String>, Value)| ([vec![key.clone()], path].concat(), leaf);
        leaves(value).into_iter().map(longer).collect::<Vec<_>>()
    };
    members.iter().flat_map(below).collect()
}

/// The text with one more value, in the place of what stood there.
fn set(text: &str, path: &[String], value: &Value) -> Option<String> {
    let Some(root) = parse(text)? else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{text}{gap}{}\n", flow(path, value)?));
    };
    let (mut node, mut known) = (&root, 0);
    while let Some(below) = path.get(known).and_then(|key| node.get(key)) {
        (node, known) = (below, known + 1);
    }
    let (start, end) = (node.span.start as usize, node.span.end as usize);
    let rest = path.get(known..)?;
    if rest.is_empty() {
        return replaced(text, start, end, &value.to_string());
    }
    let map = node.as_map()?;
    let written = flow(rest, value)?;
    if text.get(start..)?.starts_with('{') {
        let close = text.get(..end)?.rfind('}')?;
        let comma = if map.is_empty() { "" } else { ", " };
        return replaced(text, close, close, &format!("{comma}{written}"));
    }
    // A block: a line of its own before the first key, as far in as that one.
    let first = map.iter().next()?.key_span.start as usize;
    let line = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = text.get(line..first)?;
    indent.chars().all(|c| c == ' ').then_some(())?;
    replaced(text, line, line, &format!("{indent}{written}\n"))
}

fn replaced(text: &str, start: usize, end: usize, by: &str) -> Option<String> {
    Some(format!("{}{by}{}", text.get(..start)?, text.get(end..)?))
}

/// Keys and value on one line: `risk: {R-HISTORY: {prior: 140}}`.
fn flow(path: &[String], value: &Value) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let inner = rest.iter().rev().fold(value.to_string(), |inner, key| format!("{{{}: {inner}}}", key_text(key)));
    Some(format!("{}: {inner}", key_text(first)))
}

/// A key; quoted when it could be taken for something else than a text.
fn key_text(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        && !matches!(
            key.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
        );
    if plain { key.to_owned() } else { Value::String(key.to_owned()).to_string() }
}

/// One hunk from the first line that differs to the last.
fn diff(name: &str, before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let (from, after_context) = (same.saturating_sub(CONTEXT), tail.min(CONTEXT));
    let slice = |lines: &[&str], from: usize, to: usize, sign: char| {
        lines.get(from..to).unwrap_or_default().iter().map(|line| format!("{sign}{line}\n")).collect::<String>()
    };
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let range = |end: usize| {
        let count = end + after_context - from;
        let start = if count == 0 { from } else { from + 1 };
        format!("{start},{count}")
    };
    let origin = if before.is_empty() { "/dev/null".to_owned() } else { format!("a/{name}") };
    format!(
        "--- {origin}\n+++ b/{name}\n@@ -{} +{} @@\n{}{}{}{}",
        range(old_end),
        range(new_end),
        slice(&old, from, same, ' '),
        slice(&old, same, old_end, '-'),
        slice(&new, same, new_end, '+'),
        slice(&old, old_end, old_end + after_context, ' '),
    )
}

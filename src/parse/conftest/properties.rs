//! Java properties: every value is text (<https://docs.oracle.com/javase/8/docs/api/java/util/Properties.html#load-java.io.Reader->).
//! `${key}` stands for another value, as Conftest's reader has it.

use std::collections::HashMap;

use super::lines::lines;
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::{SourceId, Span};

/// How deep `${…}` is followed; a circle ends there.
const DEPTH: usize = 32;

/// Reads a file.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    let mut map = Map::default();
    let mut lines = lines(text);
    while let Some(line) = lines.next() {
        let line = line.trimmed();
        if line.text.is_empty() || line.text.starts_with(['#', '!']) {
            continue;
        }
        let at = separator(line.text);
        let key = line.until(at);
        let rest = line.from(at).trimmed();
        let value = if rest.text.starts_with(['=', ':']) { rest.from(1).trimmed() } else { rest };
        let mut written = value.text.to_owned();
        let mut end = value.end();
        while written.bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1 {
            written.pop();
            let Some(next) = lines.next() else { break };
            written.push_str(next.trimmed().text);
            end = next.trimmed().end();
        }
        let node = Node::new(unescaped(&written), Span::new(source, value.start, end));
        let key_span = Span::new(source, key.start, key.end());
        map.insert(Entry { key: unescaped(key.text).into(), key_span, node });
    }
    expand(source, map, Span::new(source, 0, text.len()))
}

/// Where the key ends: before the first `=`, `:` or blank that no `\` stands in front of.
fn separator(line: &str) -> usize {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '=' | ':' | ' ' | '\t' => return at,
            _ => {}
        }
    }
    line.len()
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        match escaped {
            None => out.push(c),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
        }
    }
    out
}

fn expand(source: SourceId, mut map: Map, span: Span) -> Result<Node, Diagnostic> {
    let known: HashMap<String, String> =
        map.iter().filter_map(|e| Some((e.key.to_string(), e.node.as_str()?.to_owned()))).collect();
    for entry in map.iter_mut() {
        let Some(text) = entry.node.as_str().filter(|text| text.contains("${")) else { continue };
        let expanded = expanded(text, &known, DEPTH).ok_or_else(|| {
            Diagnostic::error("properties::reference", "this value refers to itself, or to a key that is not there")
                .at(Span { source, ..entry.node.span })
                .help("the environment is not looked at: every `${key}` is a key of this file")
        })?;
        entry.node.value = Value::from(expanded);
    }
    Ok(Node::new(map, span))
}

fn expanded(text: &str, known: &HashMap<String, String>, depth: usize) -> Option<String> {
    let Some((before, rest)) = text.split_once("${") else { return Some(text.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    let value = expanded(known.get(name)?, known, depth.checked_sub(1)?)?;
    let whole = format!("{before}{value}{}", expanded(after, known, depth)?);
    (whole.len() < 1 << 16).then_some(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};

    #[test]
    fn keys_and_values_are_text() {
        let text = "# c\n    KEY=https://example.com/\n! c=d\nmy-property : a\\\n   b\nword value\nref=${word}!\ntab\\ key=\\u0041\\n\nempty\n";
        let expected = json!({
            "KEY": "https://example.com/", "my-property": "ab", "word": "value", "ref": "value!", "tab key": "A\n", "empty": "",
        });
        assert_eq!(json_of(Parser::Properties, text), expected);
        assert!(super::read(crate::source::SourceId(0), "a=${b}\nb=${a}\n").is_err());
    }
}

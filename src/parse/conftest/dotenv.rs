//! `.env` files as `gotenv` reads them: every value is text (<https://github.com/subosito/gotenv>). Variables come from the file
//! alone: the environment of this process is nobody's input.

use std::collections::HashMap;

use super::lines::{Line, lines};
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node};
use crate::source::{SourceId, Span};

/// Reads a file.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    let mut map = Map::default();
    let mut known: HashMap<String, String> = HashMap::new();
    for line in lines(text) {
        let line = line.trimmed();
        if line.text.is_empty() || line.text.starts_with('#') {
            continue;
        }
        let line = match line.text.strip_prefix("export") {
            Some(rest) if rest.starts_with(char::is_whitespace) => line.from("export".len()).trimmed(),
            _ => line,
        };
        let at = line.text.find(['=', ':']).filter(|at| *at > 0).ok_or_else(|| fault(source, line))?;
        let (key, value) = (line.until(at).trimmed(), line.from(at + 1).trimmed());
        if key.text.chars().any(|c| !c.is_alphanumeric() && !matches!(c, '_' | '.' | '-')) {
            return Err(fault(source, line));
        }
        let meant = meaning(value.text, &known).ok_or_else(|| fault(source, line))?;
        known.insert(key.text.to_owned(), meant.clone());
        let node = Node::new(meant, Span::new(source, value.start, value.end()));
        map.insert(Entry { key: key.text.into(), key_span: Span::new(source, key.start, key.end()), node });
    }
    Ok(Node::new(map, Span::new(source, 0, text.len())))
}

/// What a written value means; nothing when a quote is not closed.
fn meaning(text: &str, known: &HashMap<String, String>) -> Option<String> {
    if let Some(rest) = text.strip_prefix('\'') {
        return rest.split_once('\'').map(|(inside, _)| inside.to_owned());
    }
    if let Some(rest) = text.strip_prefix('"') {
        return double_quoted(rest).map(|inside| expanded(&inside, known));
    }
    let bare = text.split_once(" #").map_or(text, |(value, _)| value).trim_end();
    Some(expanded(bare, known))
}

fn double_quoted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some(out),
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                '$' => out.push_str("\\$"),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    None
}

/// With `$NAME` and `${NAME}` replaced; `\$` is a dollar.
fn expanded(text: &str, known: &HashMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        if let Some(before) = before.strip_suffix('\\') {
            out.push_str(before);
            out.push('$');
            rest = after;
            continue;
        }
        out.push_str(before);
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, tail) = braced.unwrap_or_else(|| {
            after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len()))
        });
        match name {
            "" => out.push('$'),
            name => out.push_str(known.get(name).map_or("", String::as_str)),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn fault(source: SourceId, line: Line<'_>) -> Diagnostic {
    Diagnostic::error("dotenv::syntax", "this line is not `KEY=value`")
        .at(Span::new(source, line.start, line.end()))
        .help("quote a value that holds quotes; a comment begins with `#`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};

    #[test]
    fn every_value_is_text() {
        let text =
            "# c\nAPP=test # why\nexport PORT=3307\nURL=\"http://${APP}:$PORT/\\n\"\nRAW='$APP'\nEMPTY=\nYAML: x\n";
        let expected = json!({
            "APP": "test", "PORT": "3307", "URL": "http://test:3307/\n", "RAW": "$APP", "EMPTY": "", "YAML": "x",
        });
        assert_eq!(json_of(Parser::Dotenv, text), expected);
        assert!(super::read(crate::source::SourceId(0), "A=\"x\n").is_err());
        assert!(super::read(crate::source::SourceId(0), "word\n").is_err());
    }
}

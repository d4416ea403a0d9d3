//! INI as `go-ini` reads it and Conftest shows it: sections of keys, whose values are numbers and truth values where they look so
//! (<https://github.com/go-ini/ini>, `parser.go`).

use super::lines::{Line, lines};
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Number, Value};
use crate::source::{SourceId, Span};

/// Keys before the first section belong to a section that Conftest leaves out.
pub(super) fn read(source: SourceId, text: &str) -> Result<Node, Diagnostic> {
    let mut sections = Map::default();
    let mut section: Option<Entry> = None;
    let mut lines = lines(text);
    while let Some(line) = lines.next() {
        let line = line.trimmed();
        if line.text.is_empty() || line.text.starts_with(['#', ';']) {
            continue;
        }
        if line.text.starts_with('[') {
            close(&mut sections, section.take());
            section = Some(header(source, line)?);
            continue;
        }
        let (key, value) = pair(source, line)?;
        let value = continued(text, value, &mut lines);
        let node = Node::new(typed(&value.0), Span::new(source, value.1.start, value.1.end()));
        if let Some(Entry { node: Node { value: Value::Map(keys), .. }, .. }) = &mut section {
            keys.insert(Entry { key: key.text.into(), key_span: Span::new(source, key.start, key.end()), node });
        }
    }
    close(&mut sections, section);
    Ok(Node::new(sections, Span::new(source, 0, text.len())))
}

/// A section that comes a second time goes on with the first.
fn close(sections: &mut Map, section: Option<Entry>) {
    let Some(section) = section.filter(|s| &*s.key != "DEFAULT") else { return };
    match (sections.get_mut(&section.key).map(|node| &mut node.value), section.node.value) {
        (Some(Value::Map(known)), Value::Map(keys)) => keys.into_iter().for_each(|entry| drop(known.insert(entry))),
        (_, value) => sections.push(Entry { node: Node::new(value, section.node.span), ..section }),
    }
}

fn header(source: SourceId, line: Line<'_>) -> Result<Entry, Diagnostic> {
    let end = line.text.rfind(']').ok_or_else(|| fault(source, line, "a section ends with `]`"))?;
    let name = line.until(end).from(1).trimmed();
    let span = Span::new(source, line.start, line.start + end + 1);
    Ok(Entry { key: name.text.into(), key_span: span, node: Node::new(Map::default(), span) })
}

fn pair<'a>(source: SourceId, line: Line<'a>) -> Result<(Line<'a>, Line<'a>), Diagnostic> {
    let (quote, from) = match line.text.chars().next() {
        Some(q @ ('"' | '`')) => (Some(q), line.text.get(1..).and_then(|rest| rest.find(q)).map_or(0, |at| at + 2)),
        _ => (None, 0),
    };
    let at = line.from(from).text.find(['=', ':']).map(|at| at + from);
    let at = at.ok_or_else(|| fault(source, line, "a line is `key = value`"))?;
    let key = line.until(at).trimmed();
    let key = if quote.is_some() { key.until(key.text.len().saturating_sub(1)).from(1) } else { key };
    Ok((key, line.from(at + 1).trimmed()))
}

/// The value of a line and of those that a `\` at its end joins to it, without quotes and comments.
fn continued<'a>(text: &'a str, value: Line<'a>, lines: &mut impl Iterator<Item = Line<'a>>) -> (String, Line<'a>) {
    let mut whole = without_comment(value);
    let mut out = unquoted(whole.text).to_owned();
    while out.ends_with('\\') {
        out.pop();
        let Some(next) = lines.next() else { break };
        let next = without_comment(next.trimmed());
        out.push_str(next.text);
        whole = Line { text: text.get(whole.start..next.end()).unwrap_or_default(), start: whole.start };
    }
    (out, whole)
}

fn without_comment(value: Line<'_>) -> Line<'_> {
    if value.text.starts_with(['"', '\'', '`']) {
        return value;
    }
    value.until(value.text.find(['#', ';']).unwrap_or(value.text.len())).trimmed()
}

fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    ['"', '\'', '`'].into_iter().find_map(within).unwrap_or(text)
}

/// As Go's `strconv` tells numbers and truth values.
fn typed(text: &str) -> Value {
    if let Ok(int) = text.parse::<i64>() {
        return Value::Number(Number::Int(int));
    }
    let decimal = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if let (true, Ok(float)) = (decimal, text.parse::<f64>()) {
        return Value::Number(Number::Float(float));
    }
    match text {
        "t" | "T" | "true" | "TRUE" | "True" => Value::Bool(true),
        "f" | "F" | "false" | "FALSE" | "False" => Value::Bool(false),
        _ => Value::from(text),
    }
}

fn fault(source: SourceId, line: Line<'_>, rule: &str) -> Diagnostic {
    Diagnostic::error("ini::syntax", "this line is neither a section nor a key with a value")
        .at(Span::new(source, line.start, line.end()))
        .help(rule)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};

    #[test]
    fn sections_have_typed_values() {
        let text = "app = x\n# c\n[server]\nhttp_port = 3000 ; why\nhttp_addr =\nratio=0.5\non = true\npath = \"a#b\"\n\n[auth.basic]\nenabled: False\nlong = \
                    a \\\n  b\n[server]\nmore = 1\n";
        let expected = json!({
            "server": {"http_port": 3000, "http_addr": "", "ratio": 0.5, "on": true, "path": "a#b", "more": 1},
            "auth.basic": {"enabled": false, "long": "a b"},
        });
        assert_eq!(json_of(Parser::Ini, text), expected);
    }

    #[test]
    fn a_line_without_a_value_is_refused() {
        assert!(super::read(crate::source::SourceId(0), "[a]\nword\n").is_err());
        assert!(super::read(crate::source::SourceId(0), "[a\n").is_err());
    }
}

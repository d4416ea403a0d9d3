//! The outline of a Helm template: keys, items and literal values by their indentation, actions left as text.
//!
//! A template is no YAML, but it is written to look like the YAML that comes out. An outline reads it line by line. Control actions (`if`,
//! `range`, `with`, `end`) vanish, so that the keys of all branches stand beside each other; an action that writes whole
//! lines is kept under the key [`ACTION`] at the indentation that it writes to.

mod build;

use std::collections::HashMap;

use self::build::{Line, What, build};
use super::ACTION;
use crate::parse::tree::{Node, Value};
use crate::parse::yaml::{self, Limits};
use crate::source::{SourceId, Span};

/// The outline of one template.
#[derive(Default)]
pub(super) struct Outline {
    /// One tree for each document that the template writes.
    pub(super) documents: Vec<Node>,
    /// Where an action starts → the path below `.Values` that it reads.
    pub(super) reads: HashMap<u32, Vec<String>>,
}

/// Reads the outline of a template.
pub(super) fn read(source: SourceId, text: &str) -> Outline {
    let mut reader = Reader { source, text, pieces: vec![Vec::new()], scopes: Vec::new(), reads: HashMap::new() };
    let mut at = 0;
    while at < text.len() {
        at = reader.line(at);
    }
    let documents = reader.pieces.iter().map(|lines| build(source, lines)).collect();
    Outline { documents, reads: reader.reads }
}

struct Reader<'a> {
    source: SourceId,
    text: &'a str,
    pieces: Vec<Vec<Line>>,
    /// What `.` is in each open block, where that is known.
    scopes: Vec<Option<Vec<String>>>,
    reads: HashMap<u32, Vec<String>>,
}

impl<'a> Reader<'a> {
    /// Reads the line that starts at `at`, or a whole action or block of text; where the next line starts.
    fn line(&mut self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let next = at + line.len() + 1;
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let start = at + indent;
        if content.starts_with("---") && indent == 0 {
            self.pieces.push(Vec::new());
        } else if content.starts_with(ACTION) {
            return self.action_line(start, indent).max(next);
        } else if !content.trim_end().is_empty() && !content.starts_with('#') {
            return self.content(start, indent, next);
        }
        next
    }

    /// A line that begins with an action; `{{ a }}: b` and `{{ a }}-b` are content.
    fn action_line(&mut self, start: usize, indent: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let Some(length) = action_length(rest) else { return self.text.len() };
        let action = rest.get(..length).unwrap_or_default();
        let after = rest.get(length..).unwrap_or_default();
        let line_end = start + length + after.find('\n').unwrap_or(after.len()) + 1;
        let span = Span::new(self.source, start, start + length);
        if self.is_control(action) {
            // Something may follow on the same line: `{{- if x }}key: value{{ end }}`.
            let tail = after.split('\n').next().unwrap_or_default();
            if tail.trim().is_empty() {
                return line_end;
            }
            let skipped = tail.len() - tail.trim_start().len();
            return match tail.trim_start().starts_with(ACTION) {
                true => self.action_line(start + length + skipped, indent),
                false => self.content(start + length + skipped, indent, line_end),
            };
        }
        self.note(span, action);
        let indent = written_indent(action).unwrap_or(indent);
        self.push(indent, What::Action(Node::new(Value::from(action), span)));
        line_end
    }

    /// Opens and closes scopes; whether the action writes nothing itself.
    fn is_control(&mut self, action: &str) -> bool {
        let inner = inside(action);
        let word = inner.split_ascii_whitespace().next().unwrap_or_default();
        let here = self.scopes.last().cloned().flatten();
        match word {
            "if" => self.scopes.push(here),
            "with" => {
                let read = self.read_by(action);
                self.scopes.push(read);
            }
            "range" | "define" | "block" => self.scopes.push(None),
            "end" => drop(self.scopes.pop()),
            "else" | "" => {}
            _ => return inner.starts_with("/*") || inner.starts_with('$') && inner.contains(":=") || word == "fail",
        }
        true
    }

    /// Items and a key with its value, or a value alone.
    fn content(&mut self, mut start: usize, mut indent: usize, next: usize) -> usize {
        loop {
            let line = self.rest_of_line(start);
            let Some(rest) = line.strip_prefix("- ").or_else(|| (line.trim_end() == "-").then_some("")) else { break };
            self.push(indent, What::Item);
            let skipped = line.len() - rest.trim_start().len();
            (start, indent) = (start + skipped, indent + skipped);
            if rest.trim().is_empty() {
                return next;
            }
        }
        let line = self.rest_of_line(start);
        let Some((key, key_length, gap)) = key(line) else {
            let value = self.value(start, line);
            self.push(indent, What::Value(value));
            return self.end_of(start, next);
        };
        let key_span = Span::new(self.source, start, start + key_length);
        self.push(indent, What::Key(key, key_span));
        let value_start = start + gap;
        let value = self.rest_of_line(value_start);
        if value.trim().is_empty() || value.trim_start().starts_with('#') {
            return next;
        }
        let node = self.value(value_start, value);
        self.push(indent + 1, What::Value(node));
        match value.starts_with(['|', '>']) {
            true => self.skip_text(next, indent),
            false => self.end_of(value_start, next),
        }
    }

    fn rest_of_line(&self, start: usize) -> &'a str {
        let text: &'a str = self.text;
        let rest = text.get(start..).unwrap_or_default();
        rest.split('\n').next().unwrap_or_default().trim_end_matches('\r')
    }

    /// Where the line after a value starts; an action may go on over several lines.
    fn end_of(&self, start: usize, next: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let Some(open) = line.rfind(ACTION).filter(|open| !line.get(*open..).is_some_and(|l| l.contains("}}"))) else {
            return next;
        };
        let action = rest.get(open..).unwrap_or_default();
        let end = start + open + action_length(action).unwrap_or(action.len());
        self.text.get(end..).and_then(|after| after.find('\n')).map_or(self.text.len(), |at| end + at + 1)
    }

    /// Lines of a block of text: those that are indented deeper than its key.
    fn skip_text(&self, mut at: usize, indent: usize) -> usize {
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            let line = rest.split('\n').next().unwrap_or_default();
            let content = line.trim_start_matches(' ');
            if !content.trim_end().is_empty() && line.len() - content.len() <= indent && !content.starts_with(ACTION) {
                break;
            }
            at += line.len() + 1;
        }
        at.min(self.text.len())
    }

    /// A literal as YAML reads it, or the text of a value with an action.
    fn value(&mut self, start: usize, written: &str) -> Node {
        let written = written.trim_end();
        let span = Span::new(self.source, start, start + written.len());
        if written.contains(ACTION) {
            self.note(span, written);
            return Node::new(Value::from(written), span);
        }
        let parsed = yaml::parse(self.source, written, &Limits::default()).documents.pop();
        let Some(mut node) = parsed else { return Node::new(Value::from(written), span) };
        shift(&mut node, start);
        node
    }

    fn note(&mut self, span: Span, action: &str) {
        if let Some(read) = self.read_by(action) {
            self.reads.insert(span.start, read);
        }
    }

    /// The path below `.Values` that an action reads first.
    fn read_by(&self, action: &str) -> Option<Vec<String>> {
        let path = |text: &str| -> Vec<String> {
            let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(text.len());
            let path = text.get(..end).unwrap_or_default();
            path.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        if let Some((_, rest)) = action.split_once(".Values.") {
            return Some(path(rest));
        }
        let scope = self.scopes.last()?.as_ref()?;
        let dot = action.match_indices('.').map(|(at, _)| at);
        let mut alone = dot.filter(|at| action.get(..*at).is_some_and(|before| before.ends_with([' ', '(', '{', '-'])));
        let rest = action.get(alone.next()? + 1..)?;
        let is_built_in = ["Release", "Chart", "Files", "Capabilities", "Template"].iter().any(|w| rest.starts_with(w));
        (!is_built_in).then(|| scope.iter().cloned().chain(path(rest)).collect())
    }

    fn push(&mut self, indent: usize, what: What) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.push(Line { indent, what });
        }
    }
}

/// Bytes of the action that a text begins with, its braces included.
fn action_length(text: &str) -> Option<usize> {
    let comment = inside_start(text).starts_with("/*");
    let from = if comment { text.find("*/")? } else { 0 };
    text.get(from..)?.find("}}").map(|at| from + at + 2)
}

fn inside_start(action: &str) -> &str {
    action.strip_prefix(ACTION).unwrap_or(action).trim_start_matches('-').trim_start()
}

/// What stands between the braces.
fn inside(action: &str) -> &str {
    inside_start(action).strip_suffix("}}").unwrap_or_default().trim_end_matches('-').trim_end()
}

/// The indentation that `nindent N` or `indent N` writes to.
fn written_indent(action: &str) -> Option<usize> {
    let (_, after) = action.split_once("indent ")?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The key that a line begins with: its text, the bytes that it takes, and where the value starts.
fn key(line: &str) -> Option<(String, usize, usize)> {
    if line.starts_with(['{', '[', '"', '\'']) && !line.starts_with(ACTION) {
        let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = line.get(1..)?.find(quote)? + 2;
        let after = line.get(end..)?;
        let colon = after.strip_prefix(':').filter(|rest| rest.is_empty() || rest.starts_with(' '))?;
        let gap = line.len() - colon.trim_start().len();
        return Some((line.get(1..end - 1)?.to_owned(), end, gap));
    }
    let colons = line.match_indices(':').map(|(at, _)| at);
    let mut ends = colons.filter(|at| {
        let (before, after) = (line.get(..*at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
        // A colon inside of an action is none of YAML's.
        before.matches(ACTION).count() == before.matches("}}").count() && (after.is_empty() || after.starts_with(' '))
    });
    let end = ends.next()?;
    let value = line.get(end + 1..)?;
    let name = line.get(..end)?.trim_end();
    let name = if name.contains(ACTION) { ACTION } else { name };
    Some((name.to_owned(), end, line.len() - value.trim_start().len()))
}

/// Moves a value that was parsed by itself to where it stands.
fn shift(node: &mut Node, by: usize) {
    let moved = |span: Span| Span::new(span.source, span.start as usize + by, span.end as usize + by);
    node.span = moved(node.span);
    match &mut node.value {
        Value::Map(map) => map.iter_mut().for_each(|entry| {
            entry.key_span = moved(entry.key_span);
            shift(&mut entry.node, by);
        }),
        Value::Seq(items) => items.iter_mut().for_each(|item| shift(item, by)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let outline = read(SourceId(0), text);
        outline.documents.iter().map(|d| serde_json::to_string(d).expect("JSON")).collect()
    }

    #[test]
    fn keys_items_and_literals_are_read_and_control_vanishes() {
        let text = "{{- if .Values.on }}\napiVersion: v1\nkind: Service\nspec:\n  ports:\n  - name: http\n    port: 80 # c\n  \
                    {{- range .Values.ports }}\n    - port: {{ .port }}\n  {{- end }}\n  text: |\n    a: b\n  x: [1, a]\n{{- end }}\n";
        let expected = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"spec\":{\"ports\":[{\"name\":\"http\",\"port\":80}],\
                        \"text\":\"|\",\"x\":[1,\"a\"]}}";
        let found = shown(text);
        assert!(found[0].contains("\"ports\":[{\"name\":\"http\",\"port\":80}"), "{found:?}\n{expected}");
        assert!(found[0].contains("\"x\":[1,\"a\"]") && found[0].contains("\"kind\":\"Service\""), "{found:?}");
    }

    #[test]
    fn actions_stand_where_they_write() {
        let text = "metadata:\n  labels:\n    {{- include \"l\" . | nindent 4 }}\n    a: b\nspec:\n  {{- with .Values.x }}\n  \
                    r:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\n  n: {{ .Values.n.m | default 1 }}\n";
        let outline = read(SourceId(0), text);
        let labels = outline.documents[0].at(&["metadata", "labels"]).expect("labels");
        assert_eq!(labels.as_map().expect("map").iter().map(|e| &*e.key).collect::<Vec<_>>(), ["{{", "a"]);
        let mut reads: Vec<String> = outline.reads.values().map(|p| p.join(".")).collect();
        reads.sort();
        assert_eq!(reads, ["n.m", "x"]);
    }

    #[test]
    fn any_text_ends() {
        for text in ["{{", "- - - a: {{\n", "a:\n  {{/* x", "a: |\n", "---\n---\n- {{ x }}: y", "  a: 1\n b: 2\nc: 3\n"]
        {
            let _ = read(SourceId(0), text);
        }
    }
}

//! Lines of a template to a tree, by their indentation.

use super::super::ACTION;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::{SourceId, Span};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 128;

/// What one line, or a part of it, says.
pub(super) struct Line {
    pub(super) indent: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// `- `
    Item,
    /// `key:`
    Key(String, Span),
    /// A value, an item's or of the key before it.
    Value(Node),
    /// An action that writes lines.
    Action(Node),
}

/// A tree of lines.
pub(super) fn build(source: SourceId, lines: &[Line]) -> Node {
    let mut builder = Builder { lines, at: 0 };
    let mut whole = Map::default();
    // What stands beside a document's first key at another indentation still belongs to it.
    while builder.at < lines.len() {
        let before = builder.at;
        if let Node { value: Value::Map(map), .. } = builder.block(0, 0) {
            map.into_iter().for_each(|entry| whole.push(entry));
        }
        builder.at = builder.at.max(before + 1);
    }
    let spans = || whole.iter().map(|e| e.key_span.to(e.node.span));
    let span = spans().fold(spans().next().unwrap_or(Span::new(source, 0, 0)), Span::to);
    Node { value: Value::Map(whole), span }
}

struct Builder<'a> {
    lines: &'a [Line],
    at: usize,
}

impl Builder<'_> {
    fn peek(&self) -> Option<&Line> {
        self.lines.get(self.at)
    }

    /// Everything from here on that is indented by at least `indent`, as one value.
    fn block(&mut self, indent: usize, depth: usize) -> Node {
        let Some(first) = self.peek().filter(|line| line.indent >= indent && depth < MAX_DEPTH) else {
            return Node::default();
        };
        let level = first.indent;
        match &first.what {
            What::Item => self.list(level, depth),
            What::Value(node) => {
                let node = node.clone();
                self.at += 1;
                node
            }
            What::Key(..) | What::Action(_) => self.map(level, depth),
        }
    }

    fn list(&mut self, level: usize, depth: usize) -> Node {
        let mut items = Vec::new();
        while let Some(line) = self.peek() {
            match &line.what {
                What::Item if line.indent == level => {
                    self.at += 1;
                    items.push(self.block(level + 1, depth + 1));
                }
                // An action between items writes items.
                What::Action(node) if line.indent >= level => {
                    items.push(node.clone());
                    self.at += 1;
                }
                _ => break,
            }
        }
        let spans = || items.iter().map(|i| i.span);
        let span = spans().fold(spans().next().unwrap_or_default(), Span::to);
        Node { value: Value::Seq(items), span }
    }

    fn map(&mut self, level: usize, depth: usize) -> Node {
        let (mut map, mut span): (Map, Option<Span>) = (Map::default(), None);
        while let Some(line) = self.peek().filter(|line| line.indent >= level) {
            let entry = match &line.what {
                What::Key(key, key_span) if line.indent == level => {
                    let (key, key_span) = (key.as_str().into(), *key_span);
                    self.at += 1;
                    Entry { key, key_span, node: self.value_of(level, key_span, depth) }
                }
                What::Action(node) => {
                    let node = node.clone();
                    self.at += 1;
                    Entry { key: ACTION.into(), key_span: node.span, node }
                }
                // Deeper than its siblings: some branch has another indentation.
                What::Key(..) => {
                    if let Node { value: Value::Map(inner), .. } = self.map_at(depth) {
                        inner.into_iter().for_each(|entry| map.push(entry));
                    }
                    continue;
                }
                What::Item | What::Value(_) => break,
            };
            let whole = entry.key_span.to(entry.node.span);
            span = Some(span.map_or(whole, |s| s.to(whole)));
            map.push(entry);
        }
        Node { value: Value::Map(map), span: span.unwrap_or_default() }
    }

    fn map_at(&mut self, depth: usize) -> Node {
        match self.peek().map(|line| line.indent) {
            Some(level) if depth < MAX_DEPTH => self.map(level, depth + 1),
            _ => {
                self.at += 1;
                Node::default()
            }
        }
    }

    /// What belongs to a key: deeper lines, or items at its own level.
    fn value_of(&mut self, level: usize, key_span: Span, depth: usize) -> Node {
        let own = |line: &&Line| line.indent > level || (line.indent == level && matches!(line.what, What::Item));
        match self.peek().filter(own).map(|line| line.indent) {
            Some(indent) => self.block(indent, depth + 1),
            None => Node { value: Value::Null, span: key_span },
        }
    }
}

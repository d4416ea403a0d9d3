//! `.gitignore` and `.dockerignore` as a list of `{Kind, Value, Original}` (<https://github.com/shteou/go-ignore>).

use super::lines::lines;
use crate::parse::tree::{Entry, Map, Node};
use crate::source::{SourceId, Span};

/// Reads a file.
pub(super) fn read(source: SourceId, text: &str) -> Node {
    let entry = |line: super::lines::Line<'_>| {
        let span = Span::new(source, line.start, line.end());
        let (kind, value) = match line.text {
            "" => ("Empty", ""),
            text if text.starts_with('#') => ("Comment", text.trim_start_matches('#')),
            text => match text.strip_prefix('!') {
                Some(rest) => ("NegatedPath", rest),
                None => ("Path", text),
            },
        };
        let field = |key: &str, value: &str| Entry { key: key.into(), key_span: span, node: Node::new(value, span) };
        let fields = [field("Kind", kind), field("Value", value), field("Original", line.text)];
        Node::new(fields.into_iter().collect::<Map>(), span)
    };
    Node::new(lines(text).map(entry).collect::<Vec<_>>(), Span::new(source, 0, text.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Parser, json_of};

    #[test]
    fn lines_are_entries() {
        let read = json_of(Parser::Ignore, "!bar\n\n.git\n");
        assert_eq!(
            read,
            json!([
                {"Kind": "NegatedPath", "Value": "bar", "Original": "!bar"},
                {"Kind": "Empty", "Value": "", "Original": ""},
                {"Kind": "Path", "Value": ".git", "Original": ".git"},
            ])
        );
    }
}

//! Trees for the tests of this module.

use crate::finding::Diagnostic;
use crate::parse;
use crate::parse::tree::{Entry, Map, Node, Number, Value};
use crate::source::{Revision, Source, Sources, Span};

/// A tree from JSON text, without places.
pub(super) fn json(text: &str) -> Node {
    build(&serde_json::from_str(text).expect("JSON"))
}

fn build(value: &serde_json::Value) -> Node {
    let value = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => Value::Number(number(n)),
        serde_json::Value::String(s) => s.as_str().into(),
        serde_json::Value::Array(items) => Value::Seq(items.iter().map(build).collect()),
        serde_json::Value::Object(map) => Value::Map(
            map.iter()
                .map(|(key, value)| Entry { key: key.as_str().into(), key_span: Span::default(), node: build(value) })
                .collect::<Map>(),
        ),
    };
    Node::new(value, Span::default())
}

fn number(n: &serde_json::Number) -> Number {
    n.as_i64()
        .map(Number::Int)
        .or_else(|| n.as_u64().map(Number::Uint))
        .unwrap_or_else(|| Number::Float(n.as_f64().expect("a double")))
}

/// The documents of a YAML text, and the table that knows their places; the file is called `test.yaml`.
pub(super) fn yaml(text: &str) -> (Sources, Vec<Node>) {
    let mut sources = Sources::default();
    let source = sources.add(Source::new("test.yaml", Revision::Head, text));
    let read = parse::yaml::parse(source, text, &parse::yaml::Limits::default());
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    (sources, read.documents)
}

/// `line: code: message` of each diagnostic.
pub(super) fn told(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<String> {
    let line = |d: &Diagnostic| d.span.and_then(|span| sources.locate(span)).map_or(0, |place| place.line);
    diagnostics.iter().map(|d| format!("{}: {}: {}", line(d), d.code, d.message)).collect()
}

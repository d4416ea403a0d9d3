//! Trees for the tests of this module.

use crate::parse::tree::{Entry, Map, Node, Number, Value};
use crate::source::Span;

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

//! JSON patches as trees, so that an operation's value lies where the object has it.

use std::sync::Arc;

use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// Most steps of a pointer.
const MAX_STEPS: usize = 64;

/// One tree for each operation that writes a value; the last operation comes first.
pub(super) fn operations(patch: &Node) -> Vec<Node> {
    patch.as_seq().unwrap_or_default().iter().rev().filter_map(operation).collect()
}

fn operation(operation: &Node) -> Option<Node> {
    let text = |key| operation.get(key).and_then(Node::as_str);
    if !matches!(text("op")?, "add" | "replace") {
        return None;
    }
    let at = operation.get("path")?.span;
    let steps: Vec<String> = text("path")?.split('/').skip(1).map(unescape).collect();
    let value = operation.as_map()?.entry("value")?;
    (steps.len() <= MAX_STEPS).then(|| nest(&steps, value, at))
}

/// The value below its path. The last key stands where the value's key does.
fn nest(steps: &[String], value: &Entry, at: Span) -> Node {
    let last = steps.len().saturating_sub(1);
    steps.iter().enumerate().rev().fold(value.node.clone(), |node, (index, step)| {
        let key_span = if index == last { value.key_span } else { at };
        single(step, key_span, node)
    })
}

/// `{key: node}`.
pub(super) fn single(key: &str, key_span: Span, node: Node) -> Node {
    let mut map = Map::default();
    let span = node.span;
    map.push(Entry { key: Arc::from(key), key_span, node });
    Node { value: Value::Map(map), span }
}

/// A node below keys that all stand at `at`.
pub(super) fn below(keys: &[&str], at: Span, node: Node) -> Node {
    keys.iter().rev().fold(node, |node, key| single(key, at, node))
}

/// A part of a pointer (RFC 6901).
fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

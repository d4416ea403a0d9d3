//! Which values of a planned resource differ.

use std::collections::HashMap;

use crate::parse::tree::{Map, Node, Path, Step, Value};

/// The paths at which two values differ, as deep as both have the same shape. Lists of different lengths
/// differ as a whole; an unknown value differs from everything.
pub(super) fn changed(before: &Node, after: &Node) -> Vec<Path> {
    let mut found = Vec::new();
    walk(before, after, &mut Vec::new(), &mut found);
    found
}

fn walk(before: &Node, after: &Node, at: &mut Path, found: &mut Vec<Path>) {
    match (&before.value, &after.value) {
        (Value::Map(a), Value::Map(b)) => maps(a, b, at, found),
        (Value::Seq(a), Value::Seq(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                at.push(Step::Index(index));
                walk(a, b, at, found);
                at.pop();
            }
        }
        (a, b) if a == b && !matches!(b, Value::Unknown) => {}
        _ => found.push(at.clone()),
    }
}

fn maps(before: &Map, after: &Map, at: &mut Path, found: &mut Vec<Path>) {
    let absent = Node::default();
    let mut new: HashMap<&str, &Node> = after.iter().map(|e| (&*e.key, &e.node)).collect();
    let mut step = |key: &std::sync::Arc<str>, a: &Node, b: &Node| {
        at.push(Step::Key(key.clone()));
        walk(a, b, at, found);
        at.pop();
    };
    for entry in before {
        step(&entry.key, &entry.node, new.remove(&*entry.key).unwrap_or(&absent));
    }
    for entry in after.iter().filter(|e| new.contains_key(&*e.key)) {
        step(&entry.key, &absent, &entry.node);
    }
}

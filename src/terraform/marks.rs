//! Paths of values that are not known, or must not be shown.

use crate::parse::tree::{Node, Path, Step, Value};

/// Paths of all unknown values.
pub(super) fn unknown(node: &Node) -> Vec<Path> {
    paths(node, &|value| matches!(value, Value::Unknown))
}

/// Paths of all sensitive values.
pub(super) fn sensitive(node: &Node) -> Vec<Path> {
    paths(node, &|value| matches!(value, Value::Sensitive))
}

fn paths(node: &Node, wanted: &dyn Fn(&Value) -> bool) -> Vec<Path> {
    let mut found = Vec::new();
    collect(node, &mut Vec::new(), wanted, &mut found);
    found
}

fn collect(node: &Node, at: &mut Path, wanted: &dyn Fn(&Value) -> bool, found: &mut Vec<Path>) {
    if wanted(&node.value) {
        return found.push(at.clone());
    }
    let mut descend = |step: Step, child: &Node| {
        at.push(step);
        collect(child, at, wanted, found);
        at.pop();
    };
    match &node.value {
        Value::Seq(items) => items.iter().enumerate().for_each(|(i, item)| descend(Step::Index(i), item)),
        Value::Map(map) => map.iter().for_each(|e| descend(Step::Key(e.key.clone()), &e.node)),
        _ => {}
    }
}

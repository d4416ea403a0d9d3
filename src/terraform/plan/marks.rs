//! The marks that a plan keeps beside its values, put onto the values.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::parse::tree::{Entry, Map, Node, Value};

/// Puts [`Value::Unknown`] wherever `marks` (a plan's `after_unknown`) says `true`. The plan leaves such
/// attributes out, or has them as null in a list.
pub(super) fn place_unknown(node: &mut Node, marks: &Node) {
    match (&mut node.value, &marks.value) {
        (_, Value::Bool(true)) => *node = Node::new(Value::Unknown, marks.span),
        (Value::Map(map), Value::Map(marks)) => place_in_map(map, marks),
        (Value::Seq(items), Value::Seq(marks)) => place_in_list(items, marks),
        (Value::Null, Value::Map(inner)) if has_mark(marks) => {
            let mut map = Map::default();
            place_in_map(&mut map, inner);
            *node = Node::new(map, marks.span);
        }
        (Value::Null, Value::Seq(inner)) if has_mark(marks) => {
            let mut items = Vec::new();
            place_in_list(&mut items, inner);
            *node = Node::new(items, marks.span);
        }
        _ => {}
    }
}

fn place_in_map(map: &mut Map, marks: &Map) {
    let mut marked: HashMap<Arc<str>, &Entry> =
        marks.iter().filter(|e| has_mark(&e.node)).map(|e| (e.key.clone(), e)).collect();
    for entry in map.iter_mut() {
        if let Some(mark) = marked.remove(&entry.key) {
            place_unknown(&mut entry.node, &mark.node);
        }
    }
    for mark in marks.iter().filter(|e| marked.contains_key(&e.key)) {
        let mut node = Node::new(Value::Null, mark.node.span);
        place_unknown(&mut node, &mark.node);
        map.push(Entry { key: mark.key.clone(), key_span: mark.key_span, node });
    }
}

fn place_in_list(items: &mut Vec<Node>, marks: &[Node]) {
    for (index, mark) in marks.iter().enumerate() {
        if index == items.len() {
            items.push(Node::new(Value::Null, mark.span));
        }
        if let Some(item) = items.get_mut(index) {
            place_unknown(item, mark);
        }
    }
}

/// Whether there is a `true` anywhere in it.
fn has_mark(marks: &Node) -> bool {
    match &marks.value {
        Value::Bool(marked) => *marked,
        Value::Seq(items) => items.iter().any(has_mark),
        Value::Map(map) => map.iter().any(|e| has_mark(&e.node)),
        _ => false,
    }
}

/// Puts [`Value::Sensitive`] onto both sides of a change wherever either side is marked, and onto copies of
/// what was hidden.
///
/// The other side may hold the same secret from before it was marked. So may another attribute of the same
/// resource: a provider that copies an argument into a result does not copy the mark.
pub(super) fn mask_sides(sides: &mut [Option<Node>; 2], change: &Node) {
    let mut secrets = HashSet::new();
    for key in ["before_sensitive", "after_sensitive"] {
        if let Some(marks) = change.get(key) {
            sides.iter_mut().flatten().for_each(|side| mask(side, marks, &mut secrets));
        }
    }
    if !secrets.is_empty() {
        sides.iter_mut().flatten().for_each(|side| mask_copies(side, &secrets));
    }
}

/// Hides what `marks` says `true` of. What is unknown stays so: there is nothing in it to hide. Marks whose
/// shape differs from the value's hide the whole value.
fn mask(node: &mut Node, marks: &Node, secrets: &mut HashSet<Arc<str>>) {
    match (&mut node.value, &marks.value) {
        (Value::Unknown | Value::Sensitive | Value::Null, _) => {}
        (_, Value::Bool(true)) => hide(node, secrets),
        (Value::Map(map), Value::Map(marks)) => {
            let marks: HashMap<&str, &Node> = marks.iter().map(|e| (&*e.key, &e.node)).collect();
            for entry in map.iter_mut() {
                if let Some(mark) = marks.get(&*entry.key) {
                    mask(&mut entry.node, mark, secrets);
                }
            }
        }
        (Value::Seq(items), Value::Seq(marks)) => {
            items.iter_mut().zip(marks).for_each(|(item, marks)| mask(item, marks, secrets));
        }
        (_, Value::Map(_) | Value::Seq(_)) if has_mark(marks) => hide(node, secrets),
        _ => {}
    }
}

fn hide(node: &mut Node, secrets: &mut HashSet<Arc<str>>) {
    collect(node, secrets);
    node.value = Value::Sensitive;
}

fn collect(node: &Node, secrets: &mut HashSet<Arc<str>>) {
    match &node.value {
        Value::String(text) if is_telling(text) => drop(secrets.insert(text.clone())),
        Value::Seq(items) => items.iter().for_each(|item| collect(item, secrets)),
        Value::Map(map) => map.iter().for_each(|e| collect(&e.node, secrets)),
        _ => {}
    }
}

/// Whether an equal text elsewhere is a copy of the secret. A short text or a plain word (`postgres` as user
/// name and as engine) is equal by chance.
fn is_telling(text: &str) -> bool {
    text.len() >= 8 && !text.bytes().all(|b| b.is_ascii_alphabetic())
}

fn mask_copies(node: &mut Node, secrets: &HashSet<Arc<str>>) {
    match &mut node.value {
        Value::String(text) if secrets.contains(text) => node.value = Value::Sensitive,
        Value::Seq(items) => items.iter_mut().for_each(|item| mask_copies(item, secrets)),
        Value::Map(map) => map.iter_mut().for_each(|e| mask_copies(&mut e.node, secrets)),
        _ => {}
    }
}

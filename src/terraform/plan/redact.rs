//! A plan's text without what must not leave the process.

use std::ops::Range;

use super::marks;
use crate::parse::tree::{Node, Value};
use crate::source::Span;

/// The plan's text with everything blanked that could hold a secret, at the same length and with the same
/// lines, so that spans stay true: all of it but the changes, and in those what is marked as sensitive.
pub fn redact(text: &str, node: &Node) -> String {
    let mut shown = Vec::new();
    for key in ["resource_changes", "resource_drift"] {
        for item in node.get(key).and_then(Node::as_seq).unwrap_or_default() {
            show(item, &mut shown);
        }
    }
    shown.sort_by_key(|r| r.start);
    let mut bytes: Vec<u8> = text.bytes().map(|b| if b == b'\n' { b } else { b' ' }).collect();
    for range in shown {
        if let (Some(to), Some(from)) = (bytes.get_mut(range.clone()), text.as_bytes().get(range)) {
            to.copy_from_slice(from);
        }
    }
    // Only whole values were copied, so this is still UTF-8.
    String::from_utf8(bytes).unwrap_or_default()
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// The parts of a change that may be shown: who it is about, and the values that carry no mark.
fn show(item: &Node, shown: &mut Vec<Range<usize>>) {
    for entry in item.as_map().into_iter().flatten().filter(|e| &*e.key != "change") {
        shown.extend([range(entry.key_span), range(entry.node.span)]);
    }
    let Some(change) = item.get("change") else { return };
    let mut sides = ["before", "after"].map(|key| change.get(key).cloned());
    marks::mask_sides(&mut sides, change);
    sides.iter().flatten().for_each(|side| show_values(side, shown));
}

fn show_values(node: &Node, shown: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Sensitive | Value::Unknown => {}
        Value::Seq(items) => items.iter().for_each(|item| show_values(item, shown)),
        Value::Map(map) => map.iter().for_each(|entry| {
            shown.push(range(entry.key_span));
            show_values(&entry.node, shown);
        }),
        _ => shown.push(range(node.span)),
    }
}

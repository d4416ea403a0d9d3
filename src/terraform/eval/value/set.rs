//! The elements of a set: no repetition, and Terraform's order (`setRules` of `cty`).

use std::collections::HashSet;

use super::{Data, Value};
use crate::terraform::eval::number::Style;

/// Orders the elements and drops repetitions. Unknown ones may turn out equal to others and are all kept.
pub(super) fn elements(mut items: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::with_capacity(items.len());
    items.retain(|item| !item.is_wholly_known() || seen.insert(key(item, Digits::All)));
    match items.iter().all(is_simple) {
        true => items.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| simple_order(a, b))),
        false => items.sort_by_cached_key(|item| (rank(item), key(item, Digits::Ten))),
    }
    items
}

impl Value {
    /// A text that is the same for equal values of one type, when all of the value is known.
    pub(in crate::terraform::eval) fn identity(&self) -> Option<String> {
        self.is_wholly_known().then(|| key(self, Digits::All))
    }
}

/// Unknown elements come behind known ones, null comes last.
fn rank(value: &Value) -> u8 {
    match value.data {
        Data::Unknown(..) => 1,
        Data::Null(_) => 2,
        _ => 0,
    }
}

fn is_simple(value: &Value) -> bool {
    matches!(value.data, Data::String(_) | Data::Number(_) | Data::Bool(_) | Data::Unknown(..) | Data::Null(_))
}

fn simple_order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (&a.data, &b.data) {
        (Data::String(x), Data::String(y)) => x.cmp(y),
        (Data::Number(x), Data::Number(y)) => x.compare(y),
        (Data::Bool(x), Data::Bool(y)) => x.cmp(y),
        _ => std::cmp::Ordering::Equal,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Digits {
    All,
    /// As `big.Float.String`, by which Terraform orders elements that are not simple.
    Ten,
}

/// The text by which elements are told apart or ordered.
fn key(value: &Value, digits: Digits) -> String {
    let mut text = String::new();
    write(value, digits, &mut text);
    text
}

fn write(value: &Value, digits: Digits, out: &mut String) {
    let close = |out: &mut String, open: char, end: char, parts: &mut dyn Iterator<Item = &Value>| {
        out.push(open);
        for part in parts {
            write(part, digits, out);
            out.push(';');
        }
        out.push(end);
    };
    match &value.data {
        Data::Unknown(..) => out.push('?'),
        Data::Null(_) => out.push('~'),
        Data::Bool(b) => out.push(if *b { 'T' } else { 'F' }),
        Data::Number(n) if n.is_zero() => out.push('0'),
        Data::Number(n) => out.push_str(&match digits {
            Digits::All => n.to_string(),
            Digits::Ten => n.text(Style::Short, Some(10)),
        }),
        Data::String(text) => quote(text, out),
        Data::List(_, items) | Data::Set(_, items) => close(out, '[', ']', &mut items.iter()),
        Data::Tuple(items) => close(out, '<', '>', &mut items.iter()),
        Data::Object(entries) => close(out, '<', '>', &mut entries.values()),
        Data::Map(_, entries) => {
            out.push('{');
            for (key, value) in entries.iter() {
                quote(key, out);
                out.push(':');
                write(value, digits, out);
                out.push(';');
            }
            out.push('}');
        }
    }
}

/// As Go's `%q`, as far as it matters for the order.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

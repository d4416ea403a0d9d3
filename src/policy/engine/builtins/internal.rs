//! Functions that only rewritten modules call: membership, interpolation, iteration.

use regorus::Value;

use super::super::display;
use super::{Entry, at, string};

pub(super) const TABLE: &[Entry] = &[
    ("__cg_collection", 1, collection),
    ("__cg_member", 2, member),
    ("__cg_member_of", 3, member_of),
    ("__cg_size", 1, size),
    ("__cg_interpolate", 1, interpolate),
    ("__cg_refuse", 1, refuse),
    ("__cg_walkable", 1, |args| Ok(at(args, 1).clone())),
];

/// What can be iterated, as it is; nothing otherwise.
fn collection(args: &[Value]) -> Result<Value, String> {
    let value = at(args, 1);
    Ok(match value {
        Value::Array(_) | Value::Set(_) | Value::Object(_) => value.clone(),
        _ => Value::new_array(),
    })
}

/// `x in xs`.
fn member(args: &[Value]) -> Result<Value, String> {
    let wanted = at(args, 1);
    Ok(Value::Bool(match at(args, 2) {
        Value::Array(items) => items.iter().any(|item| item == wanted),
        Value::Set(items) => items.contains(wanted),
        Value::Object(entries) => entries.iter().any(|(_, value)| value == wanted),
        _ => false,
    }))
}

/// `k, v in xs`.
fn member_of(args: &[Value]) -> Result<Value, String> {
    let (key, wanted) = (at(args, 1), at(args, 2));
    Ok(Value::Bool(match at(args, 3) {
        Value::Array(items) => {
            let index = key.as_i64().ok().and_then(|i| usize::try_from(i).ok());
            index.and_then(|i| items.get(i)).is_some_and(|item| item == wanted)
        }
        Value::Set(items) => key == wanted && items.contains(wanted),
        Value::Object(entries) => entries.get(key).is_some_and(|value| value == wanted),
        _ => false,
    }))
}

/// How many entries an object has; undefined for anything else.
fn size(args: &[Value]) -> Result<Value, String> {
    Ok(match at(args, 1) {
        Value::Object(entries) => Value::from(i64::try_from(entries.len()).unwrap_or(i64::MAX)),
        _ => Value::Undefined,
    })
}

/// `$"…"`: texts as they are; each set is a value, or undefined when it is empty.
fn interpolate(args: &[Value]) -> Result<Value, String> {
    let Value::Array(parts) = at(args, 1) else { return Err("not parts of a string".to_owned()) };
    let mut out = String::new();
    for part in parts.iter() {
        match part {
            Value::String(text) => out.push_str(text),
            Value::Set(values) => match values.iter().next() {
                Some(value) => display::plain(value, &mut out),
                None => out.push_str("<undefined>"),
            },
            _ => {}
        }
    }
    Ok(string(out))
}

/// A built-in function that policies must not use, called although nothing replaced it.
fn refuse(args: &[Value]) -> Result<Value, String> {
    Err(format!("{}{} is refused: policies are hermetic", super::super::limits::LIMIT, super::text(args, 1)?))
}

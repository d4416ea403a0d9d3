//! Functions of the engine's that make values larger: here they are measured.

use std::fmt::Write;

use data_encoding::{BASE64, BASE64URL, BASE64URL_NOPAD, HEXLOWER};
use regorus::Value;

use super::super::limits::LIMIT;
use super::{Entry, at, members, object, string, text, whole, wrong};

pub(super) const TABLE: &[Entry] = &[
    ("base64.encode", 1, |args| Ok(string(BASE64.encode(text(args, 1)?.as_bytes())))),
    ("base64url.encode", 1, |args| Ok(string(BASE64URL.encode(text(args, 1)?.as_bytes())))),
    ("base64url.encode_no_pad", 1, |args| Ok(string(BASE64URL_NOPAD.encode(text(args, 1)?.as_bytes())))),
    ("bits.lsh", 2, shifted),
    ("hex.encode", 1, |args| Ok(string(HEXLOWER.encode(text(args, 1)?.as_bytes())))),
    ("object.union", 2, union),
    ("object.union_n", 1, union_of_all),
    ("urlquery.encode", 1, |args| Ok(string(escaped(text(args, 1)?)))),
    ("urlquery.encode_object", 1, encode_object),
];

/// Farthest shift, in bits.
const MOST_BITS: i64 = 1 << 16;

fn shifted(args: &[Value]) -> Result<Value, String> {
    let by = whole(args, 2)?;
    let (Value::Number(number), Value::Number(bits)) = (at(args, 1), at(args, 2)) else {
        return Err(wrong(1, "number", at(args, 1)));
    };
    if by < 0 {
        return Err("operand 2 must be an unsigned integer number but got a negative integer".to_owned());
    }
    if by > MOST_BITS {
        return Err(format!("{LIMIT}a shift by more than {MOST_BITS} bits"));
    }
    let shifted = number.lsh(bits).ok_or("operand 1 must be integer number but got floating-point number")?;
    Ok(Value::from(shifted))
}

/// Entries of both; of the second where both have one, and of both again where both are objects.
fn union(args: &[Value]) -> Result<Value, String> {
    for position in 1..=2 {
        if !matches!(at(args, position), Value::Object(_)) {
            return Err(wrong(position, "object", at(args, position)));
        }
    }
    Ok(joined(at(args, 1), at(args, 2)))
}

fn joined(first: &Value, second: &Value) -> Value {
    let (Value::Object(a), Value::Object(b)) = (first, second) else { return second.clone() };
    let only_first = a.iter().filter(|(key, _)| b.get(key).is_none()).map(|(k, v)| (k.clone(), v.clone()));
    let second = b.iter().map(|(key, value)| match a.get(key) {
        Some(other) => (key.clone(), joined(other, value)),
        None => (key.clone(), value.clone()),
    });
    object(only_first.chain(second))
}

fn union_of_all(args: &[Value]) -> Result<Value, String> {
    let Value::Array(all) = at(args, 1) else { return Err(wrong(1, "array", at(args, 1))) };
    let mut whole = object(std::iter::empty());
    for value in all.iter() {
        if !matches!(value, Value::Object(_)) {
            return Err(format!("operand 1 must be array of objects but got array containing {}", super::kind(value)));
        }
        whole = joined(&whole, value);
    }
    Ok(whole)
}

/// As Go's `url.QueryEscape`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn encode_object(args: &[Value]) -> Result<Value, String> {
    let Value::Object(entries) = at(args, 1) else { return Err(wrong(1, "object", at(args, 1))) };
    let mut pairs = Vec::new();
    for (key, value) in entries.iter_sorted() {
        let Value::String(key) = key else { return Err(wrong(1, "object with string keys", key)) };
        let values = members(value).unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let Value::String(value) = &value else { return Err(wrong(1, "object of strings", &value)) };
            pairs.push(format!("{}={}", escaped(key), escaped(value)));
        }
    }
    Ok(string(pairs.join("&")))
}

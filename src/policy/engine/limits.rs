//! How large values may become. What builds or writes a value asks here, so that no single call takes more memory than
//! the machine has: the time limit is only looked at between calls.

use regorus::Value;

/// Start of a message about an exceeded limit, which no mode goes over.
pub(super) const LIMIT: &str = "limit: ";

/// Longest text, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// Most members of one list, set or object that a function makes.
const MOST_MEMBERS: usize = 2_000_000;

/// Most parts of a value that is written out; what is shared counts each time, as it is written each time.
const MOST_PARTS: usize = 5_000_000;

/// Most bytes of the texts in a value that is written out.
const MOST_WRITTEN: usize = 4 * MOST_BYTES;

/// Most members of a rule's answer: nobody reads more.
const MOST_ANSWERS: usize = 10_000;

/// Refuses an answer that is too large.
pub(super) fn answer(value: &Value) -> Result<(), String> {
    match value {
        Value::Set(members) if members.len() > MOST_ANSWERS => Err(format!("{LIMIT}more than {MOST_ANSWERS} members")),
        _ => parts(value),
    }
}

/// Refuses a text that would be too long.
pub(super) fn length(bytes: usize) -> Result<(), String> {
    if bytes > MOST_BYTES { Err(format!("{LIMIT}the text would be longer than {MOST_BYTES} bytes")) } else { Ok(()) }
}

/// Refuses a value that is too large itself, whatever its parts are.
pub(super) fn size(value: &Value) -> Result<(), String> {
    let members = match value {
        Value::String(text) => return length(text.len()),
        Value::Array(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Object(entries) => entries.len(),
        _ => 0,
    };
    if members > MOST_MEMBERS { Err(format!("{LIMIT}more than {MOST_MEMBERS} members")) } else { Ok(()) }
}

/// Refuses a value with too many parts to be written out or walked through.
pub(super) fn parts(value: &Value) -> Result<(), String> {
    let (mut open, mut seen, mut bytes) = (vec![value], 0, 0_usize);
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items.iter()),
            Value::Set(items) => open.extend(items.iter()),
            Value::Object(entries) => open.extend(entries.iter().flat_map(|(key, value)| [key, value])),
            Value::String(text) => bytes = bytes.saturating_add(text.len()),
            _ => {}
        }
        seen += 1;
        if seen + open.len() > MOST_PARTS || bytes > MOST_WRITTEN {
            return Err(format!("{LIMIT}the value has more than {MOST_PARTS} parts, or {MOST_WRITTEN} bytes of text"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_parts_count_each_time() {
        let mut value = Value::from(vec![Value::from(1)]);
        for _ in 0..20 {
            value = Value::from(vec![value.clone(), value]);
        }
        assert!(parts(&value).is_ok());
        for _ in 0..20 {
            value = Value::from(vec![value.clone(), value]);
        }
        assert!(parts(&value).unwrap_err().starts_with(LIMIT));
    }
}

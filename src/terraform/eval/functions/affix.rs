//! `startswith`, `endswith`, `strcontains`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/startswith>

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static STARTSWITH: Function = Function::new(
    "startswith",
    &[Parameter::new("str", Shape::String).unknown(), Parameter::new("prefix", Shape::String)],
    Shape::Bool,
    |args, _| {
        let [string, prefix] = args else { return Err(arity()) };
        Ok(starts_with(string, text(prefix)))
    },
);
pub(super) static ENDSWITH: Function = Function::new(
    "endswith",
    &[Parameter::new("str", Shape::String), Parameter::new("suffix", Shape::String)],
    Shape::Bool,
    |args, _| two(args, |text, suffix| text.ends_with(suffix)),
);
pub(super) static STRCONTAINS: Function = Function::new(
    "strcontains",
    &[Parameter::new("str", Shape::String), Parameter::new("substr", Shape::String)],
    Shape::Bool,
    |args, _| two(args, |text, part| text.contains(part)),
)
.nullable();

fn two(args: &[Value], test: fn(&str, &str) -> bool) -> Result<Value, Refusal> {
    let [string, other] = args else { return Err(arity()) };
    Ok(test(text(string), text(other)).into())
}

/// The known beginning of an unknown text may decide.
fn starts_with(string: &Value, prefix: &str) -> Value {
    if let Some(text) = string.as_str() {
        return text.starts_with(prefix).into();
    }
    match string.range().and_then(|range| range.prefix.as_deref()) {
        _ if prefix.is_empty() => true.into(),
        Some(known) if known.starts_with(prefix) => true.into(),
        Some(known) if known.len() >= prefix.len() => false.into(),
        _ => Value::unknown(Type::Bool),
    }
}

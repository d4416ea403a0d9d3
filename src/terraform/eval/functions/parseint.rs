//! `parseint`: whole numbers in bases 2 to 62.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/parseint>

use num_bigint::BigUint;

use super::call::{arity, integer, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static PARSEINT: Function = Function::generic(
    "parseint",
    &[Parameter::new("number", Shape::Any), Parameter::new("base", Shape::Number)],
    |args| must_be_text(args).map(|()| Type::Number),
    |args, _| {
        must_be_text(args)?;
        let [number, base] = args else { return Err(arity()) };
        parse(text(number), integer(base).map_err(|refusal| Refusal { argument: Some(1), ..refusal })?)
    },
);

fn must_be_text(args: &[Value]) -> Result<(), Refusal> {
    match args.first().map(Value::ty) {
        Some(Type::String) => Ok(()),
        other => {
            let name = other.map(|ty| ty.friendly_name()).unwrap_or_default();
            Err(Refusal::argument(0, format!("first argument must be a string, not {name}")))
        }
    }
}

/// Longer texts are refused.
const MAX_DIGITS: usize = 40_000;

fn parse(text: &str, base: i64) -> Result<Value, Refusal> {
    let Some(base) = u32::try_from(base).ok().filter(|base| (2..=62).contains(base)) else {
        return Err(Refusal::argument(1, "base must be a whole number between 2 and 62 inclusive"));
    };
    let wrong = || Refusal::argument(0, format!("cannot parse {text:?} as a base {base} integer"));
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return Err(wrong());
    }
    let mut value = BigUint::ZERO;
    for c in digits.chars() {
        value = value * base + digit(c, base).ok_or_else(wrong)?;
    }
    Number::whole(text.starts_with('-') && value.bits() > 0, value)
        .map(Value::from)
        .ok_or_else(|| Refusal::refused("the number has too many digits"))
}

/// Up to base 36 both cases are the same; beyond, capitals come after small letters.
fn digit(c: char, base: u32) -> Option<u32> {
    let value = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        'a'..='z' => u32::from(c) - u32::from('a') + 10,
        'A'..='Z' if base <= 36 => u32::from(c) - u32::from('A') + 10,
        'A'..='Z' => u32::from(c) - u32::from('A') + 36,
        _ => return None,
    };
    (value < base).then_some(value)
}

//! `abs`, `ceil`, `floor`, `signum`, `min`, `max`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/abs>

use std::cmp::Ordering;

use super::call::{arity, integer};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::value::Value;

const NUM: &[Parameter] = &[Parameter::new("num", Shape::Number)];
const NUMBERS: Parameter = Parameter::new("numbers", Shape::Number).dynamic();

pub(super) static ABS: Function = Function::new("abs", NUM, Shape::Number, |args, _| each(args, Number::absolute));
pub(super) static CEIL: Function = Function::new("ceil", NUM, Shape::Number, |args, _| each(args, Number::ceil));
pub(super) static FLOOR: Function = Function::new("floor", NUM, Shape::Number, |args, _| each(args, Number::floor));
pub(super) static SIGNUM: Function = Function::new("signum", NUM, Shape::Number, |args, _| {
    let number = integer(args.first().ok_or_else(arity)?)?;
    Ok(Number::from(number.signum()).into())
});
pub(super) static MAX: Function =
    Function::new("max", &[], Shape::Number, |args, _| extreme(args, Ordering::Greater)).variadic(NUMBERS);
pub(super) static MIN: Function =
    Function::new("min", &[], Shape::Number, |args, _| extreme(args, Ordering::Less)).variadic(NUMBERS);

fn each(args: &[Value], operation: fn(&Number) -> Number) -> Result<Value, Refusal> {
    let number = args.first().and_then(Value::as_number).ok_or_else(arity)?;
    Ok(operation(number).into())
}

/// The first of the numbers that no other goes beyond.
fn extreme(args: &[Value], beyond: Ordering) -> Result<Value, Refusal> {
    let mut found: Option<(&Value, &Number)> = None;
    for value in args {
        let Some(number) = value.as_number() else { continue };
        if found.is_none_or(|(_, best)| number.compare(best) == beyond) {
            found = Some((value, number));
        }
    }
    found.map(|(value, _)| value.clone()).ok_or_else(|| Refusal::new("must pass at least one number"))
}

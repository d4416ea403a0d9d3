//! `log`, `pow`: computed with doubles, as Terraform does.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/log>
//! <https://developer.hashicorp.com/terraform/language/functions/pow>

use super::call::arity;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::value::Value;

pub(super) static LOG: Function = Function::new(
    "log",
    &[Parameter::new("num", Shape::Number), Parameter::new("base", Shape::Number)],
    Shape::Number,
    |args, _| doubles(args, |num, base| num.ln() / base.ln()),
);

pub(super) static POW: Function = Function::new(
    "pow",
    &[Parameter::new("num", Shape::Number), Parameter::new("power", Shape::Number)],
    Shape::Number,
    |args, _| doubles(args, f64::powf),
);

fn doubles(args: &[Value], operation: fn(f64, f64) -> f64) -> Result<Value, Refusal> {
    let [Some(a), Some(b)] = [args.first(), args.get(1)].map(|value| value.and_then(Value::as_number)) else {
        return Err(arity());
    };
    let result = Number::from_f64(operation(a.to_f64(), b.to_f64()));
    result.map(Value::from).ok_or_else(|| Refusal::new("the result is not a number"))
}

//! `tostring`, `tonumber`, `tobool`, `tolist`, `toset`, `tomap`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/tostring>

use super::call::arity;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::{Mode, convert, is_possible};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const V: &[Parameter] = &[Parameter::new("v", Shape::Any).null().unknown().dynamic().marks()];

pub(super) static TOSTRING: Function = to("tostring", |args, _| convert_to(args, Shape::String));
pub(super) static TONUMBER: Function = to("tonumber", |args, _| convert_to(args, Shape::Number));
pub(super) static TOBOOL: Function = to("tobool", |args, _| convert_to(args, Shape::Bool));
pub(super) static TOLIST: Function = to("tolist", |args, _| convert_to(args, Shape::List(&Shape::Any)));
pub(super) static TOSET: Function = to("toset", |args, _| convert_to(args, Shape::Set(&Shape::Any)));
pub(super) static TOMAP: Function = to("tomap", |args, _| convert_to(args, Shape::Map(&Shape::Any)));

const fn to(name: &'static str, body: fn(&[Value], &super::Context) -> Result<Value, Refusal>) -> Function {
    Function::new(name, V, Shape::Any, body).nullable()
}

fn convert_to(args: &[Value], shape: Shape) -> Result<Value, Refusal> {
    let value = args.first().ok_or_else(arity)?;
    let (from, to) = (value.ty(), shape.ty());
    let wrong = |name: String| Refusal::argument(0, format!("cannot convert {name} to {}", to.constraint_name()));
    if from != to && !is_possible(&from, &to, Mode::Unsafe) {
        return Err(wrong(from.friendly_name()));
    }
    if !value.is_known() {
        return Ok(Value::unknown(to).with_marks(value.marks()));
    }
    convert(value, &to).map_err(|_| match (value.as_str(), &to) {
        _ if value.deep_marks().sensitive => wrong(format!("this sensitive {}", from.friendly_name())),
        (Some(text), Type::Bool) => Refusal::argument(
            0,
            format!("cannot convert {text:?} to bool; only the strings \"true\" or \"false\" are allowed"),
        ),
        (Some(text), Type::Number) => Refusal::argument(
            0,
            format!("cannot convert {text:?} to number; given string must be a decimal representation of a number"),
        ),
        _ => wrong(from.friendly_name()),
    })
}

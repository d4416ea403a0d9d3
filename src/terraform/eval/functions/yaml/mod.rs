//! `yamlencode`, `yamldecode`, with the dialect of `go-cty-yaml`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/yamldecode>

mod decode;
mod encode;
mod resolve;

use super::call::{arity, text};
use super::{Function, Parameter, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static YAMLENCODE: Function = Function::new(
    "yamlencode",
    &[Parameter::new("value", Shape::Any).unknown().dynamic().null()],
    Shape::String,
    |args, context| {
        let value = args.first().ok_or_else(arity)?;
        if !value.is_wholly_known() {
            return Ok(Value::unknown(Type::String));
        }
        let text = encode::encode(value);
        context.grow(text.len())?;
        Ok(text.into())
    },
);

pub(super) static YAMLDECODE: Function = Function::generic(
    "yamldecode",
    &[Parameter::new("src", Shape::String)],
    |_| Ok(Type::Dynamic),
    |args, context| {
        let text = text(args.first().ok_or_else(arity)?);
        context.spend(text.len())?;
        decode::decode(text, context)
    },
)
.nullable();

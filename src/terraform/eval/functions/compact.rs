//! `compact`, `distinct`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/compact>

use std::collections::HashSet;

use super::call::{Context, arity};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Truth, Value};

pub(super) static COMPACT: Function = Function::new(
    "compact",
    &[Parameter::new("list", Shape::List(&Shape::String))],
    Shape::List(&Shape::String),
    |args, _| {
        let list = args.first().ok_or_else(arity)?;
        if !list.is_wholly_known() {
            return Ok(Value::unknown(list.ty()));
        }
        let kept: Vec<Value> =
            list.children().filter(|item| item.as_str().is_some_and(|text| !text.is_empty())).cloned().collect();
        Ok(Value::list(Type::String, kept))
    },
);

pub(super) static DISTINCT: Function = Function::generic(
    "distinct",
    &[Parameter::new("list", Shape::List(&Shape::Any))],
    |args| Ok(args.first().map_or(Type::Dynamic, Value::ty)),
    |args, context| distinct(args.first().ok_or_else(arity)?, context),
);

fn distinct(list: &Value, context: &Context) -> Result<Value, Refusal> {
    let ty = list.ty();
    if !list.is_wholly_known() {
        return Ok(Value::unknown(ty));
    }
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    let mut texts = HashSet::new();
    let mut kept: Vec<Value> = Vec::new();
    for item in list.children() {
        let is_new = match item.as_str() {
            Some(text) => texts.insert(text),
            None => {
                context.spend(kept.len())?;
                kept.iter().all(|known| known.equals(item) != Truth::True)
            }
        };
        if is_new {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(element, kept))
}

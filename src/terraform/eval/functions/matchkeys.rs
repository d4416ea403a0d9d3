//! `matchkeys`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/matchkeys>

use super::call::{Context, arity};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::{Mode, convert, unify};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Truth, Value};

const LIST: Shape = Shape::List(&Shape::Any);

pub(super) static MATCHKEYS: Function = Function::generic(
    "matchkeys",
    &[Parameter::new("values", LIST), Parameter::new("keys", LIST), Parameter::new("searchset", LIST)],
    |args| {
        common_type(args)?;
        Ok(args.first().map_or(Type::Dynamic, Value::ty))
    },
    matchkeys,
);

fn common_type(args: &[Value]) -> Result<Type, Refusal> {
    let [_, keys, searched] = args else { return Err(arity()) };
    unify(&[keys.ty(), searched.ty()], Mode::Unsafe)
        .ok_or_else(|| Refusal::new("keys and searchset must be of the same type"))
}

fn matchkeys(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let [values, keys, searched] = args else { return Err(arity()) };
    let ty = common_type(args)?;
    let element = values.ty().element().cloned().unwrap_or(Type::Dynamic);
    if values.children().count() != keys.children().count() {
        return Err(Refusal::new("length of keys and values should be equal"));
    }
    let converted = |value: &Value| convert(value, &ty).map_err(|fault| Refusal::new(fault.message));
    let (keys, searched) = (converted(keys)?, converted(searched)?);
    if searched.children().next().is_none() {
        return Ok(Value::list(element, Vec::new()));
    }
    if !values.is_wholly_known() || !keys.is_wholly_known() {
        return Ok(Value::unknown(values.ty()));
    }
    let mut found = Vec::new();
    for (key, value) in keys.children().zip(values.children()) {
        for wanted in searched.children() {
            context.spend(1)?;
            match key.equals(wanted) {
                Truth::True => {
                    found.push(value.clone());
                    break;
                }
                // Terraform answers an empty list here, whatever has matched before; we rather do not know.
                Truth::Unknown => return Ok(Value::unknown(values.ty())),
                Truth::False => {}
            }
        }
    }
    Ok(Value::list(element, found))
}

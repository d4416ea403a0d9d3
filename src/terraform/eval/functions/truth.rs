//! `alltrue`, `anytrue`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/alltrue>

use super::call::arity;
use super::{Function, Parameter, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const LIST: &[Parameter] = &[Parameter::new("list", Shape::List(&Shape::Bool))];

pub(super) static ALLTRUE: Function = Function::new("alltrue", LIST, Shape::Bool, |args, _| {
    let list = args.first().ok_or_else(arity)?;
    // The first element that is not certainly true decides.
    Ok(match list.children().find(|item| item.as_bool() != Some(true)) {
        None => true.into(),
        Some(item) if !item.is_known() => Value::unknown(Type::Bool),
        Some(_) => false.into(),
    })
});

pub(super) static ANYTRUE: Function = Function::new("anytrue", LIST, Shape::Bool, |args, _| {
    let list = args.first().ok_or_else(arity)?;
    if list.children().any(|item| item.as_bool() == Some(true)) {
        return Ok(true.into());
    }
    let open = list.children().any(|item| !item.is_known());
    Ok(if open { Value::unknown(Type::Bool) } else { false.into() })
});

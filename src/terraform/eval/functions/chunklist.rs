//! `chunklist`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/chunklist>

use super::call::{arity, integer};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static CHUNKLIST: Function = Function::generic(
    "chunklist",
    &[Parameter::new("list", Shape::List(&Shape::Any)).marks(), Parameter::new("size", Shape::Number).marks()],
    |args| Ok(Type::list(args.first().map_or(Type::Dynamic, Value::ty))),
    |args, _| {
        let [list, size] = args else { return Err(arity()) };
        let marks = list.marks() | size.marks();
        let list = list.clone().unmarked();
        let size = integer(size).map_err(|refusal| Refusal::new(format!("invalid size: {}", refusal.message)))?;
        let size = usize::try_from(size).map_err(|_| Refusal::new("the size argument must be positive"))?;
        let (ty, items) = (list.ty(), list.as_items().cloned().unwrap_or_default());
        let element = ty.element().cloned().unwrap_or(Type::Dynamic);
        let chunks: Vec<Value> = match size {
            _ if items.is_empty() => Vec::new(),
            0 => vec![list],
            size => items.chunks(size).map(|chunk| Value::list(element.clone(), chunk.to_vec())).collect(),
        };
        Ok(Value::list(ty, chunks).with_marks(marks))
    },
);

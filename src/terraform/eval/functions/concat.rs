//! `concat`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/concat>

use super::call::Context;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::{Mode, convert, unify};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Marks, Value};

pub(super) static CONCAT: Function =
    Function::generic("concat", &[], result_type, concat).variadic(Parameter::new("seqs", Shape::Any).marks());

/// Lists of related types make a list, everything else a tuple; `Dynamic` where its length is not known.
fn result_type(args: &[Value]) -> Result<Type, Refusal> {
    if args.is_empty() {
        return Err(Refusal::new("at least one argument is required"));
    }
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(common) = unify(&types, Mode::Unsafe)
    {
        return Ok(common);
    }
    let mut elements = Vec::new();
    for (at, (value, ty)) in args.iter().zip(&types).enumerate() {
        match (ty, value.data()) {
            (Type::Tuple(parts), _) => elements.extend(parts.iter().cloned()),
            (Type::List(_), Data::Unknown(..)) => return Ok(Type::Dynamic),
            (Type::List(element), _) => elements.extend(value.children().map(|_| Type::clone(element))),
            _ => {
                let name = ty.friendly_name();
                return Err(Refusal::argument(at, format!("all arguments must be lists or tuples; got {name}")));
            }
        }
    }
    Ok(Type::tuple(elements))
}

fn concat(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let ty = result_type(args)?;
    let mut marks = Marks::default();
    let mut items = Vec::new();
    for (at, value) in args.iter().enumerate() {
        let value = match &ty {
            Type::List(_) => convert(value, &ty).map_err(|fault| Refusal::argument(at, fault.message))?,
            _ => value.clone(),
        };
        marks = marks | value.marks();
        let more = value.as_items().cloned().unwrap_or_default();
        context.spend(more.len())?;
        items.extend(more.iter().cloned());
    }
    Ok(match ty {
        Type::List(element) => Value::list(Type::clone(&element), items),
        _ => Value::tuple(items),
    }
    .with_marks(marks))
}

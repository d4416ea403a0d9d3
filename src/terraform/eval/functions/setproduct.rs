//! `setproduct`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/setproduct>

use super::call::Context;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::{Mode, convert, unify};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Marks, Value};

pub(super) static SETPRODUCT: Function = Function::generic("setproduct", &[], result_type, setproduct)
    .variadic(Parameter::new("sets", Shape::Any).unknown().marks());

fn result_type(args: &[Value]) -> Result<Type, Refusal> {
    if args.len() < 2 {
        return Err(Refusal::new("at least two arguments are required"));
    }
    let mut all_lists = true;
    let mut elements = Vec::with_capacity(args.len());
    for (at, value) in args.iter().enumerate() {
        elements.push(match value.ty() {
            Type::Set(element) => {
                all_lists = false;
                Type::clone(&element)
            }
            Type::List(element) => Type::clone(&element),
            Type::Tuple(parts) if parts.is_empty() => Type::Dynamic,
            Type::Tuple(parts) => unify(parts.iter(), Mode::Unsafe)
                .ok_or_else(|| Refusal::argument(at, "all elements must be of the same type"))?,
            _ => return Err(Refusal::argument(at, "a set or a list is required")),
        });
    }
    let tuple = Type::tuple(elements);
    Ok(if all_lists { Type::list(tuple) } else { Type::set(tuple) })
}

fn setproduct(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let ty = result_type(args)?;
    let marks = args.iter().fold(Marks::default(), |marks, value| marks | value.marks());
    let unsure =
        |value: &Value| matches!(value.data(), Data::Set(_, items) if items.len() > 1) && !value.is_wholly_known();
    if args.iter().any(|value| !value.is_known() || unsure(value)) {
        return Ok(Value::unknown_not_null(ty).with_marks(marks));
    }
    let Some(Type::Tuple(parts)) = ty.element().cloned() else { return Ok(Value::unknown(ty)) };
    let mut sides = Vec::with_capacity(args.len());
    for (value, part) in args.iter().zip(parts.iter()) {
        let side = value.children().map(|item| convert(item, part).map_err(|fault| Refusal::new(fault.message)));
        sides.push(side.collect::<Result<Vec<_>, _>>()?);
    }
    let total = sides.iter().try_fold(1usize, |total, side| total.checked_mul(side.len()));
    let total = total.ok_or_else(|| Refusal::refused("the product has too many elements"))?;
    context.spend(total.saturating_mul(sides.len()))?;
    let mut rows: Vec<Vec<Value>> = vec![Vec::with_capacity(sides.len())];
    for side in &sides {
        let longer = |row: &Vec<Value>| {
            let row = row.clone();
            side.iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect())
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    let rows: Vec<Value> = rows.into_iter().map(Value::tuple).collect();
    if parts.iter().any(Type::has_dynamic)
        && rows.windows(2).any(|pair| match pair {
            [a, b] => a.ty() != b.ty(),
            _ => false,
        })
    {
        return Err(Refusal::new("all elements must be of the same type"));
    }
    let tuple = Type::Tuple(parts);
    let product = if matches!(ty, Type::List(_)) { Value::list(tuple, rows) } else { Value::set(tuple, rows) };
    Ok(product.with_marks(marks))
}

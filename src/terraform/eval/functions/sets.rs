//! `setintersection`, `setsubtract`, `setunion`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/setunion>

use std::collections::HashSet;

use super::call::{Context, arity};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::{Mode, convert, unify};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

const SET: Shape = Shape::Set(&Shape::Any);
const FIRST: &[Parameter] = &[Parameter::new("first_set", SET).dynamic()];
const OTHERS: Parameter = Parameter::new("other_sets", SET).dynamic();

pub(super) static SETUNION: Function =
    Function::generic("setunion", FIRST, result_type, |args, context| operate(args, context, Operation::Union))
        .variadic(OTHERS);
pub(super) static SETINTERSECTION: Function =
    Function::generic("setintersection", FIRST, result_type, |args, context| {
        operate(args, context, Operation::Intersection)
    })
    .variadic(OTHERS);
pub(super) static SETSUBTRACT: Function = Function::generic(
    "setsubtract",
    &[Parameter::new("a", SET).dynamic(), Parameter::new("b", SET).dynamic()],
    result_type,
    |args, context| operate(args, context, Operation::Subtraction),
);

#[derive(Clone, Copy, PartialEq)]
enum Operation {
    Union,
    Intersection,
    Subtraction,
}

fn result_type(args: &[Value]) -> Result<Type, Refusal> {
    // An empty set of any type says nothing.
    let says_nothing = |value: &Value, element: &Type| {
        matches!(value.data(), Data::Set(_, items) if items.is_empty()) && *element == Type::Dynamic
    };
    let types: Vec<Type> = args
        .iter()
        .filter_map(|value| value.ty().element().filter(|element| !says_nothing(value, element)).cloned())
        .collect();
    if types.is_empty() {
        return Ok(Type::set(Type::Dynamic));
    }
    unify(&types, Mode::Unsafe)
        .map(Type::set)
        .ok_or_else(|| Refusal::new("given sets must all have compatible element types"))
}

fn operate(args: &[Value], context: &Context, operation: Operation) -> Result<Value, Refusal> {
    let ty = result_type(args)?;
    let converted =
        |(at, value): (usize, &Value)| convert(value, &ty).map_err(|fault| Refusal::argument(at, fault.message));
    let sets = args.iter().enumerate().map(converted).collect::<Result<Vec<_>, _>>()?;
    if sets.iter().any(|set| !set.is_known() || (operation != Operation::Union && !set.is_wholly_known())) {
        return Ok(Value::unknown(ty));
    }
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    let (first, others) = sets.split_first().ok_or_else(arity)?;
    let mut items: Vec<Value> = first.children().cloned().collect();
    for other in others {
        context.spend(items.len() + other.children().count())?;
        match operation {
            Operation::Union => items.extend(other.children().cloned()),
            Operation::Intersection => items = common(items, other, true),
            Operation::Subtraction => items = common(items, other, false),
        }
    }
    Ok(Value::set(element, items))
}

/// The items that are in the other set, or those that are not. Everything in both is known.
fn common(items: Vec<Value>, other: &Value, wanted: bool) -> Vec<Value> {
    let known: HashSet<String> = other.children().filter_map(Value::identity).collect();
    let is_in = |item: &Value| item.identity().is_some_and(|identity| known.contains(&identity));
    items.into_iter().filter(|item| is_in(item) == wanted).collect()
}

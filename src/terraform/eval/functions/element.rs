//! `element`, `slice`, `reverse`, `one`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/element>

use super::call::{arity, integer};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static ELEMENT: Function = Function::generic(
    "element",
    &[Parameter::new("list", Shape::Any).marks(), Parameter::new("index", Shape::Number)],
    |args| match args.first().map(Value::ty) {
        Some(Type::List(element)) => Ok(Type::clone(&element)),
        Some(Type::Tuple(_)) => Ok(Type::Dynamic),
        other => Err(unreadable(other)),
    },
    |args, _| {
        let [list, index] = args else { return Err(arity()) };
        element(list, integer(index)?)
    },
)
.nullable();

pub(super) static SLICE: Function = Function::generic(
    "slice",
    &[
        Parameter::new("list", Shape::Any).marks(),
        Parameter::new("start_index", Shape::Number),
        Parameter::new("end_index", Shape::Number),
    ],
    |args| {
        bounds(args)?;
        Ok(args.first().map(Value::ty).filter(|ty| matches!(ty, Type::List(_))).unwrap_or(Type::Dynamic))
    },
    |args, _| {
        let list = args.first().ok_or_else(arity)?;
        let (start, end) = bounds(args)?;
        let items = list.as_items().cloned().unwrap_or_default();
        let part = items.get(start.unwrap_or(0)..end.unwrap_or(items.len())).unwrap_or_default().to_vec();
        Ok(sequence_like(list, part))
    },
);

pub(super) static REVERSE: Function = Function::generic(
    "reverse",
    &[Parameter::new("list", Shape::Any).marks()],
    |args| match args.first().map(Value::ty) {
        Some(Type::Tuple(parts)) => Ok(Type::tuple(parts.iter().rev().cloned().collect::<Vec<_>>())),
        Some(Type::List(element) | Type::Set(element)) => Ok(Type::List(element)),
        other => Err(irreversible(other)),
    },
    |args, _| {
        let list = args.first().ok_or_else(arity)?;
        let items = list.as_items().ok_or_else(|| irreversible(Some(list.ty())))?;
        Ok(sequence_like(list, items.iter().rev().cloned().collect()))
    },
);

pub(super) static ONE: Function =
    Function::generic("one", &[Parameter::new("list", Shape::Any)], one_type, |args, _| {
        let list = args.first().ok_or_else(arity)?;
        let ty = one_type(args)?;
        let items = list.as_items().ok_or_else(not_one)?;
        let unsure = matches!(list.data(), Data::Set(..)) && !list.is_wholly_known();
        match items.as_ref() {
            [] => Ok(Value::null(ty)),
            [only] => Ok(only.clone()),
            _ if unsure => Ok(Value::unknown(ty)),
            _ => Err(not_one()),
        }
    })
    .nullable();

fn unreadable(ty: Option<Type>) -> Refusal {
    Refusal::new(format!("cannot read elements from {}", ty.map(|ty| ty.friendly_name()).unwrap_or_default()))
}

fn element(list: &Value, index: i64) -> Result<Value, Refusal> {
    let (Data::List(_, items) | Data::Tuple(items)) = list.data() else {
        return Err(unreadable(Some(list.ty())));
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if length == 0 {
        return Err(Refusal::new("cannot use element function with an empty list"));
    }
    if index < 0 && matches!(list.data(), Data::Tuple(_)) {
        return Err(Refusal::new("a negative index does not select an element"));
    }
    let at = usize::try_from(index.rem_euclid(length)).unwrap_or(0);
    let found = items.get(at).cloned().ok_or_else(arity)?;
    Ok(found.with_marks(list.marks()))
}

/// Start and end of a slice, as far as they are known.
fn bounds(args: &[Value]) -> Result<(Option<usize>, Option<usize>), Refusal> {
    let [list, start, end] = args else { return Err(arity()) };
    let length = match (list.data(), list.ty()) {
        (_, Type::Set(_)) => {
            return Err(Refusal::argument(
                0,
                "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the \
                 ordering of the result is not important",
            ));
        }
        (_, Type::Tuple(parts)) => Some(parts.len()),
        (Data::List(_, items), _) => Some(items.len()),
        (_, Type::List(_)) => None,
        _ => return Err(Refusal::argument(0, "must be a list or tuple value")),
    };
    let start = bound(start, 1, "start", length)?;
    let end = bound(end, 2, "end", length)?;
    match (start, end) {
        (Some(start), Some(end)) if start > end => {
            Err(Refusal::argument(1, "start index must not be greater than end index"))
        }
        both => Ok(both),
    }
}

fn bound(value: &Value, at: usize, name: &str, length: Option<usize>) -> Result<Option<usize>, Refusal> {
    if !value.is_known() {
        return Ok(None);
    }
    let wrong = |message: String| Refusal::argument(at, message);
    let whole = integer(value).map_err(|refusal| wrong(format!("invalid {name} index: {}", refusal.message)))?;
    let whole = usize::try_from(whole).map_err(|_| wrong(format!("{name} index must not be less than zero")))?;
    match length {
        Some(length) if whole > length => {
            Err(wrong(format!("{name} index must not be greater than the length of the list")))
        }
        _ => Ok(Some(whole)),
    }
}

/// A tuple of a tuple, a list of anything else.
fn sequence_like(list: &Value, items: Vec<Value>) -> Value {
    match list.data() {
        Data::List(element, _) | Data::Set(element, _) => Value::list(element.clone(), items),
        _ => Value::tuple(items),
    }
    .with_marks(list.marks())
}

fn irreversible(ty: Option<Type>) -> Refusal {
    let name = ty.map(|ty| ty.friendly_name()).unwrap_or_default();
    Refusal::argument(0, format!("can only reverse list or tuple values, not {name}"))
}

fn one_type(args: &[Value]) -> Result<Type, Refusal> {
    match args.first().map(Value::ty) {
        Some(Type::List(element) | Type::Set(element)) => Ok(Type::clone(&element)),
        Some(Type::Tuple(parts)) => match parts.as_ref() {
            [] => Ok(Type::Dynamic),
            [only] => Ok(only.clone()),
            _ => Err(not_one()),
        },
        _ => Err(not_one()),
    }
}

fn not_one() -> Refusal {
    Refusal::argument(0, "must be a list, set, or tuple value with either zero or one elements")
}

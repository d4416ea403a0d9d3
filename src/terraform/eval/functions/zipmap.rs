//! `zipmap`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/zipmap>

use std::collections::BTreeMap;
use std::sync::Arc;

use super::call::arity;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static ZIPMAP: Function = Function::generic(
    "zipmap",
    &[Parameter::new("keys", Shape::List(&Shape::String)).marks(), Parameter::new("values", Shape::Any).marks()],
    |args| match args.get(1).map(Value::ty) {
        Some(Type::List(element)) => Ok(Type::Map(element)),
        Some(Type::Tuple(_)) => Ok(Type::Dynamic),
        _ => Err(no_sequence()),
    },
    |args, _| {
        let [keys, values] = args else { return Err(arity()) };
        zipmap(keys, values)
    },
);

fn no_sequence() -> Refusal {
    Refusal::new("values argument must be a list or tuple value")
}

fn zipmap(keys: &Value, values: &Value) -> Result<Value, Refusal> {
    let mut marks = keys.marks() | values.marks();
    let element = match values.data() {
        Data::List(element, _) => Some(element.clone()),
        Data::Tuple(_) => None,
        _ => return Err(no_sequence()),
    };
    if !keys.is_wholly_known() {
        let ty = element.map_or(Type::Dynamic, Type::map);
        return Ok(Value::unknown(ty).with_marks(marks));
    }
    let (count, wanted) = (keys.children().count(), values.children().count());
    if count != wanted {
        return Err(Refusal::new(format!("number of keys ({count}) does not match number of values ({wanted})")));
    }
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for (at, (key, value)) in keys.children().zip(values.children()).enumerate() {
        let text = key.as_str().ok_or_else(|| Refusal::new(format!("keys list has null value at index {at}")))?;
        marks = marks | key.marks();
        entries.insert(Arc::from(text), value.clone());
    }
    Ok(match element {
        Some(element) => Value::map(element, entries),
        None => Value::object(entries),
    }
    .with_marks(marks))
}

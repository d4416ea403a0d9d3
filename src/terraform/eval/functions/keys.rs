//! `keys`, `values`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/keys>

use super::call::{arity, strings};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static KEYS: Function = Function::generic(
    "keys",
    &[Parameter::new("inputMap", Shape::Any).unknown().marks()],
    |_| Ok(Type::Dynamic),
    |args, _| {
        let map = args.first().ok_or_else(arity)?;
        let names = |names: Vec<Value>| Value::tuple(names);
        let keys = match map.data() {
            Data::Map(_, entries) => strings(entries.keys()),
            Data::Object(entries) => names(entries.keys().map(|key| Value::string(key)).collect()),
            // The names of an object's attributes are part of its type.
            Data::Unknown(Type::Object(object), _) => {
                names(object.attributes.keys().map(|key| Value::string(key)).collect())
            }
            Data::Unknown(Type::Map(_), _) => Value::unknown(Type::list(Type::String)),
            _ => return Err(Refusal::argument(0, "must have map or object type")),
        };
        Ok(keys.with_marks(map.marks()))
    },
);

pub(super) static VALUES: Function = Function::generic(
    "values",
    &[Parameter::new("mapping", Shape::Any).marks()],
    |args| match args.first().map(Value::ty) {
        Some(Type::Map(element)) => Ok(Type::List(element)),
        Some(Type::Object(object)) => {
            Ok(Type::tuple(object.attributes.values().map(|a| a.ty.clone()).collect::<Vec<_>>()))
        }
        _ => Err(no_map()),
    },
    |args, _| {
        let map = args.first().ok_or_else(arity)?;
        let values: Vec<Value> = map.as_entries().ok_or_else(no_map)?.values().cloned().collect();
        let values = match map.data() {
            Data::Map(element, _) => Value::list(element.clone(), values),
            _ => Value::tuple(values),
        };
        Ok(values.with_marks(map.marks()))
    },
);

fn no_map() -> Refusal {
    Refusal::new("values() requires a map as the first argument")
}

//! `lookup`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/lookup>

use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::convert::convert;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static LOOKUP: Function = Function::generic(
    "lookup",
    &[Parameter::new("inputMap", Shape::Any).unknown().marks(), Parameter::new("key", Shape::String).unknown().marks()],
    |_| Ok(Type::Dynamic),
    |args, _| lookup(args),
)
.variadic(Parameter::new("default", Shape::Any).unknown().dynamic().null().marks())
.nullable();

fn lookup(args: &[Value]) -> Result<Value, Refusal> {
    let (map, key, default) = match args {
        [map, key] => (map, key, None),
        [map, key, default] => (map, key, Some(default)),
        _ => return Err(Refusal::new(format!("lookup() takes two or three arguments, got {}", args.len()))),
    };
    let marks = map.marks() | key.marks();
    let found = match map.ty() {
        Type::Object(_) => in_object(map, key, default)?,
        Type::Map(element) => in_map(map, key, default, &element)?,
        _ => return Err(Refusal::argument(0, "lookup() requires a map as the first argument")),
    };
    Ok(found.with_marks(marks))
}

fn in_object(map: &Value, key: &Value, default: Option<&Value>) -> Result<Value, Refusal> {
    let Some(name) = key.as_str() else { return Ok(Value::unknown(Type::Dynamic)) };
    match (map.data(), default) {
        (Data::Object(attributes), _) if attributes.contains_key(name) => {
            Ok(attributes.get(name).cloned().unwrap_or_else(|| Value::unknown(Type::Dynamic)))
        }
        (Data::Unknown(ty, _), _) if ty.attribute(name).is_some() => {
            Ok(Value::unknown(ty.attribute(name).cloned().unwrap_or(Type::Dynamic)))
        }
        (Data::Unknown(..), Some(default)) => Ok(Value::unknown(default.ty())),
        (_, Some(default)) => Ok(default.clone()),
        _ => Err(Refusal::argument(0, format!("the given object has no attribute {name:?}"))),
    }
}

fn in_map(map: &Value, key: &Value, default: Option<&Value>, element: &Type) -> Result<Value, Refusal> {
    let default = default.map(|default| {
        let wrong = || Refusal::argument(2, "the default value must have the same type as the map elements");
        convert(default, element).map_err(|_| wrong())
    });
    let default = default.transpose()?;
    let (Data::Map(_, entries), Some(name)) = (map.data(), key.as_str()) else {
        return Ok(Value::unknown(element.clone()));
    };
    match (entries.get(name), default) {
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => Ok(default),
        (None, None) if key.is_sensitive() => Err(Refusal::new("lookup failed to find key (sensitive value)")),
        (None, None) => Err(Refusal::new(format!("lookup failed to find key {name:?}"))),
    }
}

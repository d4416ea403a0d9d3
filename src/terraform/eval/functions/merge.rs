//! `merge`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/merge>

use std::collections::BTreeMap;

use super::call::Context;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Marks, Value};

pub(super) static MERGE: Function = Function::generic("merge", &[], result_type, merge)
    .variadic(Parameter::new("maps", Shape::Any).dynamic().null().marks());

/// One type for all is the result's; otherwise an object, whose attributes may depend on unknown maps.
fn result_type(args: &[Value]) -> Result<Type, Refusal> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    for ty in &types {
        match ty {
            Type::Dynamic => return Ok(Type::Dynamic),
            Type::Map(_) | Type::Object(_) => {}
            ty => {
                let name = ty.friendly_name();
                return Err(Refusal::new(format!("arguments must be maps or objects, got {name:?}")));
            }
        }
    }
    let Some(first) = types.first() else { return Ok(Type::object::<&str>([])) };
    if types.iter().all(|ty| ty == first) {
        return Ok(first.clone());
    }
    let mut attributes: BTreeMap<_, Type> = BTreeMap::new();
    for (value, ty) in args.iter().zip(&types) {
        match (value.data(), ty) {
            (Data::Null(_), _) => {}
            (Data::Unknown(..), Type::Map(_)) => return Ok(Type::Dynamic),
            (Data::Unknown(..), Type::Object(object)) => {
                attributes.extend(object.attributes.iter().map(|(name, a)| (name.clone(), a.ty.clone())));
            }
            _ => {
                let entries = value.as_entries().into_iter().flat_map(|entries| entries.iter());
                attributes.extend(entries.map(|(name, value)| (name.clone(), value.ty())));
            }
        }
    }
    Ok(Type::object(attributes))
}

fn merge(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    // A literal null has no type, and says nothing about the others.
    let ty = match args.iter().any(|value| value.is_null() && value.is_dynamic()) {
        true => Type::Dynamic,
        false => result_type(args)?,
    };
    let mut merged = BTreeMap::new();
    let mut marks = Marks::default();
    for value in args.iter().filter(|value| !value.is_null()) {
        marks = marks | value.marks();
        let Some(entries) = value.as_entries() else {
            let name = value.ty().friendly_name();
            return Err(Refusal::new(format!("arguments must be maps or objects, got {name:?}")));
        };
        context.spend(entries.len())?;
        merged.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Ok(match ty {
        Type::Map(element) => Value::map(Type::clone(&element), merged),
        _ => Value::object(merged),
    }
    .with_marks(marks))
}

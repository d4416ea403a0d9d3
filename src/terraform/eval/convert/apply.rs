//! Conversion of a value for which [`is_possible`] holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::possible::{Mode, common_element, is_possible};
use super::unknown::{replace_dynamic, unknown};
use super::{Mismatch, mismatch, unify_values};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::{AttributeType, ObjectType, Type};
use crate::terraform::eval::value::{Data, Value};

pub(super) fn apply(value: &Value, to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    let converted = match (value.data(), to) {
        (_, Type::Dynamic) => return Ok(value.clone()),
        (Data::Unknown(ty, range), _) => unknown(ty, range, replace_dynamic(ty, &to.without_optional())),
        (Data::Null(ty), _) => Value::null(replace_dynamic(ty, &to.without_optional())),
        _ => known(value, to, mode)?,
    };
    let converted = converted.with_marks(value.marks());
    Ok(match value.origin() {
        Some(origin) => converted.with_origin(origin.clone()),
        None => converted,
    })
}

fn known(value: &Value, to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    match (value.data(), to) {
        (Data::String(text), Type::Number) => {
            Number::parse(text).map(Value::from).ok_or_else(|| Mismatch::new("a number is required"))
        }
        (Data::String(text), Type::Bool) => boolean(text),
        (Data::Number(number), Type::String) => Ok(number.to_string().into()),
        (Data::Bool(b), Type::String) => Ok(Value::from(if *b { "true" } else { "false" })),
        (Data::List(from, items), Type::List(to)) => list(items, or_known(to, from, items.is_empty()), mode),
        // How many elements there are is not known, and Terraform forgets the element type here.
        (Data::Set(from, items), Type::List(_)) if items.len() > 1 && !value.is_wholly_known() => {
            Ok(Value::unknown(Type::list(from.clone())))
        }
        (Data::Set(from, items), Type::List(to)) => list(items, or_known(to, from, items.is_empty()), mode),
        (Data::List(from, items) | Data::Set(from, items), Type::Set(to)) => {
            set(items, or_known(to, from, items.is_empty()), mode)
        }
        (Data::Tuple(items), Type::List(to)) => tuple_to_list(items, to, mode),
        (Data::Tuple(items), Type::Set(to)) => {
            let to = common(items.iter(), to, mode, true);
            set(items, &to, mode)
        }
        (Data::Tuple(items), Type::Tuple(to)) => {
            let items = items.iter().zip(to.iter()).enumerate();
            let items = items.map(|(at, (item, to))| at_index(at, element(item, to, mode)));
            Ok(Value::tuple(items.collect::<Result<Vec<_>, _>>()?))
        }
        (Data::Map(from, entries), Type::Map(to)) => map(entries, or_known(to, from, entries.is_empty()), mode),
        (Data::Object(entries), Type::Map(to)) => {
            let to = common(entries.values(), to, mode, false);
            map(entries, &to, mode)
        }
        (Data::Object(entries), Type::Object(to)) => object(entries, to, mode),
        (Data::Map(_, entries), Type::Object(to)) => map_to_object(entries, to, mode),
        (_, to) if value.ty() == *to => Ok(value.clone()),
        (_, to) => Err(Mismatch::new(mismatch(&value.ty(), to))),
    }
}

/// The element type of a collection that is made of parts with types of their own.
fn common<'v>(parts: impl Iterator<Item = &'v Value>, to: &Type, mode: Mode, is_sequence: bool) -> Type {
    if *to != Type::Dynamic {
        return to.clone();
    }
    let types: Vec<Type> = parts.map(Value::ty).collect();
    common_element(&types.iter().collect::<Vec<_>>(), to, mode, is_sequence).unwrap_or_else(|| to.clone())
}

fn boolean(text: &str) -> Result<Value, Mismatch> {
    let hint = |word| format!("a bool is required; to convert from string, use lowercase \"{word}\"");
    match text {
        "true" | "1" => Ok(true.into()),
        "false" | "0" => Ok(false.into()),
        _ if text.eq_ignore_ascii_case("true") => Err(Mismatch::new(hint("true"))),
        _ if text.eq_ignore_ascii_case("false") => Err(Mismatch::new(hint("false"))),
        _ => Err(Mismatch::new("a bool is required")),
    }
}

/// One part; parts that already have the type stay as they are.
fn element(value: &Value, to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    let simple = matches!(
        (value.data(), to),
        (Data::String(_), Type::String) | (Data::Number(_), Type::Number) | (Data::Bool(_), Type::Bool)
    );
    if simple || (!to.is_primitive() && value.ty() == *to) {
        return Ok(value.clone());
    }
    apply(value, to, mode)
}

fn at_index(at: usize, outcome: Result<Value, Mismatch>) -> Result<Value, Mismatch> {
    outcome.map_err(|fault| fault.inside(&format!("[{at}]")))
}

fn at_key(key: &str, outcome: Result<Value, Mismatch>) -> Result<Value, Mismatch> {
    outcome.map_err(|fault| fault.inside(&format!("[{key:?}]")))
}

fn elements(items: &[Value], to: &Type, mode: Mode) -> Result<Vec<Value>, Mismatch> {
    items.iter().enumerate().map(|(at, item)| at_index(at, element(item, to, mode))).collect()
}

/// The element type of converted elements; that of the constraint when there are none.
fn element_type(items: &[Value], to: &Type) -> Type {
    match items.first() {
        Some(first) if to.has_dynamic() => first.ty(),
        _ => to.without_optional(),
    }
}

/// An empty collection keeps what its elements are known to be.
fn or_known<'t>(to: &'t Type, from: &'t Type, is_empty: bool) -> &'t Type {
    if is_empty && *to == Type::Dynamic { from } else { to }
}

fn list(items: &[Value], to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    let items = elements(items, to, mode)?;
    same_types(&items, to, "list")?;
    Ok(Value::list(element_type(&items, to), items))
}

fn set(items: &[Value], to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    let items = elements(items, to, mode)?;
    same_types(&items, to, "set")?;
    Ok(Value::set(element_type(&items, to), items))
}

fn tuple_to_list(items: &[Value], to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    if items.is_empty() {
        return Ok(Value::list(to.without_optional(), Vec::new()));
    }
    let to = common(items.iter(), to, mode, true);
    let items = unified(elements(items, &to, mode)?, &to, mode)?;
    Ok(Value::list(element_type(&items, &to), items))
}

/// Where the element type leaves something open, the converted elements may still differ.
fn unified(items: Vec<Value>, to: &Type, mode: Mode) -> Result<Vec<Value>, Mismatch> {
    if !to.has_dynamic() {
        return Ok(items);
    }
    let none = || Mismatch::new("cannot find a common base type for all elements");
    unify_values(&items, mode).map(|(_, items)| items).ok_or_else(none)
}

fn same_types(items: &[Value], to: &Type, kind: &str) -> Result<(), Mismatch> {
    if !to.has_dynamic() {
        return Ok(());
    }
    let mut types = items.iter().map(Value::ty);
    let first = types.next();
    match types.all(|ty| Some(ty) == first) {
        true => Ok(()),
        false => Err(Mismatch::new(format!("element types must all match for conversion to {kind}"))),
    }
}

type Entries = BTreeMap<Arc<str>, Value>;

fn map(entries: &Entries, to: &Type, mode: Mode) -> Result<Value, Mismatch> {
    let convert = |(key, value): (&Arc<str>, &Value)| at_key(key, element(value, to, mode));
    let values = entries.iter().map(convert).collect::<Result<Vec<_>, _>>()?;
    let values = match to {
        _ if values.is_empty() => values,
        Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Object(_) => unified(values, to, mode)?,
        _ => values,
    };
    same_types(&values, to, "map")?;
    let element = element_type(&values, to);
    Ok(Value::map(element, entries.keys().cloned().zip(values).collect()))
}

fn object(entries: &Entries, to: &ObjectType, mode: Mode) -> Result<Value, Mismatch> {
    let attribute = |(name, wanted): (&Arc<str>, &AttributeType)| {
        let value = match entries.get(name) {
            Some(value) => element(value, &wanted.ty, mode).map_err(|fault| fault.inside(&format!(".{name}")))?,
            None => Value::null(wanted.ty.without_optional()),
        };
        Ok((name.clone(), value))
    };
    Ok(Value::object(to.attributes.iter().map(attribute).collect::<Result<_, Mismatch>>()?))
}

fn map_to_object(entries: &Entries, to: &ObjectType, mode: Mode) -> Result<Value, Mismatch> {
    let attribute = |(name, wanted): (&Arc<str>, &AttributeType)| {
        let value = match entries.get(name) {
            Some(value) if is_possible(&value.ty(), &wanted.ty, mode) => {
                at_key(name, element(value, &wanted.ty, mode))?
            }
            Some(value) => {
                let why = mismatch(&value.ty(), &wanted.ty);
                return Err(Mismatch::new(format!("map element type is incompatible with attribute {name:?}: {why}")));
            }
            None if wanted.optional => Value::null(wanted.ty.without_optional()),
            None => return Err(Mismatch::new(format!("map has no element for required attribute {name:?}"))),
        };
        Ok((name.clone(), value))
    };
    Ok(Value::object(to.attributes.iter().map(attribute).collect::<Result<_, Mismatch>>()?))
}

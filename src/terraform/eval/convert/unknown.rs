//! Conversion of values that are null or not known yet: only their types and ranges change.

use std::collections::BTreeMap;

use super::possible::Mode;
use super::unify;
use crate::terraform::eval::types::{AttributeType, ObjectType, Type};
use crate::terraform::eval::value::{Range, Value};

/// The unknown value of type `to` that an unknown value of type `from` becomes.
pub(super) fn unknown(from: &Type, range: &Range, to: Type) -> Value {
    let lengths = match (from, &to) {
        (Type::Object(object), Type::Map(_)) => Some((object.attributes.len(), Some(object.attributes.len()))),
        (Type::Tuple(elements), Type::List(_)) => Some((elements.len(), Some(elements.len()))),
        (Type::Tuple(elements), Type::Set(_)) => Some((elements.len().min(1), Some(elements.len()))),
        (from, Type::Set(_)) if from.is_collection() => Some((range.least.min(1), range.most)),
        (from, to) if from.is_collection() && to.is_collection() => Some((range.least, range.most)),
        _ => None,
    };
    let value = Value::unknown(to).refined(|new| {
        new.not_null = range.not_null;
        (new.least, new.most) = lengths.unwrap_or_default();
    });
    value.settled()
}

/// `to` with what is dynamic in it replaced by what stands there in `from` (`dynamicReplace` of `cty`).
pub(super) fn replace_dynamic(from: &Type, to: &Type) -> Type {
    match (from, to) {
        (Type::Dynamic, to) => to.clone(),
        (from, Type::Dynamic) => from.clone(),
        (Type::Map(a), Type::Map(b)) => Type::map(replace_dynamic(a, b)),
        (Type::List(a) | Type::Set(a), Type::List(b)) => Type::list(replace_dynamic(a, b)),
        (Type::List(a) | Type::Set(a), Type::Set(b)) => Type::set(replace_dynamic(a, b)),
        (Type::Object(object), Type::Map(b)) => {
            let common = unify(object.attributes.values().map(|a| &a.ty), Mode::Unsafe);
            Type::map(common.map_or_else(|| Type::clone(b), |common| replace_dynamic(&common, b)))
        }
        (Type::Tuple(elements), Type::List(b) | Type::Set(b)) => {
            let common = unify(elements.iter(), Mode::Unsafe);
            let element = common.map_or_else(|| Type::clone(b), |common| replace_dynamic(&common, b));
            if matches!(to, Type::List(_)) { Type::list(element) } else { Type::set(element) }
        }
        (Type::Tuple(a), Type::Tuple(b)) => {
            Type::tuple(a.iter().zip(b.iter()).map(|(a, b)| replace_dynamic(a, b)).collect::<Vec<_>>())
        }
        (Type::Map(element), Type::Object(object)) => attributes(object, |_| Some(element)),
        (Type::Object(given), Type::Object(object)) => {
            attributes(object, |name| given.attributes.get(name).map(|a| &a.ty))
        }
        (_, to) => to.clone(),
    }
}

fn attributes<'a>(object: &ObjectType, given: impl Fn(&str) -> Option<&'a Type>) -> Type {
    let replaced: BTreeMap<_, _> = object
        .attributes
        .iter()
        .map(|(name, a)| {
            let ty = given(name).map_or_else(|| a.ty.clone(), |given| replace_dynamic(given, &a.ty));
            (name.clone(), AttributeType { ty, optional: false })
        })
        .collect();
    Type::Object(ObjectType { attributes: replaced }.into())
}

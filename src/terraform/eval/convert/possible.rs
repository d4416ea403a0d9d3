//! Whether a conversion exists, judged by types alone (`getConversionKnown` of `cty`).

use super::unify;
use crate::terraform::eval::types::{ObjectType, Type};

/// Which conversions are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Those that always succeed.
    Safe,
    /// Also those that depend on the value, such as string to number.
    Unsafe,
}

/// Whether values of one type can be converted to another; in [`Mode::Unsafe`] the value may still not fit.
pub fn is_possible(from: &Type, to: &Type, mode: Mode) -> bool {
    let inner = |a: &Type, b: &Type| is_possible(a, b, mode);
    let loose = mode == Mode::Unsafe;
    match (from, to) {
        (_, Type::Dynamic) => true,
        (Type::Dynamic, _) => loose,
        (a, b) if a == b => true,
        (Type::Number | Type::Bool, Type::String) => true,
        (Type::String, Type::Number | Type::Bool) => loose,
        (Type::Object(a), Type::Object(b)) => object_to_object(a, b, mode),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| inner(a, b)),
        (Type::List(a) | Type::Set(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => inner(a, b),
        (Type::List(a), Type::Set(b)) => loose && inner(a, b),
        (Type::Set(a), Type::Set(b)) => inner(a, b),
        (Type::Tuple(elements), Type::List(to) | Type::Set(to)) => {
            elements_to_one(&elements.iter().collect::<Vec<_>>(), to, mode, true)
        }
        (Type::Object(object), Type::Map(to)) => {
            elements_to_one(&object.attributes.values().map(|a| &a.ty).collect::<Vec<_>>(), to, mode, false)
        }
        (Type::Map(element), Type::Object(object)) => loose && map_to_object(element, object, mode),
        _ => false,
    }
}

fn object_to_object(from: &ObjectType, to: &ObjectType, mode: Mode) -> bool {
    to.attributes.iter().all(|(name, wanted)| match from.attributes.get(name) {
        Some(given) => is_possible(&given.ty, &wanted.ty, mode),
        None => wanted.optional,
    })
}

fn map_to_object(element: &Type, object: &ObjectType, mode: Mode) -> bool {
    object.attributes.values().all(|wanted| wanted.optional || is_possible(element, &wanted.ty, mode))
}

fn elements_to_one(elements: &[&Type], to: &Type, mode: Mode, is_sequence: bool) -> bool {
    let Some(to) = common_element(elements, to, mode, is_sequence) else { return false };
    // Long lists hold few types.
    let mut known: Option<&Type> = None;
    elements.iter().all(|element| {
        let same = known == Some(*element);
        known = Some(element);
        same || is_possible(element, &to, mode)
    })
}

/// The element type that the parts of a tuple or object come to when they become a collection of `to`;
/// `None` when there is none.
pub(super) fn common_element(elements: &[&Type], to: &Type, mode: Mode, is_sequence: bool) -> Option<Type> {
    if *to != Type::Dynamic || elements.is_empty() {
        return Some(to.clone());
    }
    let common = unify(elements.iter().copied(), mode)?;
    let undecided = common == Type::Dynamic && is_sequence && elements.iter().any(|e| **e != Type::Dynamic);
    (!undecided).then_some(common)
}

//! What to say when types do not fit (`MismatchMessage` of `cty`).

use super::possible::{Mode, is_possible};
use crate::terraform::eval::types::{ObjectType, Type};

/// Why a value of one type cannot become one of another, in Terraform's words.
pub fn mismatch(got: &Type, want: &Type) -> String {
    match (got, want) {
        (Type::Object(got), Type::Object(want)) => objects(got, want),
        (Type::Tuple(_), Type::List(e)) if **e == Type::Dynamic => "all list elements must have the same type".into(),
        (Type::Tuple(_), Type::Set(e)) if **e == Type::Dynamic => "all set elements must have the same type".into(),
        (Type::Object(_), Type::Map(e)) if **e == Type::Dynamic => "all map elements must have the same type".into(),
        (Type::Tuple(elements), Type::List(e) | Type::Set(e)) => {
            let names = elements.iter().enumerate().map(|(at, ty)| (at.to_string(), ty));
            structure(names, e)
        }
        (Type::Object(object), Type::Map(e)) => {
            let names = object.attributes.iter().map(|(name, a)| (format!("{name:?}"), &a.ty));
            structure(names, e)
        }
        (Type::List(a) | Type::Set(a), Type::List(b)) => incorrect("list", a, b),
        (Type::List(a) | Type::Set(a), Type::Set(b)) => incorrect("set", a, b),
        (Type::Map(a), Type::Map(b)) => incorrect("map", a, b),
        (_, want) => format!("{} required", want.constraint_name()),
    }
}

fn incorrect(kind: &str, got: &Type, want: &Type) -> String {
    format!("incorrect {kind} element type: {}", mismatch(got, want))
}

fn structure<'a>(parts: impl Iterator<Item = (String, &'a Type)>, want: &Type) -> String {
    for (name, got) in parts {
        if got != want && !is_possible(got, want, Mode::Unsafe) {
            return format!("element {name}: {}", mismatch(got, want));
        }
    }
    format!("all elements must be {}", want.constraint_name())
}

fn objects(got: &ObjectType, want: &ObjectType) -> String {
    let missing: Vec<String> = want
        .attributes
        .iter()
        .filter(|(name, wanted)| !wanted.optional && !got.attributes.contains_key(*name))
        .map(|(name, _)| format!("{name:?}"))
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => return format!("attribute {one} is required"),
        [one, two] => return format!("attributes {one} and {two} are required"),
        [most @ .., last] => return format!("attributes {}, and {last} are required", most.join(", ")),
    }
    for mode in [Mode::Unsafe, Mode::Safe] {
        for (name, wanted) in &want.attributes {
            let given = got.attributes.get(name).filter(|given| given.ty != wanted.ty);
            if let Some(given) = given.filter(|given| !is_possible(&given.ty, &wanted.ty, mode)) {
                return format!("attribute {name:?}: {}", mismatch(&given.ty, &wanted.ty));
            }
        }
    }
    "incorrect object attributes".to_owned()
}

//! The one type that several types can be converted to (`unify` of `cty`).

use std::collections::HashSet;

use super::apply::apply;
use super::possible::{Mode, is_possible};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

/// The most general of the types, or a new type that all can be converted to; `None` when there is none
/// or no types were given.
///
/// [`Type::Dynamic`] for a mixture of structures and types that are not known yet: then nothing can be
/// said about the result.
pub fn unify<'a>(types: impl IntoIterator<Item = &'a Type>, mode: Mode) -> Option<Type> {
    let mut seen = HashSet::new();
    let distinct: Vec<&Type> = types.into_iter().filter(|ty| seen.insert(*ty)).collect();
    match distinct.as_slice() {
        [] => None,
        [one] => Some(Type::clone(one)),
        several if several.len() > MAX_DISTINCT => None,
        several => same_kind(several, mode).unwrap_or_else(|| preferred(several, mode)),
    }
}

/// Above this many different types a search for a common one takes too long, and would hardly find any.
const MAX_DISTINCT: usize = 2_000;

/// The type that values have in common, and the values converted to it; unknown values where their types
/// are not known well enough. `None` when there is no such type or a value does not fit.
pub fn unify_values(values: &[Value], mode: Mode) -> Option<(Type, Vec<Value>)> {
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    let common = unify(&types, mode)?;
    let undecided = common == Type::Dynamic && types.iter().any(|ty| *ty != Type::Dynamic);
    let convert = |(value, ty): (&Value, &Type)| match () {
        () if undecided => Some(Value::unknown(Type::Dynamic)),
        () if *ty == common => Some(value.clone()),
        () => apply(value, &common, mode).ok(),
    };
    let values = values.iter().zip(&types).map(convert).collect::<Option<Vec<_>>>()?;
    Some((common, values))
}

/// A new type for types of one kind. `Some(None)`: there is none, and no other way to try.
fn same_kind(types: &[&Type], mode: Mode) -> Option<Option<Type>> {
    let count = |is: fn(&Type) -> bool| types.iter().filter(|ty| is(ty)).count();
    let dynamic = count(|ty| *ty == Type::Dynamic);
    let (maps, objects) = (count(|ty| matches!(ty, Type::Map(_))), count(|ty| matches!(ty, Type::Object(_))));
    let (lists, tuples) = (count(|ty| matches!(ty, Type::List(_))), count(|ty| matches!(ty, Type::Tuple(_))));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let undecided = || (dynamic > 0).then_some(Some(Type::Dynamic));
    let all = types.len();
    match () {
        () if maps > 0 && maps + dynamic == all => undecided().or_else(|| Some(collections(types, mode))),
        () if maps > 0 && maps + objects + dynamic == all => structures_as_collections(types, mode).map(Some),
        () if lists > 0 && lists + dynamic == all => undecided().or_else(|| Some(collections(types, mode))),
        () if lists > 0 && lists + tuples + dynamic == all => structures_as_collections(types, mode).map(Some),
        () if sets > 0 && sets + dynamic == all => undecided().or_else(|| Some(collections(types, mode))),
        () if objects > 0 && objects + dynamic == all => undecided().or_else(|| Some(object(types, mode))),
        () if tuples > 0 && tuples + dynamic == all => undecided().or_else(|| Some(tuple(types, mode))),
        () if objects > 0 && tuples > 0 => Some(None),
        () => None,
    }
}

/// Collections of one kind: their elements decide.
fn collections(types: &[&Type], mode: Mode) -> Option<Type> {
    let element = unify(types.iter().filter_map(|ty| ty.element()), mode)?;
    match types.first()? {
        Type::List(_) => Some(Type::list(element)),
        Type::Set(_) => Some(Type::set(element)),
        _ => Some(Type::map(element)),
    }
}

/// Tuples among lists count as lists, objects among maps as maps.
fn structures_as_collections(types: &[&Type], mode: Mode) -> Option<Type> {
    let structures: Vec<&Type> =
        types.iter().copied().filter(|ty| matches!(ty, Type::Tuple(_) | Type::Object(_))).collect();
    let collection = as_collection(&structures, mode)?;
    let replaced: Vec<&Type> =
        types.iter().map(|ty| if matches!(ty, Type::Tuple(_) | Type::Object(_)) { &collection } else { *ty }).collect();
    unify(replaced, mode).filter(|ty| matches!(ty, Type::List(_) | Type::Map(_)))
}

/// The list of all elements of tuples, or the map of all attributes of objects.
fn as_collection(types: &[&Type], mode: Mode) -> Option<Type> {
    let element = unify(types.iter().flat_map(|ty| parts(ty)), mode)?;
    let collection = match types.first()? {
        Type::Tuple(_) => Type::list(element),
        _ => Type::map(element),
    };
    types.iter().all(|ty| is_possible(ty, &collection, mode)).then_some(collection)
}

fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::Tuple(elements) => elements.iter().collect(),
        Type::Object(object) => object.attributes.values().map(|a| &a.ty).collect(),
        _ => Vec::new(),
    }
}

/// Objects with the same attributes: each attribute decides alone. Otherwise a map.
fn object(types: &[&Type], mode: Mode) -> Option<Type> {
    let objects: Vec<_> = types.iter().filter_map(|ty| if let Type::Object(o) = ty { Some(o) } else { None }).collect();
    let first = objects.first()?;
    if objects.iter().any(|o| !o.attributes.keys().eq(first.attributes.keys())) {
        return as_collection(types, mode);
    }
    let across = |name: &str| unify(objects.iter().filter_map(|o| o.attributes.get(name)).map(|a| &a.ty), mode);
    let attributes = first.attributes.keys().map(|name| Some((name.clone(), across(name)?)));
    let common = Type::object(attributes.collect::<Option<Vec<_>>>()?);
    let fits = types.iter().all(|ty| is_possible(ty, &common, mode));
    if fits { Some(common) } else { as_collection(types, mode) }
}

/// Tuples of one length: each position decides alone. Otherwise a list.
fn tuple(types: &[&Type], mode: Mode) -> Option<Type> {
    let tuples: Vec<_> = types.iter().filter_map(|ty| if let Type::Tuple(t) = ty { Some(t) } else { None }).collect();
    let length = tuples.first()?.len();
    if tuples.iter().any(|t| t.len() != length) {
        return as_collection(types, mode);
    }
    let across = |at: usize| unify(tuples.iter().filter_map(|t| t.get(at)), mode);
    let common = Type::tuple((0..length).map(across).collect::<Option<Vec<_>>>()?);
    let fits = types.iter().all(|ty| is_possible(ty, &common, mode));
    if fits { Some(common) } else { as_collection(types, mode) }
}

/// The first type, in order of preference, that all others can be converted to.
fn preferred(types: &[&Type], mode: Mode) -> Option<Type> {
    let order = by_preference(types);
    let fits = |wanted: &Type| types.iter().all(|ty| **ty == *wanted || is_possible(ty, wanted, mode));
    order.into_iter().filter_map(|at| types.get(at)).find(|ty| fits(ty)).map(|ty| Type::clone(ty))
}

/// Indices with the more general types first, otherwise in their order (a topological sort).
fn by_preference(types: &[&Type]) -> Vec<usize> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    let mut above = vec![0usize; types.len()];
    for (i, a) in types.iter().enumerate() {
        for (j, b) in types.iter().enumerate().skip(i + 1) {
            let (general, special) = match compare(a, b) {
                0 => continue,
                order if order < 0 => (i, j),
                _ => (j, i),
            };
            below.get_mut(general).into_iter().for_each(|list| list.push(special));
            above.get_mut(special).into_iter().for_each(|n| *n += 1);
        }
    }
    let mut queue: Vec<usize> = (0..types.len()).filter(|at| above.get(*at) == Some(&0)).collect();
    let mut next = 0;
    while let Some(at) = queue.get(next).copied() {
        next += 1;
        for special in below.get(at).into_iter().flatten() {
            let Some(left) = above.get_mut(*special) else { continue };
            *left -= 1;
            if *left == 0 {
                queue.push(*special);
            }
        }
    }
    queue
}

/// Negative when `a` is more general, positive when `b` is, zero when neither (`compareTypes` of `cty`).
fn compare(a: &Type, b: &Type) -> i8 {
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => 0,
        (_, Type::Dynamic) => -1,
        (Type::Dynamic, _) => 1,
        (Type::String, Type::Number | Type::Bool) => -1,
        (Type::Number | Type::Bool, Type::String) => 1,
        (Type::List(x), Type::List(y)) | (Type::Set(x), Type::Set(y)) | (Type::Map(x), Type::Map(y)) => compare(x, y),
        (Type::Tuple(_) | Type::List(_), Type::Set(_)) => -1,
        (Type::Set(_), Type::Tuple(_) | Type::List(_)) => 1,
        (Type::List(_), Type::Tuple(_)) | (Type::Map(_), Type::Object(_)) => -1,
        (Type::Tuple(_), Type::List(_)) | (Type::Object(_), Type::Map(_)) => 1,
        (Type::Object(x), Type::Object(y)) if x.attributes.keys().eq(y.attributes.keys()) => {
            balance(x.attributes.values().zip(y.attributes.values()).map(|(x, y)| compare(&x.ty, &y.ty)))
        }
        (Type::Tuple(x), Type::Tuple(y)) if x.len() == y.len() => {
            balance(x.iter().zip(y.iter()).map(|(x, y)| compare(x, y)))
        }
        _ => 0,
    }
}

fn balance(orders: impl Iterator<Item = i8>) -> i8 {
    let (first, second) = orders.fold((false, false), |(a, b), order| (a || order < 0, b || order > 0));
    match (first, second) {
        (true, false) => -1,
        (false, true) => 1,
        _ => 0,
    }
}

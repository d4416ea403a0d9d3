//! `value.name` and `value[key]`.

use crate::terraform::eval::convert::convert;
use crate::terraform::eval::fault::Fault;
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

/// The attribute of an object or the element of a map.
pub(super) fn attribute(object: &Value, name: &str) -> Result<Value, Fault> {
    let unsupported = |detail: String| Err(Fault::new("Unsupported attribute", detail));
    let found = match object.data() {
        Data::Null(_) => {
            let detail = "This value is null, so it does not have any attributes.";
            return Err(Fault::new("Attempt to get attribute from null value", detail));
        }
        Data::Unknown(Type::Dynamic, _) => Value::unknown(Type::Dynamic),
        Data::Unknown(Type::Map(element), _) => Value::unknown(Type::clone(element)),
        Data::Unknown(Type::Object(ty), _) => match ty.attributes.get(name) {
            Some(attribute) => Value::unknown(attribute.ty.clone()),
            None => return unsupported(no_attribute(name)),
        },
        Data::Object(attributes) => match attributes.get(name) {
            Some(value) => value.clone(),
            None => return unsupported(no_attribute(name)),
        },
        Data::Map(_, entries) => match entries.get(name) {
            Some(value) => value.clone(),
            None => {
                let detail = format!("This map does not have an element with the key {name:?}.");
                return Err(Fault::new("Missing map element", detail));
            }
        },
        _ => return unsupported(no_attributes(&object.ty(), name)),
    };
    Ok(found.with_marks(object.marks()))
}

fn no_attribute(name: &str) -> String {
    format!("This object does not have an attribute named {name:?}.")
}

fn no_attributes(ty: &Type, name: &str) -> String {
    let has = |element: &Type| element.attribute(name).is_some();
    match ty {
        Type::List(element) if matches!(**element, Type::Object(_)) => {
            let which = if has(element) { format!("attribute {name:?}") } else { "an attribute".to_owned() };
            format!(
                "Can't access attributes on a list of objects. Did you mean to access {which} for a specific element \
                 of the list, or across all elements of the list?"
            )
        }
        Type::Set(element) if matches!(**element, Type::Object(_)) => {
            "Can't access attributes on a set of objects. Did you mean to access an attribute across all elements of \
             the set?"
                .to_owned()
        }
        ty if ty.is_primitive() => {
            format!("Can't access attributes on a primitive-typed value ({}).", ty.friendly_name())
        }
        _ => "This value does not have any attributes.".to_owned(),
    }
}

/// The element of a list, tuple or map, or the attribute of an object.
pub(super) fn index(collection: &Value, key: &Value) -> Result<Value, Fault> {
    if collection.is_null() {
        let detail = "This value is null, so it does not have any indices.";
        return Err(Fault::new("Attempt to index null value", detail));
    }
    if key.is_null() {
        return invalid("Can't use a null value as an indexing key.");
    }
    if key.is_dynamic() || collection.is_dynamic() {
        return Ok(Value::unknown(Type::Dynamic).with_marks(collection.marks()));
    }
    match collection.data() {
        Data::List(..) | Data::Tuple(_) | Data::Unknown(Type::List(_) | Type::Tuple(_), _) => sequence(collection, key),
        Data::Map(..) | Data::Unknown(Type::Map(_), _) => map(collection, key),
        Data::Object(_) | Data::Unknown(Type::Object(_), _) => object(collection, key),
        Data::Set(..) | Data::Unknown(Type::Set(_), _) => invalid(
            "Elements of a set are identified only by their value and don't have any separate index or key to select \
             with, so it's only possible to perform operations across all elements of the set.",
        ),
        _ => invalid("This value does not have any indices."),
    }
}

fn invalid<T>(detail: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::new("Invalid index", detail))
}

fn no_element<T>(why: &str) -> Result<T, Fault> {
    let separator = if why.is_empty() { "." } else { ": " };
    let end = if why.is_empty() { "" } else { "." };
    invalid(format!("The given key does not identify an element in this collection value{separator}{why}{end}"))
}

fn converted(key: &Value, ty: &Type) -> Result<Value, Fault> {
    convert(key, ty).or_else(|fault| no_element(&fault.message))
}

fn sequence(collection: &Value, key: &Value) -> Result<Value, Fault> {
    let key = converted(key, &Type::Number)?;
    let (length, element) = match collection.data() {
        Data::List(element, items) => (Some(items.len()), element.clone()),
        Data::Tuple(items) => (Some(items.len()), Type::Dynamic),
        Data::Unknown(Type::Tuple(types), _) => (Some(types.len()), Type::Dynamic),
        Data::Unknown(Type::List(element), _) => (None, Type::clone(element)),
        _ => (None, Type::Dynamic),
    };
    let (Some(number), Some(length)) = (key.as_number(), length) else {
        return Ok(Value::unknown(element).with_marks(collection.marks()));
    };
    let Some(at) = number.to_usize().filter(|at| *at < length) else {
        return no_element(out_of_range(number, length));
    };
    let marks = collection.marks() | key.marks();
    let found = match collection.data() {
        Data::Unknown(Type::Tuple(types), _) => types.get(at).map(|ty| Value::unknown(ty.clone())),
        _ => collection.as_items().and_then(|items| items.get(at)).cloned(),
    };
    found.map_or_else(|| no_element(""), |found| Ok(found.with_marks(marks)))
}

fn out_of_range(number: &Number, length: usize) -> &'static str {
    match () {
        () if !number.is_whole() => {
            "indexing a sequence requires a whole number, but the given index has a fractional part"
        }
        () if number.is_negative() && !number.is_zero() => "a negative number is not a valid index for a sequence",
        () if length == 0 && number.is_zero() => "the collection has no elements",
        () if number.to_usize() == Some(length) => {
            "the given index is greater than or equal to the length of the collection"
        }
        () => "",
    }
}

fn map(collection: &Value, key: &Value) -> Result<Value, Fault> {
    let key = converted(key, &Type::String)?;
    let unknown = |element: &Type| Ok(Value::unknown(element.clone()).with_marks(collection.marks()));
    match (collection.data(), key.as_str()) {
        (Data::Map(_, entries), Some(text)) => match entries.get(text) {
            Some(value) => Ok(value.clone().with_marks(collection.marks() | key.marks())),
            None => no_element(""),
        },
        (Data::Map(element, _), None) => unknown(element),
        (Data::Unknown(Type::Map(element), _), _) => unknown(element),
        _ => no_element(""),
    }
}

fn object(collection: &Value, key: &Value) -> Result<Value, Fault> {
    let was_number = key.as_number().is_some();
    let key = converted(key, &Type::String)?;
    match (collection.data(), key.as_str()) {
        (Data::Object(attributes), Some(name)) => match attributes.get(name) {
            Some(value) => Ok(value.clone().with_marks(collection.marks())),
            None if was_number => invalid(
                "The given key does not identify an element in this collection value. An object only supports looking \
                 up attributes by name, not by numeric index.",
            ),
            None => no_element(""),
        },
        _ => Ok(Value::unknown(Type::Dynamic).with_marks(collection.marks())),
    }
}

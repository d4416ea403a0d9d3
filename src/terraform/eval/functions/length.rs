//! `length`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/length>

use unicode_segmentation::UnicodeSegmentation as _;

use super::call::arity;
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::number::Number;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static LENGTH: Function = Function::new(
    "length",
    &[Parameter::new("value", Shape::Any).unknown().dynamic().marks()],
    Shape::Number,
    |args, _| {
        let value = args.first().ok_or_else(arity)?;
        Ok(length(value)?.with_marks(value.marks()))
    },
);

fn length(value: &Value) -> Result<Value, Refusal> {
    let exactly = |count: usize| Ok(Number::counted(count).into());
    match value.data() {
        Data::String(text) => exactly(text.graphemes(true).count()),
        // Unknown elements may turn out to be the same as others.
        Data::Set(_, items) if items.len() > 1 && !value.is_wholly_known() => Ok(between(1, Some(items.len()))),
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => exactly(items.len()),
        Data::Map(_, entries) | Data::Object(entries) => exactly(entries.len()),
        Data::Unknown(Type::Tuple(parts), _) => exactly(parts.len()),
        Data::Unknown(Type::Object(object), _) => exactly(object.attributes.len()),
        Data::Unknown(Type::String, range) => {
            Ok(between(range.prefix.as_deref().map_or(0, |prefix| prefix.graphemes(true).count()), None))
        }
        Data::Unknown(ty, range) if ty.is_collection() => Ok(between(range.least, range.most)),
        Data::Unknown(Type::Dynamic, _) => Ok(Value::unknown(Type::Number)),
        _ => Err(Refusal::new("argument must be a string, a collection type, or a structural type")),
    }
}

fn between(least: usize, most: Option<usize>) -> Value {
    let bound = |count: usize| (Number::counted(count), true);
    if most == Some(least) {
        return Number::counted(least).into();
    }
    Value::unknown_not_null(Type::Number).refined(|range| {
        range.low = Some(bound(least));
        range.high = most.map(bound);
    })
}

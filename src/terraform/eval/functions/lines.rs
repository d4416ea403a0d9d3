//! `indent`, `join`, `split`, `sort`, `strrev`, `substr`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/join>

use unicode_segmentation::UnicodeSegmentation as _;

use super::call::{Context, arity, integer, strings, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static INDENT: Function = Function::new(
    "indent",
    &[Parameter::new("spaces", Shape::Number), Parameter::new("str", Shape::String)],
    Shape::String,
    |args, context| {
        let [spaces, string] = args else { return Err(arity()) };
        let spaces = usize::try_from(integer(spaces)?).map_err(|_| Refusal::new("the number of spaces is negative"))?;
        let lines = text(string).matches('\n').count();
        context.grow(lines.saturating_mul(spaces))?;
        Ok(text(string).replace('\n', &format!("\n{}", " ".repeat(if lines > 0 { spaces } else { 0 }))).into())
    },
);

pub(super) static JOIN: Function =
    Function::new("join", &[Parameter::new("separator", Shape::String)], Shape::String, join)
        .variadic(Parameter::new("lists", Shape::List(&Shape::String)));

pub(super) static SPLIT: Function = Function::new(
    "split",
    &[Parameter::new("separator", Shape::String), Parameter::new("str", Shape::String)],
    Shape::List(&Shape::String),
    |args, context| {
        let [separator, string] = args else { return Err(arity()) };
        let (separator, string) = (text(separator), text(string));
        context.spend(string.len())?;
        Ok(match separator {
            // Between all characters, but not before the first and behind the last.
            "" => strings(string.chars().map(String::from)),
            _ => strings(string.split(separator)),
        })
    },
);

pub(super) static SORT: Function = Function::new(
    "sort",
    &[Parameter::new("list", Shape::List(&Shape::String)).unknown()],
    Shape::List(&Shape::String),
    |args, _| sort(args.first().ok_or_else(arity)?),
);

pub(super) static STRREV: Function =
    Function::new("strrev", &[Parameter::new("str", Shape::String).dynamic()], Shape::String, |args, _| {
        Ok(text(args.first().ok_or_else(arity)?).graphemes(true).rev().collect::<String>().into())
    });

pub(super) static SUBSTR: Function = Function::new(
    "substr",
    &[
        Parameter::new("str", Shape::String).dynamic(),
        Parameter::new("offset", Shape::Number).dynamic(),
        Parameter::new("length", Shape::Number).dynamic(),
    ],
    Shape::String,
    |args, _| {
        let [string, offset, length] = args else { return Err(arity()) };
        Ok(substr(text(string), integer(offset)?, integer(length)?).into())
    },
);

fn join(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let (separator, lists) = args.split_first().ok_or_else(arity)?;
    if lists.is_empty() {
        return Err(Refusal::new("at least one list is required"));
    }
    if lists.iter().any(|list| !list.is_wholly_known()) {
        return Ok(Value::unknown(Type::String));
    }
    let mut parts = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        for (index, item) in list.children().enumerate() {
            parts.push(item.as_str().ok_or_else(|| null_element(index, at, lists.len()))?);
        }
    }
    let separator = text(separator);
    context.grow(parts.iter().map(|part| part.len() + separator.len()).sum())?;
    Ok(parts.join(separator).into())
}

fn null_element(index: usize, list: usize, lists: usize) -> Refusal {
    let message = match lists {
        1 => format!("element {index} is null; cannot concatenate null values"),
        _ => format!("element {index} of list {} is null; cannot concatenate null values", list + 1),
    };
    Refusal::argument(list + 1, message)
}

fn sort(list: &Value) -> Result<Value, Refusal> {
    if !list.is_wholly_known() {
        let (least, most) = match list.data() {
            Data::Unknown(_, range) => (range.least, range.most),
            _ => (list.children().count(), Some(list.children().count())),
        };
        let unknown = Value::unknown_not_null(Type::list(Type::String));
        return Ok(unknown.refined(|range| (range.least, range.most) = (least, most)).settled());
    }
    let mut items: Vec<Value> = list.children().cloned().collect();
    if let Some(at) = items.iter().position(Value::is_null) {
        return Err(Refusal::new(format!("given list element {at} is null; a null string cannot be sorted")));
    }
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::list(Type::String, items))
}

/// Characters are grapheme clusters; an offset below zero counts from the end.
fn substr(text: &str, offset: i64, length: i64) -> String {
    let offset = match usize::try_from(offset) {
        Ok(_) if length == 0 => return String::new(),
        Ok(offset) => offset,
        Err(_) => {
            let count = text.graphemes(true).count();
            count.saturating_sub(usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX))
        }
    };
    let rest = text.graphemes(true).skip(offset);
    match usize::try_from(length) {
        // Only a negative offset lets a length of zero come this far, and Terraform then cuts nothing off.
        Ok(0) | Err(_) => rest.collect(),
        Ok(length) => rest.take(length).collect(),
    }
}

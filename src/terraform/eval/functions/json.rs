//! `jsonencode`, `jsondecode`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/jsonencode>

use super::call::{Context, arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::parse::json as parser;
use crate::source::SourceId;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static JSONENCODE: Function = Function::new(
    "jsonencode",
    &[Parameter::new("val", Shape::Any).unknown().dynamic().null()],
    Shape::String,
    |args, context| {
        let value = args.first().ok_or_else(arity)?;
        if !value.is_wholly_known() {
            return Ok(unknown(value));
        }
        let text = encode(value)?;
        context.grow(text.len())?;
        Ok(text.into())
    },
);

pub(super) static JSONDECODE: Function =
    Function::generic("jsondecode", &[Parameter::new("str", Shape::String)], decoded_type, jsondecode).nullable();

/// The first character is certain when the value is not null.
fn unknown(value: &Value) -> Value {
    let first = match (value.is_surely_not_null(), value.ty()) {
        (true, Type::String) => Some("\""),
        (true, Type::Object(_) | Type::Map(_)) => Some("{"),
        (true, Type::Tuple(_) | Type::List(_) | Type::Set(_)) => Some("["),
        _ => None,
    };
    Value::unknown_not_null(Type::String).refined(|range| range.prefix = first.map(std::sync::Arc::from))
}

/// The known beginning of an unknown text may say what it will be.
fn decoded_type(args: &[Value]) -> Result<Type, Refusal> {
    let prefix = args.first().and_then(Value::range).and_then(|range| range.prefix.as_deref()).unwrap_or_default();
    match prefix.trim_start().chars().next() {
        Some('"') => Ok(Type::String),
        Some('t' | 'f') => Ok(Type::Bool),
        Some('-' | '.' | '0'..='9') => Ok(Type::Number),
        None | Some('{' | '[' | 'n') => Ok(Type::Dynamic),
        Some(other) => Err(Refusal::argument(0, format!("a JSON document cannot begin with the character {other:?}"))),
    }
}

fn jsondecode(args: &[Value], context: &Context) -> Result<Value, Refusal> {
    let text = text(args.first().ok_or_else(arity)?);
    context.spend(text.len())?;
    let node = parser::parse(SourceId::default(), text).map_err(|fault| match fault.code {
        "json::limit" => Refusal::refused(fault.message),
        _ => Refusal::new(fault.message),
    })?;
    Ok(Value::from_node(&node).without_origin())
}

/// The JSON text of a value, as `cty` writes it: sorted keys, no blanks.
pub(super) fn encode(value: &Value) -> Result<String, Refusal> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), Refusal> {
    match value.data() {
        Data::Null(_) => out.push_str("null"),
        Data::Unknown(..) => return Err(Refusal::new("value is not known")),
        Data::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Data::Number(n) if n.is_infinite() => return Err(Refusal::new("cannot serialize infinity as JSON")),
        Data::Number(n) => out.push_str(&n.to_string()),
        Data::String(text) => out.push_str(&quote(text)),
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Data::Map(_, entries) | Data::Object(entries) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quote(key));
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// A JSON string as Go's `encoding/json` writes it, which also escapes what HTML could trip over.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

//! `provider::terraform::encode_tfvars`, `decode_tfvars`, `encode_expr`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/terraform-encode_tfvars>

use std::collections::BTreeMap;

use super::call::{Context, arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::parse::hcl;
use crate::source::SourceId;
use crate::terraform::eval::expression::eval_literal;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::{Data, Value};

pub(super) static ENCODE_EXPR: Function =
    Function::new("encode_expr", &[Parameter::new("value", Shape::Any).unknown()], Shape::String, |args, context| {
        let value = args.first().ok_or_else(arity)?;
        if !value.is_wholly_known() {
            return Ok(Value::unknown(Type::String));
        }
        let mut out = String::new();
        expression(value, 0, &mut out)?;
        context.grow(out.len())?;
        Ok(out.into())
    });

pub(super) static ENCODE_TFVARS: Function = Function::new(
    "encode_tfvars",
    &[Parameter::new("value", Shape::Any)],
    Shape::String,
    |args, context| {
        let value = args.first().ok_or_else(arity)?;
        if !value.is_wholly_known() {
            return Ok(Value::unknown(Type::String));
        }
        let entries = value.as_entries().ok_or_else(|| {
            Refusal::argument(
                0,
                "invalid value to encode: must be an object whose attribute names will become the encoded variable names",
            )
        })?;
        let mut out = String::new();
        let width = entries.keys().map(|name| name.chars().count()).max().unwrap_or(0);
        for (name, value) in entries.iter() {
            if !is_identifier(name) {
                return Err(Refusal::argument(
                    0,
                    format!(
                        "invalid variable name {name:?}: must be a valid identifier, per Terraform's rules for input \
                         variable declarations"
                    ),
                ));
            }
            out.push_str(&format!("{name:width$} = "));
            expression(value, 0, &mut out)?;
            out.push('\n');
        }
        context.grow(out.len())?;
        Ok(out.into())
    },
);

pub(super) static DECODE_TFVARS: Function = Function::generic(
    "decode_tfvars",
    &[Parameter::new("src", Shape::String)],
    |_| Ok(Type::Dynamic),
    |args, context| decode(text(args.first().ok_or_else(arity)?), context),
);

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c == '-' || c.is_alphanumeric())
}

/// A value as HCL, as `hclwrite` formats it.
fn expression(value: &Value, indent: usize, out: &mut String) -> Result<(), Refusal> {
    match value.data() {
        Data::Null(_) | Data::Unknown(..) => out.push_str("null"),
        Data::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Data::Number(number) => out.push_str(&number.to_string()),
        Data::String(text) => string(text, out),
        Data::List(_, items) | Data::Set(_, items) | Data::Tuple(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                expression(item, indent, out)?;
            }
            out.push(']');
        }
        Data::Map(_, entries) | Data::Object(entries) if entries.is_empty() => out.push_str("{}"),
        Data::Map(_, entries) | Data::Object(entries) => {
            out.push_str("{\n");
            let keys: Vec<String> = entries.keys().map(|key| written_key(key)).collect();
            let width = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
            for (key, value) in keys.iter().zip(entries.values()) {
                out.push_str(&format!("{}{key:width$} = ", " ".repeat(indent + 2)));
                expression(value, indent + 2, out)?;
                out.push('\n');
            }
            out.push_str(&" ".repeat(indent));
            out.push('}');
        }
    }
    Ok(())
}

fn written_key(key: &str) -> String {
    if is_identifier(key) {
        return key.to_owned();
    }
    let mut out = String::new();
    string(key, &mut out);
    out
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => match u32::from(c) {
                code @ 0..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Variables are literals here: there is nothing to refer to and nothing to call.
fn decode(text: &str, context: &Context) -> Result<Value, Refusal> {
    context.spend(text.len())?;
    let parsed = hcl::parse(SourceId::default(), text);
    if let Some(fault) = parsed.diagnostics.first() {
        return Err(Refusal::new(format!("invalid tfvars syntax: {}", fault.message)));
    }
    if let Some(block) = parsed.body.blocks.first() {
        return Err(Refusal::new(format!("invalid tfvars content: unexpected block {:?}", block.kind)));
    }
    let mut variables = BTreeMap::new();
    for attribute in &parsed.body.attributes {
        let value = match &attribute.expression {
            None => Value::from_node(&attribute.value),
            Some(expression) => {
                eval_literal(expression, &expression.tree, context.scope.budget()).map_err(|faults| {
                    let fault = faults.first().map(|fault| format!("{}; {}", fault.summary, fault.detail));
                    let (name, fault) = (&attribute.name, fault.unwrap_or_default());
                    Refusal::new(format!("invalid expression for variable {name:?}: {fault}"))
                })?
            }
        };
        variables.insert(attribute.name.clone(), value.without_origin());
    }
    Ok(Value::object(variables))
}

//! `provider::terraform::encode_tfvars`, `decode_tfvars`, `encode_expr`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/terraform-encode_tfvars>

mod layout;

use std::collections::BTreeMap;

use super::call::{Context, arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::parse::hcl;
use crate::source::SourceId;
use crate::terraform::eval::expression::eval_literal;
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

pub(super) static ENCODE_EXPR: Function =
    Function::new("encode_expr", &[Parameter::new("value", Shape::Any).unknown()], Shape::String, |args, context| {
        let value = args.first().ok_or_else(arity)?;
        if !value.is_wholly_known() {
            return Ok(Value::unknown(Type::String));
        }
        let out = layout::expression(value);
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
        if let Some(name) = entries.keys().find(|name| !is_identifier(name)) {
            return Err(Refusal::argument(
                0,
                format!(
                    "invalid variable name {name:?}: must be a valid identifier, per Terraform's rules for input \
                     variable declarations"
                ),
            ));
        }
        let out = layout::attributes(entries.iter());
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

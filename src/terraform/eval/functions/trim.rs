//! `chomp`, `trim`, `trimprefix`, `trimsuffix`, `trimspace`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/trim>

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::value::Value;

const STR: &[Parameter] = &[Parameter::new("str", Shape::String)];
const CUTSET: &[Parameter] = &[Parameter::new("str", Shape::String), Parameter::new("cutset", Shape::String)];
const PREFIX: &[Parameter] = &[Parameter::new("str", Shape::String), Parameter::new("prefix", Shape::String)];
const SUFFIX: &[Parameter] = &[Parameter::new("str", Shape::String), Parameter::new("suffix", Shape::String)];

pub(super) static CHOMP: Function = Function::new("chomp", STR, Shape::String, |args, _| {
    Ok(text(args.first().ok_or_else(arity)?).trim_end_matches(['\r', '\n']).into())
});
pub(super) static TRIMSPACE: Function =
    Function::new("trimspace", STR, Shape::String, |args, _| Ok(text(args.first().ok_or_else(arity)?).trim().into()));
pub(super) static TRIM: Function = Function::new("trim", CUTSET, Shape::String, |args, _| {
    two(args, |text, cutset| text.trim_matches(|c| cutset.contains(c)))
});
pub(super) static TRIMPREFIX: Function = Function::new("trimprefix", PREFIX, Shape::String, |args, _| {
    two(args, |text, prefix| text.strip_prefix(prefix).unwrap_or(text))
});
pub(super) static TRIMSUFFIX: Function = Function::new("trimsuffix", SUFFIX, Shape::String, |args, _| {
    two(args, |text, suffix| text.strip_suffix(suffix).unwrap_or(text))
});

fn two(args: &[Value], cut: for<'t> fn(&'t str, &str) -> &'t str) -> Result<Value, Refusal> {
    let [string, other] = args else { return Err(arity()) };
    Ok(cut(text(string), text(other)).into())
}

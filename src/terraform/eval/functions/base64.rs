//! `base64encode`, `base64decode`, `base64gzip`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/base64encode>

use data_encoding::BASE64;

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};
use crate::terraform::eval::types::Type;
use crate::terraform::eval::value::Value;

const STR: &[Parameter] = &[Parameter::new("str", Shape::String)];

pub(super) static BASE64ENCODE: Function = Function::new("base64encode", STR, Shape::String, |args, context| {
    let text = text(args.first().ok_or_else(arity)?);
    context.grow(text.len() * 4 / 3)?;
    Ok(BASE64.encode(text.as_bytes()).into())
});

pub(super) static BASE64DECODE: Function = Function::new("base64decode", STR, Shape::String, |args, _| {
    let text = text(args.first().ok_or_else(arity)?);
    let bytes = decode(text).map_err(|_| Refusal::new(format!("failed to decode base64 data {text:?}")))?;
    String::from_utf8(bytes)
        .map(Value::from)
        .map_err(|_| Refusal::new("the result of decoding the provided string is not valid UTF-8"))
});

/// The bytes depend on the compressor of the Go release that terraform was built with, so they are unknown.
pub(super) static BASE64GZIP: Function =
    Function::new("base64gzip", STR, Shape::String, |_, _| Ok(Value::unknown_not_null(Type::String)));

/// Go skips line ends anywhere. The error is the offset of the first wrong symbol.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    BASE64.decode(compact.as_bytes()).map_err(|fault| fault.position)
}

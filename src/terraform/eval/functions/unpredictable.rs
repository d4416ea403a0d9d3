//! What nobody can foresee: `timestamp`, `plantimestamp`, `uuid`, `bcrypt`; and what we do not do:
//! `rsadecrypt`. All give unknown values.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/timestamp>

use super::{Body, Function, Parameter, Refusal, Shape};
use crate::terraform::eval::value::Value;

pub(super) static TIMESTAMP: Function = unknown("timestamp", &[]);
pub(super) static PLANTIMESTAMP: Function = unknown("plantimestamp", &[]);
pub(super) static UUID: Function = unknown("uuid", &[]);
pub(super) static BCRYPT: Function =
    unknown("bcrypt", &[Parameter::new("str", Shape::String)]).variadic(Parameter::new("cost", Shape::Number));
/// A gate has no business with private keys.
pub(super) static RSADECRYPT: Function =
    unknown("rsadecrypt", &[Parameter::new("ciphertext", Shape::String), Parameter::new("privatekey", Shape::String)]);

const fn unknown(name: &'static str, parameters: &'static [Parameter]) -> Function {
    Function::new(name, parameters, Shape::String, never).with_body(Body::Unpredictable)
}

fn never(_: &[Value], _: &super::Context) -> Result<Value, Refusal> {
    Err(Refusal::new("cannot be computed"))
}

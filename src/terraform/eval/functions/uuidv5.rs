//! `uuidv5`
//!
//! <https://developer.hashicorp.com/terraform/language/functions/uuidv5>

use uuid::Uuid;

use super::call::{arity, text};
use super::{Function, Parameter, Refusal, Shape};

pub(super) static UUIDV5: Function = Function::new(
    "uuidv5",
    &[Parameter::new("namespace", Shape::String), Parameter::new("name", Shape::String)],
    Shape::String,
    |args, _| {
        let [namespace, name] = args else { return Err(arity()) };
        let namespace = match text(namespace) {
            "dns" => Uuid::NAMESPACE_DNS,
            "url" => Uuid::NAMESPACE_URL,
            "oid" => Uuid::NAMESPACE_OID,
            "x500" => Uuid::NAMESPACE_X500,
            other => Uuid::try_parse(other).map_err(|_| {
                let length = other.len();
                Refusal::new(format!("uuidv5() doesn't support namespace {other} (invalid UUID length: {length})"))
            })?,
        };
        Ok(Uuid::new_v5(&namespace, text(name).as_bytes()).to_string().into())
    },
);

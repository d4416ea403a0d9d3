//! `urlencode`: as in the query of a URL, blanks are `+`.
//!
//! <https://developer.hashicorp.com/terraform/language/functions/urlencode>

use super::call::{arity, text};
use super::{Function, Parameter, Shape};

pub(super) static URLENCODE: Function =
    Function::new("urlencode", &[Parameter::new("str", Shape::String)], Shape::String, |args, context| {
        let text = text(args.first().ok_or_else(arity)?);
        context.grow(text.len() * 3)?;
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            match byte {
                b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
                b if b.is_ascii_alphanumeric() => out.push(char::from(b)),
                b' ' => out.push('+'),
                b => out.push_str(&format!("%{b:02X}")),
            }
        }
        Ok(out.into())
    });

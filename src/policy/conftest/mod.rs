//! Policies that were written for Conftest: packages with `deny`, `violation` and `warn` rules that judge a configuration file as
//! its parser reads it (<https://www.conftest.dev>).
//!
//! What is ours about them: a finding has a place ([`trace`] asks which input paths the failing rule touched, [`place`] finds
//! them in the document), and nothing is allowed because nothing was asked. Which files are judged is the gate's matter.

mod bundle;
mod judge;
mod names;
mod place;
mod touch;
mod trace;

#[cfg(test)]
mod tests;

pub use bundle::{Bundle, engine, without_message};
pub use judge::{Document, Evaluator, Judged, Message};
pub use names::Namespaces;

use super::library;
use super::metadata;
use super::rego::{self, Module};
use crate::source::{SourceId, Sources};

/// Whether modules are Conftest's: none of them has METADATA of ours, and not all are of our package `policies`. What cannot
/// be parsed says neither.
pub fn is_foreign(sources: &Sources, modules: &[SourceId]) -> bool {
    let texts = || modules.iter().filter_map(|id| sources.get(*id).map(|source| (*id, &*source.text)));
    let of_ours = |module: Module| module.package.first().is_some_and(|first| **first == *"policies");
    let outside = |text| rego::parse_any(text).is_ok_and(|module| !of_ours(module));
    !texts().any(|(id, text)| metadata::claims_to_be_a_policy(id, text)) && texts().any(|(_, text)| outside(text))
}

/// Whether a module takes part: tests do not.
fn counts(sources: &Sources, id: SourceId) -> bool {
    sources.get(id).is_some_and(|s| !library::is_test(&s.path))
}

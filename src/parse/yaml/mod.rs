//! YAML as kubectl reads it (`sigs.k8s.io/yaml`, which reads by the rules of go-yaml v2), with spans.
//!
//! The grammar is granit-parser's; this module owns what the grammar leaves open: where a stream is cut
//! into documents ([`stream`]), what a scalar means ([`scalar`]), merge keys, repeated keys, aliases and
//! their budget ([`compose`]), and how a fault is explained ([`fault`], [`template`]).

mod anchors;
mod compose;
mod dialect;
mod fault;
mod go_float;
mod place;
mod scalar;
mod stream;
mod template;

use super::Documents;
use super::build::Interner;
use crate::finding::Diagnostic;
use crate::source::{SourceId, Span};

/// The documents of a YAML text with what was wrong with them.
pub use super::Documents as Yaml;
pub(crate) use fault::SKIPPED;

/// Bounds on what a text may expand to. The defaults are far beyond real manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nesting, aliases expanded.
    pub depth: usize,
    /// Values that aliases and merge keys may add to the ones that are written.
    pub copies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 512, copies: 250_000 }
    }
}

/// Reads every document of `text`.
///
/// A document with a fault is left out and stands as an error among the diagnostics (`yaml::syntax`,
/// `yaml::value`, `yaml::dialect`, `yaml::limit`); one that only makes sense as a template is a warning (`yaml::template`).
/// The others are kept. Repeated keys are warnings (`yaml::duplicate-key`); the last one wins.
pub fn parse(source: SourceId, text: &str, limits: &Limits) -> Yaml {
    let mut found = Documents::default();
    let mut interner = Interner::default();
    for piece in stream::pieces(text) {
        if let Some(separator) = &piece.bad_separator {
            found.diagnostics.push(fault::separator(Span::new(source, separator.start, separator.end)));
        }
        let mut warnings = Vec::new();
        if let Some((at, length)) = stream::foreign_line_break(piece.text) {
            found.diagnostics.push(fault::line_break(Span::new(source, piece.base + at, piece.base + at + length)));
            continue;
        }
        match compose::document(source, &piece, limits, &mut interner, &mut warnings) {
            Ok(document) => {
                found.documents.extend(document);
                found.diagnostics.append(&mut warnings);
            }
            Err(fault) => found.diagnostics.push(explain(*fault, source, &piece)),
        }
    }
    found
}

/// A fault in a template says so: what is wrong is that it was not rendered.
fn explain(fault: Diagnostic, source: SourceId, piece: &stream::Piece) -> Diagnostic {
    match template::unrendered_action(piece.text) {
        Some(action) => fault::template(Span::new(source, piece.base + action.start, piece.base + action.end)),
        None => fault,
    }
}

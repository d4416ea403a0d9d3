//! stub
use super::tree::Node; use crate::finding::Diagnostic; use crate::source::SourceId;
pub struct Yaml { pub documents: Vec<Node>, pub diagnostics: Vec<Diagnostic> }
pub fn parse(_s: SourceId, _t: &str) -> Yaml { Yaml { documents: vec![], diagnostics: vec![] } }

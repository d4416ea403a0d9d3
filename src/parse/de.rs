//! stub
use super::tree::Node; use crate::finding::Diagnostic;
pub fn from_node<T: serde::de::DeserializeOwned>(_n: &Node) -> Result<T, Diagnostic> { Err(Diagnostic::error("x","y")) }

//! Text to values with spans: YAML, JSON and HCL become one tree, and typed documents are read from it.

pub mod de;
pub mod hcl;
pub mod json;
pub mod tree;
pub mod yaml;

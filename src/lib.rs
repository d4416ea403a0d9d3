//! changegate
pub mod source;
pub mod finding;
pub mod parse;
pub mod facts;

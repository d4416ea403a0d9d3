//! Policies: what is loaded and from where, what their METADATA says, and the engine that evaluates them.

pub mod engine;
pub mod library;
pub mod metadata;
pub mod test;

//! Policies: what is loaded and from where, what their METADATA says, how Rego is read, and the engine that
//! evaluates it.

pub mod bundle;
pub mod conftest;
pub mod engine;
pub mod isolate;
pub mod library;
pub mod metadata;
mod modules;
mod outline;
pub mod rego;
pub mod test;

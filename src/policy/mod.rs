//! Policies: what is loaded and from where, what their METADATA says, how Rego is read, and the engine that
//! evaluates it.

mod admitted;
pub mod bundle;
pub mod conftest;
pub mod engine;
pub mod example;
pub mod isolate;
pub mod judge;
pub mod library;
pub mod lint;
pub mod metadata;
mod modules;
mod outline;
pub mod reads;
pub mod rego;
pub mod scaffold;
pub mod test;

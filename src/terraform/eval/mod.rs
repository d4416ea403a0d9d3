//! Terraform's expression language, evaluated without providers, state or network.
//!
//! Gives the value that `terraform plan` would see, digit for digit; what cannot be known is unknown, and
//! what must not be shown is marked. The rules are those of terraform 1.11 with the libraries `cty` 1.16
//! and `hcl` 2.23. This module owns the language; which names mean what (variables, resources, modules)
//! is the business of whoever implements [`Scope`].

pub mod constraint;
pub mod convert;
mod expression;
mod fault;
pub mod functions;
pub mod number;
mod references;
mod scope;
pub mod types;
pub mod value;

pub use constraint::Constraint;
pub use convert::Mismatch;
pub use convert::convert;
pub use expression::{eval, eval_with};
pub use fault::{Fault, FaultKind, Faults};
pub use number::Number;
pub use references::references;
pub use scope::{Budget, FileFault, Files, NoFiles, Reference, Resolved, Scope, Step};
pub use types::Type;
pub use value::{Marks, Value};

//! Terraform configurations, evaluated as Terraform would at plan time without providers, network or state.
//!
//! [`load()`] and [`assemble`] read modules: files merged, blocks checked. [`evaluate()`] evaluates one root module
//! with the [`Inputs`] that it is given; [`resources_of`] does so for all [`roots()`] of a repository and gives what
//! policies see.

mod blocks;
mod evaluate;
mod inputs;
mod load;
mod merge;
mod module;
mod resources;
mod roots;
mod snapshot;
#[cfg(test)]
mod tests;

pub use evaluate::{Check, Evaluation, Index, Instance, MissingModule, Output, Status, evaluate};
pub use inputs::{Given, Inputs, Options};
pub use load::{Configuration, Target, assemble, load};
pub use module::{Key, Mode, Module};
pub use resources::{Planned, resources, resources_of};
pub use roots::{Root, roots};
pub use snapshot::{Entry, Folder, MAX_FILE, Memory, Snapshot, Unread, join};

pub(in crate::terraform) use blocks::labels_of;

use crate::finding::Diagnostic;
use crate::source::Span;

/// An error that begins with Terraform's own summary, so that somebody who knows it finds it again.
fn fault(code: &'static str, summary: &str, message: &str, span: Span) -> Diagnostic {
    Diagnostic::error(code, format!("{summary}: {message}")).at(span)
}

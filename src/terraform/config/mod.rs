//! Terraform configurations, evaluated as Terraform would at plan time without providers, network or state.
//!
//! [`load()`] and [`assemble`] read modules: files merged, blocks checked.

mod blocks;
mod load;
mod merge;
mod module;
mod snapshot;

pub use load::{Configuration, Target, assemble, load};
pub use module::{Key, Mode, Module};
pub use snapshot::{Entry, Folder, MAX_FILE, Memory, Snapshot, Unread, join};

pub(in crate::terraform) use blocks::labels_of;

use crate::finding::Diagnostic;
use crate::source::Span;

/// An error that begins with Terraform's own summary, so that somebody who knows it finds it again.
fn fault(code: &'static str, summary: &str, message: &str, span: Span) -> Diagnostic {
    Diagnostic::error(code, format!("{summary}: {message}")).at(span)
}

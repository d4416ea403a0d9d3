//! The audit trail: one record a decision, that can be checked years later without trusting the machine that wrote it.
//!
//! [`record`] states the decision (pure), a [`Store`] keeps it for good, [`verify_file`] checks a log offline. A gate
//! that cannot write its record never says "allowed".

mod frame;
mod record;
#[cfg(test)]
mod record_tests;
mod statement;
mod store;
mod tree;
mod verify;

pub use record::{ChangedResource, ClockSource, PlanDigest, RecordContext, record};
pub use store::{FileStore, Part, Record, Store};
pub use tree::{Frontier, Hash, leaf_hash};
pub use verify::{Problem, Report, verify_file};

/// Where the file store writes unless told otherwise, relative to the root of the run.
pub const DEFAULT_DIRECTORY: &str = ".changegate/audit";

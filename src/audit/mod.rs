//! The audit trail: one record a decision, that can be checked years later without trusting the machine that wrote it.
//!
//! [`record`] states the decision (pure), a [`Store`] keeps it for good, [`verify_file`] checks a log offline. A gate
//! that cannot write its record never says "allowed".

pub mod checkpoint;
pub mod coverage;
pub mod dsse;
pub mod export;
mod frame;
pub mod govern;
pub mod note;
pub mod oidc;
pub mod query;
pub mod reading;
mod record;
mod recorded;
mod replay;
pub mod retention;
mod store;
pub mod tally;
pub mod tlog_proof;
pub mod tree;
mod uses;
pub mod verify;
mod write;

pub use crate::config::AuditLevel;
pub use record::basis::{Asked, Basis, Digested};
pub use record::scrub::{Secrets, without_credentials};
pub use record::seal::{Attestation, Seal, TokenSource, audience};
pub use record::{
    ChangedResource, ClockSource, Event, Grant, Kind, PlanDigest, RecordContext, SignedCommit, event, record,
};
pub use recorded::Recorded;
pub use replay::{Difference, Grade, differences};
pub use store::{
    Access, Delivery, EachEntry, Entry, FileStore, GitStore, Part, PostgresStore, Record, Remote, Secret, Spool, Store,
    open, spool,
};
pub use tree::{Frontier, Hash, leaf_hash, sha256_of};
pub use uses::uses;
pub use verify::{Expected, Pin, Pins, Problem, Report, verify, verify_file};
pub use write::{Granted, Grants, restate, write};

/// Where the file store writes unless told otherwise, relative to the root of the run.
pub const DEFAULT_DIRECTORY: &str = ".changegate/audit";

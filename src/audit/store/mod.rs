//! Where records are kept. A store acknowledges a record once it is durable, and never before.

mod file;
mod head;
mod log;
#[cfg(test)]
mod tests;

use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

pub use file::FileStore;
pub(super) use head::acknowledged;
pub(super) use log::{End, walk};

/// One record, ready to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// UUIDv7 of the statement.
    pub id: String,
    /// The same for every attempt to judge the same head at the same stage in the same run.
    pub idempotency_key: String,
    /// The statement, byte for byte as it is hashed; at most 65,535 bytes.
    pub leaf: Vec<u8>,
    /// Lists that were too long for the leaf, which names them by digest.
    pub parts: Vec<Part>,
}

/// A list kept beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// 64 hexadecimal digits of the SHA-256 of `bytes`.
    pub sha256: String,
    /// A JSON array.
    pub bytes: Vec<u8>,
}

/// A place that records are appended to.
///
/// Idempotency: a record whose **id** the store has acknowledged lately is not written again; its receipt is returned.
/// That is a retry. The same `idempotency_key` under another id is another judgement of the same head (it may have
/// been made at another instant and may differ), so it is kept as a record of its own; readers group by the key.
pub trait Store {
    /// Makes `record` durable and says where it stands.
    ///
    /// # Errors
    ///
    /// A [`Diagnostic`] of level error, code `audit::…`, whenever durability is not certain.
    fn append(&self, record: &Record) -> Result<AuditReceipt, Diagnostic>;
}

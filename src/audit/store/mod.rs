//! Where records are kept. A store acknowledges a record once it is durable, and never before.

mod envelope;
mod file;
mod git;
mod head;
mod log;
mod open;
mod postgres;
mod pruned;
mod reader;
mod spool;
#[cfg(test)]
mod tests;

use std::ops::{ControlFlow, Range};

use super::reading;
use super::tally::{Question, Tally};
use super::tree::{Hash, leaf_hash};
use super::verify::Problem;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

pub use self::postgres::PostgresStore;
pub use file::FileStore;
pub use git::{GitStore, Remote};
pub use open::{Access, Delivery, Secret, open, spool};
pub use spool::Spool;

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
    /// Salted personal fields, which the leaf names by digest. Unlike parts they can be erased.
    pub disclosures: Vec<Part>,
}

/// A list kept beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// 64 hexadecimal digits of the SHA-256 of `bytes`.
    pub sha256: String,
    /// A JSON array.
    pub bytes: Vec<u8>,
}

/// What a store holds at an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The leaf, byte for byte.
    Leaf(Vec<u8>),
    /// The leaf's hash: its body was pruned.
    Pruned(Hash),
}

impl Entry {
    /// The leaf hash of RFC 6962.
    pub fn hash(&self) -> Hash {
        match self {
            Self::Leaf(leaf) => leaf_hash(leaf),
            Self::Pruned(hash) => *hash,
        }
    }
}

/// Hears of one entry after the other; may stop.
pub type EachEntry<'a> = dyn FnMut(u64, Entry) -> ControlFlow<()> + 'a;

/// A place that records are appended to.
///
/// Idempotency: a record whose **id** the store has acknowledged before is not written again; its receipt is returned.
/// That is a retry. The same `idempotency_key` under another id is another judgement of the same head (it may have
/// been made at another instant and may differ), so it is kept as a record of its own; readers group by the key.
pub trait Store {
    /// Makes `record` durable and says where it stands.
    ///
    /// # Errors
    ///
    /// A [`Diagnostic`] of level error, code `audit::…`, whenever durability is not certain.
    fn append(&self, record: &Record) -> Result<AuditReceipt, Diagnostic>;

    /// Creates what the store needs before its first record, and lets these roles of a database append and read. Says
    /// whether there was anything to create.
    ///
    /// # Errors
    ///
    /// `audit::unwritable`, or `audit::unsupported` for roles where there are none.
    fn init(&self, writers: &[String]) -> Result<bool, Diagnostic> {
        if writers.is_empty() { Ok(false) } else { Err(unsupported(&self.name(), "give rights to roles")) }
    }

    /// Integrates what others have left in the store's keeping, where there is such a thing.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    fn integrate(&self) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// Where it is, for people: a directory or an address without its password.
    fn name(&self) -> String;

    /// How many records it has integrated.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    fn size(&self) -> Result<u64, Diagnostic>;

    /// What stands at `index`; `None` past the end.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`; `audit::tampered` when the place is damaged.
    fn record(&self, index: u64) -> Result<Option<Entry>, Diagnostic> {
        let mut found = None;
        let problem = self.leaves(index..index.saturating_add(1), &mut |_, entry| {
            found = Some(entry);
            ControlFlow::Break(())
        })?;
        match problem {
            Some(problem) => Err(Diagnostic::error("audit::tampered", problem.to_string()).in_file(self.name())),
            None => Ok(found),
        }
    }

    /// Hands over the entries of `range` in order, as far as there are any, in constant memory. A place that the store
    /// itself can tell to be damaged ends the walk and is returned; everything else is for the verifier to find.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    fn leaves(&self, range: Range<u64>, each: &mut EachEntry<'_>) -> Result<Option<Problem>, Diagnostic>;

    /// The index of the record with this id, whenever it was written; `None` when there is none.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    fn find(&self, id: &str) -> Result<Option<u64>, Diagnostic> {
        let mut found = None;
        self.leaves(0..u64::MAX, &mut |index, entry| match entry {
            Entry::Leaf(leaf) if reading::id_of(&leaf).as_deref() == Some(id) => {
                found = Some(index);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        })?;
        Ok(found)
    }

    /// Sums of the decisions, where the store can tell them without handing over its records.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    fn tally(&self, question: &Question) -> Result<Option<Tally>, Diagnostic> {
        let _ = question;
        Ok(None)
    }

    /// The bytes of a part by their SHA-256; `None` when it is not there. Not checked against the digest.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    fn part(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic>;

    /// The same for a disclosure.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    fn disclosure(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic>;

    /// Erases a disclosure for good. The caller has appended the `redaction` record.
    ///
    /// # Errors
    ///
    /// `audit::unwritable`, or `audit::unsupported` where the store cannot forget.
    fn erase(&self, sha256: Hash) -> Result<(), Diagnostic> {
        let _ = sha256;
        Err(unsupported(&self.name(), "erase disclosures"))
    }

    /// Drops the bodies of all records below `index` and keeps their leaf hashes. The caller has appended the
    /// `retention` record and made sure that no hold stands against it.
    ///
    /// # Errors
    ///
    /// `audit::unwritable`, `audit::tampered`, or `audit::unsupported` where the store cannot forget.
    fn prune(&self, below: u64) -> Result<(), Diagnostic> {
        let _ = below;
        Err(unsupported(&self.name(), "prune records"))
    }
}

fn unsupported(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error("audit::unsupported", format!("this store cannot {what}"))
        .in_file(name.to_owned())
        .help("the file store and PostgreSQL forget records, PostgreSQL knows roles")
}

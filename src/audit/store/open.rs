//! From a destination as it is typed to a store.

use std::fmt;
use std::path::Path;

use super::spool::Spool;
use super::{FileStore, GitStore, PostgresStore, Record, Remote, Store};
use crate::audit::{DEFAULT_DIRECTORY, uses};
use crate::config::{AuditLevel, OnFailure};
use crate::facts::OverrideUse;
use crate::finding::{Diagnostic, Level};
use crate::outcome::AuditReceipt;

/// Where records wait on this machine, below [`DEFAULT_DIRECTORY`].
const SPOOL: &str = "spool";

/// How a store is used.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// How far a record must come.
    pub level: AuditLevel,
    /// What happens when it does not.
    pub on_failure: OnFailure,
    /// Password of the database, when the address has none.
    pub password: Option<Secret>,
}

/// A password. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The store that `destination` names: `file`, `file:FOLDER` or a folder; `git` or `git:REMOTE#BRANCH`;
/// `postgres://…`. What is relative hangs from `directory`.
///
/// # Errors
///
/// `audit::destination` when no store has this scheme, or it cannot be read. Nothing is contacted yet.
pub fn open(destination: &str, directory: &Path, access: &Access) -> Result<Box<dyn Store>, Diagnostic> {
    let folder = match destination.split_once(':') {
        _ if destination == "file" => directory.join(DEFAULT_DIRECTORY),
        _ if destination == "git" => return git("", directory, access),
        Some(("git", remote)) => return git(remote, directory, access),
        Some(("postgres" | "postgresql", _)) => return postgres(destination, directory, access),
        Some(("file", folder)) => directory.join(folder),
        // One letter before the colon is a drive, not a scheme.
        Some((scheme, _)) if scheme.len() > 1 => return Err(unknown(scheme)),
        _ => directory.join(destination),
    };
    Ok(Box::new(FileStore::new(folder)))
}

/// The records that wait on this machine, for a run whose root is `directory`.
pub fn spool(directory: &Path) -> Spool {
    Spool::new(directory.join(DEFAULT_DIRECTORY).join(SPOOL))
}

/// Takes the records of one run as far as they must come.
pub struct Delivery {
    store: Box<dyn Store>,
    spool: Spool,
    access: Access,
    /// Why records went to the spool instead.
    fallback: Option<Diagnostic>,
}

impl Delivery {
    /// To the store that `destination` names, or to `spool`.
    ///
    /// # Errors
    ///
    /// As [`open`].
    pub fn to(destination: &str, directory: &Path, spool: Spool, access: Access) -> Result<Self, Diagnostic> {
        Ok(Self { store: open(destination, directory, &access)?, spool, access, fallback: None })
    }

    /// Makes a record durable at the level that was asked for. When the store cannot be reached and `on_failure: spool`
    /// allows it, this record and those after it go to the spool.
    ///
    /// # Errors
    ///
    /// Whenever the record did not come as far as it must. Tampering is never made up for by the spool.
    pub fn append(&mut self, record: &Record) -> Result<AuditReceipt, Diagnostic> {
        if self.access.level == AuditLevel::Spooled || self.fallback.is_some() {
            return self.spool.keep(record);
        }
        match self.store.append(record) {
            Err(fault) if self.access.on_failure == OnFailure::Spool && fault.code == "audit::unwritable" => {
                let receipt = self.spool.keep(record)?;
                let help = format!("{}; the record waits here: run `changegate audit push` then", fault.help);
                self.fallback = Some(Diagnostic { level: Level::Warning, help, ..fault });
                Ok(receipt)
            }
            answer => answer,
        }
    }

    /// Overrides that were applied before: see [`uses`](crate::audit::uses). With `integrate`, what others have left in
    /// the store's keeping is brought into the log first.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`, `audit::tampered`; as [`Store::append`] when something has to be integrated.
    pub fn uses(&self, integrate: bool) -> Result<Vec<OverrideUse>, Diagnostic> {
        if integrate && self.access.level != AuditLevel::Spooled && self.fallback.is_none() {
            self.store.integrate()?;
        }
        uses(self.store.as_ref(), &self.spool)
    }

    /// The warning that records wait on this machine, when they do because the store could not be reached.
    pub fn warning(self) -> Option<Diagnostic> {
        self.fallback
    }
}

fn git(remote: &str, directory: &Path, access: &Access) -> Result<Box<dyn Store>, Diagnostic> {
    let remote = Remote::find(remote, directory).map_err(|what| {
        let help = "write `git:REMOTE#BRANCH`: the name of a remote, a URL or a path, and a branch of its own";
        Diagnostic::error("audit::destination", format!("the audit log cannot be found: {what}")).help(help)
    })?;
    Ok(Box::new(GitStore::new(remote, access.level)))
}

fn postgres(address: &str, directory: &Path, access: &Access) -> Result<Box<dyn Store>, Diagnostic> {
    Ok(Box::new(PostgresStore::new(address, directory, access.password.as_ref())?))
}

fn unknown(scheme: &str) -> Diagnostic {
    Diagnostic::error("audit::destination", format!("`{scheme}:` is not a destination of audit records"))
        .help("write a folder, `file:FOLDER`, `git:REMOTE#BRANCH` or `postgres://USER@HOST/DATABASE`")
}

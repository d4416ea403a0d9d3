//! Where records wait on this machine until they can be brought to their log.
//!
//! One file a record, `ID.json`, put in place whole and synced. It is removed once the log has the record; a log knows
//! a record by its id, so being interrupted between the two brings nothing in twice.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Record, Store, envelope};
use crate::config::AuditLevel;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

/// A directory of records that wait.
#[derive(Clone, Debug)]
pub struct Spool {
    directory: PathBuf,
}

impl Spool {
    /// A spool in `directory`, which is created by the first record.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Keeps a record until [`push`](Self::push).
    ///
    /// # Errors
    ///
    /// `audit::unwritable` whenever durability is not certain.
    pub fn keep(&self, record: &Record) -> Result<AuditReceipt, Diagnostic> {
        self.write(record)
            .map_err(|e| self.fault("audit::unwritable", &format!("the audit record cannot be kept: {e}")))?;
        let destination = self.directory.display().to_string();
        Ok(AuditReceipt { id: record.id.clone(), index: None, root: None, level: AuditLevel::Spooled, destination })
    }

    /// Brings every record into `store`, oldest first, and says where each stands.
    ///
    /// A file that is no record stays, and the others are brought in all the same.
    ///
    /// # Errors
    ///
    /// What the store answered to the first record that it did not take; `audit::tampered` names a file that is no record.
    pub fn push(&self, store: &dyn Store) -> Result<Vec<AuditReceipt>, Diagnostic> {
        let (mut receipts, mut damaged) = (Vec::new(), None);
        for id in self.waiting()? {
            let path = self.path(&id);
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                // Somebody else pushes too.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(self.unreadable(&e)),
            };
            let Some(record) = envelope::open(&id, &bytes) else {
                damaged.get_or_insert(path);
                continue;
            };
            receipts.push(store.append(&record)?);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(self.unreadable(&e)),
                _ => {}
            }
        }
        damaged.map_or(Ok(receipts), |path| {
            let message = format!("`{}` is not a record that was kept here", path.display());
            Err(Diagnostic::error("audit::tampered", message)
                .in_file(path.display().to_string())
                .help("the other records were brought in; keep this file as evidence and move it out of the directory"))
        })
    }

    /// Ids of the records that wait, oldest first.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`.
    pub fn waiting(&self) -> Result<Vec<String>, Diagnostic> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(self.unreadable(&e)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(|e| self.unreadable(&e))?.file_name();
            ids.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        if record.id.is_empty() || !record.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(io::Error::other("its id cannot be the name of a file"));
        }
        super::file::create_durably(&self.directory)?;
        let new = self.directory.join(format!("{}.new", record.id));
        let mut file = File::create(&new)?;
        file.write_all(&envelope::seal(record)?)?;
        file.sync_all()?;
        fs::rename(&new, self.path(&record.id))?;
        super::file::sync_directory(&self.directory)
    }

    fn unreadable(&self, e: &io::Error) -> Diagnostic {
        self.fault("audit::unreadable", &format!("the records that wait cannot be read: {e}"))
    }

    fn fault(&self, code: &'static str, message: &str) -> Diagnostic {
        let help = "make the directory writable and see that the disk has room";
        Diagnostic::error(code, message).in_file(Path::new(&self.directory).display().to_string()).help(help)
    }
}

//! Where records wait on this machine until they can be brought to their log.
//!
//! One file a record, `NUMBER-ID.json`, put in place whole and synced. The number keeps the order: what a decision rests
//! on comes before it. A file is removed once the log has the record; a log knows a record by its id, so being
//! interrupted between the two brings nothing in twice.

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
        for (number, id) in self.entries()? {
            let path = self.path(number, &id);
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
        Ok(self.entries()?.into_iter().map(|(_, id)| id).collect())
    }

    /// The records that wait, oldest first.
    ///
    /// # Errors
    ///
    /// `audit::unreadable`; `audit::tampered` names a file that is no record.
    pub fn records(&self) -> Result<Vec<Record>, Diagnostic> {
        let mut records = Vec::new();
        for (number, id) in self.entries()? {
            let path = self.path(number, &id);
            match fs::read(&path) {
                Ok(bytes) => records.push(envelope::open(&id, &bytes).ok_or_else(|| {
                    let message = format!("`{}` is not a record that was kept here", path.display());
                    Diagnostic::error("audit::tampered", message)
                        .in_file(path.display().to_string())
                        .help("keep this file as evidence and move it out of the directory")
                })?),
                // Somebody pushes.
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(self.unreadable(&e)),
            }
        }
        Ok(records)
    }

    /// Number and id of each, in order.
    fn entries(&self) -> Result<Vec<(u64, String)>, Diagnostic> {
        self.list().map_err(|e| self.unreadable(&e))
    }

    fn list(&self) -> io::Result<Vec<(u64, String)>> {
        let files = match fs::read_dir(&self.directory) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            files => files?,
        };
        let mut entries = Vec::new();
        for file in files {
            let name = file?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(".json")).and_then(|name| name.split_once('-'));
            entries.extend(name.and_then(|(number, id)| Some((number.parse().ok()?, id.to_owned()))));
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn path(&self, number: u64, id: &str) -> PathBuf {
        self.directory.join(format!("{number:08}-{id}.json"))
    }

    fn write(&self, record: &Record) -> io::Result<()> {
        if record.id.is_empty() || !record.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(io::Error::other("its id cannot be the name of a file"));
        }
        super::file::create_durably(&self.directory)?;
        let entries = self.list()?;
        let known = entries.iter().find(|(_, id)| *id == record.id).map(|(number, _)| *number);
        let number = known.unwrap_or_else(|| entries.last().map_or(0, |(number, _)| number + 1));
        let new = self.directory.join(format!("{}.new", record.id));
        let mut file = File::create(&new)?;
        file.write_all(&envelope::seal(record)?)?;
        file.sync_all()?;
        fs::rename(&new, self.path(number, &record.id))?;
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

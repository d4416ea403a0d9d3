//! The default store: a directory on this machine.
//!
//! ```text
//! lock                  held while appending (advisory, `flock`)
//! log                   frames, only ever appended to
//! head.json             where the log ends: a cache
//! parts/SHA256.json     lists that were too long for a record
//! quarantine/…          what interrupted writes left at the end of the log
//! ```
//!
//! One write and one `fdatasync` acknowledge a record. A log of up to 256 KiB is read and checked as a whole before each
//! append; of a longer one only the end is, with the head's help, so that appending stays fast: damage further up is
//! then found by [`verify_file`](crate::audit::verify_file), not by the next append.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::head::{self, Head};
use super::log::{Tail, tail, walk};
use super::{Record, Store};
use crate::audit::frame::{Frame, MAX_LEAF};
use crate::audit::statement;
use crate::audit::tree::Hash;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

/// Up to this length a log is checked as a whole before each append.
const CHECKED_AS_A_WHOLE: u64 = 256 * 1024;

/// A log in a directory. Any number of processes may append to one.
#[derive(Debug)]
pub struct FileStore {
    directory: PathBuf,
    /// Set for good when the disk failed to sync: what it holds is no longer known.
    failed: AtomicBool,
    sync: fn(&File) -> io::Result<()>,
}

impl FileStore {
    /// A store in `directory`, which is created by the first append.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), failed: AtomicBool::new(false), sync: File::sync_data }
    }

    /// Lets a test play the disk.
    #[cfg(test)]
    pub(super) fn sync_with(&mut self, sync: fn(&File) -> io::Result<()>) {
        self.sync = sync;
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn receipt(&self, id: &str, index: u64, root: String) -> AuditReceipt {
        let destination = self.directory.display().to_string();
        AuditReceipt { id: id.into(), index, root: Some(root), destination }
    }

    fn append_locked(&self, record: &Record) -> Result<AuditReceipt, Fault> {
        let mut log = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path("log"))?;
        let (mut head, tail) = self.open_end(&mut log)?;
        if let Some(known) = head.recent.iter().find(|known| known.id == record.id) {
            // Whoever wrote it may have died before it was durable.
            self.confirm(&log)?;
            return Ok(self.receipt(&record.id, known.index, known.root.clone()));
        }
        if head.offset == 0 {
            sync_directory(&self.directory)?;
        }
        self.keep_parts(record)?;
        let (start, torn) = (head.offset, tail != Tail::None);
        let mut bytes = Vec::new();
        if let Tail::Torn { bytes: rest, acknowledged } = tail {
            let leaf = self.quarantine(&head, &rest, acknowledged, record)?;
            add(&mut head, &mut bytes, &leaf, None)?;
        }
        let frame = add(&mut head, &mut bytes, &record.leaf, Some(&record.id))?;
        self.write(&mut log, start, &bytes, torn)?;
        // The head is a cache: the record is durable already.
        let _ = head.to_bytes().and_then(|text| replace(&self.path(head::NAME), &text));
        Ok(self.receipt(&record.id, frame.index, frame.root.to_string()))
    }

    /// Finds the end of the log, and what an interrupted write left there.
    fn open_end(&self, log: &mut File) -> Result<(Head, Tail), Fault> {
        let head = Head::read(&self.directory);
        let short_cut = match &head {
            Some(head) if log.metadata()?.len() > CHECKED_AS_A_WHOLE && head.fits(log)? => head.clone(),
            _ => Head::default(),
        };
        let known = head.as_ref().map(|h| (h.tree.size(), h.tree.root()));
        let mut recent = Head { recent: short_cut.recent, ..Head::default() };
        let mut rewritten = None;
        log.seek(SeekFrom::Start(short_cut.offset))?;
        let end = walk(&mut BufReader::new(&mut *log), short_cut.tree, short_cut.offset, |frame| {
            if known.is_some_and(|(size, root)| size == frame.index + 1 && root != frame.root) {
                rewritten = Some(frame.index);
            }
            if let Some(id) = statement::id_of(&frame.leaf) {
                recent.remember(id, frame);
            }
        })?;
        if let Some(index) = rewritten {
            return Err(Fault::Tampered(format!("record {index} is not the one that was acknowledged")));
        }
        let tail = tail(log, &end, head.as_ref())?.map_err(Fault::Tampered)?;
        Ok((Head { tree: end.tree, offset: end.offset, last: end.last, recent: recent.recent }, tail))
    }

    /// Keeps what an interrupted write left, and returns the record that says so.
    fn quarantine(&self, head: &Head, rest: &[u8], acknowledged: bool, by: &Record) -> Result<Vec<u8>, Fault> {
        let sha256 = Hash::of(rest).to_string();
        let name = format!("quarantine/{}-{sha256}.frame", head.offset);
        self.keep(&name, rest)?;
        let statement = json!({
            "_type": statement::STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": sha256}}],
            "predicateType": statement::PREDICATE,
            "predicate": {
                "id": statement::derived_id(&[sha256.as_bytes(), by.id.as_bytes()]),
                "kind": "recovery",
                "found_by": by.id,
                "index": head.tree.size(),
                "offset": head.offset,
                "bytes": rest.len(),
                "acknowledged": acknowledged,
            },
        });
        Ok(serde_json::to_vec(&statement).map_err(io::Error::from)?)
    }

    fn keep_parts(&self, record: &Record) -> Result<(), Fault> {
        record.parts.iter().try_for_each(|part| self.keep(&format!("parts/{}.json", part.sha256), &part.bytes))
    }

    /// Writes a file that is named by its content, durably; it may be there already.
    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.path(name);
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
            sync_directory(&self.directory)?;
            replace_synced(&path, bytes)?;
            sync_directory(parent)?;
        }
        Ok(())
    }

    /// The one write and the one sync.
    fn write(&self, log: &mut File, at: u64, bytes: &[u8], torn: bool) -> Result<(), Fault> {
        log.seek(SeekFrom::Start(at))?;
        if let Err(e) = log.write_all(bytes) {
            // No room, most likely. Give back what was taken; if that fails too, the next append finds a torn frame.
            let _ = log.set_len(at);
            return Err(e.into());
        }
        if torn {
            log.set_len(at + bytes.len() as u64)?;
        }
        self.confirm(log)
    }

    fn confirm(&self, log: &File) -> Result<(), Fault> {
        (self.sync)(log).map_err(|e| {
            self.failed.store(true, Ordering::SeqCst);
            Fault::Sync(e)
        })
    }
}

impl Store for FileStore {
    fn append(&self, record: &Record) -> Result<AuditReceipt, Diagnostic> {
        if self.failed.load(Ordering::SeqCst) {
            return Err(self.diagnostic(Fault::Failed));
        }
        if record.leaf.len() > MAX_LEAF {
            return Err(self.diagnostic(Fault::TooLong(record.leaf.len())));
        }
        create_durably(&self.directory).map_err(|e| self.diagnostic(e.into()))?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(self.path("lock"));
        let lock = lock.and_then(|lock| lock.lock().map(|()| lock)).map_err(|e| self.diagnostic(e.into()))?;
        let receipt = self.append_locked(record).map_err(|fault| self.diagnostic(fault));
        drop(lock);
        receipt
    }
}

/// Why a record was not acknowledged.
enum Fault {
    Io(io::Error),
    Sync(io::Error),
    Failed,
    TooLong(usize),
    Tampered(String),
}

impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl FileStore {
    fn diagnostic(&self, fault: Fault) -> Diagnostic {
        let directory = self.directory.display().to_string();
        match fault {
            Fault::Io(e) => Diagnostic::error("audit::unwritable", format!("the audit record cannot be written: {e}"))
                .help("make the directory writable and see that the disk has room, or choose another with --audit DIR"),
            Fault::Sync(e) => Diagnostic::error("audit::not_durable", format!("the disk did not confirm the record: {e}"))
                .help("check the disk, then run again in a new process: after a failed sync nothing more is acknowledged"),
            Fault::Failed => Diagnostic::error("audit::not_durable", "the disk failed to confirm an earlier record")
                .help("check the disk, then run again in a new process"),
            Fault::TooLong(n) => Diagnostic::error(
                "audit::too_large",
                format!("the audit record takes {n} bytes; at most {MAX_LEAF} are kept"),
            )
            .help("this is a fault of the program: please report it"),
            Fault::Tampered(what) => Diagnostic::error("audit::tampered", format!("the audit log was changed: {what}"))
                .help("keep the directory as evidence, run `changegate audit verify`, and begin a new log with --audit DIR"),
        }
        .in_file(directory)
    }
}

/// Appends the next frame to `bytes` and moves `head` behind it.
fn add(head: &mut Head, bytes: &mut Vec<u8>, leaf: &[u8], id: Option<&str>) -> Result<Frame, Fault> {
    let frame = Frame::next(&mut head.tree, leaf);
    bytes.extend(frame.encode().ok_or(Fault::TooLong(leaf.len()))?);
    head.last = head.offset;
    head.offset += frame.len();
    if let Some(id) = id {
        head.remember(id.into(), &frame);
    }
    Ok(frame)
}

/// Puts a whole new file in the place of `path`.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}

fn replace_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Creates a directory so that a crash does not lose it: each new entry is synced in its parent.
fn create_durably(directory: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = directory.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).collect();
    fs::create_dir_all(directory)?;
    missing.iter().filter_map(|d| d.parent()).try_for_each(|parent| {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        sync_directory(parent)
    })
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Directories cannot be synced here; the file system's journal orders their entries.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

//! The default store: a directory on this machine.
//!
//! ```text
//! lock                  held while appending (advisory, `flock`)
//! log                   frames, only ever appended to
//! head.json             where the log ends: a cache
//! parts/SHA256.json     lists that were too long for a record
//! disclosures/…         personal fields that can be erased
//! quarantine/…          what interrupted writes left at the end of the log
//! ```
//!
//! One write and one `fdatasync` acknowledge a record. A log of up to 256 KiB is read and checked as a whole before the
//! first append of a process; of a longer one only the end is, with the head's help, so that appending stays fast: damage
//! further up is then found by [`verify_file`](crate::audit::verify_file), not by the next append. A log that nobody
//! touched since this process appended to it is not read again.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::head::{Head, Recent};
use super::log::{Tail, tail, walk};
use super::pruned::Pruned;
use super::reader;
use super::{EachEntry, Record, Store};
use crate::audit::frame::{Frame, MAX_LEAF};
use crate::audit::reading;
use crate::audit::record::{Torn, recovery};
use crate::audit::tree::{Hash, leaf_hash};
use crate::audit::verify::Problem;
use crate::config::AuditLevel;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

/// Up to this length a log is checked as a whole before the first append.
const CHECKED_AS_A_WHOLE: u64 = 256 * 1024;

/// The file that is locked while appending.
pub(super) const LOCK: &str = "lock";
/// The file of frames.
pub(super) const LOG: &str = "log";
const PARTS: &str = "parts";
const DISCLOSURES: &str = "disclosures";

/// A log in a directory. Any number of processes may append to one.
#[derive(Debug)]
pub struct FileStore {
    directory: PathBuf,
    /// Set for good when the disk failed to sync: what it holds is no longer known.
    failed: AtomicBool,
    /// Where the log ended after the last append of this process.
    end: Mutex<Option<End>>,
    sync: fn(&File) -> io::Result<()>,
}

/// The end of a log, for as long as the file looks the same.
#[derive(Debug)]
struct End {
    stamp: Stamp,
    head: Head,
}

/// How a file looks from outside: whoever writes to it or replaces it changes this.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: SystemTime,
    #[cfg(unix)]
    identity: [i64; 4],
}

impl Stamp {
    fn of(log: &File) -> io::Result<Self> {
        let metadata = log.metadata()?;
        #[cfg(unix)]
        let identity = {
            use std::os::unix::fs::MetadataExt;
            let [device, node] = [metadata.dev(), metadata.ino()].map(u64::cast_signed);
            [device, node, metadata.ctime(), metadata.ctime_nsec()]
        };
        Ok(Self {
            length: metadata.len(),
            modified: metadata.modified()?,
            #[cfg(unix)]
            identity,
        })
    }
}

impl FileStore {
    /// A store in `directory`, which is created by the first append.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            failed: AtomicBool::new(false),
            end: Mutex::new(None),
            sync: File::sync_data,
        }
    }

    /// Lets a test play the disk.
    #[cfg(test)]
    pub(super) fn sync_with(&mut self, sync: fn(&File) -> io::Result<()>) {
        self.sync = sync;
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Waits for everybody else who appends. The lock ends with the file, also when the process dies.
    fn lock(&self) -> io::Result<File> {
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(self.path(LOCK))?;
        lock.lock().map(|()| lock)
    }

    fn receipt(&self, id: &str, index: u64, root: String) -> AuditReceipt {
        let destination = self.directory.display().to_string();
        AuditReceipt { id: id.into(), index: Some(index), root: Some(root), level: AuditLevel::Integrated, destination }
    }

    fn append_locked(&self, record: &Record) -> Result<AuditReceipt, Fault> {
        let mut log = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.path(LOG))?;
        let (mut head, tail) = match self.unchanged(&log)? {
            Some(head) => (head, Tail::None),
            None => self.open_end(&mut log)?,
        };
        if let Some(known) = self.known(&head, &record.id, &mut log)? {
            // Whoever wrote it may have died before it was durable.
            self.confirm(&log)?;
            return Ok(self.receipt(&record.id, known.index, known.root));
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
        let _ = head.write(&self.directory);
        self.remember(&log, head);
        Ok(self.receipt(&record.id, frame.index, frame.root.to_string()))
    }

    /// The end of the log, when nobody touched it since this process appended.
    fn unchanged(&self, log: &File) -> io::Result<Option<Head>> {
        let last = self.end.lock().ok().and_then(|mut end| end.take());
        let stamp = Stamp::of(log)?;
        Ok(last.filter(|end| end.stamp == stamp).map(|end| end.head))
    }

    /// Notes the end of the log; without, the next append reads it.
    fn remember(&self, log: &File, head: Head) {
        if let (Ok(mut end), Ok(stamp)) = (self.end.lock(), Stamp::of(log)) {
            *end = Some(End { stamp, head });
        }
    }

    /// The place of a record that was acknowledged before.
    fn known(&self, head: &Head, id: &str, log: &mut File) -> Result<Option<Recent>, Fault> {
        if let Some(known) = head.recent.iter().find(|known| known.id == id) {
            return Ok(Some(known.clone()));
        }
        if !head.may_have_forgotten(id) {
            return Ok(None);
        }
        let pruned = Pruned::read(log)?.map_err(|what| Fault::Tampered(what.to_owned()))?;
        let mut found = None;
        walk(&mut BufReader::new(log), pruned.tree(), pruned.offset, |frame| {
            if reading::id_of(&frame.leaf).as_deref() == Some(id) {
                found = Some(Recent { id: id.into(), index: frame.index, root: frame.root.to_string() });
            }
        })?;
        Ok(found)
    }

    /// Finds the end of the log, and what an interrupted write left there.
    fn open_end(&self, log: &mut File) -> Result<(Head, Tail), Fault> {
        let head = Head::read(&self.directory);
        let short_cut = match &head {
            Some(head) if log.metadata()?.len() > CHECKED_AS_A_WHOLE && head.fits(log)? => head.clone(),
            _ => {
                let pruned = Pruned::read(log)?.map_err(|what| Fault::Tampered(format!("record 0: {what}")))?;
                Head { tree: pruned.tree(), offset: pruned.offset, last: pruned.offset, ..Head::default() }
            }
        };
        let known = head.as_ref().map(|h| (h.tree.size(), h.tree.root()));
        let mut recent = Head { recent: short_cut.recent, ..Head::default() };
        let mut rewritten = None;
        log.seek(SeekFrom::Start(short_cut.offset))?;
        let end = walk(&mut BufReader::new(&mut *log), short_cut.tree, short_cut.offset, |frame| {
            if known.is_some_and(|(size, root)| size == frame.index + 1 && root != frame.root) {
                rewritten = Some(frame.index);
            }
            if let Some(id) = reading::id_of(&frame.leaf) {
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
        let torn = Torn {
            name: &name,
            sha256: &sha256,
            found_by: &by.id,
            index: head.tree.size(),
            offset: head.offset,
            bytes: rest.len(),
            acknowledged,
        };
        Ok(recovery(&torn).map_err(io::Error::from)?)
    }

    fn remove(&self, folder: &str, sha256: Hash) -> io::Result<()> {
        match fs::remove_file(self.path(&format!("{folder}/{sha256}.json"))) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_directory(&self.path(folder))),
        }
    }

    /// Puts a log without the bodies below `below` in the place of the whole one, in one step, then removes what only
    /// they named.
    fn prune_locked(&self, below: u64) -> Result<(), Fault> {
        let mut log = File::open(self.path(LOG))?;
        let (head, _) = self.open_end(&mut log)?;
        let mut old = Pruned::read(&mut log)?.map_err(|what| Fault::Tampered(what.to_owned()))?;
        let (mut hashes, mut offset) = (std::mem::take(&mut old.hashes), old.offset);
        let (mut dropped, mut kept) = (BTreeSet::new(), BTreeSet::new());
        walk(&mut BufReader::new(&mut log), Pruned { hashes: hashes.clone(), offset }.tree(), offset, |frame| {
            let named = reading::Reading::of(frame.index, &frame.leaf).map(|r| self.named(r)).unwrap_or_default();
            let named = named.into_iter();
            if frame.index < below {
                hashes.push(leaf_hash(&frame.leaf));
                offset += frame.len();
                dropped.extend(named.map(|hash| hash.0));
            } else {
                kept.extend(named.map(|hash| hash.0));
            }
        })?;
        let mut bytes = Pruned::encode(&hashes);
        let moved = |at: u64| at.saturating_sub(offset) + bytes.len() as u64;
        let head = Head { offset: moved(head.offset), last: moved(head.last), ..head };
        log.seek(SeekFrom::Start(offset))?;
        log.read_to_end(&mut bytes)?;
        replace_synced(&self.path(LOG), &bytes)?;
        sync_directory(&self.directory)?;
        let _ = head.write(&self.directory);
        for hash in dropped.difference(&kept) {
            self.remove(PARTS, Hash(*hash))?;
            self.remove(DISCLOSURES, Hash(*hash))?;
        }
        Ok(())
    }

    /// Digests of everything beside the log that a record names, also in its lists beside the log.
    fn named(&self, mut reading: reading::Reading) -> Vec<Hash> {
        let parts = reading.parts();
        reading.inline(&mut |digest| reader::beside(&self.directory, PARTS, digest).ok().flatten());
        [parts, reading.disclosures()].concat()
    }

    fn keep_parts(&self, record: &Record) -> Result<(), Fault> {
        let parts = record.parts.iter().map(|part| (PARTS, part));
        let mut all = parts.chain(record.disclosures.iter().map(|part| (DISCLOSURES, part)));
        all.try_for_each(|(folder, part)| self.keep(&format!("{folder}/{}.json", part.sha256), &part.bytes))
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
        let _lock = self.lock().map_err(|e| self.diagnostic(e.into()))?;
        self.append_locked(record).map_err(|fault| self.diagnostic(fault))
    }

    fn name(&self) -> String {
        self.directory.display().to_string()
    }

    fn size(&self) -> Result<u64, Diagnostic> {
        reader::size(&self.directory)
    }

    fn leaves(&self, range: Range<u64>, each: &mut EachEntry<'_>) -> Result<Option<Problem>, Diagnostic> {
        reader::leaves(&self.directory, &range, each)
    }

    fn part(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        reader::beside(&self.directory, PARTS, sha256)
    }

    fn disclosure(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        reader::beside(&self.directory, DISCLOSURES, sha256)
    }

    fn erase(&self, sha256: Hash) -> Result<(), Diagnostic> {
        self.remove(DISCLOSURES, sha256).map_err(|e| self.diagnostic(e.into()))
    }

    fn prune(&self, below: u64) -> Result<(), Diagnostic> {
        let _lock = self.lock().map_err(|e| self.diagnostic(e.into()))?;
        self.prune_locked(below).map_err(|fault| self.diagnostic(fault))
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
fn replace_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Creates a directory so that a crash does not lose it: each new entry is synced in its parent.
pub(super) fn create_durably(directory: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = directory.ancestors().take_while(|d| !d.as_os_str().is_empty() && !d.exists()).collect();
    fs::create_dir_all(directory)?;
    missing.iter().filter_map(|d| d.parent()).try_for_each(|parent| {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        sync_directory(parent)
    })
}

#[cfg(unix)]
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Directories cannot be synced here; the file system's journal orders their entries.
#[cfg(not(unix))]
pub(super) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

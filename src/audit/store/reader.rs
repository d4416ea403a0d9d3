//! Reading a file log. Nothing is written: an auditor's copy may lie on a read-only medium.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::{ControlFlow, Range};
use std::path::Path;

use super::EachEntry;
use super::file::{LOCK, LOG};
use super::head::Head;
use super::log::scan;
use crate::audit::tree::Hash;
use crate::audit::verify::Problem;
use crate::finding::Diagnostic;

/// How many records the log has.
pub(super) fn size(directory: &Path) -> Result<u64, Diagnostic> {
    let Some(mut log) = open(directory)? else { return Ok(0) };
    let head = log.head.take();
    if let Some(head) = head {
        let whole = log.length == head.offset;
        if whole && head.fits(&mut log).map_err(|e| unreadable(directory, &e))? {
            return Ok(head.tree.size());
        }
    }
    let mut size = 0;
    leaves(directory, &(0..u64::MAX), &mut |index, _| {
        size = index + 1;
        ControlFlow::Continue(())
    })?;
    Ok(size)
}

/// See [`Store::leaves`](super::Store::leaves). Framing, order and roots are checked on the way.
pub(super) fn leaves(
    directory: &Path,
    range: &Range<u64>,
    each: &mut EachEntry<'_>,
) -> Result<Option<Problem>, Diagnostic> {
    let Some(mut log) = open(directory)? else { return Ok(None) };
    let acknowledged = log.head.as_ref().map_or(0, |head| head.tree.size());
    scan(&mut log, range, acknowledged, each).map_err(|e| unreadable(directory, &e))
}

/// A file that is named by its digest.
pub(super) fn beside(directory: &Path, folder: &str, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
    match fs::read(directory.join(folder).join(format!("{sha256}.json"))) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(directory, &e)),
    }
}

/// A log and its head as they stood together at one moment, whatever is appended meanwhile.
struct Log {
    file: File,
    position: u64,
    length: u64,
    head: Option<Head>,
}

fn open(directory: &Path) -> Result<Option<Log>, Diagnostic> {
    // Without the lock a reader could meet half of a write. A copy of a log may have none.
    let lock = File::open(directory.join(LOCK)).ok();
    let _held = lock.as_ref().map(File::lock_shared);
    let opened = File::open(directory.join(LOG)).and_then(|file| file.metadata().map(|m| (file, m.len())));
    match opened {
        Ok((file, length)) => Ok(Some(Log { file, position: 0, length, head: Head::read(directory) })),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(directory, &e)),
    }
}

impl Read for Log {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let n = self.file.read(buffer.get_mut(..most).unwrap_or(&mut []))?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for Log {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

fn unreadable(directory: &Path, e: &io::Error) -> Diagnostic {
    Diagnostic::error("audit::unreadable", format!("the audit log cannot be read: {e}"))
        .in_file(directory.join(LOG).display().to_string())
        .help("name the directory that `--audit` was given")
}

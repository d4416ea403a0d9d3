//! `head.json`: where the log ends, so that appending to a long log does not read all of it.
//!
//! A cache that proves itself: its checksum must hold, its peaks must give its root, and the last frame of the log must
//! carry that root. It is written after the log and not synced, so it can lag behind the log, never run ahead of it. It is
//! written over the old one: file systems flush a file that is renamed over another (ext4's `auto_da_alloc`), which
//! took ten times as long as all else that an append does besides its sync.
//!
//! ```text
//! {"size": …, "offset": …, …}
//! crc32c:1a2b3c4d
//! ```

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::audit::frame::{Frame, Reading};
use crate::audit::tree::{Frontier, Hash};

/// The file in the directory of the log.
pub(super) const NAME: &str = "head.json";
/// How many acknowledged records are remembered by id, for retries.
const RECENT: usize = 64;

/// The end of the log as of the last acknowledged record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) tree: Frontier,
    /// Length of the log.
    pub(super) offset: u64,
    /// Where its last frame starts.
    pub(super) last: u64,
    /// The latest records, oldest first.
    pub(super) recent: VecDeque<Recent>,
}

/// A record that was acknowledged lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recent {
    pub(super) id: String,
    pub(super) index: u64,
    pub(super) root: String,
}

#[derive(Serialize, Deserialize)]
struct Text {
    size: u64,
    offset: u64,
    last: u64,
    root: String,
    peaks: Vec<String>,
    recent: VecDeque<Recent>,
}

/// The line behind the text.
fn checksum(text: &[u8]) -> String {
    format!("\ncrc32c:{:08x}\n", crc32c::crc32c(text))
}

impl Head {
    /// The head in `directory`; `None` when there is none that proves itself.
    pub(super) fn read(directory: &Path) -> Option<Self> {
        fs::read(directory.join(NAME)).ok().and_then(|text| Self::parse(&text))
    }

    /// Reads a head file; `None` when it is not one, or its peaks do not give its root.
    fn parse(text: &[u8]) -> Option<Self> {
        let (text, rest) = text.split_at_checked(text.iter().position(|byte| *byte == b'\n')?)?;
        // Behind the checksum there may be the end of a longer one.
        if !rest.starts_with(checksum(text).as_bytes()) {
            return None;
        }
        let text: Text = serde_json::from_slice(text).ok()?;
        let peaks = text.peaks.iter().map(|hex| Hash::from_hex(hex)).collect::<Option<Vec<_>>>()?;
        let tree = Frontier::restore(text.size, peaks)?;
        let consistent = tree.root().to_string() == text.root && text.last <= text.offset;
        consistent.then_some(Self { tree, offset: text.offset, last: text.last, recent: text.recent })
    }

    /// The head file.
    fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let text = Text {
            size: self.tree.size(),
            offset: self.offset,
            last: self.last,
            root: self.tree.root().to_string(),
            peaks: self.tree.peaks().iter().map(Hash::to_string).collect(),
            recent: self.recent.clone(),
        };
        let mut text = serde_json::to_vec(&text)?;
        let sum = checksum(&text);
        text.extend(sum.bytes());
        Ok(text)
    }

    /// Writes the head file over the old one.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        let bytes = self.to_bytes()?;
        let path = directory.join(NAME);
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.write_all(&bytes)?;
        let length = bytes.len() as u64;
        if file.metadata()?.len() > length { file.set_len(length) } else { Ok(()) }
    }

    /// Notes a record, and forgets the oldest.
    pub(super) fn remember(&mut self, id: String, frame: &Frame) {
        self.recent.push_back(Recent { id, index: frame.index, root: frame.root.to_string() });
        while self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    /// Whether a record with this id may stand in the log although it is not among the recent ones. Ids of version 7
    /// begin with the time: a new one is later than those that are remembered. All others may be of any time.
    pub(super) fn may_have_forgotten(&self, id: &str) -> bool {
        let is_v7 = |id: &str| id.as_bytes().get(14) == Some(&b'7');
        let oldest = self.recent.iter().map(|r| r.id.as_str()).filter(|id| is_v7(id)).min();
        let all = self.tree.size() <= self.recent.len() as u64;
        let is_new = is_v7(id) && oldest.is_some_and(|oldest| id > oldest);
        !all && !is_new
    }

    /// Whether the log has, where the head says, the frame that the head says.
    pub(super) fn fits(&self, log: &mut (impl Read + Seek)) -> io::Result<bool> {
        log.seek(SeekFrom::Start(self.last))?;
        Ok(match Frame::read(log)? {
            Reading::Frame(frame) => {
                frame.index + 1 == self.tree.size()
                    && frame.root == self.tree.root()
                    && self.last + frame.len() == self.offset
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(records: u64) -> Head {
        let mut head = Head { offset: 9, ..Head::default() };
        for n in 0..records {
            let frame = Frame::next(&mut head.tree, format!("leaf {n}").as_bytes());
            head.remember(format!("id {n}"), &frame);
        }
        head
    }

    #[test]
    fn what_was_written_over_another_is_read_or_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (long, short) = (head(40), head(3));
        long.write(folder.path()).expect("written");
        assert_eq!(Head::read(folder.path()), Some(long.clone()));
        short.write(folder.path()).expect("written");
        assert_eq!(Head::read(folder.path()), Some(short.clone()));
        let (long, short) = (long.to_bytes().expect("bytes"), short.to_bytes().expect("bytes"));
        for cut in 0..=short.len() {
            let torn = [short.get(..cut).unwrap_or_default(), long.get(cut..).unwrap_or_default()].concat();
            let read = Head::parse(&torn);
            assert!(read.is_none() || torn == long || torn.starts_with(&short), "{cut}");
        }
    }
}

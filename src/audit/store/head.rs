//! `head.json`: where the log ends, so that appending to a long log does not read all of it.
//!
//! A cache that proves itself: its peaks must give its root, and the last frame of the log must carry that root. It is
//! written after the log and not synced, so it can lag behind the log, never run ahead of it.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
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

impl Head {
    /// The head in `directory`; `None` when there is none that proves itself.
    pub(super) fn read(directory: &Path) -> Option<Self> {
        fs::read(directory.join(NAME)).ok().and_then(|text| Self::parse(&text))
    }

    /// Reads a head file; `None` when it is not one, or its peaks do not give its root.
    fn parse(text: &[u8]) -> Option<Self> {
        let text: Text = serde_json::from_slice(text).ok()?;
        let peaks = text.peaks.iter().map(|hex| Hash::from_hex(hex)).collect::<Option<Vec<_>>>()?;
        let tree = Frontier::restore(text.size, peaks)?;
        let consistent = tree.root().to_string() == text.root && text.last <= text.offset;
        consistent.then_some(Self { tree, offset: text.offset, last: text.last, recent: text.recent })
    }

    /// The head file.
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let text = Text {
            size: self.tree.size(),
            offset: self.offset,
            last: self.last,
            root: self.tree.root().to_string(),
            peaks: self.tree.peaks().iter().map(Hash::to_string).collect(),
            recent: self.recent.clone(),
        };
        Ok(serde_json::to_vec(&text)?)
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

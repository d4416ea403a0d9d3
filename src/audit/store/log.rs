//! The log file: walking it, and telling a write that was interrupted from tampering.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::{ControlFlow, Range};

use super::head::Head;
use super::pruned::Pruned;
use super::{EachEntry, Entry};
use crate::audit::frame::{self, Frame, MAX_FRAME, Reading};
use crate::audit::tree::{Frontier, leaf_hash};
use crate::audit::verify::{Problem, UNFINISHED};

/// Bytes that are read at once: a log of gigabytes takes fewer calls than with the usual 8 KiB.
const AT_ONCE: usize = 256 * 1024;

/// How far a log can be followed.
pub(super) struct Walk {
    /// The tree of all good frames.
    pub(super) tree: Frontier,
    /// End of the last good frame.
    pub(super) offset: u64,
    /// Start of the last good frame.
    pub(super) last: u64,
    /// What stands at `offset`.
    pub(super) end: End,
}

/// Why a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The file ends with a frame.
    Clean,
    /// The file ends within a frame.
    Short,
    /// There is something else than the next frame.
    Damaged(&'static str),
}

impl Walk {
    /// What is wrong at the end, when `acknowledged` records were.
    fn problem(&self, acknowledged: u64) -> Option<Problem> {
        let index = self.tree.size();
        let gone = acknowledged > index;
        let what = match self.end {
            End::Clean if gone => "the record was acknowledged and is gone",
            End::Short if gone => "the record was acknowledged and is cut off",
            End::Clean => return None,
            End::Short => UNFINISHED,
            End::Damaged(why) => why,
        };
        Some(Problem { index, what: what.to_owned() })
    }
}

/// Follows the frames from `offset`, where `tree` stands, as far as each is intact, in order and has the right root.
pub(super) fn walk(
    from: &mut impl Read,
    tree: Frontier,
    offset: u64,
    mut each: impl FnMut(&Frame),
) -> io::Result<Walk> {
    walk_while(from, tree, offset, |frame| {
        each(&frame);
        ControlFlow::Continue(())
    })
}

/// The same, until `each` has had enough.
fn walk_while(
    from: &mut impl Read,
    tree: Frontier,
    offset: u64,
    mut each: impl FnMut(Frame) -> ControlFlow<()>,
) -> io::Result<Walk> {
    let mut walk = Walk { tree, offset, last: offset, end: End::Clean };
    loop {
        let frame = match Frame::read(from)? {
            Reading::Frame(frame) => frame,
            Reading::End => return Ok(walk),
            Reading::Short => return Ok(Walk { end: End::Short, ..walk }),
            Reading::Damaged(why) => return Ok(Walk { end: End::Damaged(why), ..walk }),
        };
        if frame.index != walk.tree.size() {
            return Ok(Walk { end: End::Damaged("its index is out of order"), ..walk });
        }
        let mut tree = walk.tree.clone();
        tree.push(leaf_hash(&frame.leaf));
        if frame.root != tree.root() {
            return Ok(Walk { end: End::Damaged("its root does not follow from the records before it"), ..walk });
        }
        walk = Walk { tree, last: walk.offset, offset: walk.offset + frame.len(), end: End::Clean };
        if each(frame).is_break() {
            return Ok(walk);
        }
    }
}

/// Hands over the entries of `range`, and returns where the log is damaged. `acknowledged` is how many records were.
pub(super) fn scan(
    log: &mut (impl Read + Seek),
    range: &Range<u64>,
    acknowledged: u64,
    each: &mut EachEntry<'_>,
) -> io::Result<Option<Problem>> {
    let pruned = match Pruned::read(log)? {
        Ok(pruned) => pruned,
        Err(what) => return Ok(Some(Problem { index: 0, what: what.to_owned() })),
    };
    for (index, hash) in (0..).zip(&pruned.hashes).filter(|(index, _)| range.contains(index)) {
        if each(index, Entry::Pruned(*hash)).is_break() {
            return Ok(None);
        }
    }
    let mut stopped = pruned.hashes.len() as u64 >= range.end;
    let mut ended = None;
    if !stopped {
        let walk = walk_while(&mut BufReader::with_capacity(AT_ONCE, log), pruned.tree(), pruned.offset, |frame| {
            stopped = range.contains(&frame.index) && each(frame.index, Entry::Leaf(frame.leaf)).is_break();
            stopped |= frame.index + 1 >= range.end;
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        ended = Some(walk);
    }
    Ok(ended.filter(|_| !stopped).and_then(|walk| walk.problem(acknowledged)))
}

/// What may follow the last good frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Nothing.
    None,
    /// The rest of a write that was interrupted, `acknowledged` when its record had been acknowledged before.
    Torn { bytes: Vec<u8>, acknowledged: bool },
}

/// Judges the end of a walk over `log`, whose head file says `head`. `Err` names the tampering.
///
/// A write that was interrupted leaves its frame cut off, or whole but with parts that never reached the disk; it is
/// the last thing in the file and the head does not know it yet. A frame that is cut off is taken for such a write
/// even if the head knows it: the disk lied, and the log goes on with a record that says so. Everything else is
/// tampering.
pub(super) fn tail(log: &mut (impl Read + Seek), walk: &Walk, head: Option<&Head>) -> io::Result<Result<Tail, String>> {
    let index = walk.tree.size();
    let known = head.map_or(0, |h| h.tree.size());
    let gone = || Ok(Err(format!("record {index} was acknowledged and is gone")));
    if walk.end == End::Clean {
        return if known > index { gone() } else { Ok(Ok(Tail::None)) };
    }
    log.seek(SeekFrom::Start(walk.offset))?;
    let mut bytes = Vec::new();
    // One write is at most two frames: a recovery and a decision.
    log.take(2 * MAX_FRAME as u64 + 1).read_to_end(&mut bytes)?;
    let acknowledged = known > index;
    match walk.end {
        End::Short if known > index + 1 => gone(),
        End::Short => Ok(Ok(Tail::Torn { bytes, acknowledged })),
        End::Damaged(why) if acknowledged || !could_be_torn(&bytes, head.is_some()) => {
            Ok(Err(format!("record {index}: {why}")))
        }
        _ => Ok(Ok(Tail::Torn { bytes, acknowledged })),
    }
}

/// Whether damaged bytes at the end can be a write that was interrupted. Without a head nobody knows whether they had
/// been acknowledged: then only blocks that were never written, zeros at the end, are believed.
fn could_be_torn(bytes: &[u8], has_head: bool) -> bool {
    let one_write = bytes.len() <= 2 * MAX_FRAME && !frame::any_in(bytes);
    let unwritten = bytes.iter().rev().take(32).all(|b| *b == 0);
    one_write && (has_head || unwritten)
}

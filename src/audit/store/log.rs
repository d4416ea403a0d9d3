//! The log file: walking it, and telling a write that was interrupted from tampering.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::head::Head;
use super::{EachEntry, Entry};
use crate::audit::frame::{self, Frame, MAX_FRAME, Reading};
use crate::audit::tree::Frontier;
use crate::audit::verify::Problem;

/// How far a log can be followed.
pub(crate) struct Walk {
    /// The tree of all good frames.
    pub(crate) tree: Frontier,
    /// End of the last good frame.
    pub(crate) offset: u64,
    /// Start of the last good frame.
    pub(crate) last: u64,
    /// What stands at `offset`.
    pub(crate) end: End,
}

/// Why a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The file ends with a frame.
    Clean,
    /// The file ends within a frame.
    Short,
    /// There is something else than the next frame.
    Damaged(&'static str),
}

/// Follows the frames from `offset`, where `tree` stands, as far as each is intact, in order and has the right root.
pub(crate) fn walk(
    from: &mut impl Read,
    tree: Frontier,
    offset: u64,
    mut each: impl FnMut(&Frame),
) -> io::Result<Walk> {
    let mut walk = Walk { tree, offset, last: offset, end: End::Clean };
    loop {
        let frame = match Frame::read(from)? {
            Reading::Frame(frame) => frame,
            Reading::End => return Ok(walk),
            Reading::Short => return Ok(Walk { end: End::Short, ..walk }),
            Reading::Damaged(why) => return Ok(Walk { end: End::Damaged(why), ..walk }),
        };
        let mut tree = walk.tree.clone();
        let due = Frame::next(&mut tree, &frame.leaf);
        if frame.index != due.index {
            return Ok(Walk { end: End::Damaged("its index is out of order"), ..walk });
        }
        if frame.root != due.root {
            return Ok(Walk { end: End::Damaged("its root does not follow from the records before it"), ..walk });
        }
        walk = Walk { tree, last: walk.offset, offset: walk.offset + frame.len(), end: End::Clean };
        each(&frame);
    }
}

/// Hands over the entries of `range`, and returns where the framing itself is damaged. Roots are not computed.
pub(super) fn scan(from: &mut impl Read, range: Range<u64>, each: &mut EachEntry<'_>) -> io::Result<Option<Problem>> {
    let mut index = 0;
    loop {
        let what = match Frame::read(from)? {
            Reading::Frame(frame) if frame.index == index => {
                index += 1;
                if index > range.end
                    || range.contains(&frame.index) && each(frame.index, Entry::Leaf(frame.leaf)).is_break()
                {
                    return Ok(None);
                }
                continue;
            }
            Reading::End => return Ok(None),
            Reading::Frame(_) => "its index is out of order",
            Reading::Short => "the file ends within the record",
            Reading::Damaged(why) => why,
        };
        return Ok(Some(Problem { index, what: what.to_owned() }));
    }
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

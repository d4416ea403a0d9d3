//! One record as it lies in the log file.
//!
//! ```text
//! magic "CGA1" | length u32 | crc32c of these 8 bytes | crc32c of the rest | leaf | index u64 | root 32 bytes
//! ```
//!
//! Numbers are big-endian. The length has a checksum of its own: a damaged length must not look like a frame that was
//! cut off.

use std::io::{self, Read};

use super::tree::{Frontier, Hash, leaf_hash};

/// Longest leaf, in bytes.
pub(super) const MAX_LEAF: usize = 65_535;
const MAGIC: [u8; 4] = *b"CGA1";
const HEADER: usize = 16;
const TRAILER: usize = 40;
/// Longest frame, in bytes.
pub(super) const MAX_FRAME: usize = HEADER + MAX_LEAF + TRAILER;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) leaf: Vec<u8>,
    pub(super) index: u64,
    pub(super) root: Hash,
}

/// What stands at a place of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Frame(Frame),
    /// The file ends here.
    End,
    /// The file ends before the frame does.
    Short,
    /// The bytes are not those of a frame.
    Damaged(&'static str),
}

impl Frame {
    /// The frame that makes `leaf` the next one of `tree`, which it advances.
    pub(super) fn next(tree: &mut Frontier, leaf: &[u8]) -> Self {
        let index = tree.size();
        tree.push(leaf_hash(leaf));
        Self { leaf: leaf.to_vec(), index, root: tree.root() }
    }

    /// The bytes of the frame; `None` when the leaf is too long.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let length = u32::try_from(self.leaf.len()).ok().filter(|n| *n as usize <= MAX_LEAF)?;
        let mut rest = self.leaf.clone();
        rest.extend(self.index.to_be_bytes());
        rest.extend(self.root.0);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(length.to_be_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        bytes.extend(crc32c::crc32c(&rest).to_be_bytes());
        bytes.append(&mut rest);
        Some(bytes)
    }

    /// Bytes that the frame takes in the file.
    pub(super) fn len(&self) -> u64 {
        (HEADER + self.leaf.len() + TRAILER) as u64
    }

    /// Reads one frame.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Reading> {
        let mut header = [0; HEADER];
        match fill(from, &mut header)? {
            0 => return Ok(Reading::End),
            HEADER => {}
            _ => return Ok(Reading::Short),
        }
        let mut header = header.as_slice();
        let (magic, length) = (take::<4>(&mut header), u32::from_be_bytes(take(&mut header)));
        let (own, rest) = (u32::from_be_bytes(take(&mut header)), u32::from_be_bytes(take(&mut header)));
        let start = [magic, length.to_be_bytes()].concat();
        if magic != MAGIC || crc32c::crc32c(&start) != own || length as usize > MAX_LEAF {
            return Ok(Reading::Damaged("its header is damaged"));
        }
        let mut body = vec![0; length as usize + TRAILER];
        if fill(from, &mut body)? < body.len() {
            return Ok(Reading::Short);
        }
        if crc32c::crc32c(&body) != rest {
            return Ok(Reading::Damaged("its checksum does not match"));
        }
        let mut trailer = body.split_off(length as usize);
        let mut trailer = trailer.as_mut_slice() as &[u8];
        let (index, root) = (u64::from_be_bytes(take(&mut trailer)), Hash(take(&mut trailer)));
        Ok(Reading::Frame(Self { leaf: body, index, root }))
    }
}

/// Whether a whole frame stands anywhere in `bytes`.
pub(super) fn any_in(bytes: &[u8]) -> bool {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    starts.into_iter().any(|(at, _)| {
        let mut from = bytes.get(at..).unwrap_or(&[]);
        matches!(Frame::read(&mut from), Ok(Reading::Frame(_)))
    })
}

/// Reads until `buffer` is full or the file ends, and returns how many bytes there were.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// The next `N` bytes; zeros past the end.
fn take<const N: usize>(from: &mut &[u8]) -> [u8; N] {
    let (head, rest) = from.split_first_chunk::<N>().map_or(([0; N], [].as_slice()), |(h, r)| (*h, r));
    *from = rest;
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        Frame::next(&mut Frontier::default(), b"{\"a\":1}")
    }

    #[test]
    fn a_frame_reads_back() {
        let bytes = frame().encode().expect("short");
        assert_eq!(bytes.len() as u64, frame().len());
        assert_eq!(Frame::read(&mut bytes.as_slice()).expect("memory"), Reading::Frame(frame()));
        assert_eq!(Frame::read(&mut [].as_slice()).expect("memory"), Reading::End);
        assert!(any_in(&[b"xxCGA1", bytes.as_slice()].concat()));
    }

    #[test]
    fn every_cut_is_short_and_every_flipped_bit_is_damage() {
        let bytes = frame().encode().expect("short");
        for n in 1..bytes.len() {
            assert_eq!(Frame::read(&mut &bytes[..n]).expect("memory"), Reading::Short, "cut at {n}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Frame::read(&mut flipped.as_slice()), Ok(Reading::Damaged(_))), "bit {bit}");
        }
    }

    #[test]
    fn a_leaf_that_is_too_long_has_no_frame() {
        let frame = Frame { leaf: vec![0; MAX_LEAF + 1], ..frame() };
        assert_eq!(frame.encode(), None);
    }
}

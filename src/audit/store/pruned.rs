//! What a log begins with once the bodies of its oldest records were dropped: their leaf hashes.
//!
//! ```text
//! magic "CGP1" | count u64 | crc32c of these 12 bytes | count × 32 bytes | crc32c of the hashes
//! ```

use std::io::{self, Read, Seek, SeekFrom};

use crate::audit::tree::{Frontier, Hash};

const MAGIC: [u8; 4] = *b"CGP1";
const HEADER: usize = 16;

/// The beginning of a log, before its first frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pruned {
    /// Leaf hashes of the records whose bodies are gone.
    pub(super) hashes: Vec<Hash>,
    /// Where the first frame is.
    pub(super) offset: u64,
}

impl Pruned {
    /// Reads the beginning of a log and leaves it at its first frame. `Ok(Err)` says what is damaged.
    pub(super) fn read(log: &mut (impl Read + Seek)) -> io::Result<Result<Self, &'static str>> {
        log.seek(SeekFrom::Start(0))?;
        let mut header = Vec::new();
        log.take(HEADER as u64).read_to_end(&mut header)?;
        if !header.starts_with(&MAGIC) {
            log.seek(SeekFrom::Start(0))?;
            return Ok(Ok(Self::default()));
        }
        let damaged = Ok(Err("the hashes of the pruned records are damaged"));
        let Some((start, crc)) = header.split_last_chunk::<4>() else { return damaged };
        let Some((_, count)) = start.split_last_chunk::<8>() else { return damaged };
        let length = u64::from_be_bytes(*count).checked_mul(32);
        let Some(length) =
            length.filter(|_| header.len() == HEADER && crc32c::crc32c(start) == u32::from_be_bytes(*crc))
        else {
            return damaged;
        };
        let mut bytes = Vec::new();
        log.take(length.saturating_add(4)).read_to_end(&mut bytes)?;
        let Some((hashes, crc)) = bytes.split_last_chunk::<4>() else { return damaged };
        if hashes.len() as u64 != length || crc32c::crc32c(hashes) != u32::from_be_bytes(*crc) {
            return damaged;
        }
        let hashes = hashes.chunks_exact(32).filter_map(|hash| hash.try_into().ok()).map(Hash).collect();
        Ok(Ok(Self { hashes, offset: HEADER as u64 + length + 4 }))
    }

    /// The bytes that a log begins with.
    pub(super) fn encode(hashes: &[Hash]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend((hashes.len() as u64).to_be_bytes());
        bytes.extend(crc32c::crc32c(&bytes).to_be_bytes());
        let body: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
        bytes.extend(&body);
        bytes.extend(crc32c::crc32c(&body).to_be_bytes());
        bytes
    }

    /// The tree over them.
    pub(super) fn tree(&self) -> Frontier {
        let mut tree = Frontier::default();
        self.hashes.iter().for_each(|hash| tree.push(*hash));
        tree
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn hashes_read_back_and_every_flipped_bit_is_damage() {
        let hashes = vec![Hash([1; 32]), Hash([2; 32])];
        let bytes = Pruned::encode(&hashes);
        let read = |bytes: &[u8]| Pruned::read(&mut Cursor::new(bytes)).expect("memory");
        assert_eq!(read(&bytes), Ok(Pruned { hashes, offset: bytes.len() as u64 }));
        assert_eq!(read(b"CGA1"), Ok(Pruned::default()));
        for bit in 32..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped).is_err(), "bit {bit}");
        }
        for cut in 4..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}

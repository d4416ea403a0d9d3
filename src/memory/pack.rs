//! A file of answers: one read, one check of its seal, and then a binary search each.
//!
//! ```text
//! magic              18 bytes, by kind
//! header             u32 length, then JSON
//! number of answers  u32
//! index              by key, ascending: 32 bytes of key, u32 offset, u32 length
//! answers            end to end; offsets count from here
//! seal               HMAC-SHA256 of everything before
//! ```
//!
//! Numbers are little-endian.

use std::collections::BTreeMap;

use super::seal::{self, Key as Secret};

/// What identifies an answer: a digest of everything that it depends on.
pub type Key = [u8; 32];

/// Answers by their keys.
pub type Answers = BTreeMap<Key, Vec<u8>>;

const MAGIC: usize = 18;
const ENTRY: usize = 40;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers of past runs.
    Cache,
    /// Answers of one part of a run.
    Shard,
}

impl Kind {
    const fn magic(self) -> &'static [u8; MAGIC] {
        match self {
            Self::Cache => b"changegate cache1\n",
            Self::Shard => b"changegate shard1\n",
        }
    }
}

/// Why a file is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It begins otherwise.
    #[error("it is no file of this kind and version")]
    Kind,
    /// Its seal is that of another key or of other bytes.
    #[error("its seal does not fit: it was changed, cut short or sealed with another key")]
    Seal,
    /// Its parts do not fit together.
    #[error("it is damaged")]
    Shape,
}

/// A file whose seal was checked.
#[derive(Debug)]
pub struct Pack {
    bytes: Vec<u8>,
    header: std::ops::Range<usize>,
    index: usize,
    count: usize,
    answers: usize,
}

impl Pack {
    /// A file's bytes.
    pub fn write(kind: Kind, header: &[u8], answers: &Answers, secret: &Secret) -> Vec<u8> {
        let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
        let size: usize = answers.values().map(|answer| ENTRY + answer.len()).sum();
        let mut bytes = Vec::with_capacity(size + header.len() + 128);
        bytes.extend(kind.magic());
        bytes.extend(length(header.len()));
        bytes.extend(header);
        bytes.extend(length(answers.len()));
        let mut offset = 0;
        for (key, answer) in answers {
            bytes.extend(key);
            bytes.extend(length(offset));
            bytes.extend(length(answer.len()));
            offset += answer.len();
        }
        answers.values().for_each(|answer| bytes.extend(answer));
        bytes.extend(secret.seal(&bytes));
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// See [`Fault`]. What is not sealed with the key is looked at no further.
    pub fn read(kind: Kind, mut bytes: Vec<u8>, secret: &Secret) -> Result<Self, Fault> {
        if !bytes.starts_with(kind.magic()) {
            return Err(Fault::Kind);
        }
        let sealed = bytes.len().checked_sub(seal::LENGTH).ok_or(Fault::Seal)?;
        let (before, seal) = bytes.split_at_checked(sealed).ok_or(Fault::Seal)?;
        if !secret.fits(before, seal) {
            return Err(Fault::Seal);
        }
        bytes.truncate(sealed);
        let header = MAGIC + 4;
        let header = header..number(&bytes, MAGIC).and_then(|n| header.checked_add(n)).ok_or(Fault::Shape)?;
        let count = number(&bytes, header.end).ok_or(Fault::Shape)?;
        let index = header.end + 4;
        let answers = count.checked_mul(ENTRY).and_then(|n| n.checked_add(index)).ok_or(Fault::Shape)?;
        if answers > bytes.len() {
            return Err(Fault::Shape);
        }
        Ok(Self { bytes, header, index, count, answers })
    }

    /// The header's bytes.
    pub fn header(&self) -> &[u8] {
        self.bytes.get(self.header.clone()).unwrap_or_default()
    }

    /// The answer of a key.
    pub fn get(&self, key: &Key) -> Option<&[u8]> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let (found, answer) = self.entry(middle)?;
            match found.cmp(key.as_slice()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(answer),
            }
        }
        None
    }

    /// Every answer with its key.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &[u8])> {
        (0..self.count).filter_map(|nth| {
            let (key, answer) = self.entry(nth)?;
            Some((key.try_into().ok()?, answer))
        })
    }

    /// How many answers it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn entry(&self, nth: usize) -> Option<(&[u8], &[u8])> {
        let at = self.index + nth * ENTRY;
        let key = self.bytes.get(at..at + 32)?;
        let start = self.answers.checked_add(number(&self.bytes, at + 32)?)?;
        let answer = self.bytes.get(start..start.checked_add(number(&self.bytes, at + 36)?)?)?;
        Some((key, answer))
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(four)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers() -> Answers {
        (0..50_u8).map(|n| (Secret::of(&[n]).seal(&[n]), vec![n; usize::from(n)])).collect()
    }

    fn written() -> Vec<u8> {
        Pack::write(Kind::Cache, b"{}", &answers(), &Secret::of(b"a secret"))
    }

    fn read(bytes: Vec<u8>) -> Result<Pack, Fault> {
        Pack::read(Kind::Cache, bytes, &Secret::of(b"a secret"))
    }

    #[test]
    fn what_was_written_is_read() {
        let pack = read(written()).unwrap();
        assert_eq!((pack.header(), pack.len()), (&b"{}"[..], 50));
        for (key, answer) in answers() {
            assert_eq!(pack.get(&key), Some(&*answer));
        }
        assert_eq!(pack.get(&[7; 32]), None);
        assert_eq!(pack.iter().map(|(k, a)| (k, a.to_vec())).collect::<Answers>(), answers());
    }

    #[test]
    fn nothing_that_was_changed_is_read() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(changed).is_err(), "byte {at}");
        }
        for length in 0..bytes.len() {
            assert!(read(bytes[..length].to_vec()).is_err(), "{length} bytes");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(read(longer).unwrap_err(), Fault::Seal);
    }

    #[test]
    fn another_key_and_another_kind_are_told() {
        assert_eq!(Pack::read(Kind::Cache, written(), &Secret::open()).unwrap_err(), Fault::Seal);
        assert_eq!(Pack::read(Kind::Shard, written(), &Secret::of(b"a secret")).unwrap_err(), Fault::Kind);
    }

    /// A holder of the key who writes nonsense does no harm.
    #[test]
    fn a_sealed_file_whose_parts_do_not_fit_has_no_answers() {
        let secret = Secret::of(b"a secret");
        let sealed = |body: &[u8]| {
            let bytes = [Kind::Cache.magic().as_slice(), body].concat();
            let seal = secret.seal(&bytes);
            Pack::read(Kind::Cache, [bytes, seal.to_vec()].concat(), &secret)
        };
        assert_eq!(sealed(&[]).unwrap_err(), Fault::Shape);
        assert_eq!(sealed(&u32::MAX.to_le_bytes()).unwrap_err(), Fault::Shape);
        assert_eq!(sealed(&[0, 0, 0, 0, 255, 255, 255, 255]).unwrap_err(), Fault::Shape);
        let beyond = [&[0_u8, 0, 0, 0, 1, 0, 0, 0][..], &[9; 32], &[255; 8]].concat();
        assert_eq!(sealed(&beyond).unwrap().get(&[9; 32]), None);
    }
}

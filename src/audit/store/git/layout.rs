//! How the log lies on the branch.
//!
//! ```text
//! head.json                   size, root and the roots of the complete subtrees
//! log/00/00/01/2c.json        record 300 = 0x12c, byte for byte as it is hashed
//! ids/f0/3a/….json            id, index and root of the record whose id hashes to f03a…
//! parts/9b/….json             lists that were too long for a record, by their SHA-256
//! ```
//!
//! A folder holds 256 entries at most, so an append writes a number of objects logarithmic in the number of records. A
//! record that waits lies alone in a commit without parents: `leaf`, `record.json`, `parts/…`.

use serde::{Deserialize, Serialize};

use crate::audit::tree::{Frontier, Hash};

/// The file that says where the log ends.
pub(super) const HEAD: &str = "head.json";

/// Where the leaf of a record lies. Four bytes count 4,294,967,296 records.
pub(super) fn leaf(index: u64) -> Option<String> {
    let [a, b, c, d] = u32::try_from(index).ok()?.to_be_bytes();
    Some(format!("log/{a:02x}/{b:02x}/{c:02x}/{d:02x}.json"))
}

/// Where the index of a record is noted.
pub(super) fn id(id: &str) -> String {
    let hash = Hash::of(id.as_bytes()).to_string();
    let (a, rest) = hash.split_at(2);
    let (b, rest) = rest.split_at(2);
    format!("ids/{a}/{b}/{rest}.json")
}

/// Where a part lies.
pub(super) fn part(sha256: Hash) -> String {
    let hash = sha256.to_string();
    let (a, rest) = hash.split_at(2);
    format!("parts/{a}/{rest}.json")
}

/// What `ids/…` says about a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) index: u64,
    pub(super) root: String,
}

#[derive(Serialize, Deserialize)]
struct Head {
    size: u64,
    root: String,
    peaks: Vec<String>,
}

/// `head.json` over a tree.
pub(super) fn head(tree: &Frontier) -> serde_json::Result<Vec<u8>> {
    let peaks = tree.peaks().iter().map(Hash::to_string).collect();
    let mut text = serde_json::to_vec_pretty(&Head { size: tree.size(), root: tree.root().to_string(), peaks })?;
    text.push(b'\n');
    Ok(text)
}

/// The tree that a `head.json` states; `None` when it does not prove itself.
pub(super) fn tree(head: &[u8]) -> Option<Frontier> {
    let head: Head = serde_json::from_slice(head).ok()?;
    let peaks = head.peaks.iter().map(|hex| Hash::from_hex(hex)).collect::<Option<Vec<_>>>()?;
    Frontier::restore(head.size, peaks).filter(|tree| tree.root().to_string() == head.root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tree::leaf_hash;

    #[test]
    fn folders_hold_256_entries_at_most() {
        assert_eq!(leaf(300).as_deref(), Some("log/00/00/01/2c.json"));
        assert_eq!(leaf(u64::from(u32::MAX)).as_deref(), Some("log/ff/ff/ff/ff.json"));
        assert_eq!(leaf(1 << 32), None);
        assert!(id("a/../b").starts_with("ids/"));
        assert!(!id("a/../b").contains(".."));
    }

    #[test]
    fn a_head_proves_itself() {
        let mut frontier = Frontier::default();
        for n in 0..7u8 {
            frontier.push(leaf_hash(&[n]));
        }
        let text = head(&frontier).expect("JSON");
        assert_eq!(tree(&text), Some(frontier));
        let other = String::from_utf8(text).expect("text").replace("\"size\": 7", "\"size\": 8");
        assert_eq!(tree(other.as_bytes()), None);
        assert_eq!(tree(b"{}"), None);
    }
}

//! Checkpoints (C2SP tlog-checkpoint): how large a log was and what its root was then, as a signed note.

use super::note::{self, SigningKey, VerifierKey};
use super::tree::Hash;

/// The head of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of its key.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed note.
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign_note(&format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64()))
    }

    /// Reads a signed note, which one of `keys` must have signed under the name that is the origin.
    ///
    /// # Errors
    ///
    /// A [`note::Fault`].
    pub fn open(note: &str, keys: &[VerifierKey]) -> Result<Self, note::Fault> {
        let checkpoint = Self::parse(note::open(note, keys)?).ok_or(note::Fault::Malformed)?;
        let own: Vec<VerifierKey> = keys.iter().filter(|key| key.name == checkpoint.origin).cloned().collect();
        // A witness's signature alone does not make it the log's.
        note::open(note, &own).map(|_| checkpoint)
    }

    /// Reads the text of a note; extension lines are let be.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let number: u64 = size.parse().ok()?;
        let good = !origin.is_empty() && number.to_string() == size && lines.all(|line| !line.is_empty());
        let root = Hash::from_base64(root)?;
        good.then(|| Self { origin: origin.to_owned(), size: number, root })
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use serde_json::Value;

    use super::*;
    use crate::audit::leaf_hash;
    use crate::audit::tree::{proof, tiles};

    /// 16 checkpoints, 15 tiles and 15 bundles that Tessera wrote.
    #[test]
    #[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "its count is a row of docs/audit.md")]
    fn the_log_of_tessera_is_reproduced_byte_for_byte() {
        let text = include_str!("../../tests/data/audit/tessera-log.json");
        let log: Value = serde_json::from_str(text).expect("JSON");
        let key = SigningKey::parse(log["skey"].as_str().expect("a key")).expect("a key");
        assert_eq!(key.verifier().to_string(), log["vkey"]);
        let leaves = "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten";
        let leaves: Vec<&[u8]> = leaves.split(' ').map(str::as_bytes).collect();
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let checkpoints = log["checkpoints"].as_array().expect("a list");
        assert_eq!(checkpoints.len(), 16);
        for (size, note) in checkpoints.iter().enumerate() {
            let note = note.as_str().expect("text");
            let checkpoint = Checkpoint::open(note, &[key.verifier().clone()]).expect("signed");
            assert_eq!((checkpoint.size, checkpoint.root), (size as u64, proof::root(&hashes[..size])));
            assert_eq!(checkpoint.sign(&key), note);
            if size == 0 {
                continue;
            }
            let tile = &tiles::tiles(&hashes[..size])[0];
            assert_eq!(tile.path, format!("tile/0/000.p/{size}"));
            assert_eq!(BASE64.encode(&tile.bytes), log["tiles"][size.to_string()]);
            let bundle = tiles::bundle(leaves[..size].iter().copied()).expect("short");
            assert_eq!(BASE64.encode(&bundle), log["bundles"][size.to_string()]);
        }
        println!("Tessera: 16 of 16 checkpoints, 15 tiles, 15 bundles");
    }

    #[test]
    fn a_text_that_is_no_checkpoint_is_refused() {
        let key = SigningKey::new("a", [1; 32]).expect("a name");
        let root = Hash([0; 32]).to_base64();
        for text in
            ["a\n", "a\n01\nX\n", &format!("a\n01\n{root}\n"), &format!("\n1\n{root}\n"), &format!("b\n1\n{root}\n")]
        {
            assert!(Checkpoint::open(&key.sign_note(text), &[key.verifier().clone()]).is_err(), "{text}");
        }
    }
}

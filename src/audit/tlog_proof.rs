//! Proofs that stand alone (C2SP tlog-proof): a record, its path, and the signed checkpoint that the path leads to.

use data_encoding::BASE64;

use super::checkpoint::Checkpoint;
use super::note::{self, VerifierKey};
use super::tree::{Hash, leaf_hash, proof};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A path is never longer: the tree has at most 2⁶³ leaves.
const MAX_PATH: usize = 63;

/// The contents of a `.tlog-proof` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// The record, byte for byte (`extra`). It is proved by the path, not trusted.
    pub leaf: Vec<u8>,
    /// Its index.
    pub index: u64,
    /// From its sibling up.
    pub path: Vec<Hash>,
    /// The signed note, verbatim.
    pub checkpoint: String,
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not a proof.
    Malformed,
    /// Its checkpoint is not believed.
    Checkpoint(note::Fault),
    /// The path does not lead from the record to the checkpoint's root.
    Path,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is not a tlog-proof with the record in its `extra` line"),
            Self::Checkpoint(fault) => write!(f, "its checkpoint is not believed: {fault}"),
            Self::Path => f.write_str("its path does not lead from the record to the root"),
        }
    }
}

impl TlogProof {
    /// Reads a proof; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let first = lines.next()?;
        let leaf = BASE64.decode(lines.next()?.strip_prefix("extra ")?.as_bytes()).ok()?;
        let index = lines.next()?.strip_prefix("index ")?;
        let number: u64 = index.parse().ok()?;
        let path = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>()?;
        let good = first == FIRST_LINE && number.to_string() == index && path.len() <= MAX_PATH;
        good.then(|| Self { leaf, index: number, path, checkpoint: checkpoint.to_owned() })
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let path: String = self.path.iter().map(|hash| format!("{}\n", hash.to_base64())).collect();
        let leaf = BASE64.encode(&self.leaf);
        format!("{FIRST_LINE}\nextra {leaf}\nindex {}\n{path}\n{}", self.index, self.checkpoint)
    }

    /// Checks the proof with nothing but `keys`, and returns the checkpoint that it stands on.
    ///
    /// # Errors
    ///
    /// A [`Fault`].
    pub fn check(&self, keys: &[VerifierKey]) -> Result<Checkpoint, Fault> {
        let checkpoint = Checkpoint::open(&self.checkpoint, keys).map_err(Fault::Checkpoint)?;
        let leaf = leaf_hash(&self.leaf);
        if proof::verify_inclusion(leaf, self.index, checkpoint.size, &self.path, checkpoint.root) {
            Ok(checkpoint)
        } else {
            Err(Fault::Path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::note::SigningKey;

    #[test]
    fn a_proof_stands_alone_and_no_changed_line_does() {
        let key = SigningKey::new("acme.example/audit", [7; 32]).expect("a name");
        let leaves: Vec<Vec<u8>> = (0..5u8).map(|n| vec![n; 3]).collect();
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let checkpoint = Checkpoint { origin: key.verifier().name.clone(), size: 5, root: proof::root(&hashes) };
        let path = proof::inclusion(&hashes, 3).expect("inside");
        let proof = TlogProof { leaf: leaves[3].clone(), index: 3, path, checkpoint: checkpoint.sign(&key) };
        let text = proof.to_text();
        assert_eq!(TlogProof::parse(&text).as_ref(), Some(&proof));
        let keys = [key.verifier().clone()];
        assert_eq!(proof.check(&keys), Ok(checkpoint));
        let lines: Vec<&str> = text.split('\n').collect();
        for n in 0..lines.len() - 1 {
            let mut fewer = lines.clone();
            fewer.remove(n);
            let checked = TlogProof::parse(&fewer.join("\n")).map(|p| p.check(&keys));
            assert!(!matches!(checked, Some(Ok(_))), "without line {n}");
        }
        assert_eq!(TlogProof { index: 2, ..proof }.check(&keys), Err(Fault::Path));
    }
}

//! Checks a log offline, in layers, each of which rests on those before it: framing, leaves and roots (the store walks
//! them), signatures, pins, identities, references, and what lies beside the log. Coverage is in
//! [`coverage`](super::coverage): it needs a repository.

mod identities;
mod pins;
mod references;

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Serialize;

use super::checkpoint::Checkpoint;
use super::dsse::Signed;
use super::note::VerifierKey;
use super::reading::Reading;
use super::store::{Entry, FileStore, Store};
use super::tree::{Frontier, Hash};
use crate::finding::Diagnostic;
use references::References;

pub use pins::{Pin, Pins};

/// What a store says of a write that never ended: the next append sets it aside.
pub const UNFINISHED: &str = "the file ends within the record, which was not acknowledged";

/// One place that a store itself finds damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Index of the record.
    pub index: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Problem {
    /// What is told where nothing can be made of a damaged log. `store` is its name.
    pub fn fault(&self, store: String) -> Diagnostic {
        Diagnostic::error("audit::tampered", self.to_string()).in_file(store).help("run `changegate audit verify`")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.index, self.what)
    }
}

/// What a log is checked against.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Keys whose signatures are believed.
    pub keys: Vec<VerifierKey>,
    /// Heads that somebody remembers.
    pub pins: Vec<Pin>,
    /// Signed notes.
    pub checkpoints: Vec<String>,
}

/// Which layer a flaw is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Frames, leaf hashes and roots.
    Log,
    /// What a leaf states.
    Statement,
    /// Envelopes and checkpoints.
    Signatures,
    /// Heads that were remembered.
    Pins,
    /// Who stood behind a record.
    Identities,
    /// Records that others rest on.
    References,
    /// Lists and personal fields beside the log.
    Beside,
    /// Commits without a decision.
    Coverage,
}

/// How bad a flaw is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Something is not what was written, or contradicts it.
    Tampered,
    /// Something is missing.
    Incomplete,
    /// Something could not be checked.
    Unverifiable,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// Index of the record; `None` when it is about the log as a whole.
    pub index: Option<u64>,
    /// Where it was found.
    pub layer: Layer,
    /// How bad it is.
    pub grade: Grade,
    /// What is wrong.
    pub what: String,
}

/// What a check of a log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the store.
    pub log: String,
    /// Records that are intact, in order and under the right root.
    pub records: u64,
    /// How many of them are hashes only.
    pub pruned: u64,
    /// Root over these records.
    pub root: Hash,
    /// Records with a good signature.
    pub signed: u64,
    /// Records whose author a token or a signed commit proves.
    pub proved: u64,
    /// A pin or a checkpoint was there to compare with.
    pub pinned: bool,
    /// Some record is signed, and there was no key to check it with.
    pub unchecked_signatures: bool,
    /// By index.
    pub flaws: Vec<Flaw>,
}

impl Report {
    /// 0 ok, 1 tampered, 2 incomplete, 3 cannot verify: the worst of all flaws.
    pub fn exit_code(&self) -> u8 {
        match self.flaws.iter().map(|flaw| flaw.grade).min() {
            None => 0,
            Some(Grade::Tampered) => 1,
            Some(Grade::Incomplete) => 2,
            Some(Grade::Unverifiable) => 3,
        }
    }

    /// The first index at which something is wrong.
    pub fn first_bad(&self) -> Option<u64> {
        self.flaws.iter().filter_map(|flaw| flaw.index).min()
    }
}

/// Checks the log of a [`FileStore`] by itself. A log that was rolled back as a whole is intact by itself.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_file(directory: &Path) -> Result<Report, Diagnostic> {
    verify(&FileStore::new(directory), &Expected::default())
}

/// Checks a log from its first record to its last, in memory that grows with the number of records by a few bytes each.
///
/// # Errors
///
/// `audit::unreadable` when it cannot be read. A log that does not exist has no records.
pub fn verify(store: &dyn Store, expected: &Expected) -> Result<Report, Diagnostic> {
    let mut check = Check::new(store, expected);
    let mut failed = None;
    let problem = store.leaves(0..u64::MAX, &mut |index, entry| match check.entry(index, &entry) {
        Ok(()) => ControlFlow::Continue(()),
        Err(fault) => {
            failed = Some(fault);
            ControlFlow::Break(())
        }
    })?;
    if let Some(fault) = failed {
        return Err(fault);
    }
    let damaged = problem.is_some();
    if let Some(problem) = problem {
        let grade = if problem.what == UNFINISHED { Grade::Incomplete } else { Grade::Tampered };
        check.flaw(Some(problem.index), Layer::Log, grade, problem.what);
    }
    Ok(check.end(damaged))
}

struct Check<'a> {
    store: &'a dyn Store,
    expected: &'a Expected,
    /// Heads that the log must have had.
    heads: Vec<(Layer, u64, Hash)>,
    tree: Frontier,
    references: References,
    report: Report,
}

impl<'a> Check<'a> {
    fn new(store: &'a dyn Store, expected: &'a Expected) -> Self {
        let report = Report {
            log: store.name(),
            records: 0,
            pruned: 0,
            root: Hash::of(&[]),
            signed: 0,
            proved: 0,
            pinned: false,
            unchecked_signatures: false,
            flaws: Vec::new(),
        };
        let heads = expected.pins.iter().map(|pin| (Layer::Pins, pin.size, pin.root)).collect();
        let mut check =
            Self { store, expected, heads, tree: Frontier::default(), references: References::default(), report };
        check.read_checkpoints();
        check.report.pinned = !check.heads.is_empty();
        check.compare_heads();
        check
    }

    fn read_checkpoints(&mut self) {
        for note in &self.expected.checkpoints {
            match Checkpoint::open(note, &self.expected.keys) {
                Ok(checkpoint) => self.heads.push((Layer::Signatures, checkpoint.size, checkpoint.root)),
                Err(fault) => {
                    let grade = match fault {
                        super::note::Fault::BadSignature => Grade::Tampered,
                        _ => Grade::Unverifiable,
                    };
                    self.flaw(None, Layer::Signatures, grade, format!("a checkpoint is not believed: {fault}"));
                }
            }
        }
    }

    fn flaw(&mut self, index: Option<u64>, layer: Layer, grade: Grade, what: impl Into<String>) {
        self.report.flaws.push(Flaw { index, layer, grade, what: what.into() });
    }

    fn entry(&mut self, index: u64, entry: &Entry) -> Result<(), Diagnostic> {
        if index != self.tree.size() {
            self.flaw(Some(self.tree.size()), Layer::Log, Grade::Tampered, "the store leaves the record out");
        }
        self.tree.push(entry.hash());
        self.compare_heads();
        match entry {
            Entry::Pruned(_) => self.report.pruned += 1,
            Entry::Leaf(leaf) => match Reading::of(index, leaf) {
                Some(reading) => self.reading(reading)?,
                None => self.flaw(Some(index), Layer::Statement, Grade::Tampered, "it is not a statement"),
            },
        }
        Ok(())
    }

    /// Compares the tree, as far as it has grown, with the heads of this size.
    fn compare_heads(&mut self) {
        let (size, root) = (self.tree.size(), self.tree.root());
        let wrong = self.heads.iter().filter(|(_, at, due)| *at == size && *due != root).map(|(layer, ..)| *layer);
        for layer in wrong.collect::<Vec<_>>() {
            let what = format!("the first {size} records do not have the root that was remembered");
            self.flaw(size.checked_sub(1), layer, Grade::Tampered, what);
        }
    }

    fn reading(&mut self, mut reading: Reading) -> Result<(), Diagnostic> {
        let index = reading.index;
        self.signature(&reading);
        let mut parts = Vec::new();
        for digest in reading.parts() {
            match self.store.part(digest)? {
                Some(bytes) if Hash::of(&bytes) == digest => parts.push((digest, bytes)),
                Some(_) => self.flaw(Some(index), Layer::Beside, Grade::Tampered, format!("part {digest} was changed")),
                None => self.flaw(Some(index), Layer::Beside, Grade::Incomplete, format!("part {digest} is missing")),
            }
        }
        let find = |digest: Hash| parts.iter().find(|(known, _)| *known == digest).map(|(_, bytes)| bytes.as_slice());
        match identities::check(&reading, &find) {
            identities::Answer::Claimed => {}
            identities::Answer::Proved => self.report.proved += 1,
            identities::Answer::Flawed(grade, what) => self.flaw(Some(index), Layer::Identities, grade, what),
        }
        reading.inline(&mut |digest| find(digest).map(<[u8]>::to_vec));
        for digest in reading.disclosures() {
            match self.store.disclosure(digest)? {
                Some(bytes) if Hash::of(&bytes) == digest => {}
                Some(_) => {
                    self.flaw(Some(index), Layer::Beside, Grade::Tampered, format!("disclosure {digest} was changed"));
                }
                None => self.references.missing_disclosure(index, digest),
            }
        }
        self.references.read(&reading, self.report.pruned, &mut self.report.flaws);
        Ok(())
    }

    fn signature(&mut self, reading: &Reading) {
        let index = Some(reading.index);
        let signed = reading.envelope.as_ref().filter(|envelope| envelope.is_signed());
        if self.expected.keys.is_empty() {
            self.report.unchecked_signatures |= signed.is_some();
            return;
        }
        match signed.map(|envelope| envelope.check(&self.expected.keys)) {
            Some(Signed::Yes) => self.report.signed += 1,
            Some(Signed::Bad) => self.flaw(index, Layer::Signatures, Grade::Tampered, "its signature does not fit"),
            Some(Signed::UnknownKey) => {
                self.flaw(index, Layer::Signatures, Grade::Unverifiable, "none of the given keys signed it");
            }
            // A store repairs its end by itself, without a key.
            None if reading.kind() == "recovery" => {}
            None => self.flaw(index, Layer::Signatures, Grade::Incomplete, "it is not signed"),
        }
    }

    fn end(mut self, damaged: bool) -> Report {
        let size = self.tree.size();
        let short = self.heads.iter().filter(|(_, due, _)| *due > size).map(|(layer, due, _)| (*layer, *due));
        for (layer, due) in short.collect::<Vec<_>>() {
            let what = format!("the log had {due} records and has {size}");
            self.flaw(Some(size), layer, Grade::Tampered, what);
        }
        self.references.end(self.report.pruned, damaged, &mut self.report.flaws);
        self.report.records = size;
        self.report.root = self.tree.root();
        // A flaw of the log as a whole stands before those of its records.
        self.report.flaws.sort_by_key(|flaw| (flaw.index, flaw.layer));
        self.report
    }
}

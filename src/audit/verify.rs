//! Checks a log offline: framing, leaf hashes, roots, and the parts that records name.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;

use super::statement::Reference;
use super::store::{End, acknowledged, walk};
use super::tree::{Frontier, Hash};
use crate::finding::Diagnostic;

/// What a check of a log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Records that are intact, in order and under the right root.
    pub records: u64,
    /// Root over these records.
    pub root: Hash,
    /// What is wrong, by index; empty when the log is intact.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Index of the record.
    pub index: u64,
    /// What is wrong with it.
    pub what: String,
}

/// Checks the log of a [`FileStore`](super::FileStore) from its first byte to its last, in constant memory.
///
/// A log that was rolled back to an earlier state as a whole is intact by itself: only somebody who remembers the root
/// can tell.
///
/// # Errors
///
/// `audit::unreadable` when there is no log or it cannot be read.
pub fn verify_file(directory: &Path) -> Result<Report, Diagnostic> {
    let path = directory.join("log");
    let unreadable = |e: std::io::Error| {
        Diagnostic::error("audit::unreadable", format!("the audit log cannot be read: {e}"))
            .in_file(path.display().to_string())
            .help("name the directory that `--audit` was given")
    };
    let mut log = BufReader::new(File::open(&path).map_err(unreadable)?);
    let mut problems = Vec::new();
    let walk = walk(&mut log, Frontier::default(), 0, |frame| {
        let broken = parts(&frame.leaf).into_iter().filter_map(|part| broken(directory, &part));
        problems.extend(broken.map(|what| Problem { index: frame.index, what }));
    })
    .map_err(unreadable)?;
    let what = match walk.end {
        End::Clean => None,
        End::Short => Some("the file ends within the record".to_owned()),
        End::Damaged(why) => Some(why.to_owned()),
    };
    // The head proves nothing against somebody who edits it too, but it catches a log that was merely cut.
    let gone = acknowledged(directory).is_some_and(|size| size > walk.tree.size());
    let what = what.or_else(|| gone.then(|| "the record was acknowledged and is gone".to_owned()));
    problems.extend(what.map(|what| Problem { index: walk.tree.size(), what }));
    Ok(Report { records: walk.tree.size(), root: walk.tree.root(), problems })
}

/// The parts that a statement names.
fn parts(leaf: &[u8]) -> Vec<Reference> {
    let Ok(statement) = serde_json::from_slice::<Value>(leaf) else { return Vec::new() };
    let lists = ["/why", "/what/resources", "/used/approvals", "/inputs", "/diagnostics"];
    let at = |list: &str| statement.pointer(&format!("/predicate{list}"));
    lists.into_iter().filter_map(at).filter_map(|list| serde_json::from_value(list.clone()).ok()).collect()
}

fn broken(directory: &Path, part: &Reference) -> Option<String> {
    // The name follows from the digest: a record cannot make us read another file.
    let path = directory.join("parts").join(format!("{}.json", Hash::from_hex(&part.sha256)?));
    match fs::read(path) {
        Ok(bytes) if Hash::of(&bytes).to_string() == part.sha256 => None,
        Ok(_) => Some(format!("{} does not have the digest that the record names", part.part)),
        Err(e) => Some(format!("{} cannot be read: {e}", part.part)),
    }
}

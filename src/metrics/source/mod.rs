//! Where records come from. Each source says what it holds and how sure that is; none guesses what another would know.

mod documents;
mod git;
mod github;
#[cfg(test)]
mod tests;

pub use documents::read as documents;
pub use git::{Branch, read as git};
pub use github::read as github;

use jiff::Timestamp;

use super::quality::{Problem, Quality};
use super::record::{Name, Provenance, Records, Trust};
use crate::audit::Store;
use crate::audit::tally::{self, Question};
use crate::finding::Diagnostic;

/// Adds what the audit trail says.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered` when the log is damaged.
pub fn trail(store: &dyn Store, question: &Question, records: &mut Records) -> Result<tally::Tally, Diagnostic> {
    let mut tally = tally::tally(store, question)?;
    records.judged = std::mem::take(&mut tally.changes);
    records.trail = store.name();
    records.decisions = tally.decisions;
    for (problem, count) in [(Problem::Pruned, tally.pruned), (Problem::Unreadable, tally.unreadable)] {
        records.quality.note_many(problem, count, || store.name());
    }
    Ok(tally)
}

/// Entry `index` of a source, in words.
fn place(source: &str, index: u64) -> String {
    format!("{source}, entry {}", index + 1)
}

fn asserted(source: &Name, index: u64) -> Provenance {
    Provenance { source: source.clone(), index, trust: Trust::Asserted }
}

/// An instant that is RFC 3339; anything else is noted.
fn instant(text: Option<&str>, quality: &mut Quality, place: impl FnOnce() -> String) -> Option<Timestamp> {
    let text = text?;
    let read = text.parse().ok();
    if read.is_none() {
        quality.note(Problem::Unreadable, || format!("{}: `{text}` is no instant", place()));
    }
    read
}

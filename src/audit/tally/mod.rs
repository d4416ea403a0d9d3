//! What the trail says in sum: about each change to each service, and about each policy.
//!
//! A store that knows SQL sums up itself ([`Store::tally`]); the records of the others are read once, in constant
//! memory besides the sums. Both count alike: decisions about a difference or a change request, after the index of a
//! working copy; instants in whole seconds.

mod fold;
mod leaf;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;

use super::store::{Entry, Store};
use crate::finding::Diagnostic;
use fold::Fold;

/// Records that are read together.
const BATCH: usize = 4096;

/// The environments whose changes are counted, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Production(pub BTreeSet<String>);

impl Production {
    /// Whether an environment is one of them, however it is written.
    pub fn has(&self, environment: &str) -> bool {
        self.0.contains(&environment.to_lowercase())
    }
}

/// All decisions about one change to one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedChange {
    /// Its id; else its digest, the commit or the record that was judged.
    pub key: Arc<str>,
    /// Id of the change.
    pub change: Option<Arc<str>>,
    /// Its last digest.
    pub digest: Option<Arc<str>>,
    /// The last head that was judged.
    pub head: Option<Arc<str>>,
    /// The service; `None` when no resource of the change belongs to one.
    pub service: Option<Arc<str>>,
    /// Index of the first record.
    pub index: u64,
    /// First decision.
    pub first: Timestamp,
    /// Last decision.
    pub last: Timestamp,
    /// When it was first allowed at stage apply.
    pub applied: Option<Timestamp>,
    /// The latest approval that counted.
    pub approved: Option<Timestamp>,
    /// Decisions.
    pub decisions: u64,
    /// Decisions that denied.
    pub denied: u64,
    /// Most resources of the service in a decision.
    pub resources: u64,
    /// An override lifted a denial.
    pub overridden: bool,
    /// A waiver silenced a finding.
    pub waived: bool,
    /// A freeze stood against it.
    pub frozen: bool,
}

/// What one policy did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyTally {
    /// Decisions to which it applied.
    pub decisions: u64,
    /// Resources and changes that it looked at.
    pub evaluations: u64,
    /// Decisions in which it passed.
    pub passed: u64,
    /// Decisions in which it failed.
    pub failed: u64,
    /// Decisions in which it could not tell.
    pub unknown: u64,
    /// Decisions in which a waiver silenced it.
    pub waived: u64,
    /// Decisions in which an override lifted it.
    pub overridden: u64,
    /// Index of the last record in which it applied.
    pub last: Option<u64>,
}

/// Everything in sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sorted by key and service.
    pub changes: Vec<JudgedChange>,
    /// By id.
    pub policies: BTreeMap<Arc<str>, PolicyTally>,
    /// Decisions that are counted.
    pub decisions: u64,
    /// Decisions about other environments alone.
    pub elsewhere: u64,
    /// Records whose bodies were pruned.
    pub pruned: u64,
    /// Decisions that could not be read, with no instant or with a list that is gone.
    pub unreadable: u64,
}

/// Which decisions are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Environments.
    pub production: Production,
    /// First instant.
    pub since: Option<Timestamp>,
}

/// Sums up what `store` holds.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered` when the log is damaged.
pub fn tally(store: &dyn Store, question: &Question) -> Result<Tally, Diagnostic> {
    if let Some(tally) = store.tally(question)? {
        return Ok(tally);
    }
    let mut fold = Fold::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut failed = None;
    let problem = store.leaves(0..u64::MAX, &mut |index, entry| {
        match entry {
            Entry::Pruned(_) => fold.tally.pruned += 1,
            Entry::Leaf(leaf) => batch.push((index, leaf)),
        }
        if batch.len() < BATCH {
            return ControlFlow::Continue(());
        }
        match add(&mut fold, &mut batch, store, question) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => {
                failed = Some(fault);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(fault) = failed {
        return Err(fault);
    }
    if let Some(problem) = problem {
        return Err(Diagnostic::error("audit::tampered", problem.to_string())
            .in_file(store.name())
            .help("run `changegate audit verify`"));
    }
    add(&mut fold, &mut batch, store, question)?;
    Ok(fold.finish())
}

/// Adds a batch in the order of the log.
fn add(
    fold: &mut Fold,
    batch: &mut Vec<(u64, Vec<u8>)>,
    store: &dyn Store,
    question: &Question,
) -> Result<(), Diagnostic> {
    let read: Vec<_> = batch.par_iter().map(|(index, leaf)| leaf::read(*index, leaf)).collect();
    for decision in read {
        match decision {
            leaf::Read::Other => {}
            leaf::Read::Unreadable => fold.tally.unreadable += 1,
            leaf::Read::Decision(mut decision) => {
                decision.inline(store)?;
                fold.add(&decision, question);
            }
        }
    }
    batch.clear();
    Ok(())
}

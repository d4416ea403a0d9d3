//! What the trail says in sum: about each change to each service, and about each policy.
//!
//! A store that knows SQL sums up itself ([`Store::tally`]); the records of the others are read once, in constant
//! memory besides the sums. Both count alike: decisions about a difference or a change request, after the index of a
//! working copy; instants in whole seconds.

mod ahead;
mod fold;
mod leaf;
mod policies;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::store::{Entry, Store};
use crate::finding::Diagnostic;
use ahead::{Batch, Parsers};
use fold::Fold;
use leaf::Read;
pub(super) use leaf::seconds;
use policies::Policies;

/// Records that are read together.
const BATCH: usize = 1024;

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

impl JudgedChange {
    /// Adds what was judged under another name of the same change.
    pub(crate) fn merge(&mut self, other: &Self) {
        let newer = |one: &Option<Arc<str>>, more: &Option<Arc<str>>| {
            let (first, second) = if other.last > self.last { (more, one) } else { (one, more) };
            first.clone().or_else(|| second.clone())
        };
        self.digest = newer(&self.digest, &other.digest);
        self.head = newer(&self.head, &other.head);
        self.index = self.index.min(other.index);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.applied = [self.applied, other.applied].into_iter().flatten().min();
        self.approved = self.approved.max(other.approved);
        self.decisions += other.decisions;
        self.denied += other.denied;
        self.resources = self.resources.max(other.resources);
        self.overridden |= other.overridden;
        self.waived |= other.waived;
        self.frozen |= other.frozen;
    }
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
    std::thread::scope(|scope| {
        let mut sums = Sums { fold: Fold::default(), policies: Policies::default(), store, question };
        let mut parsers = Parsers::start(scope, question);
        let mut batch: Batch = Vec::with_capacity(BATCH);
        store.all_leaves(0..u64::MAX, &mut |index, entry| {
            match entry {
                Entry::Pruned(_) => sums.fold.tally.pruned += 1,
                Entry::Leaf(leaf) => batch.push((index, leaf)),
            }
            if batch.len() < BATCH {
                return Ok(());
            }
            sums.add(parsers.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))))
        })?;
        sums.add(parsers.send(batch))?;
        while let Some(read) = parsers.rest() {
            sums.add(read)?;
        }
        sums.policies.merge(parsers.finish());
        let mut tally = sums.fold.finish();
        tally.policies = sums.policies.finish();
        Ok(tally)
    })
}

/// Sums while the log is read.
struct Sums<'a> {
    fold: Fold,
    /// Of decisions whose policies lie beside the log.
    policies: Policies,
    store: &'a dyn Store,
    question: &'a Question,
}

impl Sums<'_> {
    /// Adds records in the order of the log.
    fn add(&mut self, read: Vec<Read>) -> Result<(), Diagnostic> {
        for one in read {
            match one {
                Read::Other => {}
                Read::Unreadable => self.fold.tally.unreadable += 1,
                Read::Decision(mut decision) => {
                    decision.inline(self.store, self.question, &mut self.policies)?;
                    self.fold.add(&decision);
                }
            }
        }
        Ok(())
    }
}

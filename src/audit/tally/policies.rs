//! What each policy did, summed up while records are read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::PolicyTally;
use super::fold::FREEZE;

/// What one policy said in a decision.
#[derive(Deserialize)]
pub(super) struct Policy<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    verdict: Verdict,
    #[serde(default)]
    evaluations: u64,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Pass,
    Fail,
    Unknown,
    NotApplicable,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Finding {
    status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Waived,
    Overridden,
    #[serde(other)]
    Other,
}

/// What is remarkable about a decision.
#[derive(Clone, Copy, Default)]
pub(super) struct Marks {
    /// An override lifted a denial.
    pub(super) overridden: bool,
    /// A waiver silenced a finding.
    pub(super) waived: bool,
    /// A freeze stood against it.
    pub(super) frozen: bool,
}

impl Marks {
    /// What is remarkable for one reason or the other.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            overridden: self.overridden || other.overridden,
            waived: self.waived || other.waived,
            frozen: self.frozen || other.frozen,
        }
    }
}

/// Sums by the id of the policy. Their order does not matter: parts of a log may be summed up apart and merged.
#[derive(Default)]
pub(super) struct Policies(pub(super) HashMap<Arc<str>, PolicyTally, foldhash::fast::RandomState>);

impl Policies {
    /// Adds the policies of the decision of record `index`.
    pub(super) fn add(&mut self, policies: &[Policy<'_>], index: u64) -> Marks {
        let mut marks = Marks::default();
        for policy in policies {
            marks = marks.and(policy.marks());
            if policy.verdict != Verdict::NotApplicable {
                self.put(&policy.id, &policy.tally(index));
            }
        }
        marks
    }

    /// Adds what was summed up elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        for (id, tally) in other.0 {
            self.put(&id, &tally);
        }
    }

    fn put(&mut self, id: &str, more: &PolicyTally) {
        // Most ids are known, and are not copied to look them up.
        match self.0.get_mut(id) {
            Some(tally) => tally.merge(more),
            None => drop(self.0.insert(id.into(), more.clone())),
        }
    }
}

impl Policy<'_> {
    fn has(&self, status: Status) -> bool {
        self.findings.iter().any(|finding| finding.status == status)
    }

    fn marks(&self) -> Marks {
        Marks {
            overridden: self.has(Status::Overridden),
            waived: self.has(Status::Waived),
            frozen: self.verdict == Verdict::Fail && self.id == FREEZE,
        }
    }

    fn tally(&self, index: u64) -> PolicyTally {
        let is = |verdict| u64::from(self.verdict == verdict);
        PolicyTally {
            decisions: 1,
            evaluations: self.evaluations,
            passed: is(Verdict::Pass),
            failed: is(Verdict::Fail),
            unknown: is(Verdict::Unknown),
            waived: u64::from(self.has(Status::Waived)),
            overridden: u64::from(self.has(Status::Overridden)),
            last: Some(index),
        }
    }
}

impl PolicyTally {
    fn merge(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.evaluations += other.evaluations;
        self.passed += other.passed;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.waived += other.waived;
        self.overridden += other.overridden;
        self.last = self.last.max(other.last);
    }
}

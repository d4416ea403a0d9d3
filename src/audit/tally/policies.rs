//! What each policy did, summed up while records are read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::PolicyTally;
use super::fold::FREEZE;

/// What one policy said in a decision.
#[derive(Deserialize)]
struct Policy<'a> {
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

/// Most texts that are remembered, and the longest one.
const MOST: usize = 4_096;
const LONGEST: usize = 1_024;

/// Sums by the id of the policy. Their order does not matter: parts of a log may be summed up apart and merged.
///
/// A policy mostly says the same in one decision after the other, to the letter: such a text is read once.
#[derive(Default)]
pub(super) struct Policies {
    sums: HashMap<Arc<str>, PolicyTally, foldhash::fast::RandomState>,
    said: Vec<Said>,
    places: HashMap<Box<str>, usize, foldhash::fast::RandomState>,
}

/// What one text says, and how it adds up.
pub(super) struct Said {
    id: Arc<str>,
    marks: Marks,
    once: PolicyTally,
    sum: PolicyTally,
}

/// What a policy said in one decision.
pub(super) enum Saying {
    /// Its place among those that were said before.
    Again(usize),
    /// One that is not remembered.
    New(Box<Said>),
}

impl Policies {
    /// Reads what the policies of a decision said; `None` when that cannot be read.
    pub(super) fn read(&mut self, texts: &[&RawValue]) -> Option<Vec<Saying>> {
        texts.iter().map(|text| self.one(text.get())).collect()
    }

    fn one(&mut self, text: &str) -> Option<Saying> {
        if let Some(place) = self.places.get(text) {
            return Some(Saying::Again(*place));
        }
        let said = Said::of(&serde_json::from_str(text).ok()?);
        if self.said.len() == MOST || text.len() > LONGEST {
            return Some(Saying::New(Box::new(said)));
        }
        let place = self.said.len();
        self.said.push(said);
        self.places.insert(text.into(), place);
        Some(Saying::Again(place))
    }

    /// Adds what was said in the decision of record `index`.
    pub(super) fn add(&mut self, sayings: Vec<Saying>, index: u64) -> Marks {
        let mut marks = Marks::default();
        for saying in sayings {
            match saying {
                Saying::Again(place) => {
                    let Some(said) = self.said.get_mut(place) else { continue };
                    said.add(index);
                    marks = marks.and(said.marks);
                }
                Saying::New(mut said) => {
                    said.add(index);
                    marks = marks.and(said.marks);
                    self.put(said.id, &said.sum);
                }
            }
        }
        marks
    }

    /// Adds what was summed up elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        let said = other.said.into_iter().map(|said| (said.id, said.sum));
        for (id, sum) in other.sums.into_iter().chain(said) {
            self.put(id, &sum);
        }
    }

    /// By id.
    pub(super) fn finish(mut self) -> BTreeMap<Arc<str>, PolicyTally> {
        for said in std::mem::take(&mut self.said) {
            self.put(said.id, &said.sum);
        }
        self.sums.into_iter().collect()
    }

    /// A policy that only ever said that it does not apply is none.
    fn put(&mut self, id: Arc<str>, more: &PolicyTally) {
        if more.decisions > 0 {
            self.sums.entry(id).or_default().merge(more);
        }
    }
}

impl Said {
    fn of(policy: &Policy<'_>) -> Self {
        let once = if policy.verdict == Verdict::NotApplicable { PolicyTally::default() } else { policy.tally() };
        Self { id: policy.id.as_ref().into(), marks: policy.marks(), once, sum: PolicyTally::default() }
    }

    fn add(&mut self, index: u64) {
        self.sum.merge(&self.once);
        if self.once.decisions > 0 {
            self.sum.last = self.sum.last.max(Some(index));
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

    fn tally(&self) -> PolicyTally {
        let is = |verdict| u64::from(self.verdict == verdict);
        PolicyTally {
            decisions: 1,
            evaluations: self.evaluations,
            passed: is(Verdict::Pass),
            failed: is(Verdict::Fail),
            unknown: is(Verdict::Unknown),
            waived: u64::from(self.has(Status::Waived)),
            overridden: u64::from(self.has(Status::Overridden)),
            last: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What `texts` come to: of records 0, 1, …, each with one policy.
    fn sums(texts: &[String]) -> BTreeMap<Arc<str>, PolicyTally> {
        let mut policies = Policies::default();
        for (index, text) in (0..).zip(texts) {
            let read = policies.read(&[&RawValue::from_string(text.clone()).unwrap()]).unwrap();
            policies.add(read, index);
        }
        assert!(policies.said.len() <= MOST);
        policies.finish()
    }

    #[test]
    fn what_is_too_much_or_too_long_to_be_remembered_counts_as_well() {
        let said = |n: usize| format!(r#"{{"id":"CHG-001","verdict":"pass","evaluations":{n},"findings":[]}}"#);
        let mut texts: Vec<String> = (0..MOST + 10).map(said).collect();
        texts.extend([said(MOST + 5), said(3), format!(r#"{{"id":"{}","verdict":"fail"}}"#, "x".repeat(LONGEST))]);
        let sums = sums(&texts);
        let (n, evaluations) = (MOST + 12, (0..MOST + 10).sum::<usize>() + MOST + 8);
        let one = &sums["CHG-001"];
        assert_eq!((one.decisions, one.passed, one.evaluations), (n as u64, n as u64, evaluations as u64));
        assert_eq!(one.last, Some(n as u64 - 1));
        assert_eq!(sums[&*"x".repeat(LONGEST)].failed, 1);
    }

    #[test]
    fn what_does_not_apply_is_no_decision_of_it_and_what_cannot_be_read_is_none() {
        let silent = r#"{"id":"CHG-001","verdict":"not_applicable"}"#.to_owned();
        assert!(sums(&[silent.clone(), silent]).is_empty());
        let odd = RawValue::from_string(r#"{"id":"CHG-001"}"#.to_owned()).unwrap();
        assert!(Policies::default().read(&[&odd]).is_none());
    }
}

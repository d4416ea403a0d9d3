//! The findings by what the reader has to do about them.

use crate::facts::Stage;
use crate::finding::{Answer, Finding, Status};
use crate::outcome::Outcome;

/// Each list is sorted from the worst, then as the outcome has them.
pub(super) struct Sections<'a> {
    /// Stand in the way.
    pub(super) blocking: Vec<&'a Finding>,
    /// Open, and do not.
    pub(super) other: Vec<&'a Finding>,
    /// Waived or overridden.
    pub(super) lifted: Vec<&'a Finding>,
    /// Older than the change.
    pub(super) preexisting: Vec<&'a Finding>,
}

impl<'a> Sections<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        let (open, rest): (Vec<_>, Vec<_>) = outcome.findings.iter().partition(|f| f.status == Status::Open);
        let (mut blocking, mut other): (Vec<&Finding>, Vec<_>) =
            open.into_iter().partition(|f| f.blocks(outcome.stage == Stage::Apply));
        let (mut preexisting, lifted): (Vec<&Finding>, Vec<_>) =
            rest.into_iter().partition(|f| f.status == Status::Preexisting);
        blocking.sort_by_key(|f| (f.pending, f.severity));
        other.sort_by_key(|f| (f.answer == Answer::Unknown, f.severity));
        preexisting.sort_by_key(|f| f.severity);
        Self { blocking, other, lifted, preexisting }
    }
}

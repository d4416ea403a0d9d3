//! One history of all sources: records of one change are one, deployments know their incidents, services their teams.
//!
//! Linked is what names the same change, digest or commit. Nothing is linked by being close in time.

mod aliases;
mod debts;
mod deployments;
mod link;
mod owners;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;

use super::quality::Quality;
use super::record::{Name, Provenance};

pub use link::link;
pub use owners::{Owner, Owners};

/// A service that something is known about.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its bare name.
    pub name: Name,
    /// Index of its team; `None` when the catalogue gives it no owner.
    pub team: Option<usize>,
    /// Recovery time objective, in hours.
    pub rto: Option<f64>,
    /// First record.
    pub first: Timestamp,
}

/// A change that got into production, once for each service, however many waves and regions it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployed {
    /// Index of the service.
    pub service: usize,
    /// Id of the change.
    pub change: Option<Name>,
    /// When its first wave was done.
    pub at: Timestamp,
    /// It needed intervention: it broke, was taken back, or caused an incident.
    pub failed: bool,
    /// The canary stopped it before users were hurt.
    pub caught: bool,
    /// Made because of an incident.
    pub unplanned: bool,
    /// Whether a change that the gate never judged was an emergency; `None` where it did, or no index of changes knows it.
    pub emergency: Option<bool>,
    /// Hours from its first commit.
    pub lead: Option<f64>,
    /// How long users were hurt, when it failed.
    pub recovery: Option<Recovery>,
    /// Who deployed.
    pub actor: Option<Name>,
    /// Where it was read.
    pub provenance: Provenance,
}

/// How long something took, or takes already.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recovery {
    /// Hours.
    pub hours: f64,
    /// Whether it is over.
    pub over: bool,
}

/// An incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    /// Its id.
    pub id: Name,
    /// Indices of its services.
    pub services: Vec<usize>,
    /// When it began.
    pub started: Timestamp,
    /// A change caused it.
    pub by_change: bool,
    /// It repeats an incident: it says so, or has a cause of the one before on the same service, at most 90 days ago.
    /// `None` where there was none, or causes are not known. Of the one before alone, so that it does not depend on how
    /// many incidents there are.
    pub repeats: Option<bool>,
    /// Where it was read.
    pub provenance: Provenance,
}

/// A change to a service as the gate judged it.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// What tells it from others.
    pub key: Name,
    /// Index of the service.
    pub service: Option<usize>,
    /// First decision.
    pub at: Timestamp,
    /// Resources that it touches.
    pub resources: u64,
    /// An emergency; `None` where no index of changes knows it.
    pub emergency: Option<bool>,
    /// An override lifted a denial.
    pub overridden: bool,
    /// A waiver silenced a finding.
    pub waived: bool,
    /// A freeze stood against it.
    pub frozen: bool,
    /// Hours from its last approval to its first apply.
    pub review_age: Option<f64>,
}

/// Something that was due, and may still be owed.
#[derive(Clone, Debug, PartialEq)]
pub struct Debt {
    /// Index of the team.
    pub team: Option<usize>,
    /// Indices of the services that it is about.
    pub services: Vec<usize>,
    /// What.
    pub kind: DebtKind,
    /// Since when.
    pub due: Timestamp,
    /// Change, or what the action follows from.
    pub about: Option<Name>,
    /// The review is written, the action done.
    pub paid: bool,
}

/// What can be owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebtKind {
    /// A post-implementation review.
    Review,
    /// An action of a review or a post-mortem.
    Action,
}

/// Everything that happened.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The instant of the report.
    pub now: Timestamp,
    /// Services, in the order of their names.
    pub services: Vec<Service>,
    /// Names of teams, sorted.
    pub teams: Vec<Name>,
    /// In the order of time.
    pub deployments: Vec<Deployed>,
    /// In the order of time.
    pub outages: Vec<Outage>,
    /// In the order of time.
    pub changes: Vec<Changed>,
    /// Due by `now`, oldest first: those that are not paid are overdue.
    pub debts: Vec<Debt>,
    /// Decisions of the gate.
    pub decisions: u64,
    /// What was wrong with the records.
    pub quality: Quality,
}

/// Hours between two instants.
fn hours(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() / 3600.0
}

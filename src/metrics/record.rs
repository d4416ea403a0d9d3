//! What happened, as one source tells it: decisions, deployments, incidents, reviews. Not linked yet.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::quality::Quality;
use crate::audit::tally::JudgedChange;

/// A name that many records share.
pub type Name = Arc<str>;

/// A map of names. Its hasher is seeded at random as that of the standard library is, and is faster.
pub(crate) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A set of names, hashed alike.
pub(crate) type Set<K> = HashSet<K, foldhash::fast::RandomState>;

/// Keeps each name once.
#[derive(Debug, Default)]
pub struct Names(Set<Name>);

impl Names {
    /// The shared name.
    pub fn of(&mut self, text: &str) -> Name {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let name: Name = text.into();
        self.0.insert(name.clone());
        name
    }
}

/// How sure it is that a record is true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Somebody wrote it down.
    #[default]
    Asserted,
    /// It is in the audit trail, or follows from commits.
    Verified,
}

/// Where a record comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Path of the document, address of the log, or branch.
    pub source: Name,
    /// Index of the entry or record in it.
    pub index: u64,
    /// How sure it is.
    pub trust: Trust,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentResult {
    /// Never got into production.
    Cancelled,
    /// Did what it should.
    Success,
    /// The canary stopped it before users were hurt: the control worked.
    AbortedCanary,
    /// Taken back.
    RolledBack,
    /// Broke.
    Failed,
}

impl DeploymentResult {
    /// The word in a DeployHistory.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().replace('_', "-").as_str() {
            "success" | "successful" | "succeeded" => Self::Success,
            "failed" | "failure" | "error" => Self::Failed,
            "rolled-back" => Self::RolledBack,
            "aborted-canary" | "canary-aborted" => Self::AbortedCanary,
            "cancelled" | "canceled" => Self::Cancelled,
            _ => return None,
        })
    }
}

/// A deployment of one service to production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Its id at the source.
    pub id: Option<Name>,
    /// Id of the change.
    pub change: Option<Name>,
    /// Digest of the change.
    pub digest: Option<Name>,
    /// The commit that was deployed, or its merge.
    pub commit: Option<Name>,
    /// The service.
    pub service: Name,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was done.
    pub finished: Timestamp,
    /// When the first commit of it was made.
    pub committed: Option<Timestamp>,
    /// How it ended.
    pub result: DeploymentResult,
    /// Id of the deployment, or of the change, that it takes back.
    pub rollback_of: Option<Name>,
    /// Made because of an incident.
    pub unplanned: bool,
    /// Who deployed; only shown when people are asked for.
    pub actor: Option<Name>,
    /// Where it was read.
    pub provenance: Provenance,
}

/// What an incident is said to be caused by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// A change, by id.
    Change(Name),
    /// No change.
    None,
    /// Nobody has said.
    #[default]
    Unknown,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: Name,
    /// Services that it hit.
    pub services: Vec<Name>,
    /// When it began.
    pub started: Timestamp,
    /// When users were well again; `None` while it is open.
    pub recovered: Option<Timestamp>,
    /// What caused it.
    pub cause: Cause,
    /// Tags of its causes.
    pub tags: Vec<Name>,
    /// The incident that it repeats.
    pub recurrence_of: Option<Name>,
    /// Where it was read.
    pub provenance: Provenance,
}

/// A post-implementation review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Id of the change.
    pub change: Name,
    /// In the words of the review: `successful`, `rolled-back`, ….
    pub outcome: Option<Name>,
    /// Where it was read.
    pub provenance: Provenance,
}

/// Something that a review or a post-mortem asks to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionItem {
    /// Change or incident that it follows from.
    pub follows: Option<Name>,
    /// Who does it: a team, where it is one of the catalogue.
    pub owner: Option<Name>,
    /// Last day.
    pub due: Option<Date>,
    /// Whether it is done.
    pub done: bool,
    /// Where it was read.
    pub provenance: Provenance,
}

/// What an index of changes says about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its id.
    pub change: Name,
    /// An emergency.
    pub emergency: bool,
    /// The team that makes it.
    pub team: Option<Name>,
}

/// Everything that was read, source after source.
#[derive(Debug, Default)]
pub struct Records {
    /// Names of them all.
    pub names: Names,
    /// What the audit trail says about each change to each service.
    pub judged: Vec<JudgedChange>,
    /// Name of the audit trail.
    pub trail: String,
    /// Decisions that the trail holds.
    pub decisions: u64,
    /// Deployments to production.
    pub deployments: Vec<Deployment>,
    /// Incidents.
    pub incidents: Vec<Incident>,
    /// Reviews.
    pub reviews: Vec<Review>,
    /// Actions.
    pub actions: Vec<ActionItem>,
    /// Changes that were announced.
    pub announced: Vec<Announced>,
    /// What was wrong with them.
    pub quality: Quality,
}

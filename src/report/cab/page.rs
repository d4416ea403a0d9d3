//! What the templates see: words and pictures, nothing to work out.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Item, Record, change, conflicts};
use crate::report::text;

/// The whole pack.
#[derive(Serialize)]
pub(super) struct Agenda {
    pub title: String,
    pub made_at: String,
    pub zone: String,
    pub version: &'static str,
    pub changes: Vec<Change>,
    pub conflicts: Vec<Conflict>,
    /// All changes over one time axis; only for several.
    pub calendar: Option<String>,
}

/// Two changes that get into each other's way.
#[derive(Serialize)]
pub(super) struct Conflict {
    pub first: String,
    pub second: String,
    pub kind: &'static str,
    pub detail: String,
}

/// One change.
#[derive(Default, Serialize)]
pub(super) struct Change {
    /// For links inside the page.
    pub anchor: String,
    pub id: String,
    pub title: String,
    pub facts: Vec<Fact>,
    pub decision: Word,
    pub sentence: String,
    pub recommendation: String,
    pub why: Vec<String>,
    pub justification: String,
    pub risk: Risk,
    pub resources: Vec<Resource>,
    pub services: Vec<Service>,
    pub schedule: Schedule,
    pub evidence: Vec<Evidence>,
    pub delivery: Delivery,
    pub rollback: Vec<Fact>,
    pub rollback_steps: Vec<String>,
    pub reliability: Vec<Fact>,
    pub incidents: Vec<Incident>,
    pub seats: Vec<Seat>,
    pub approvals: Vec<Approval>,
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<String>,
    pub exceptions: Vec<Finding>,
    pub controls: Vec<Control>,
    pub questions: Vec<String>,
    pub inputs: Vec<Input>,
    pub digest: String,
    pub record: Option<Record>,
}

/// A word with the colour that goes with it: `good`, `warn` or `bad`.
#[derive(Clone, Default, Serialize)]
pub(super) struct Word {
    pub word: String,
    pub tone: &'static str,
}

impl Word {
    pub(super) fn new(word: impl Into<String>, tone: &'static str) -> Self {
        Self { word: word.into(), tone }
    }
}

/// A name and what it is.
#[derive(Serialize)]
pub(super) struct Fact {
    pub name: &'static str,
    pub value: String,
    /// How good that is; empty for what is neither.
    pub tone: &'static str,
}

impl Fact {
    pub(super) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), tone: "" }
    }

    pub(super) fn toned(name: &'static str, value: impl Into<String>, tone: &'static str) -> Self {
        Self { name, value: value.into(), tone }
    }
}

#[derive(Default, Serialize)]
pub(super) struct Risk {
    pub level: Word,
    pub declared: String,
    pub computed: String,
    pub score: Option<u32>,
    pub chart: Option<String>,
    pub factors: Vec<Factor>,
    pub floors: Vec<String>,
    pub history: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Factor {
    pub id: String,
    pub group: String,
    pub points: String,
    pub evidence: String,
    pub source: String,
}

#[derive(Serialize)]
pub(super) struct Resource {
    pub action: Word,
    pub id: String,
    pub service: String,
    pub environment: String,
    pub stateful: bool,
    pub place: String,
    pub changes: Vec<Attribute>,
    pub more: usize,
}

#[derive(Serialize)]
pub(super) struct Attribute {
    pub path: String,
    pub before: String,
    pub after: String,
}

#[derive(Serialize)]
pub(super) struct Service {
    pub name: String,
    pub tier: String,
    pub owner: String,
    pub rto: String,
    pub rpo: String,
    pub slo: String,
    pub regulatory: String,
    pub runbook: String,
}

#[derive(Default, Serialize)]
pub(super) struct Schedule {
    pub facts: Vec<Fact>,
    pub chart: Option<String>,
    pub freezes: Vec<Freeze>,
    pub next_open: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Freeze {
    pub name: String,
    pub kind: Word,
    pub when: String,
    pub applies: Word,
    pub reason: String,
    pub source: String,
}

#[derive(Serialize)]
pub(super) struct Evidence {
    pub what: &'static str,
    pub detail: String,
    pub age: String,
    /// `verified`, `asserted` or `missing`.
    pub badge: Word,
}

#[derive(Default, Serialize)]
pub(super) struct Delivery {
    pub method: String,
    pub steps: Vec<String>,
    pub metrics: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Incident {
    pub id: String,
    pub title: String,
    pub severity: String,
    pub status: Word,
    pub when: String,
    pub services: String,
}

/// A role that has to approve.
#[derive(Serialize)]
pub(super) struct Seat {
    pub role: String,
    pub needed: u32,
    pub filled: String,
    pub met: Word,
}

#[derive(Serialize)]
pub(super) struct Approval {
    pub who: String,
    pub roles: String,
    pub decision: String,
    pub method: String,
    pub at: String,
    pub counts: Word,
    pub why_not: String,
}

#[derive(Serialize)]
pub(super) struct Finding {
    pub policy: String,
    pub title: String,
    pub severity: String,
    pub enforcement: String,
    pub status: Word,
    pub message: String,
    pub remediation: String,
    pub place: String,
    pub because: String,
}

#[derive(Serialize)]
pub(super) struct Control {
    pub framework: String,
    pub control: String,
    pub policies: String,
    pub result: Word,
}

#[derive(Serialize)]
pub(super) struct Input {
    pub path: String,
    pub sha256: String,
    pub as_of: String,
}

impl Agenda {
    pub(super) fn of(items: &[Item<'_>], zone: &TimeZone, now: Timestamp) -> Self {
        let mut changes: Vec<Change> = items.iter().map(|item| change::page(item, zone, now)).collect();
        for (index, change) in changes.iter_mut().enumerate() {
            change.anchor = format!("change-{}", index + 1);
        }
        let title = match changes.as_slice() {
            [one] if !one.id.is_empty() => format!("{}: {}", one.id, one.title),
            [_] => "A change without a request".to_owned(),
            many => format!("{} changes before the board", many.len()),
        };
        Self {
            title,
            made_at: text::instant(now, zone),
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            conflicts: conflicts::among(items, zone),
            calendar: conflicts::calendar(items, now, zone),
            changes,
        }
    }
}

//! The change request: what was promised about a change, typed, with its text at hand.

mod delivery;
mod document;
mod effects;
mod evidence;
mod rollback;
mod scope;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use self::delivery::{
    BlueGreen, Controller, DeliveryMetric, DeliveryStep, Exemption, Method, ProgressiveDelivery, Wave,
};
pub use self::document::{
    ChangeClass, ChangeRequest, ChangeType, CustomerImpact, ExternalRef, Impact, Implementer, Metadata, PlanStep,
    Requester, Risk, RiskLevel, Spec, TemplateRef, Validation,
};
pub use self::effects::{
    Communications, DataConsistency, DrImpact, Failback, FeatureFlag, Notice, SchemaMigration, Silence,
};
pub use self::evidence::{
    Approval, Attendee, Attestation, Backup, BackupVerification, Cab, CabCondition, Evidence, FreezeOverride, LoadTest,
    Monitoring, OverrideApproval, PreChecks, RightSizing, Staging,
};
pub use self::rollback::{Comparator, DataReversibility, Rollback, Strategy, Trigger};
pub use self::scope::{
    Artifacts, Booking, Coordination, Dependencies, DestructiveAction, Image, RedundancyReduction, Schedule, Scope,
    ServiceRef,
};

use super::canonical;
use crate::facts::{Assessment, Instant, Occupied, RiskFacts, Stage, WindowOfChange};
use crate::finding::Diagnostic;
use crate::parse::de::from_node;
use crate::parse::tree::Node;
use crate::source::Span;

/// `apiVersion` of every document of ours.
pub const API_VERSION: &str = "changegate/v1";

/// A change request that was read and is well-formed. Whether it is complete is for the policies.
#[derive(Clone, Debug)]
pub struct Request {
    /// The fields that Rust needs, checked.
    pub typed: ChangeRequest,
    /// The document as written, without `status`, which tools write.
    pub node: Node,
    /// Path of its file, as shown.
    pub file: Arc<str>,
}

impl Request {
    /// Reads a request from its one document.
    ///
    /// # Errors
    ///
    /// `document::*` for what does not fit the schema and `request::kind` for another kind of document, each at
    /// its place.
    pub fn read(file: impl Into<Arc<str>>, document: &Node) -> Result<Self, Vec<Diagnostic>> {
        check_kind(document).map_err(|fault| vec![fault])?;
        let typed: ChangeRequest = from_node(document).map_err(|fault| vec![fault])?;
        check_length(typed.spec.schedule.as_ref(), document).map_err(|fault| vec![fault])?;
        let node = without_status(document);
        match canonical::first_inexact(&node) {
            None => Ok(Self { typed, node, file: file.into() }),
            Some(number) => Err(vec![inexact(number.span)]),
        }
    }

    /// `metadata.id`.
    pub fn id(&self) -> &str {
        &self.typed.metadata.id.0
    }

    /// `spec`, empty when the request has none.
    pub fn spec(&self) -> &Spec {
        &self.typed.spec
    }

    /// When the change happens and what it occupies: `[start, end + rollback)` before the merge,
    /// `[now, max(now, end) + rollback)` at stage apply (change-control, Freeze 5). `None` without `schedule.start`.
    pub fn window(&self, stage: Stage, now: Timestamp) -> Option<WindowOfChange> {
        let schedule = self.spec().schedule.as_ref()?;
        let start = schedule.start?.0;
        let end = schedule.end.map_or(start, |end| end.0);
        let rollback = self.spec().rollback.as_ref().and_then(|r| r.max_duration).unwrap_or_default();
        let (from, work_ends) = match stage {
            Stage::Apply => (now, end.max(now)),
            // An end before its start is a finding of the policies; until then nothing may get shorter.
            Stage::Commit | Stage::PullRequest => (start, end.max(start)),
        };
        let occupied = occupied(from, work_ends, rollback.signed());
        let (start, end) = (Instant(start), Instant(end));
        Some(WindowOfChange { start, start_ns: start.ns(), end, end_ns: end.ns(), rollback_ns: rollback.ns, occupied })
    }

    /// `spec.risk.declared`; it counts until a model computes one.
    pub fn risk(&self) -> RiskFacts {
        let declared = self.spec().risk.as_ref().and_then(|risk| risk.declared).map(|level| level.as_str().to_owned());
        RiskFacts::new(declared, Assessment::default())
    }

    /// Requester and implementer, as written.
    pub fn participants(&self) -> impl Iterator<Item = &str> {
        let requester = self.spec().requester.as_ref().and_then(|r| r.id.as_ref());
        let implementer = self.spec().implementer.as_ref().and_then(|i| i.id.as_ref());
        [requester, implementer].into_iter().flatten().map(|id| id.0.as_str())
    }
}

/// `orders-api` of `component:default/orders-api`; a bare name is one already.
pub fn bare_name(reference: &str) -> &str {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.rsplit(':').next().unwrap_or(name)
}

fn occupied(start: Timestamp, work_ends: Timestamp, rollback: SignedDuration) -> Occupied {
    let end = work_ends.saturating_add(rollback).unwrap_or(Timestamp::MAX);
    let (start, end) = (Instant(start), Instant(end));
    Occupied { start, start_ns: start.ns(), end, end_ns: end.ns() }
}

fn check_kind(document: &Node) -> Result<(), Diagnostic> {
    let wrong = |key: &str, expected: &str| {
        let node = document.get(key).filter(|node| node.as_str() != Some(expected))?;
        let found = node.as_str().map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
        let message = format!("this is not a change request: `{key}` is {found}");
        Some(
            Diagnostic::error("request::kind", message)
                .at(node.span)
                .label(format!("expected `{expected}`"))
                .help(format!("a change request starts with `apiVersion: {API_VERSION}` and `kind: ChangeRequest`")),
        )
    };
    wrong("apiVersion", API_VERSION).or_else(|| wrong("kind", "ChangeRequest")).map_or(Ok(()), Err)
}

/// Calendars are expanded over a change; a year is the most that makes sense and stays cheap.
fn check_length(schedule: Option<&Schedule>, document: &Node) -> Result<(), Diagnostic> {
    const YEAR: SignedDuration = SignedDuration::from_hours(366 * 24);
    let length = schedule.and_then(|s| Some(s.end?.0.duration_since(s.start?.0))).unwrap_or_default();
    match document.at(&["spec", "schedule", "end"]) {
        Some(end) if length > YEAR => Err(Diagnostic::error("document::value", "a change longer than a year")
            .at(end.span)
            .label("more than 366 days after `start`")
            .help("split it into changes that end")),
        _ => Ok(()),
    }
}

fn without_status(document: &Node) -> Node {
    let mut node = document.clone();
    if let crate::parse::tree::Value::Map(map) = &mut node.value {
        map.remove("status");
    }
    node
}

/// Two such numbers can have one canonical text, and an approval of one would be an approval of the other.
fn inexact(span: Span) -> Diagnostic {
    Diagnostic::error("document::value", "a number too large or too long to be exact")
        .at(span)
        .label("a double cannot hold it")
        .help("put it in quotes; the change digest is computed over canonical JSON (RFC 8785)")
}

#[cfg(test)]
mod tests;

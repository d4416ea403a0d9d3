//! The shared part of the policy input: the moment, the change and the state of the world.
//!
//! Field names are the contract; see `docs/policy-input.md` for what each one means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::migration::MigrationFacts;
use super::origin::Origin;
use super::pipeline::PipelineFacts;
use super::{OverrideFacts, RiskFacts, WaiverFacts};
use crate::parse::tree::Node;

/// Where in the life of a change the gate stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Before a commit: the index against `HEAD`, offline.
    Commit,
    /// On a pull request: the planned window is judged.
    #[default]
    PullRequest,
    /// Just before apply or promotion: the present instant is judged.
    Apply,
}

impl Stage {
    /// All of them, in the order of a change's life.
    pub const ALL: [Self; 3] = [Self::Commit, Self::PullRequest, Self::Apply];

    /// The word on the command line and in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::PullRequest => "pull-request",
            Self::Apply => "apply",
        }
    }
}

/// Whether there is something to compare with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// No base: everything is judged as it stands.
    #[default]
    Present,
    /// A base or a plan tells what the change does.
    Difference,
}

/// An instant in the two forms that policies need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(transparent)]
pub struct Instant(#[schemars(with = "String")] pub Timestamp);

impl Instant {
    /// Nanoseconds since 1970 UTC. Saturates at the ends of 64 bits (the years 1677 and 2262).
    pub fn ns(self) -> i64 {
        let ns = self.0.as_nanosecond();
        i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
    }
}

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

/// Who runs the gate, and how sure that is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Actor {
    /// Canonical person when the identity map knows one.
    pub id: Option<String>,
    /// Login at the forge or of the machine.
    pub login: Option<String>,
    /// E-mail address as configured; a claim.
    pub email: Option<String>,
    /// `A0` self-asserted, `A1` CI environment, … (change-control, Assurance levels).
    pub assurance: String,
    /// Where it was read: `git-config`, `github-actions`, ….
    pub method: String,
}

/// The repository's side of the change.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct GitFacts {
    /// Commit id of the base that was asked for.
    pub base: String,
    /// Commit id of the head; null when the head is the index or the working tree.
    pub head: Option<String>,
    /// Commit id that is trusted and compared with.
    pub merge_base: String,
    /// Branch of the head, when one is checked out.
    pub branch: Option<String>,
    /// Commits of the change, newest first.
    pub commits: Vec<CommitFacts>,
    /// E-mail addresses of all authors, sorted.
    pub authors: Vec<String>,
    /// Files that differ, sorted by path.
    pub files: Vec<FileFacts>,
    /// Canonical persons who contributed, sorted.
    pub contributors: Vec<String>,
    /// The pull request, when the forge's description of it was handed over.
    pub pull_request: Option<PullRequestFacts>,
    /// Files that decide whether the gate runs.
    pub pipelines: Vec<PipelineFacts>,
    /// Database migrations.
    pub migrations: Vec<MigrationFacts>,
}

/// A pull or merge request as the forge describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PullRequestFacts {
    /// `github` or `gitlab`.
    pub forge: &'static str,
    /// Its number.
    pub number: Option<String>,
    /// Login of its author.
    pub author: Option<String>,
    /// Canonical person, when the identity map knows the author.
    pub author_id: Option<String>,
    /// Whether the author is a machine.
    pub bot: bool,
    /// In the author's words.
    pub title: String,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Not ready for a review.
    pub draft: bool,
    /// Commit id of its branch.
    pub head: Option<String>,
    /// Branch that it goes to.
    pub target: Option<String>,
    /// From another repository.
    pub fork: bool,
    /// Merged already.
    pub merged: bool,
    /// The forge's word on whether it can be merged.
    pub merge_state: Option<String>,
    /// Place where it was read.
    pub source: String,
}

/// One commit of the change. Names and addresses are claims of whoever made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CommitFacts {
    /// Full commit id.
    pub id: String,
    /// E-mail address.
    pub author: String,
    /// E-mail address.
    pub committer: String,
    /// E-mail addresses of `Co-authored-by` trailers.
    pub co_authors: Vec<String>,
    /// Whether it carries a signature (not verified).
    pub signed: bool,
    /// Committer date, RFC 3339.
    pub at: String,
    /// First line of the message.
    pub subject: String,
}

/// One file that differs between the merge base and the head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileFacts {
    /// Path at the head (at the base, when deleted).
    pub path: String,
    /// `added`, `modified`, `deleted`, `renamed`.
    pub status: &'static str,
    /// Path at the base of a renamed file.
    pub previous_path: Option<String>,
    /// Which of the gate's own documents it is.
    pub gate: Option<&'static str>,
}

/// The change request with what Rust worked out about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangeFacts {
    /// `apiVersion`, `kind`, `metadata`, `spec` as written.
    #[serde(flatten)]
    #[schemars(with = "super::shape::WrittenRequest")]
    pub document: Node,
    /// Path of the request's file.
    pub file: Arc<str>,
    /// What an approval is bound to (contract 3).
    pub digest: String,
    /// When the change happens; null without `schedule.start`.
    pub window: Option<WindowOfChange>,
    /// The scope's services as the catalogue knows them.
    pub services: Vec<ScopedService>,
    /// Where it was imported from; null when it was written as a request.
    pub origin: Option<Origin>,
}

/// When a change happens, and until when its rollback may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WindowOfChange {
    /// `schedule.start`.
    pub start: Instant,
    /// The same in nanoseconds.
    pub start_ns: i64,
    /// `schedule.end`, or the start.
    pub end: Instant,
    /// The same in nanoseconds.
    pub end_ns: i64,
    /// `rollback.maxDuration`, or 0.
    pub rollback_ns: i64,
    /// The half-open interval that must be free (change-control 5).
    pub occupied: Occupied,
}

/// A half-open interval `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Occupied {
    /// First instant.
    pub start: Instant,
    /// The same in nanoseconds.
    pub start_ns: i64,
    /// First instant after it.
    pub end: Instant,
    /// The same in nanoseconds.
    pub end_ns: i64,
}

/// A service of the request's scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScopedService {
    /// As written.
    pub r#ref: String,
    /// Bare name.
    pub name: String,
    /// Whether the catalogue has it.
    pub known: bool,
    /// What the catalogue says, when it has it.
    #[serde(flatten)]
    pub entry: ServiceEntry,
}

/// What the catalogue says about a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceEntry {
    /// Tier 0 to 3.
    pub tier: Option<u8>,
    /// Recovery time objective as written (ISO 8601 or `1h30m`).
    pub rto: Option<String>,
    /// The same in nanoseconds.
    pub rto_ns: Option<i64>,
    /// Recovery point objective as written.
    pub rpo: Option<String>,
    /// The same in nanoseconds.
    pub rpo_ns: Option<i64>,
    /// `group:default/orders`.
    pub owner: Option<String>,
    /// A component that takes others down (DNS, ingress, identity, …).
    pub core: bool,
    /// Its data may be lost (a cache, a preview environment).
    pub ephemeral: bool,
    /// May run as one instance.
    pub singleton: bool,
    /// Reference of its SLO.
    pub slo: Option<String>,
    /// Reference of its runbook.
    pub runbook: Option<String>,
    /// Regulations that apply.
    pub regulatory: Vec<String>,
    /// References of what it depends on.
    pub depends_on: Vec<String>,
    /// References of what depends on it.
    pub dependency_of: Vec<String>,
    /// Interfaces that it offers.
    pub provides_apis: Vec<String>,
    /// Interfaces that it calls.
    pub consumes_apis: Vec<String>,
    /// Reference of the service that stands in for it at the other site.
    pub dr_pair: Option<String>,
    /// Addresses of its dashboards.
    pub dashboards: Vec<String>,
    /// The schedule that answers its pages.
    pub on_call: Option<String>,
    /// When it is used most.
    pub peak: Option<PeakHours>,
    /// What an outage of it costs, as written.
    pub financial: Option<serde_json::Value>,
    /// `Component`, `Resource`, `API`, ….
    pub kind: Option<String>,
    /// Place of its entry.
    pub source: Option<String>,
}

/// When a service is used most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PeakHours {
    /// As written.
    pub text: String,
    /// `Monday`, ….
    pub days: Vec<String>,
    /// Minutes since midnight, from and to; to is exclusive, and below from where it is past midnight.
    pub hours: Vec<(u16, u16)>,
    /// An IANA name that exists.
    pub timezone: String,
}

/// Freezes and open slots near the change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CalendarFacts {
    /// Whether there is any FreezeCalendar.
    pub given: bool,
    /// One entry per document.
    pub calendars: Vec<CalendarHeader>,
    /// Concrete intervals, sorted by start, then id.
    pub windows: Vec<WindowFacts>,
    /// Days that matter near the change, sorted.
    pub events: Vec<EventFacts>,
    /// The next slots that are open to the change, and long enough for what it occupies; empty when it occupies
    /// nothing that is known.
    pub next_open: Vec<SlotFacts>,
}

/// A day that matters: a holiday, a launch.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct EventFacts {
    /// `2026-12-25`, in the calendar's zone.
    pub date: String,
    /// `holiday`, `launch`, `peak`, ….
    pub kind: String,
    /// For people.
    pub name: String,
    /// Name of its calendar.
    pub calendar: String,
    /// Place of the event.
    pub source: String,
}

/// An open slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SlotFacts {
    /// When it opens, or now.
    pub start: Instant,
    /// When it closes, or how far was looked.
    pub end: Instant,
}

/// One calendar document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CalendarHeader {
    /// `metadata.name`.
    pub name: String,
    /// `open` or `closed`.
    pub default_state: &'static str,
    /// Place of `defaultState`, or of `spec`.
    pub source: String,
}

/// One concrete interval of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WindowFacts {
    /// Name of its calendar.
    pub calendar: String,
    /// The window's id.
    pub id: String,
    /// `deny` or `allow`.
    pub kind: &'static str,
    /// The window's name, or its id.
    pub name: String,
    /// First instant.
    pub start: Instant,
    /// The same in nanoseconds.
    pub start_ns: i64,
    /// First instant after it.
    pub end: Instant,
    /// The same in nanoseconds.
    pub end_ns: i64,
    /// Whether its scope fits the change; what is unknown fits.
    pub matches: bool,
    /// Whether an exemption applies.
    pub exempt: bool,
    /// Which one, for example `changeClass security-fix (self-declared)`.
    pub exempt_by: Option<String>,
    /// Whether an override may lift it.
    pub overridable: bool,
    /// Who owns the freeze.
    pub owner: Option<String>,
    /// Why it exists.
    pub reason: Option<String>,
    /// Place of the window.
    pub source: String,
}

/// One approval with the answer whether it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApprovalFacts {
    /// Canonical person, or null when unknown.
    pub by: Option<String>,
    /// Login or address as given.
    pub login: String,
    /// Roles held at `at`, sorted.
    pub roles: Vec<String>,
    /// RFC 3339, as the forge or the request says.
    pub at: Option<String>,
    /// The same in nanoseconds.
    pub at_ns: Option<i64>,
    /// `github-review`, `gitlab-approval`, `signature`, `signed-commit`, `servicenow-approval`, `jsm-approval`, `asserted`.
    pub method: &'static str,
    /// `A0` … `A4`.
    pub assurance: &'static str,
    /// Digest that it names.
    pub bound_digest: Option<String>,
    /// Commit that it was given for.
    pub commit: Option<String>,
    /// `approved`, `changes-requested`, `commented`, `dismissed`.
    pub decision: &'static str,
    /// Whether it counts.
    pub valid: bool,
    /// Codes of why it does not, sorted.
    pub why_not: Vec<&'static str>,
    /// Whether the person contributed to the change.
    pub contributor: bool,
    /// `SHA256:…` of the key that signed it; null for other methods.
    pub key: Option<String>,
    /// What the audit trail keeps, so that the signature can be checked again.
    #[serde(skip)]
    pub proof: Option<Arc<ApprovalProof>>,
    /// Place, `path:line:column`, where it was read.
    pub source: String,
}

/// What was signed, in which namespace, and the armoured signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApprovalProof {
    /// `changegate-approval@v1`, or `git` for a commit.
    pub namespace: &'static str,
    /// The bytes that were signed.
    pub payload: Vec<u8>,
    /// The armoured signature.
    pub signature: Vec<u8>,
}

impl ApprovalFacts {
    /// Adds a reason why it does not count.
    pub fn refuse(&mut self, code: &'static str) {
        self.valid = false;
        self.why_not.push(code);
        self.why_not.sort_unstable();
        self.why_not.dedup();
    }
}

/// The approval matrix.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MatrixFacts {
    /// Tier → risk level → role → how many.
    pub tiers: BTreeMap<String, BTreeMap<String, BTreeMap<String, u32>>>,
    /// `quorumRoles` of the CAB.
    pub cab: BTreeMap<String, Vec<String>>,
    /// Roles that may grant a freeze override.
    #[serde(rename = "overrideRoles")]
    pub override_roles: Vec<String>,
    /// Place of the document.
    pub source: String,
    /// Place of each cell, by `tier/level`.
    pub sources: BTreeMap<String, String>,
}

/// One kind of context document.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ContextFacts {
    /// Whether one was given.
    pub given: bool,
    /// The oldest `metadata.asOf`.
    pub as_of: Option<String>,
    /// Its age at `now`, in nanoseconds.
    pub age_ns: Option<i64>,
    /// Older than allowed.
    pub stale: bool,
    /// Largest age that the configuration allows, in nanoseconds.
    pub max_age_ns: Option<i64>,
    /// Place of the first document.
    pub source: Option<String>,
    /// Entries as written, or service entries.
    pub entries: serde_json::Value,
    /// Place of each entry that is as written.
    pub sources: Vec<Option<String>>,
}

/// One plan that was handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanFacts {
    /// Path as shown.
    pub path: Arc<str>,
    /// `sha256:` of its bytes.
    pub sha256: String,
    /// `format_version` of its JSON.
    pub format_version: Arc<str>,
    /// Version of the program that made it.
    pub terraform_version: Option<Arc<str>>,
    /// When it was made, RFC 3339.
    pub created_at: Option<Arc<str>>,
    /// The same in nanoseconds.
    pub created_at_ns: Option<i64>,
    /// False when a further plan is needed.
    pub complete: bool,
    /// Planning stopped half-way.
    pub errored: bool,
    /// What changed outside of Terraform.
    pub drift: Vec<DriftFacts>,
    /// What the plan leaves for a later one.
    pub deferred: Vec<DeferredFacts>,
}

/// A change that a plan could not make yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DeferredFacts {
    /// Address of the resource.
    pub address: Arc<str>,
    /// `resource_config_unknown`, ….
    pub reason: Arc<str>,
}

/// One object that changed outside of Terraform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DriftFacts {
    /// Its address.
    pub address: Arc<str>,
    /// Its type.
    pub r#type: Arc<str>,
    /// What happened to it.
    pub action: &'static str,
    /// Losing it loses data.
    pub stateful: bool,
    /// Tier of its service.
    pub tier: Option<u8>,
}

/// The part of the configuration that policies read.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ConfigFacts {
    /// Thresholds by policy or name.
    pub thresholds: serde_json::Value,
    /// Roles or teams that own the gate.
    pub policy_owners: Vec<String>,
    /// Lowest assurance at which an approval counts.
    pub minimum_assurance: String,
    /// What becomes of the decision.
    pub audit: AuditFacts,
    /// Controls that the loaded policies serve, by framework.
    pub controls: BTreeMap<String, BTreeSet<String>>,
}

/// What becomes of the decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditFacts {
    /// Whether the configuration demands a record at stage apply.
    pub required: bool,
    /// Whether this run writes one.
    pub recorded: bool,
}

/// Everything of the input but the resources.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct World {
    /// Stage of the run.
    pub stage: Stage,
    /// Whether there is something to compare with.
    pub mode: Mode,
    /// The instant to judge at.
    pub now: Instant,
    /// The same in nanoseconds.
    pub now_ns: i64,
    /// Who runs the gate.
    pub actor: Actor,
    /// Null without a base.
    pub git: Option<GitFacts>,
    /// Null without a request.
    pub change: Option<ChangeFacts>,
    /// Plans that were handed over.
    pub plans: Vec<PlanFacts>,
    /// Freezes.
    pub calendar: CalendarFacts,
    /// Approvals.
    pub approvals: Vec<ApprovalFacts>,
    /// Null when the request asks for none.
    #[serde(rename = "override")]
    pub freeze_override: Option<OverrideFacts>,
    /// Exceptions from policies; whether they are needed is known once all other policies have answered.
    pub waivers: Vec<WaiverFacts>,
    /// Null when none was given.
    pub matrix: Option<MatrixFacts>,
    /// Other documents by kind in snake case.
    pub context: BTreeMap<String, ContextFacts>,
    /// Risk.
    pub risk: RiskFacts,
    /// Configuration.
    pub config: ConfigFacts,
}

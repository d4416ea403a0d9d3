//! The answer of a run. It has four readers (output, report, audit, exit code) and no writer after the gate.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::AuditLevel;
use crate::facts::{Mode, RiskFacts, Stage};
use crate::finding::{Answer, Diagnostic, Enforcement, Finding, Level, Severity, Status};
use crate::source::Sources;

/// What the policies, or the gate, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing stands in the way.
    Allowed,
    /// Only something that can still arrive is missing.
    Pending,
    /// At least one thing must be changed.
    Denied,
    /// The gate could not judge.
    Undecided,
}

impl Verdict {
    /// The word that stands in every output format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::Undecided => "undecided",
        }
    }

    /// The process exit code: 0 allowed, 1 denied, 2 undecided, 3 pending. The same for every format.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Allowed => 0,
            Self::Denied => 1,
            Self::Undecided => 2,
            Self::Pending => 3,
        }
    }

    /// What `findings` and `diagnostics` amount to (contract 7 to 9). `as_written` ignores waivers and
    /// overrides: that is the verdict; otherwise it is the decision.
    pub fn of(findings: &[Finding], diagnostics: &[Diagnostic], stage: Stage, as_written: bool) -> Self {
        if diagnostics.iter().any(|d| d.level == Level::Error) {
            return Self::Undecided;
        }
        let counts = |f: &&Finding| {
            let lifted = matches!(f.status, Status::Waived | Status::Overridden);
            if as_written && lifted {
                Finding { status: Status::Open, ..(*f).clone() }.blocks(stage == Stage::Apply)
            } else {
                f.blocks(stage == Stage::Apply)
            }
        };
        let mut blocking = findings.iter().filter(counts).peekable();
        match (blocking.peek().is_some(), blocking.all(|f| f.pending)) {
            (false, _) => Self::Allowed,
            (true, true) => Self::Pending,
            (true, false) => Self::Denied,
        }
    }
}

/// An input that the outcome rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Input {
    /// Path as shown.
    pub path: Arc<str>,
    /// `sha256:` and 64 hexadecimal digits, over the bytes as read.
    pub sha256: String,
    /// `metadata.asOf` of a context document.
    pub as_of: Option<String>,
}

/// How much was read and judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Documents that were read (YAML documents, JSON files, Terraform files, plans).
    pub documents: usize,
    /// Resources that were found.
    pub resources: usize,
    /// Resources that the change touches.
    pub changed_resources: usize,
    /// Resources that at least one resource policy judged.
    pub judged_resources: usize,
    /// Policies that applied at this stage.
    pub policies: usize,
    /// Evaluations of a policy on a subject.
    pub evaluations: usize,
    /// Open failures by severity; all four keys are always there.
    pub by_severity: BTreeMap<&'static str, usize>,
    /// Results that could not be judged.
    pub unknown: usize,
    /// Open failures that the change brought, or that nobody compared with a past.
    pub new: usize,
    /// Findings that are older than the change.
    pub preexisting: usize,
    /// Failures that the change mended.
    pub fixed: usize,
    /// Findings that a waiver silences.
    pub waived: usize,
    /// Findings that an override lifts.
    pub overridden: usize,
}

impl Summary {
    /// Fills in the counts that follow from the findings.
    pub fn count(&mut self, findings: &[Finding]) {
        let open = |f: &&Finding| f.status == Status::Open;
        for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
            let n = findings.iter().filter(open).filter(|f| f.answer == Answer::Fail && f.severity == severity).count();
            self.by_severity.insert(severity.as_str(), n);
        }
        let with = |status| findings.iter().filter(|f| f.status == status).count();
        self.new = findings.iter().filter(open).filter(|f| f.answer == Answer::Fail).count();
        self.preexisting = with(Status::Preexisting);
        self.waived = with(Status::Waived);
        self.overridden = with(Status::Overridden);
        self.unknown = findings.iter().filter(|f| f.answer == Answer::Unknown).count();
    }
}

/// A policy that was part of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInfo {
    /// `CHG-001`.
    pub id: Arc<str>,
    /// Its title.
    pub title: Arc<str>,
    /// What it demands and why.
    pub description: Arc<str>,
    /// Severity unless a finding says otherwise.
    pub severity: Severity,
    /// Enforcement at the stage of the run.
    pub enforcement: Enforcement,
    /// What to do about a finding.
    pub remediation: Arc<str>,
    /// Control framework → controls.
    pub controls: BTreeMap<String, Vec<String>>,
    /// Further reading.
    pub links: Vec<String>,
    /// `sha256:` digest of the policy's text.
    pub digest: String,
    /// Path of the policy's file.
    pub path: Arc<str>,
    /// Whether it judges single resources.
    pub per_resource: bool,
    /// On how many subjects it was evaluated.
    pub evaluations: usize,
}

/// Where the decision was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReceipt {
    /// UUIDv7 of the record.
    pub id: String,
    /// Index of the record in its log; `None` before it is integrated.
    pub index: Option<u64>,
    /// Root hash after the record, where the store computes one.
    pub root: Option<String>,
    /// How far the record has come.
    pub level: AuditLevel,
    /// Where it was written, for people.
    #[serde(skip)]
    pub destination: String,
}

/// The answer of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The instant it was judged at.
    pub judged_at: Timestamp,
    /// Stage of the run.
    pub stage: Stage,
    /// Whether there was something to compare with.
    pub mode: Mode,
    /// Earliest instant at which verdict or decision could change by time alone.
    pub valid_until: Option<Timestamp>,
    /// `--only` or `--skip` was given.
    pub partial: bool,
    /// The change requests that were judged, sorted by id.
    pub changes: Vec<ChangeRef>,
    /// What the policies say.
    pub verdict: Verdict,
    /// After waivers and overrides: sets the exit code.
    pub decision: Verdict,
    /// Risk of the change.
    pub risk: RiskFacts,
    /// Sorted: see [`sort_findings`].
    pub findings: Vec<Finding>,
    /// Counts.
    pub summary: Summary,
    /// Context files, configuration and the request, sorted by path.
    pub inputs: Vec<Input>,
    /// Sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// Policies that applied, sorted by id.
    pub policies: Vec<PolicyInfo>,
    /// Failures that were there before the change and are gone; sorted as the findings are.
    pub fixed: Vec<Finding>,
    /// Every waiver that was given, with what it does.
    pub waivers: Vec<crate::facts::WaiverFacts>,
    /// The approvals table, shown whenever an approval is missing.
    pub approvals: Vec<crate::facts::ApprovalFacts>,
    /// Where people read the files of the judged commit: `https://github.com/acme/shop/blob/<commit>`.
    pub web: Option<String>,
    /// `None` when the run writes no record.
    pub audit: Option<AuditReceipt>,
    /// All texts, to show places.
    pub sources: Arc<Sources>,
}

/// The change that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeRef {
    /// `metadata.id`; null without a request.
    pub id: Option<String>,
    /// Change digest (contract 3); null without a request.
    pub digest: Option<String>,
    /// Path of its file, as shown.
    pub path: Arc<str>,
}

impl Outcome {
    /// The process exit code.
    pub fn exit_code(&self) -> u8 {
        self.decision.exit_code()
    }

    /// The change request; the first one when there are several.
    pub fn change(&self) -> Option<&ChangeRef> {
        self.changes.first()
    }
}

/// Sorts findings by place, policy, answer, resource and message, so that one thread and many give the same bytes.
pub fn sort_findings(findings: &mut [Finding], sources: &Sources) {
    findings.sort_by_cached_key(|f| {
        let place = f.span.and_then(|s| sources.locate(s));
        (place.is_none(), place, f.policy.clone(), f.answer, f.resource.clone(), f.message.clone())
    });
}

/// Sorts diagnostics by place, level, code and message.
pub fn sort_diagnostics(diagnostics: &mut [Diagnostic], sources: &Sources) {
    diagnostics.sort_by_cached_key(|d| {
        let place = d.span.and_then(|s| sources.locate(s));
        let path = d.path.clone().or_else(|| place.as_ref().map(|p| p.path.clone()));
        (path, place, d.level, d.code, d.message.clone())
    });
}

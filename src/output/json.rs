//! The JSON outcome, `changegate/outcome/v1`: everything, for programs.
//!
//! Frozen: keys are only ever added. Every key is always there; what is absent is `null` or an empty list.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::facts::{self, Mode, WaiverFacts};
use crate::finding::{self, Answer};
use crate::outcome::{self, Outcome as Model};
use crate::source::{Location as Place, Sources, Span};

const SCHEMA: &str = "changegate/outcome/v1";

/// Writes the outcome as JSON.
pub(super) fn render(outcome: &Model) -> String {
    super::to_json(&Outcome::of(outcome))
}

/// The schema of what [`render`] writes.
pub(super) fn schema(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<Outcome<'static>>()
}

/// The findings alone, as they stand in the outcome, on one line.
pub(super) fn findings(outcome: &Model) -> String {
    let findings: Vec<_> = outcome.findings.iter().map(|f| Finding::of(f, &outcome.sources)).collect();
    serde_json::to_string(&findings).unwrap_or_default()
}

/// Diagnostics alone, for commands that have no outcome.
pub(super) fn diagnostics<'a>(diagnostics: &'a [finding::Diagnostic], sources: &Sources) -> Vec<Diagnostic<'a>> {
    diagnostics.iter().map(|d| Diagnostic::of(d, sources)).collect()
}

#[derive(Serialize, JsonSchema)]
struct Outcome<'a> {
    schema: &'static str,
    tool: Tool,
    judged_at: String,
    stage: &'static str,
    mode: &'static str,
    valid_until: Option<String>,
    partial: bool,
    change: Change<'a>,
    changes: Vec<ChangeRequest<'a>>,
    verdict: &'static str,
    decision: &'static str,
    risk: Risk<'a>,
    findings: Vec<Finding<'a>>,
    summary: Summary,
    inputs: Vec<Input<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
    fixed: Vec<Fixed<'a>>,
    waivers: Vec<Waiver<'a>>,
    audit: Option<Audit<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct Change<'a> {
    id: Option<&'a str>,
    digest: Option<&'a str>,
}

/// One of the change requests; the first one is `change`.
#[derive(Serialize, JsonSchema)]
struct ChangeRequest<'a> {
    id: Option<&'a str>,
    digest: Option<&'a str>,
    path: &'a str,
    origin: Option<Origin<'a>>,
}

/// Where an imported request comes from.
#[derive(Serialize, JsonSchema)]
struct Origin<'a> {
    system: &'static str,
    id: &'a str,
    verified: bool,
    state: Option<&'a str>,
}

/// `level` is the one that counts: the higher of `declared` and `computed`. Rates of the history are per cent.
#[derive(Serialize, JsonSchema)]
struct Risk<'a> {
    score: Option<u32>,
    level: Option<&'a str>,
    declared: Option<&'a str>,
    computed: Option<&'a str>,
    model: Option<&'a str>,
    factors: Vec<RiskFactor<'a>>,
    mitigations: Vec<RiskMitigation<'a>>,
    floors: Vec<RiskFloor<'a>>,
    history: Vec<RiskHistory<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct RiskFactor<'a> {
    id: &'a str,
    group: &'a str,
    points: u32,
    evidence: &'a str,
    source: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct RiskMitigation<'a> {
    id: &'a str,
    points: u32,
    evidence: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct RiskFloor<'a> {
    level: &'a str,
    evidence: &'a str,
    source: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct RiskHistory<'a> {
    service: &'a str,
    failed: &'a str,
    changes: u32,
    caught: u32,
    rate: &'a str,
    low: Option<&'a str>,
    high: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Finding<'a> {
    policy: &'a str,
    title: &'a str,
    severity: &'static str,
    enforcement: &'static str,
    result: &'static str,
    status: &'static str,
    pending: bool,
    message: &'a str,
    remediation: &'a str,
    resource: Option<&'a str>,
    location: Option<Location>,
    because: Vec<Location>,
    evidence: Vec<Evidence<'a>>,
    fingerprint: &'a str,
    lifted_by: Option<&'a str>,
    introduced_by: Vec<Commit<'a>>,
    owners: Vec<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Location {
    path: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize, JsonSchema)]
struct Evidence<'a> {
    pointer: &'a str,
    observed: &'a str,
    expected: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Commit<'a> {
    commit: &'a str,
    author: &'a str,
    committer: &'a str,
    signer: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
struct Summary {
    documents: usize,
    resources: usize,
    changed_resources: usize,
    judged_resources: usize,
    policies: usize,
    evaluations: usize,
    by_severity: BySeverity,
    unknown: usize,
    new: usize,
    preexisting: usize,
    fixed: usize,
    waived: usize,
    overridden: usize,
}

#[derive(Serialize, JsonSchema)]
struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
}

#[derive(Serialize, JsonSchema)]
struct Input<'a> {
    path: &'a str,
    sha256: &'a str,
    as_of: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Diagnostic<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    path: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    help: Option<&'a str>,
}

/// A failure that was there before the change and is gone.
#[derive(Serialize, JsonSchema)]
struct Fixed<'a> {
    policy: &'a str,
    resource: Option<&'a str>,
    message: &'a str,
    fingerprint: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Waiver<'a> {
    id: &'a str,
    form: &'static str,
    policy: Option<&'a str>,
    resource: Option<&'a str>,
    reason: Option<&'a str>,
    ticket: Option<&'a str>,
    owner: Option<&'a str>,
    approver: Option<&'a str>,
    expires_at: Option<String>,
    valid: bool,
    why_not: &'a [&'static str],
    used: bool,
    source: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Audit<'a> {
    id: &'a str,
    index: Option<u64>,
    root: Option<&'a str>,
    level: &'static str,
}

impl<'a> Outcome<'a> {
    fn of(o: &'a Model) -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool { name: "changegate", version: env!("CARGO_PKG_VERSION") },
            judged_at: o.judged_at.to_string(),
            stage: o.stage.as_str(),
            mode: match o.mode {
                Mode::Present => "present",
                Mode::Difference => "difference",
            },
            valid_until: o.valid_until.map(|t| t.to_string()),
            partial: o.partial,
            change: Change::of(o.change()),
            changes: o.changes.iter().map(ChangeRequest::of).collect(),
            verdict: o.verdict.as_str(),
            decision: o.decision.as_str(),
            risk: Risk::of(&o.risk),
            findings: o.findings.iter().map(|f| Finding::of(f, &o.sources)).collect(),
            summary: Summary::of(&o.summary),
            inputs: o.inputs.iter().map(Input::of).collect(),
            diagnostics: o.diagnostics.iter().map(|d| Diagnostic::of(d, &o.sources)).collect(),
            fixed: o.fixed.iter().map(Fixed::of).collect(),
            waivers: o.waivers.iter().map(Waiver::of).collect(),
            audit: o.audit.as_ref().map(Audit::of),
        }
    }
}

impl<'a> Change<'a> {
    fn of(change: Option<&'a outcome::ChangeRef>) -> Self {
        Self { id: change.and_then(|c| c.id.as_deref()), digest: change.and_then(|c| c.digest.as_deref()) }
    }
}

impl<'a> ChangeRequest<'a> {
    fn of(change: &'a outcome::ChangeRef) -> Self {
        Self {
            id: change.id.as_deref(),
            digest: change.digest.as_deref(),
            path: &change.path,
            origin: change.origin.as_ref().map(Origin::of),
        }
    }
}

impl<'a> Origin<'a> {
    fn of(origin: &'a facts::Origin) -> Self {
        Self { system: origin.system, id: &origin.id, verified: origin.verified, state: origin.state.as_deref() }
    }
}

impl<'a> Risk<'a> {
    fn of(risk: &'a facts::RiskFacts) -> Self {
        let said = &risk.assessment;
        Self {
            score: said.score,
            level: risk.level.as_deref(),
            declared: risk.declared.as_deref(),
            computed: said.computed.as_deref(),
            model: said.model.as_deref(),
            factors: said.factors.iter().map(RiskFactor::of).collect(),
            mitigations: said.mitigations.iter().map(RiskMitigation::of).collect(),
            floors: said.floors.iter().map(RiskFloor::of).collect(),
            history: said.history.iter().map(RiskHistory::of).collect(),
        }
    }
}

impl<'a> RiskFactor<'a> {
    fn of(f: &'a facts::RiskFactor) -> Self {
        let source = f.source.as_deref();
        Self { id: &f.id, group: &f.group, points: f.points, evidence: &f.evidence, source }
    }
}

impl<'a> RiskMitigation<'a> {
    fn of(m: &'a facts::RiskMitigation) -> Self {
        Self { id: &m.id, points: m.points, evidence: &m.evidence }
    }
}

impl<'a> RiskFloor<'a> {
    fn of(f: &'a facts::RiskFloor) -> Self {
        Self { level: &f.level, evidence: &f.evidence, source: f.source.as_deref() }
    }
}

impl<'a> RiskHistory<'a> {
    fn of(h: &'a facts::RiskHistory) -> Self {
        Self {
            service: &h.service,
            failed: &h.k,
            changes: h.n,
            caught: h.caught,
            rate: &h.q,
            low: h.low.as_deref(),
            high: h.high.as_deref(),
        }
    }
}

impl<'a> Finding<'a> {
    fn of(f: &'a finding::Finding, sources: &Sources) -> Self {
        Self {
            policy: &f.policy,
            title: &f.title,
            severity: f.severity.as_str(),
            enforcement: f.enforcement.as_str(),
            result: match f.answer {
                Answer::Fail => "fail",
                Answer::Unknown => "unknown",
            },
            status: super::words::status(f.status),
            pending: f.pending,
            message: &f.message,
            remediation: &f.remediation,
            resource: f.resource.as_deref(),
            location: f.span.and_then(|span| Location::of(span, sources)),
            because: f.because.iter().filter_map(|span| Location::of(*span, sources)).collect(),
            evidence: f.evidence.iter().map(Evidence::of).collect(),
            fingerprint: &f.fingerprint,
            lifted_by: f.lifted_by.as_deref(),
            introduced_by: f.introduced_by.iter().map(Commit::of).collect(),
            owners: f.owners.iter().map(AsRef::as_ref).collect(),
        }
    }
}

impl Location {
    fn of(span: Span, sources: &Sources) -> Option<Self> {
        let Place { path, line, column, end_line, end_column } = sources.locate(span)?;
        Some(Self { path: path.to_string(), line, column, end_line, end_column })
    }
}

impl<'a> Evidence<'a> {
    fn of(e: &'a finding::Evidence) -> Self {
        Self { pointer: &e.pointer, observed: &e.observed, expected: &e.expected }
    }
}

impl<'a> Commit<'a> {
    fn of(c: &'a finding::IntroducedBy) -> Self {
        Self { commit: &c.commit, author: &c.author, committer: &c.committer, signer: c.signer.as_deref() }
    }
}

impl Summary {
    fn of(s: &outcome::Summary) -> Self {
        let open = |severity: &str| s.by_severity.get(severity).copied().unwrap_or(0);
        Self {
            documents: s.documents,
            resources: s.resources,
            changed_resources: s.changed_resources,
            judged_resources: s.judged_resources,
            policies: s.policies,
            evaluations: s.evaluations,
            by_severity: BySeverity {
                critical: open("critical"),
                high: open("high"),
                medium: open("medium"),
                low: open("low"),
            },
            unknown: s.unknown,
            new: s.new,
            preexisting: s.preexisting,
            fixed: s.fixed,
            waived: s.waived,
            overridden: s.overridden,
        }
    }
}

impl<'a> Input<'a> {
    fn of(i: &'a outcome::Input) -> Self {
        Self { path: &i.path, sha256: &i.sha256, as_of: i.as_of.as_deref() }
    }
}

impl<'a> Diagnostic<'a> {
    fn of(d: &'a finding::Diagnostic, sources: &Sources) -> Self {
        let place = d.span.and_then(|span| sources.locate(span));
        let path = place.as_ref().map(|p| p.path.clone()).or_else(|| d.path.clone());
        Self {
            severity: match d.level {
                finding::Level::Error => "error",
                finding::Level::Warning => "warning",
                finding::Level::Note => "note",
            },
            code: d.code,
            message: &d.message,
            path: path.map(|p| p.to_string()),
            line: place.as_ref().map(|p| p.line),
            column: place.as_ref().map(|p| p.column),
            help: Some(d.help.as_str()).filter(|help| !help.is_empty()),
        }
    }
}

impl<'a> Fixed<'a> {
    fn of(f: &'a finding::Finding) -> Self {
        Self { policy: &f.policy, resource: f.resource.as_deref(), message: &f.message, fingerprint: &f.fingerprint }
    }
}

impl<'a> Waiver<'a> {
    fn of(w: &'a WaiverFacts) -> Self {
        Self {
            id: &w.id,
            form: w.form,
            policy: w.policy.as_deref(),
            resource: w.resource.as_deref(),
            reason: w.reason.as_deref(),
            ticket: w.ticket.as_deref(),
            owner: w.owner.as_deref(),
            approver: w.approver.as_deref(),
            expires_at: w.expires_at.map(|at| at.0.to_string()),
            valid: w.valid,
            why_not: &w.why_not,
            used: w.used,
            source: &w.source,
        }
    }
}

impl<'a> Audit<'a> {
    fn of(a: &'a outcome::AuditReceipt) -> Self {
        Self { id: &a.id, index: a.index, root: a.root.as_deref(), level: a.level.as_str() }
    }
}

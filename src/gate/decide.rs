//! From findings to the outcome, and from the outcome to the audit record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audit::{
    self, Basis, ChangedResource, ClockSource, Delivery, Digested, Grants, PlanDigest, RecordContext, Seal,
    SignedCommit,
};
use crate::config::Config;
use crate::evaluate;
use crate::facts::{Actor, Mode, Stage};
use crate::finding::Diagnostic;
use crate::outcome::{self, AuditReceipt, ChangeRef, Outcome, Summary, Verdict};
use crate::output;
use crate::policy::library;
use crate::source::Revision;
use crate::sshsig;
use crate::waiver::baseline::Known;

use super::{Judgement, Request, Session, replay, trail};

/// A decision that was made, and everything that its record needs.
pub(super) struct Decided {
    /// The answer, not yet recorded.
    pub outcome: Outcome,
    /// Its circumstances.
    pub context: RecordContext,
    /// What it rests on.
    pub grants: Grants,
    facts: super::Facts,
    config: Config,
    root: PathBuf,
}

impl Decided {
    /// Writes the record, unless the decision is one that was made before.
    pub(super) fn recorded(self, request: &Request) -> Outcome {
        let Self { mut outcome, context, grants, facts, config, root } = self;
        if request.past.is_none() {
            write_record(request, &root, &config, &facts, &mut outcome, &context, &grants);
        }
        outcome
    }
}

/// Decides, in a run that could judge.
pub(super) fn decide(request: &Request, mut session: Session, judgement: Judgement) -> Decided {
    let Judgement { workspace, mut inputs, facts, foreign, verdicts } = judgement;
    let (mut findings, mut fixed) = (verdicts.findings, verdicts.fixed);
    session.diagnostics.extend(verdicts.diagnostics);
    nothing_to_judge(&facts, &foreign, workspace.paths_given, &mut session);
    outcome::sort_findings(&mut findings, &session.sources);
    evaluate::number_fingerprints(&mut findings);
    outcome::sort_findings(&mut fixed, &session.sources);
    accept(request, &inputs, &facts, &mut findings, &mut session);

    let stage = request.stage;
    let selected: Vec<_> = inputs.library.select(stage, &inputs.selection).collect();
    let count = |id: &str| verdicts.counts.get(id).copied().unwrap_or_default();
    let foreign_count = |id: &str| foreign.counts.get(id).copied().unwrap_or_default();
    let foreign_policies = inputs.foreign_policies().map(|p| p.info(stage, &session.sources, foreign_count(p.id())));
    let own_policies = selected.iter().map(|p| p.info(stage, &session.sources, count(p.id())));
    let policies: Vec<_> = own_policies.chain(foreign_policies).collect();
    let summary = Summary {
        documents: facts.subjects.documents.max(foreign.documents),
        resources: facts.subjects.resources.len(),
        changed_resources: facts.subjects.resources.iter().filter(|r| r.action.is_change()).count(),
        judged_resources: verdicts.judged_resources,
        policies: policies.len(),
        evaluations: verdicts.evaluations + foreign.counts.values().sum::<usize>(),
        ..Summary::default()
    };
    inputs.read.extend(facts.cases.iter().flat_map(|case| case.judged.read.iter().cloned()));
    inputs.read.extend(facts.subjects.plans.iter().map(|plan| outcome::Input {
        path: plan.path.clone(),
        sha256: plan.sha256.clone(),
        as_of: None,
    }));
    inputs.read.sort();
    inputs.read.dedup();
    let changes: Vec<ChangeRef> = facts.cases.iter().filter_map(|case| case.judged.reference()).collect();
    let mut outcome = Outcome {
        mode: facts.subjects.mode,
        valid_until: verdicts.valid_until,
        partial: inputs.selection.only.len() + inputs.selection.skip.len() > 0,
        changes,
        risk: facts.highest_risk(),
        findings,
        summary,
        inputs: std::mem::take(&mut inputs.read),
        policies,
        fixed,
        waivers: verdicts.waivers,
        approvals: facts.approvals(),
        web: facts.world().and_then(|world| web(request, world.git.as_ref()?.head.as_deref()?)),
        ..blank(request, session)
    };
    settle(&mut outcome);
    let context = record_context(request, &workspace, &inputs, &facts, &outcome);
    Decided { outcome, context, grants: verdicts.grants, facts, config: inputs.config, root: workspace.root }
}

/// Lets the baseline accept what it names.
fn accept(
    request: &Request,
    inputs: &super::Inputs,
    facts: &super::Facts,
    findings: &mut [crate::finding::Finding],
    session: &mut Session,
) {
    let policies = inputs.library.select(request.stage, &inputs.selection).filter(|p| library::is_per_resource(p));
    let resources = facts.subjects.judged.iter().filter_map(|index| facts.subjects.resources.get(*index));
    let mut judged = BTreeMap::new();
    for resource in resources {
        *judged.entry(resource.id.clone()).or_default() |= resource.action.is_change();
    }
    let known = Known { stage: request.stage, per_resource: policies.map(|p| p.id()).collect(), judged };
    session.diagnostics.extend(inputs.baseline.apply(findings, &known));
}

/// Where the files of a commit are read.
fn web(request: &Request, head: &str) -> Option<String> {
    request.run.files_url.as_ref().map(|prefix| format!("{prefix}{head}"))
}

/// The outcome of a run that could not judge: only its diagnostics. Nothing is written to the audit trail, since
/// nothing was decided.
pub(super) fn undecided(request: &Request, session: Session) -> Outcome {
    let mut outcome = blank(request, session);
    settle(&mut outcome);
    outcome
}

fn blank(request: &Request, session: Session) -> Outcome {
    Outcome {
        judged_at: request.clock.now,
        stage: request.stage,
        mode: Mode::Present,
        valid_until: None,
        partial: false,
        changes: Vec::new(),
        verdict: Verdict::Undecided,
        decision: Verdict::Undecided,
        risk: Default::default(),
        findings: Vec::new(),
        summary: Summary::default(),
        inputs: Vec::new(),
        diagnostics: session.diagnostics,
        policies: Vec::new(),
        fixed: Vec::new(),
        waivers: Vec::new(),
        approvals: Vec::new(),
        web: None,
        audit: None,
        sources: Arc::new(session.sources),
    }
}

/// Works out verdict and decision from what is in the outcome.
fn settle(outcome: &mut Outcome) {
    outcome::sort_diagnostics(&mut outcome.diagnostics, &outcome.sources);
    outcome.summary.count(&outcome.findings);
    outcome.summary.fixed = outcome.fixed.len();
    outcome.verdict = Verdict::of(&outcome.findings, &outcome.diagnostics, outcome.stage, true);
    outcome.decision = Verdict::of(&outcome.findings, &outcome.diagnostics, outcome.stage, false);
}

/// A run in which there was nothing to judge passed nothing.
fn nothing_to_judge(
    facts: &super::Facts,
    foreign: &super::foreign::Verdicts,
    paths_given: bool,
    session: &mut Session,
) {
    let difference = facts.subjects.mode == Mode::Difference;
    let any = !facts.subjects.resources.is_empty() || facts.cases.iter().any(|case| case.judged.request.is_some());
    if any || difference || foreign.documents > 0 || session.has_error() {
        return;
    }
    let place = if paths_given { "the given paths" } else { "this folder" };
    let message =
        format!("there is nothing to judge in {place}: no Kubernetes object, no Terraform resource, no change request");
    session.diagnostics.push(
        Diagnostic::error("gate::nothing", message)
            .help("name the folder that holds the manifests or the configuration; files that .gitignore excludes count only when named"),
    );
}

fn record_context(
    request: &Request,
    workspace: &super::Workspace,
    inputs: &super::Inputs,
    facts: &super::Facts,
    outcome: &Outcome,
) -> RecordContext {
    let git = facts.world().and_then(|world| world.git.as_ref());
    let signed_commit = signed_head(workspace, inputs, facts);
    let sources = &outcome.sources;
    let resource = |r: &crate::facts::Resource| ChangedResource {
        id: r.id.clone(),
        action: r.action,
        service: r.service.clone(),
        environment: r.environment.clone(),
        file: sources.get(r.span.source).map(|s| s.path.clone()),
        introduced_by: r.introduced_by.clone(),
    };
    RecordContext {
        id: request.record_id,
        run: request.run.id.clone().unwrap_or_else(|| request.record_id.to_string()),
        repository: request.run.repository.clone().or_else(|| Some(workspace.root.display().to_string())),
        branch: request.run.branch.clone().or_else(|| git.and_then(|g| g.branch.clone())),
        pull_request: request.run.pull_request.clone(),
        head: git.and_then(|g| g.head.clone()),
        actor: attested_actor(request, facts, signed_commit.is_some()),
        on_behalf_of: request.run.on_behalf_of.clone(),
        signed_commit,
        secrets: audit::Secrets::of(&facts.subjects.resources),
        binary_sha256: request.attestation.binary_sha256.clone(),
        resources: facts.subjects.resources.iter().filter(|r| r.action.is_change()).map(resource).collect(),
        plans: facts
            .subjects
            .plans
            .iter()
            .map(|plan| PlanDigest { path: plan.path.to_string(), sha256: plan.sha256.clone() })
            .collect(),
        basis: basis(request, workspace, inputs, outcome),
        clock_source: if request.clock.given { ClockSource::Given } else { ClockSource::System },
        ..RecordContext::default()
    }
}

/// What the decision can be given again from.
fn basis(request: &Request, workspace: &super::Workspace, inputs: &super::Inputs, outcome: &Outcome) -> Basis {
    let is_module = |path: &str| path.ends_with(".rego");
    let read = outcome.sources.iter().map(|(_, source)| source);
    let read = read.filter(|source| source.revision != Revision::Embedded && !is_module(&source.path));
    let findings = output::findings(outcome);
    Basis {
        asked: replay::asked(request, workspace),
        read: Digested::of(read.map(|source| &*source.text)),
        modules: inputs.modules.clone(),
        findings: Digested { count: outcome.findings.len(), sha256: audit::Hash::of(findings.as_bytes()).to_string() },
    }
}

/// The actor, as certain as what the record will show makes it.
fn attested_actor(request: &Request, facts: &super::Facts, signed: bool) -> Actor {
    let actor = facts.world().map(|world| world.actor.clone()).unwrap_or_default();
    let (assurance, method) = match (&request.attestation.token, signed) {
        (Some(_), _) => ("A4", "oidc"),
        (None, true) => ("A3", "ssh-signed-commit"),
        (None, false) => return actor,
    };
    Actor { assurance: assurance.into(), method: method.into(), ..actor }
}

/// The commit that is judged, when the actor signed it with a key that the identity map gives to them.
fn signed_head(workspace: &super::Workspace, inputs: &super::Inputs, facts: &super::Facts) -> Option<SignedCommit> {
    let (repository, difference) = (workspace.repository.as_ref()?, workspace.difference.as_ref()?);
    let world = facts.world()?;
    let head = world.git.as_ref()?.head.as_deref()?;
    let commit = difference.range.commits.iter().find(|c| c.id.to_string() == head)?;
    let (payload, signature) = repository.signed(commit.id)?;
    let signer = sshsig::check(&String::from_utf8_lossy(&signature), &payload, sshsig::GIT).ok()?;
    let owner = inputs.documents.identities.person(&signer)?;
    let is_actor = world.actor.id.as_ref() == Some(&owner.id);
    is_actor.then(|| SignedCommit { id: head.to_owned(), signer, payload, signature })
}

/// Appends the record. A record that is not written makes the outcome undecided (invariant 6).
fn write_record(
    request: &Request,
    root: &Path,
    config: &Config,
    facts: &super::Facts,
    outcome: &mut Outcome,
    context: &RecordContext,
    grants: &Grants,
) {
    let Some(delivery) = trail::delivery(request, root, config) else {
        if config.audit.required && request.stage == Stage::Apply {
            let message = "the configuration requires an audit record at stage apply, and `--no-audit` was given";
            note(outcome, Diagnostic::error("audit::required", message).help("leave `--no-audit` out"));
        }
        return;
    };
    let context = RecordContext { retention: config.audit.retention.clone(), ..context.clone() };
    match deliver(outcome, &context, grants, request.attestation.seal(), facts, delivery) {
        Ok((receipt, warning)) => {
            let destination = trail::shown(receipt.destination, &request.directory);
            outcome.audit = Some(AuditReceipt { destination, ..receipt });
            warning.into_iter().for_each(|warning| note(outcome, warning));
        }
        Err(fault) => note(outcome, fault),
    }
}

fn deliver(
    outcome: &Outcome,
    context: &RecordContext,
    grants: &Grants,
    seal: Seal<'_>,
    facts: &super::Facts,
    delivery: Result<Delivery, Diagnostic>,
) -> Result<(AuditReceipt, Option<Diagnostic>), Diagnostic> {
    let mut delivery = delivery?;
    let receipt = audit::write(outcome, context, grants, seal, &mut |record| delivery.append(record))?;
    trail::first_use(outcome, grants, &facts.cases, &receipt.id, &delivery)?;
    Ok((receipt, delivery.warning()))
}

/// Adds a diagnostic and works out anew what it does to the decision.
fn note(outcome: &mut Outcome, diagnostic: Diagnostic) {
    outcome.diagnostics.push(diagnostic);
    settle(outcome);
}

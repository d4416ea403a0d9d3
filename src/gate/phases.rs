//! The order in which things are judged: the policies, what is older than the change, what a waiver silences, and last the
//! policies about waivers themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::Grants;
use crate::evaluate::{self, Evaluation, Raised, Task};
use crate::facts::{WaiverFacts, World};
use crate::finding::{Diagnostic, Finding};
use crate::policy::library::Policy;
use crate::source::Sources;
use crate::waiver::{self, Circumstances, Waiver};

use super::{Facts, Inputs, Progress, Session, Workspace};

/// What all policies say, with what became of it.
#[derive(Default)]
pub(super) struct Verdicts {
    /// Not yet sorted.
    pub findings: Vec<Finding>,
    /// Failures that the change mended; not yet sorted.
    pub fixed: Vec<Finding>,
    /// Policies that could not be evaluated.
    pub diagnostics: Vec<Diagnostic>,
    /// On how many subjects each policy was evaluated, by its id.
    pub counts: BTreeMap<Arc<str>, usize>,
    /// How many evaluations there were.
    pub evaluations: usize,
    /// How many resources at least one policy judged.
    pub judged_resources: usize,
    /// Earliest instant after now at which an answer may change.
    pub valid_until: Option<Timestamp>,
    /// Every waiver with what it does.
    pub waivers: Vec<WaiverFacts>,
    /// What the decision rests on.
    pub grants: Grants,
}

/// Judges everything.
pub(super) fn judge(
    workspace: &Workspace,
    inputs: &Inputs,
    facts: &Facts,
    session: &Session,
    progress: &dyn Progress,
) -> Result<Verdicts, Diagnostic> {
    let selected: Vec<&Policy> = inputs.library.select(facts.world.stage, &inputs.selection).collect();
    progress.step("judging", facts.subjects.judged.len() + selected.len());
    let (about_waivers, first): (Vec<&Policy>, Vec<&Policy>) = selected.iter().partition(|p| p.reads_waivers);
    let tick = || progress.tick();
    let task = task(inputs, facts, &session.sources, first, &facts.world, &tick);
    let mut evaluation = evaluate::evaluate(&task)?;
    let fixed = evaluate::compare(&task, &mut evaluation)?;
    let settled = settle(workspace, inputs, facts, &selected, &mut evaluation.findings, &session.sources);
    let mut verdicts = Verdicts {
        fixed,
        valid_until: settled.valid_until,
        grants: Grants { waivers: settled.grants, ..Grants::default() },
        ..Verdicts::default()
    };
    verdicts.add(&task.policies, evaluation);
    let world = World { waivers: settled.facts, ..facts.world.clone() };
    let last = Task { policies: about_waivers, judged: Vec::new(), world: &world, ..task };
    let evaluation = evaluate::evaluate(&last)?;
    verdicts.add(&last.policies, evaluation);
    verdicts.waivers = world.waivers;
    Ok(verdicts)
}

fn task<'a>(
    inputs: &'a Inputs,
    facts: &'a Facts,
    sources: &'a Sources,
    policies: Vec<&'a Policy>,
    world: &'a World,
    tick: &'a (dyn Fn() + Sync),
) -> Task<'a> {
    Task {
        library: &inputs.library,
        policies,
        world,
        resources: &facts.subjects.resources,
        judged: facts.subjects.judged.clone(),
        request: facts.judged.request.as_ref().map(|r| &r.node),
        sources,
        tick,
    }
}

impl Verdicts {
    fn add(&mut self, policies: &[&Policy], evaluation: Evaluation) {
        for (policy, count) in policies.iter().zip(&evaluation.counts) {
            *self.counts.entry(policy.id().into()).or_default() += count;
        }
        self.evaluations += evaluation.counts.iter().sum::<usize>();
        self.findings.extend(evaluation.findings.into_iter().map(|raised| raised.finding));
        self.diagnostics.extend(evaluation.diagnostics);
        self.judged_resources += evaluation.judged_resources;
        self.valid_until = self.valid_until.into_iter().chain(evaluation.valid_until).min();
    }
}

/// Every waiver of a run: of the documents, and those that stand at the resources.
pub(super) fn waivers(workspace: &Workspace, inputs: &Inputs, facts: &Facts, sources: &Sources) -> Vec<Waiver> {
    let documents = inputs.documents.waivers.iter().map(Waiver::of_document);
    let compared = workspace.difference.is_some();
    documents.chain(waiver::read_inline(&facts.subjects.resources, sources, compared)).collect()
}

/// Judges the waivers and lets them silence what they cover.
pub(super) fn settle(
    workspace: &Workspace,
    inputs: &Inputs,
    facts: &Facts,
    asked: &[&Policy],
    findings: &mut [Raised],
    sources: &Sources,
) -> waiver::Settled {
    let git = facts.world.git.as_ref();
    let contributors: BTreeSet<String> = match git {
        Some(git) => git.contributors.iter().cloned().collect(),
        None => facts.judged.participants(inputs),
    };
    let circumstances = Circumstances {
        now: facts.world.now.0,
        policies: &inputs.library.policies,
        asked,
        resources: &facts.subjects.resources,
        judged: &facts.subjects.judged,
        whole: workspace.is_whole(),
        change: facts.judged.request.as_ref().map(|request| request.id()),
        contributors: &contributors,
        identities: &inputs.documents.identities,
        approvals: &facts.world.approvals,
        approvers: &inputs.config.approvals.waiver_approvers,
        limits: inputs.config.waivers,
        sources,
    };
    waiver::settle(&facts.waivers, findings, &circumstances)
}

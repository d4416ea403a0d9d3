//! The order in which things are judged: the policies, what is older than the change, what a waiver silences, and last the
//! policies about waivers themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::Grants;
use crate::evaluate::{self, Evaluation, Task};
use crate::facts::{Resource, WaiverFacts, World};
use crate::finding::{Diagnostic, Finding};
use crate::policy::library::Policy;
use crate::source::Sources;
use crate::waiver::{self, Circumstances, Waiver};

use super::{Case, Facts, Inputs, Progress, Session, Workspace, cases, foreign, trail};

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

/// Judges every case, and makes one answer of them.
pub(super) fn judge(
    workspace: &Workspace,
    inputs: &Inputs,
    facts: &Facts,
    foreign: &foreign::Verdicts,
    session: &Session,
    progress: &dyn Progress,
) -> Result<Verdicts, Diagnostic> {
    let stage = facts.world().map_or_else(Default::default, |world| world.stage);
    let selected: Vec<&Policy> = inputs.library.select(stage, &inputs.selection).collect();
    let asked: Vec<&Policy> = selected.iter().copied().chain(inputs.foreign_policies()).collect();
    progress.step("judging", facts.cases.iter().map(|case| case.subjects.len() + selected.len()).sum());
    let judged = facts.cases.iter().map(|case| {
        let run = Run {
            workspace,
            inputs,
            facts,
            foreign,
            case,
            selected: &selected,
            asked: &asked,
            sources: &session.sources,
        };
        Ok((case.judged.id().unwrap_or_default().to_owned(), run.judge(&|| progress.tick())?))
    });
    Ok(cases::merge(judged.collect::<Result<_, Diagnostic>>()?))
}

/// Evaluates what can be known of a part of a run by itself, for its memory. What waivers do, and whatever is said of them,
/// is known when all parts are together.
pub(super) fn part(
    inputs: &Inputs,
    facts: &Facts,
    session: &Session,
    progress: &dyn Progress,
) -> Result<(), Diagnostic> {
    let stage = facts.world().map_or_else(Default::default, |world| world.stage);
    let selected = inputs.library.select(stage, &inputs.selection);
    let policies: Vec<&Policy> = selected.filter(|policy| !policy.reads_waivers).collect();
    progress.step("judging", facts.cases.iter().map(|case| case.subjects.len() + policies.len()).sum());
    let tick = || progress.tick();
    for case in &facts.cases {
        let task = case.task(inputs, &facts.subjects, &session.sources, policies.clone(), &tick);
        let mut evaluation = evaluate::evaluate(&task)?;
        evaluate::compare(&task, &mut evaluation)?;
    }
    Ok(())
}

/// One case, and all that it is judged with.
struct Run<'a> {
    workspace: &'a Workspace,
    inputs: &'a Inputs,
    facts: &'a Facts,
    foreign: &'a foreign::Verdicts,
    case: &'a Case,
    selected: &'a [&'a Policy],
    asked: &'a [&'a Policy],
    sources: &'a Sources,
}

impl<'a> Run<'a> {
    fn judge(&self, tick: &'a (dyn Fn() + Sync)) -> Result<Verdicts, Diagnostic> {
        let (last, first): (Vec<&Policy>, Vec<&Policy>) = self.selected.iter().partition(|p| p.reads_waivers);
        let task = self.task(first, tick);
        let mut evaluation = evaluate::evaluate(&task)?;
        let fixed = evaluate::compare(&task, &mut evaluation)?;
        // What is not about a request is the same for each of them.
        evaluation.findings.extend(self.foreign.findings.iter().cloned());
        let settled = waiver::settle(&self.facts.waivers, &mut evaluation.findings, &self.circumstances());
        let lifted = trail::granted(&evaluation.findings, &self.case.world);
        let grants = Grants { waivers: settled.grants, lifted };
        let mut verdicts = Verdicts { fixed, valid_until: settled.valid_until, grants, ..Verdicts::default() };
        verdicts.add(&task.policies, evaluation);
        let world = World { waivers: settled.facts, ..self.case.world.clone() };
        // What waivers do is known when all parts of a run are together: this is evaluated there.
        let memory = task.memory.filter(|memory| !memory.wants_witness());
        let task = Task { policies: last, judged: Vec::new(), world: &world, memory, ..task };
        let evaluation = evaluate::evaluate(&task)?;
        verdicts.add(&task.policies, evaluation);
        verdicts.waivers = world.waivers;
        Ok(verdicts)
    }

    fn circumstances(&self) -> Circumstances<'a> {
        circumstances(self.workspace, self.inputs, self.facts, self.case, self.asked, self.sources)
    }

    fn task(&self, policies: Vec<&'a Policy>, tick: &'a (dyn Fn() + Sync)) -> Task<'a> {
        self.case.task(self.inputs, &self.facts.subjects, self.sources, policies, tick)
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
pub(super) fn waivers(
    workspace: &Workspace,
    inputs: &Inputs,
    resources: &[Resource],
    sources: &Sources,
) -> Vec<Waiver> {
    let documents = inputs.documents.waivers.iter().map(Waiver::of_document);
    documents.chain(waiver::read_inline(resources, sources, workspace.difference.is_some())).collect()
}

/// Tells the policies of each case which waivers there are; what they do is not known yet.
pub(super) fn introduce_waivers(workspace: &Workspace, inputs: &Inputs, facts: &mut Facts, sources: &Sources) {
    let introduced = facts.cases.iter().map(|case| {
        waiver::settle(&facts.waivers, &mut [], &circumstances(workspace, inputs, facts, case, &[], sources)).facts
    });
    let introduced: Vec<_> = introduced.collect();
    facts.cases.iter_mut().zip(introduced).for_each(|(case, waivers)| case.world.waivers = waivers);
}

fn circumstances<'a>(
    workspace: &Workspace,
    inputs: &'a Inputs,
    facts: &'a Facts,
    case: &'a Case,
    asked: &'a [&'a Policy],
    sources: &'a Sources,
) -> Circumstances<'a> {
    let contributors = case.world.git.as_ref().map(|git| git.contributors.iter().cloned().collect());
    Circumstances {
        now: case.world.now.0,
        policies: &inputs.known,
        asked,
        resources: &facts.subjects.resources,
        judged: &case.subjects,
        whole: workspace.is_whole(),
        change: case.judged.id(),
        contributors: contributors.unwrap_or_else(|| case.judged.participants(inputs)),
        identities: &inputs.documents.identities,
        approvals: &case.world.approvals,
        approvers: &inputs.config.approvals.waiver_approvers,
        limits: inputs.config.waivers,
        sources,
    }
}

//! Facts × policies, in parallel, then sorted: one thread and many give the same bytes.

mod answer;
mod input;
mod past;
mod remembered;
mod risk;
mod shape;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::facts::{Resource, World};
use crate::finding::{Answer, Diagnostic, Finding, Level, Status};
use crate::memory::{Key, Memory};
use crate::parse::tree::{Node, Path};
use crate::policy::engine::{Engine, EvalError};
use crate::policy::isolate::Worker;
use crate::policy::judge::Judge;
use crate::policy::library::{self, Library, Policy};
use crate::source::Sources;

use answer::About;
use input::{Shared, Views};
use remembered::{Known, Recorder, Remembered, Replayed};

pub use input::whole_input;
pub use past::compare;
pub use risk::{risk, risk_explanation};
pub use shape::input_shape;

/// What is evaluated.
pub struct Task<'a> {
    /// All policies and their engine.
    pub library: &'a Library,
    /// The policies that apply, sorted by id.
    pub policies: Vec<&'a Policy>,
    /// The shared part of the input.
    pub world: &'a World,
    /// Every resource.
    pub resources: &'a [Resource],
    /// Which resources the change, as far as its request goes, changes: indexes of `resources`.
    pub changed: &'a [usize],
    /// Whether a resource is judged: indexes of `resources`.
    pub judged: Vec<usize>,
    /// The change request's document and its place, for findings `at: "change"`.
    pub request: Option<&'a Node>,
    /// All texts.
    pub sources: &'a Sources,
    /// Where answers are looked up and kept.
    pub memory: Option<&'a Memory>,
    /// Called after each subject.
    pub tick: &'a (dyn Fn() + Sync),
}

/// A finding, and what it was raised on.
#[derive(Clone, Debug)]
pub struct Raised {
    /// The finding.
    pub finding: Finding,
    /// Index of the resource that was judged; `None` when the change was.
    pub resource: Option<usize>,
    /// What it points at, below the resource's attributes.
    pub path: Path,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// Not yet sorted by place.
    pub findings: Vec<Raised>,
    /// Policies that could not be evaluated.
    pub diagnostics: Vec<Diagnostic>,
    /// On how many subjects each policy was evaluated, in the order of the task's policies.
    pub counts: Vec<usize>,
    /// How many resources at least one policy judged.
    pub judged_resources: usize,
    /// Earliest instant after now at which an answer may change.
    pub valid_until: Option<Timestamp>,
}

/// Evaluates every policy on what it judges.
///
/// # Errors
/// A diagnostic when the shared input cannot be built, or a policy cannot be loaded.
pub fn evaluate(task: &Task<'_>) -> Result<Evaluation, Diagnostic> {
    let subjects = subjects(task);
    let asked: BTreeSet<usize> = subjects.iter().flat_map(|s| &s.policies).copied().collect();
    let asked: Vec<usize> = asked.into_iter().collect();
    let policies = || asked.iter().filter_map(|index| task.policies.get(*index));
    let with_effective = policies().any(|policy| policy.reads_effective) || task.library.reads_effective;
    let views = Views::new(task.resources, task.sources, with_effective);
    let shared = Shared::new(task, &views, policies().any(|policy| policy.reads_resources))?;
    let remembered = task.memory.map(|memory| Remembered::new(memory, task, &views, &shared, &asked)).transpose()?;
    let subjects = of_part(task, subjects);
    let known: Vec<Known> = match &remembered {
        Some(remembered) => subjects.par_iter().map(|subject| remembered.recall(&views, subject)).collect(),
        None => subjects.iter().map(|_| Known::default()).collect(),
    };
    let missing = |(subject, known)| remembered.as_ref()?.missing(task, subject, known);
    if let Some(fault) = subjects.iter().zip(&known).find_map(missing) {
        return Err(fault);
    }
    let engines = Engines::load(task, &subjects, &known)?;
    let run = Run { task, views: &views, shared: &shared, remembered: remembered.as_ref(), fresh: &engines };
    let answers: Vec<Answers> = subjects
        .par_iter()
        .zip(known)
        .map_init(
            || (engines.clone(), task.library.isolation.clone().map(Worker::new)),
            |(used, worker), (subject, known)| {
                let answers = run.judge(used.of(subject), worker, subject, known);
                (task.tick)();
                answers
            },
        )
        .collect();
    Ok(collect(task, &subjects, answers))
}

/// One subject with the policies that judge it, as indexes into the task's policies.
struct Subject {
    resource: Option<usize>,
    policies: Vec<usize>,
}

/// What the subjects are asked with. Policies of the change and of resources share little but functions, and no subject
/// needs both: the two are loaded side by side, where there is somebody to ask whose answer is not known.
#[derive(Clone)]
struct Engines {
    change: Option<Engine>,
    resources: Option<Engine>,
}

impl Engines {
    fn load(task: &Task<'_>, subjects: &[Subject], known: &[Known]) -> Result<Self, Diagnostic> {
        let asked = |of_resources: bool| {
            let of_kind = subjects.iter().zip(known).filter(|(subject, _)| subject.resource.is_some() == of_resources);
            let unknown = |(subject, known): (&Subject, &Known)| {
                let open = subject.policies.iter().filter(|policy| !known.answers.contains_key(policy));
                open.copied().collect::<Vec<_>>()
            };
            let asked: BTreeSet<usize> = of_kind.flat_map(unknown).collect();
            let policies = asked.iter().filter_map(|index| task.policies.get(*index)).copied();
            let policies: Vec<&Policy> = policies.filter(|policy| !policy.isolated).collect();
            if policies.is_empty() { Ok(None) } else { task.library.engine_for(policies).map(Some) }
        };
        let (change, resources) = rayon::join(|| asked(false), || asked(true));
        Ok(Self { change: change?, resources: resources? })
    }

    fn of(&mut self, subject: &Subject) -> &mut Option<Engine> {
        if subject.resource.is_some() { &mut self.resources } else { &mut self.change }
    }
}

/// What of the subjects is evaluated here: all, unless the run is one of several parts.
fn of_part(task: &Task<'_>, mut subjects: Vec<Subject>) -> Vec<Subject> {
    let Some(part) = task.memory.and_then(Memory::of_part) else { return subjects };
    subjects.retain(|subject| match subject.resource {
        Some(index) => task.resources.get(index).is_some_and(|resource| part.has(&resource.id)),
        None => subject.policies.iter().filter_map(|index| task.policies.get(*index)).any(|p| part.has(p.id())),
    });
    subjects
}

/// Change policies one by one (each may be slow), then each resource with all policies that target its kind.
fn subjects(task: &Task<'_>) -> Vec<Subject> {
    let mut by_kind: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut subjects = Vec::new();
    for (index, policy) in task.policies.iter().enumerate() {
        if library::is_per_resource(policy) {
            for target in &policy.metadata.custom.targets {
                by_kind.entry(target).or_default().push(index);
            }
        } else {
            subjects.push(Subject { resource: None, policies: vec![index] });
        }
    }
    let everywhere = by_kind.remove("*").unwrap_or_default();
    for resource in &task.judged {
        let kind = task.resources.get(*resource).map_or("", |r| &r.kind);
        let mut policies: Vec<usize> = by_kind.get(kind).into_iter().flatten().chain(&everywhere).copied().collect();
        policies.sort_unstable();
        policies.dedup();
        if !policies.is_empty() {
            subjects.push(Subject { resource: Some(*resource), policies });
        }
    }
    subjects
}

/// What the policies answered about one subject.
#[derive(Default)]
struct Answers {
    findings: Vec<Raised>,
    diagnostics: Vec<Diagnostic>,
    instants: Vec<i64>,
    lifts: Vec<String>,
}

/// What the evaluations of a task share.
struct Run<'a> {
    task: &'a Task<'a>,
    views: &'a Views<'a>,
    shared: &'a Shared,
    remembered: Option<&'a Remembered<'a>>,
    fresh: &'a Engines,
}

impl Run<'_> {
    /// Asks every policy about a subject, each where its answer is known, else the engine, or a process when it is not
    /// trusted.
    fn judge(
        &self,
        engine: &mut Option<Engine>,
        worker: &mut Option<Worker>,
        subject: &Subject,
        mut known: Known,
    ) -> Answers {
        let resource = subject.resource.and_then(|index| self.task.resources.get(index));
        let mut own = None;
        let mut answers = Answers::default();
        for index in &subject.policies {
            let Some(policy) = self.task.policies.get(*index).copied() else { continue };
            let about = About { task: self.task, policy, resource, index: subject.resource };
            let asked = if let Some(recorded) = known.answers.remove(index) {
                about.ask(&mut Replayed::from(recorded), &mut answers)
            } else {
                let own = own.get_or_insert_with(|| subject.resource.map(|index| self.views.resource(index)));
                let base = if policy.reads_resources { &self.shared.with_resources } else { &self.shared.base };
                let input = match own {
                    Some(own) => base.with(vec![("resource", own.clone())]),
                    None => base.clone(),
                };
                let key = known.keys.get(index).copied();
                match (worker.as_mut().filter(|_| policy.isolated), engine.as_mut()) {
                    (Some(worker), _) => {
                        worker.prepare(input, policy.mode, None);
                        self.ask(&about, worker, key, &mut answers)
                    }
                    (None, Some(engine)) => {
                        engine.set_mode(policy.mode);
                        engine.set_input(input);
                        self.ask(&about, engine, key, &mut answers)
                    }
                    // One is loaded for whatever is not known.
                    (None, None) => Err(EvalError::Limit("no engine was loaded for it".to_owned())),
                }
            };
            if let Err(fault) = asked {
                answers.diagnostics.push(about.fault(&fault));
                if fault == EvalError::Panicked && !policy.isolated {
                    *engine = self.fresh.clone().of(subject).clone();
                }
            }
        }
        answers
    }

    /// Asks somebody, and keeps what they answer.
    fn ask(
        &self,
        about: &About<'_>,
        judge: &mut impl Judge,
        key: Option<Key>,
        answers: &mut Answers,
    ) -> Result<(), EvalError> {
        let Some((remembered, key)) = self.remembered.zip(key) else { return about.ask(judge, answers) };
        let mut recorder = Recorder::new(judge);
        let asked = about.ask(&mut recorder, answers);
        remembered.remember(key, &recorder);
        asked
    }
}

fn collect(task: &Task<'_>, subjects: &[Subject], answers: Vec<Answers>) -> Evaluation {
    let mut out = Evaluation { counts: vec![0; task.policies.len()], ..Evaluation::default() };
    for index in subjects.iter().flat_map(|s| &s.policies) {
        if let Some(count) = out.counts.get_mut(*index) {
            *count += 1;
        }
    }
    out.judged_resources = subjects.iter().filter(|s| s.resource.is_some()).count();
    let now = task.world.now;
    // Another level of risk asks for other approvals.
    let risk = task.request.and(task.world.risk.changes_at_ns);
    out.valid_until = risk.and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok()).filter(|t| *t > now.0);
    let mut lifts = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for answer in answers {
        out.findings.extend(answer.findings);
        // What is gone over at one place is told once, whatever the resource.
        let told = |fault: &Diagnostic| fault.level == Level::Error || seen.insert(fault.span);
        out.diagnostics.extend(answer.diagnostics.into_iter().filter(told));
        lifts.extend(answer.lifts);
        let later = answer.instants.into_iter().filter_map(|ns| Timestamp::from_nanosecond(ns.into()).ok());
        out.valid_until = out.valid_until.into_iter().chain(later.filter(|t| *t > now.0)).min();
    }
    lift(&mut out.findings, &lifts, task.world);
    out
}

/// Marks what a protocol lifts (invariant 9). Only findings that say so themselves can be lifted, and one by one.
fn lift(findings: &mut [Raised], lifts: &BTreeSet<String>, world: &World) {
    let named = |f: &Finding| f.liftable.as_deref().is_some_and(|name| lifts.contains(name));
    for finding in findings.iter_mut().map(|raised| &mut raised.finding).filter(|f| named(f)) {
        if finding.status == Status::Open && finding.answer == Answer::Fail {
            finding.status = Status::Overridden;
            finding.lifted_by = world.freeze_override.as_ref().map(|one| one.id.as_str().into());
        }
    }
}

/// Tells findings with one fingerprint apart by their order.
pub fn number_fingerprints(findings: &mut [Finding]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let n = seen.entry(finding.fingerprint.clone()).or_default();
        *n += 1;
        if *n > 1 {
            finding.fingerprint = format!("{}-{n}", finding.fingerprint);
        }
    }
}

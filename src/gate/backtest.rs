//! Judges the past again with a candidate: recorded decisions are given twice from the same inputs, as they were and with
//! the candidate's policies and thresholds. What differs between the two is the candidate's doing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;

use crate::audit::reading::Reading;
use crate::audit::{Grade, Recorded, Store, query};
use crate::facts::{OverrideUse, Stage};
use crate::finding::{Answer, Diagnostic, Finding, Level};
use crate::outcome::Outcome;
use crate::report::backtest::{Changed, Differing, Given, LeftOut, Report};

use super::replay::{again, answer};
use super::workspace::Workspace;
use super::{Past, Progress, Request, Silent, Trial, in_pool, inputs, trail};

/// Records that are judged together: their statements are in memory.
const BATCH: usize = 64;
/// What is left out is counted; so many are named.
const NAMED: usize = 3;

/// Which decisions are given again.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// Which records.
    pub filter: query::Filter,
    /// Stage of the run.
    pub stage: Option<Stage>,
}

/// Where and how decisions are given again.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// The repository and what surrounds it.
    pub here: &'a Request,
    /// Threads; the result does not depend on them.
    pub jobs: usize,
}

/// Gives the decisions of a log again, with a candidate and without, from a repository.
///
/// # Errors
///
/// What is wrong with the candidate; `replay::nothing` when no decision could be given again; what keeps the log from
/// being read.
pub fn backtest(
    store: &dyn Store,
    questions: &Questions,
    bench: &Bench<'_>,
    trial: Trial,
    progress: &dyn Progress,
) -> Result<Report, Diagnostic> {
    let Bench { here, jobs } = *bench;
    let lab = Lab { here, jobs, trial: Arc::new(trial), uses: uses(here)? };
    let filter = query::Filter { kind: Some("decision".into()), ..questions.filter.clone() };
    let is_stage =
        |reading: &Reading| questions.stage.is_none_or(|stage| reading.text("/stage") == Some(stage.as_str()));
    let (mut sum, mut batch, mut failed) = (Sum::default(), Vec::new(), Ok(()));
    query::each(store, &filter, &mut |reading| {
        if failed.is_ok() && is_stage(&reading) {
            batch.push(reading);
        }
        if batch.len() == BATCH {
            failed = lab.judge(&mut batch, &mut sum, progress);
        }
    })?;
    failed?;
    lab.judge(&mut batch, &mut sum, progress)?;
    sum.report(&lab.trial)
}

/// Overrides that the trail knows: read once, not for every decision.
fn uses(here: &Request) -> Result<Arc<[OverrideUse]>, Diagnostic> {
    let workspace = Workspace::open(here)?;
    let config = inputs::configuration(&workspace)?;
    let past = Past { index: u64::MAX, at: Timestamp::MAX, uses: None };
    let reader = Request { past: Some(past), ..here.clone() };
    Ok(trail::uses(&reader, &workspace.root, &config)?.unwrap_or_default().into())
}

/// Where decisions are given again.
struct Lab<'a> {
    here: &'a Request,
    jobs: usize,
    trial: Arc<Trial>,
    uses: Arc<[OverrideUse]>,
}

/// One decision.
enum Tried {
    Given { differing: Box<Differing>, faithful: bool },
    LeftOut { why: &'static str, example: String },
}

impl Lab<'_> {
    /// Gives a batch again and adds it up in the order of the log.
    fn judge(&self, batch: &mut Vec<Reading>, sum: &mut Sum, progress: &dyn Progress) -> Result<(), Diagnostic> {
        progress.step("decisions are given again", batch.len());
        let judge = |reading: &Reading| {
            let tried = self.tried(reading);
            progress.tick();
            tried
        };
        let tried: Vec<_> = in_pool(self.jobs, || batch.par_iter().map(judge).collect());
        batch.clear();
        tried.into_iter().try_for_each(|tried| tried.map(|tried| sum.add(tried)))
    }

    /// # Errors
    ///
    /// What is wrong with the candidate. What is wrong with the record leaves it out.
    fn tried(&self, reading: &Reading) -> Result<Tried, Diagnostic> {
        let index = reading.index;
        let left_out = |why, example: String| Ok(Tried::LeftOut { why, example: format!("record {index}: {example}") });
        let recorded = match Recorded::of(reading) {
            Ok(recorded) => recorded,
            Err(fault) => return left_out("do not hold what they rest on", fault.message),
        };
        if recorded.head.is_none() {
            return left_out("judged files that no commit holds", "no head".into());
        }
        let without = self.request(&recorded).and_then(|request| answer(&recorded, &request, &Silent));
        let replay = match without {
            Ok(replay) => replay,
            Err(fault) => return left_out("rest on a commit or a file that is not here", fault.message),
        };
        let mut request = self.request(&recorded)?;
        request.policies.trial = Some(self.trial.clone());
        let with = answer(&recorded, &request, &Silent)?.outcome;
        new_fault(&replay.outcome, &with)?;
        let faithful = replay.differences.iter().all(|d| d.grade == Grade::Tool);
        Ok(Tried::Given { differing: Box::new(compare(&recorded, &replay.outcome, &with)), faithful })
    }

    fn request(&self, recorded: &Recorded) -> Result<Request, Diagnostic> {
        let request = again(recorded, self.here)?;
        let past = Past { index: recorded.index, at: recorded.judged_at, uses: Some(self.uses.clone()) };
        Ok(Request { past: Some(past), ..request })
    }
}

/// An error that only the candidate brings: it does not load, or a threshold is of another type.
fn new_fault(without: &Outcome, with: &Outcome) -> Result<(), Diagnostic> {
    let same = |a: &Diagnostic, b: &Diagnostic| a.code == b.code && a.message == b.message;
    let is_new = |fault: &Diagnostic| without.diagnostics.iter().all(|known| !same(known, fault));
    let mut errors = with.diagnostics.iter().filter(|d| d.level == Level::Error);
    let Some(fault) = errors.find(|fault| is_new(fault)).cloned() else { return Ok(()) };
    let place = fault.span.and_then(|span| with.sources.locate(span)).map(|place| place.to_string());
    Err(match place {
        Some(place) => Diagnostic { span: None, ..fault }.in_file(place),
        None => fault,
    })
}

fn compare(recorded: &Recorded, without: &Outcome, with: &Outcome) -> Differing {
    let given = |o: &Outcome| Given { verdict: o.verdict.as_str(), decision: o.decision.as_str() };
    let (before, after) = (keyed(without), keyed(with));
    let only = |own: &BTreeMap<Key<'_>, &Finding>, other: &BTreeMap<Key<'_>, &Finding>| {
        let mine = own.iter().filter(|(key, _)| !other.contains_key(*key));
        mine.map(|(key, finding)| changed(finding, key.3)).collect()
    };
    Differing {
        record: recorded.index,
        id: recorded.id.clone(),
        change: recorded.statement.pointer("/predicate/what/change").and_then(|c| c.as_str()).map(str::to_owned),
        stage: recorded.stage.as_str(),
        judged_at: recorded.judged_at,
        recorded: [recorded.verdict.clone(), recorded.decision.clone()],
        without: given(without),
        with: given(with),
        appeared: only(&after, &before),
        gone: only(&before, &after),
    }
}

/// What makes two findings the same: policy, place, answer, whether it blocks.
type Key<'a> = (&'a str, &'a str, bool, bool);

fn keyed(outcome: &Outcome) -> BTreeMap<Key<'_>, &Finding> {
    let apply = outcome.stage == Stage::Apply;
    let key = |f: &Finding| (f.answer == Answer::Fail, f.blocks(apply));
    let keyed = |f| {
        let (fails, blocks) = key(f);
        ((&*f.policy, f.fingerprint.as_str(), fails, blocks), f)
    };
    outcome.findings.iter().map(keyed).collect()
}

fn changed(finding: &Finding, blocks: bool) -> Changed {
    Changed {
        policy: finding.policy.to_string(),
        resource: finding.resource.as_deref().map(str::to_owned),
        message: finding.message.clone(),
        blocks,
    }
}

#[derive(Default)]
struct Sum {
    judged: u64,
    unfaithful: Vec<u64>,
    left_out: BTreeMap<&'static str, LeftOut>,
    differing: Vec<Differing>,
}

impl Sum {
    fn add(&mut self, tried: Tried) {
        match tried {
            Tried::Given { differing, faithful } => {
                self.judged += 1;
                if !faithful {
                    self.unfaithful.push(differing.record);
                }
                if differing.has_other_verdict() || differing.has_other_findings() {
                    self.differing.push(*differing);
                }
            }
            Tried::LeftOut { why, example } => {
                let known = self.left_out.entry(why).or_insert_with(|| LeftOut { why, count: 0, examples: Vec::new() });
                known.count += 1;
                if known.examples.len() < NAMED {
                    known.examples.push(example);
                }
            }
        }
    }

    fn report(self, trial: &Trial) -> Result<Report, Diagnostic> {
        if self.judged == 0 {
            let first = self.left_out.values().next().and_then(|l| Some(format!(": {}", l.examples.first()?)));
            let message = format!("no decision could be given again{}", first.unwrap_or_default());
            return Err(Diagnostic::error("replay::nothing", message)
                .help("`changegate audit log --kind decision` lists them; their commits have to be in this clone"));
        }
        Ok(Report {
            policies: trial.policies.iter().map(|path| path.display().to_string()).collect(),
            thresholds: trial.thresholds.clone(),
            judged: self.judged,
            unfaithful: self.unfaithful,
            left_out: self.left_out.into_values().collect(),
            differing: self.differing,
        })
    }
}

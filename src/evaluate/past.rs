//! Which findings are older than the change, and which it mended (issue: only what the change introduced).
//!
//! The same policies judge the resources as they were before. A finding is pre-existing when its policy said the same
//! about the same resource then: policy, resource, attribute path and class of message, wherever the lines stand now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Evaluation, Raised, Task, evaluate};
use crate::facts::{Action, Mode, Resource, World};
use crate::finding::{Answer, Diagnostic, Enforcement, Finding, Status};
use crate::kubernetes;
use crate::policy::library::is_per_resource;

/// Judges the resources as they were, marks the findings that are older than the change, and returns the failures that
/// are gone, not yet sorted.
///
/// A finding stays new, that is, it counts, when its policy is hard and the change touches the resource; when the change
/// edits the very value it points at; and when its policy looks at the change, so that it can have said nothing before.
///
/// # Errors
/// A diagnostic when the shared input cannot be built.
pub fn compare(task: &Task<'_>, now: &mut Evaluation) -> Result<Vec<Finding>, Diagnostic> {
    let past = Past::of(task);
    if past.judged.is_empty() {
        return Ok(Vec::new());
    }
    let policies = task.policies.iter().filter(|p| is_per_resource(p) && !p.reads_change).copied().collect();
    let world = World { mode: Mode::Present, ..task.world.clone() };
    // What could not be judged then counts as nothing: findings are rather new than old.
    let then = evaluate(&Task {
        policies,
        world: &world,
        resources: &past.resources,
        changed: &[],
        judged: past.judged,
        request: None,
        tick: &|| {},
        ..*task
    })?;
    let mut before = Before::default();
    for raised in then.findings {
        let head = raised.resource.and_then(|index| past.head.get(index)).copied();
        before.add(Raised { resource: head, ..raised });
    }
    before.mark(task, &mut now.findings);
    Ok(before.left(&now.findings))
}

/// The tree before the change, as far as it was read.
struct Past {
    resources: Vec<Resource>,
    /// Those whose counterpart is judged.
    judged: Vec<usize>,
    /// For each resource the index of what it is now.
    head: Vec<usize>,
}

impl Past {
    fn of(task: &Task<'_>) -> Self {
        let mut past = Self { resources: Vec::new(), judged: Vec::new(), head: Vec::new() };
        if task.world.mode == Mode::Present {
            return past;
        }
        let is_judged = |index: &usize| task.judged.binary_search(index).is_ok();
        for (index, resource) in task.resources.iter().enumerate() {
            let Some(before) = as_it_was(resource) else { continue };
            if is_judged(&index) {
                past.judged.push(past.resources.len());
            }
            past.head.push(index);
            past.resources.push(before);
        }
        if !past.judged.is_empty() {
            kubernetes::join(&mut past.resources, task.sources);
        }
        past
    }
}

/// A resource before the change; `None` when it was not there, or is only known by its attributes.
fn as_it_was(resource: &Resource) -> Option<Resource> {
    let before = match (&resource.base, resource.action) {
        (Some(base), _) => Resource::clone(base),
        (None, Action::Delete | Action::NoOp | Action::Present) => resource.clone(),
        (None, _) => return None,
    };
    Some(Resource { action: Action::Present, before: None, base: None, changed: Vec::new(), ..before })
}

/// What identifies a finding of one resource: the resource's index at the head and the fingerprint.
type Key = (Option<usize>, String);

/// Findings of the past that were not met again yet.
#[derive(Default)]
struct Before(BTreeMap<Key, Vec<Finding>>);

impl Before {
    fn add(&mut self, raised: Raised) {
        let key = (raised.resource, raised.finding.fingerprint.clone());
        self.0.entry(key).or_default().push(raised.finding);
    }

    /// Marks what was there before. Of several findings with one fingerprint, those with the same words go first.
    fn mark(&mut self, task: &Task<'_>, now: &mut [Raised]) {
        let mut met = vec![false; now.len()];
        for same_words in [true, false] {
            for (raised, met) in now.iter_mut().zip(&mut met).filter(|(r, met)| !**met && r.resource.is_some()) {
                let key = (raised.resource, raised.finding.fingerprint.clone());
                let Some(then) = self.0.get_mut(&key) else { continue };
                let agrees = |f: &Finding| !same_words || f.message == raised.finding.message;
                let Some(at) = then.iter().position(agrees) else { continue };
                then.remove(at);
                *met = true;
                let resource = raised.resource.and_then(|index| task.resources.get(index));
                if resource.is_some_and(|r| !owned(raised, r)) {
                    raised.finding.status = Status::Preexisting;
                }
            }
        }
    }

    /// Failures that are gone. One whose policy cannot tell any more is not.
    fn left(self, now: &[Raised]) -> Vec<Finding> {
        let unknown = |key: &Key, policy: &Arc<str>| {
            now.iter()
                .any(|r| r.resource == key.0 && r.finding.answer == Answer::Unknown && r.finding.policy == *policy)
        };
        let gone = self.0.into_iter().flat_map(|(key, then)| then.into_iter().map(move |f| (key.clone(), f)));
        gone.filter(|(key, f)| f.answer == Answer::Fail && !unknown(key, &f.policy)).map(|(_, f)| f).collect()
    }
}

/// Whether a finding that is as old as its resource counts all the same. What a change touches and nobody can judge is
/// always said.
fn owned(raised: &Raised, resource: &Resource) -> bool {
    let touched = resource.action.is_change();
    let Finding { answer, enforcement, .. } = &raised.finding;
    let edited = !raised.path.is_empty() && resource.changed.contains(&raised.path);
    touched && (edited || *answer == Answer::Unknown || *enforcement == Enforcement::Hard)
}

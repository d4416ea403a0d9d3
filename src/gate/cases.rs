//! A change with several requests: what counts as whose, and one answer out of several evaluations.
//!
//! Each request is judged by itself, with the input shape of a change that has only this one. A resource counts as that of
//! the requests that name it, else of those whose scope covers it, else of every one: what no request covers is
//! undeclared in all of them, and nothing is left to nobody.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::request::{Request as ChangeRequest, Scope, bare_name};
use crate::evaluate::Task;
use crate::facts::{ApprovalFacts, Resource, RiskFacts, WaiverFacts, World};
use crate::finding::{Answer, Diagnostic, Finding};
use crate::policy::library::Policy;
use crate::source::{Sources, Span};

use super::change::Judged;
use super::inputs::Inputs;
use super::phases::Verdicts;
use super::subjects::Subjects;

/// One request, or none, and what it is judged on.
pub(super) struct Case {
    /// The request.
    pub judged: Judged,
    /// The input of the policies without the resources.
    pub world: World,
    /// Indexes of the changed resources that count as its own.
    pub changed: Vec<usize>,
    /// Indexes of the resources that are judged with it.
    pub subjects: Vec<usize>,
}

impl super::Facts {
    /// What a report needs to know of each request.
    pub(super) fn dossier(&self) -> Vec<crate::report::cab::Case> {
        let resource = |index: &usize| self.subjects.resources.get(*index).cloned();
        let case = |case: &Case| crate::report::cab::Case {
            world: case.world.clone(),
            changed: case.changed.iter().filter_map(resource).collect(),
        };
        self.cases.iter().map(case).collect()
    }

    /// What all requests share: the moment, the actor, the repository.
    pub(super) fn world(&self) -> Option<&World> {
        self.cases.first().map(|case| &case.world)
    }

    /// The risk of the riskiest request.
    pub(super) fn highest_risk(&self) -> RiskFacts {
        let weight = |risk: &&RiskFacts| (risk.rank(), risk.assessment.score);
        self.cases.iter().map(|case| &case.world.risk).max_by_key(weight).cloned().unwrap_or_default()
    }

    /// Approvals of all requests, each once.
    pub(super) fn approvals(&self) -> Vec<ApprovalFacts> {
        let mut all: Vec<ApprovalFacts> = Vec::new();
        for approval in self.cases.iter().flat_map(|case| &case.world.approvals) {
            if !all.contains(approval) {
                all.push(approval.clone());
            }
        }
        all
    }
}

impl Case {
    /// What is evaluated for this request.
    pub(super) fn task<'a>(
        &'a self,
        inputs: &'a Inputs,
        subjects: &'a Subjects,
        sources: &'a Sources,
        policies: Vec<&'a Policy>,
        tick: &'a (dyn Fn() + Sync),
    ) -> Task<'a> {
        Task {
            library: &inputs.library,
            policies,
            world: &self.world,
            resources: &subjects.resources,
            changed: &self.changed,
            judged: self.subjects.clone(),
            request: self.judged.request.as_ref().map(|r| &r.node),
            sources,
            memory: inputs.memory.as_deref(),
            tick,
        }
    }
}

/// For each request the indexes of the changed resources that count as its own.
pub(super) fn shares(judged: &[Judged], subjects: &Subjects, inputs: &Inputs) -> Vec<Vec<usize>> {
    let mut shares = vec![Vec::new(); judged.len()];
    let changed = subjects.resources.iter().enumerate().filter(|(_, resource)| resource.action.is_change());
    for (index, resource) in changed {
        let claims: Vec<Claim> = judged.iter().map(|j| claim(j.request.as_ref(), resource, inputs)).collect();
        let best = claims.iter().max().copied().unwrap_or_default();
        let of_best = shares.iter_mut().zip(claims).filter(|(_, claim)| *claim == best);
        of_best.for_each(|(share, _)| share.push(index));
    }
    shares
}

/// What is judged with a request: its own changed resources, and whatever is nobody's.
pub(super) fn subjects_of(changed: &[usize], subjects: &Subjects) -> Vec<usize> {
    let own: BTreeSet<usize> = changed.iter().copied().collect();
    let is_change = |index: &usize| subjects.resources.get(*index).is_some_and(|r| r.action.is_change());
    subjects.judged.iter().copied().filter(|index| own.contains(index) || !is_change(index)).collect()
}

/// How a request speaks of a resource, from not at all to by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Claim {
    #[default]
    None,
    Covered,
    Named,
}

fn claim(request: Option<&ChangeRequest>, resource: &Resource, inputs: &Inputs) -> Claim {
    let Some(scope) = request.and_then(|r| r.spec().scope.as_ref()) else { return Claim::None };
    let declared = scope.destructive_actions.iter().filter_map(|action| action.address.as_deref());
    if scope.resources.iter().map(String::as_str).chain(declared).any(|address| matches(address, &resource.id)) {
        return Claim::Named;
    }
    if covers(scope, resource, inputs) { Claim::Covered } else { Claim::None }
}

fn covers(scope: &Scope, resource: &Resource, inputs: &Inputs) -> bool {
    let Some(service) = resource.service.as_deref() else { return false };
    // An environment that could not be resolved counts as production.
    let environment = resource.environment.as_deref().unwrap_or(crate::resolve::PRODUCTION);
    scope.environments.iter().any(|name| inputs.environment(name) == environment)
        && scope.services.iter().filter_map(|s| s.r#ref.as_deref()).any(|name| bare_name(name) == service)
}

/// `*` stands for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let start = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(end)
}

/// One answer out of those about each request. A finding that several requests share stands once; any other begins
/// with the id of its request, when there are several.
pub(super) fn merge(verdicts: Vec<(String, Verdicts)>) -> Verdicts {
    if verdicts.len() < 2 {
        return verdicts.into_iter().map(|(_, verdicts)| verdicts).next().unwrap_or_default();
    }
    let mut merged = Verdicts::default();
    let mut findings: BTreeMap<Key, Vec<(String, Finding)>> = BTreeMap::new();
    for (id, of_one) in verdicts {
        for finding in of_one.findings {
            findings.entry(key(&finding)).or_default().push((id.clone(), finding));
        }
        add_new(&mut merged.diagnostics, of_one.diagnostics);
        add_new(&mut merged.fixed, of_one.fixed);
        add_new(&mut merged.grants.waivers, of_one.grants.waivers);
        if merged.grants.lifted.is_some() && of_one.grants.lifted.is_some() {
            add_new(&mut merged.diagnostics, vec![two_overrides()]);
        }
        merged.grants.lifted = merged.grants.lifted.or(of_one.grants.lifted);
        of_one.counts.into_iter().for_each(|(id, count)| *merged.counts.entry(id).or_default() += count);
        merged.evaluations += of_one.evaluations;
        merged.judged_resources += of_one.judged_resources;
        merged.valid_until = merged.valid_until.into_iter().chain(of_one.valid_until).min();
        merge_waivers(&mut merged.waivers, of_one.waivers);
    }
    merged.findings = findings.into_values().filter_map(shared).collect();
    merged
}

/// A record rests on one override.
fn two_overrides() -> Diagnostic {
    Diagnostic::error("override::several", "two change requests of one run are let through by overrides")
        .help("bring changes that need an override in one by one, so that each has a record of its own")
}

fn add_new<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// Every request has the same waivers; one that is of use to any of them is of use.
fn merge_waivers(all: &mut Vec<WaiverFacts>, more: Vec<WaiverFacts>) {
    if all.is_empty() {
        *all = more;
        return;
    }
    for (waiver, other) in all.iter_mut().zip(more) {
        let uses = (waiver.judged || other.judged, waiver.needed || other.needed, waiver.used || other.used);
        if other.used && !waiver.used {
            *waiver = other;
        }
        (waiver.judged, waiver.needed, waiver.used) = uses;
    }
}

type Key = (std::sync::Arc<str>, Answer, Option<std::sync::Arc<str>>, Option<Span>, String);

fn key(f: &Finding) -> Key {
    (f.policy.clone(), f.answer, f.resource.clone(), f.span, f.message.clone())
}

/// The strictest of the same finding about several requests.
fn shared(same: Vec<(String, Finding)>) -> Option<Finding> {
    let alone = same.len() == 1;
    let pending = same.iter().all(|(_, finding)| finding.pending);
    let (id, mut finding) = same.into_iter().min_by_key(|(_, f)| (f.enforcement, f.status))?;
    finding.pending = pending;
    if alone && !finding.message.starts_with(&id) {
        finding.message = format!("{id}: {}", finding.message);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything_and_the_rest_for_itself() {
        for (pattern, text) in [("a.b", "a.b"), ("a[*]", "a[\"x\"]"), ("*", ""), ("m.*.db", "m.x.y.db"), ("a**b", "ab")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a.b", "a.bc"), ("a*", "ba"), ("*b", "bc"), ("a*b*c", "acb"), ("ab*b", "ab"), ("", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}

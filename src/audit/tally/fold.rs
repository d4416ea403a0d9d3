//! Sums up decisions one by one, in the order of the log.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::leaf::{Decision, Policy, Resource, seconds};
use super::{JudgedChange, PolicyTally, Production, Question, Tally};

/// The policy that a freeze speaks through.
pub(crate) const FREEZE: &str = "CHG-001";

#[derive(Default)]
pub(super) struct Fold {
    pub(super) tally: Tally,
    places: HashMap<(Arc<str>, Option<Arc<str>>), usize>,
    services: HashMap<String, Arc<str>>,
}

impl Fold {
    pub(super) fn add(&mut self, decision: &Decision, question: &Question) {
        if question.since.is_some_and(|since| decision.at < since) {
            return;
        }
        for policy in decision.policies.items() {
            self.add_policy(policy, decision.index);
        }
        let services = services(decision.resources.items(), &question.production);
        if services.is_empty() {
            self.tally.elsewhere += 1;
            return;
        }
        self.tally.decisions += 1;
        let key = key(decision);
        for service in services {
            let service = service.map(|name| self.shared(name));
            let resources = decision
                .resources
                .items()
                .iter()
                .filter(|r| r.service.as_deref() == service.as_deref() && r.counts(&question.production));
            let resources = resources.count() as u64;
            let place = (key.clone(), service.clone());
            let index = *self.places.entry(place).or_insert_with(|| {
                self.tally.changes.push(begun(&key, service, decision));
                self.tally.changes.len() - 1
            });
            if let Some(change) = self.tally.changes.get_mut(index) {
                update(change, decision, resources);
            }
        }
    }

    pub(super) fn finish(mut self) -> Tally {
        self.tally.changes.sort_by(|a, b| (&a.key, &a.service).cmp(&(&b.key, &b.service)));
        self.tally
    }

    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let shared: Arc<str> = name.into();
        self.services.insert(name.to_owned(), shared.clone());
        shared
    }

    fn add_policy(&mut self, policy: &Policy, index: u64) {
        if policy.verdict == "not_applicable" {
            return;
        }
        let tally = match self.tally.policies.get_mut(policy.id.as_str()) {
            Some(tally) => tally,
            None => self.tally.policies.entry(policy.id.as_str().into()).or_default(),
        };
        let has = |status: &str| u64::from(policy.findings.iter().any(|f| f.status == status));
        *tally = PolicyTally {
            decisions: tally.decisions + 1,
            evaluations: tally.evaluations + policy.evaluations,
            passed: tally.passed + u64::from(policy.verdict == "pass"),
            failed: tally.failed + u64::from(policy.verdict == "fail"),
            unknown: tally.unknown + u64::from(policy.verdict == "unknown"),
            waived: tally.waived + has("waived"),
            overridden: tally.overridden + has("overridden"),
            last: Some(index),
        };
    }
}

/// What holds the decisions about one change together.
fn key(decision: &Decision) -> Arc<str> {
    let named = decision.change.as_deref().or(decision.digest.as_deref()).or(decision.head.as_deref());
    named.unwrap_or(&decision.id).into()
}

impl Resource {
    /// Whether it lies in production, or nobody knows where.
    fn counts(&self, production: &Production) -> bool {
        self.environment.as_deref().is_none_or(|environment| production.has(environment))
    }
}

/// The services that are touched; `None` among them alone when none is known; nothing when all lies elsewhere.
fn services<'a>(resources: &'a [Resource], production: &Production) -> Vec<Option<&'a str>> {
    let mut counted = resources.iter().filter(|r| r.counts(production)).peekable();
    if counted.peek().is_none() && !resources.is_empty() {
        return Vec::new();
    }
    let named: BTreeSet<&str> = counted.filter_map(|r| r.service.as_deref()).collect();
    if named.is_empty() { vec![None] } else { named.into_iter().map(Some).collect() }
}

fn begun(key: &Arc<str>, service: Option<Arc<str>>, decision: &Decision) -> JudgedChange {
    JudgedChange {
        key: key.clone(),
        change: decision.change.is_some().then(|| key.clone()),
        digest: None,
        head: None,
        service,
        index: decision.index,
        first: decision.at,
        last: decision.at,
        applied: None,
        approved: None,
        decisions: 0,
        denied: 0,
        resources: 0,
        overridden: false,
        waived: false,
        frozen: false,
    }
}

fn update(change: &mut JudgedChange, decision: &Decision, resources: u64) {
    let policies = decision.policies.items();
    let any = |status: &str| policies.iter().any(|p| p.findings.iter().any(|f| f.status == status));
    let approvals = decision.approvals.items().iter().filter(|a| a.valid).filter_map(|a| seconds(a.at.as_deref()?));
    change.first = change.first.min(decision.at);
    change.last = change.last.max(decision.at);
    replace(&mut change.digest, decision.digest.as_deref());
    replace(&mut change.head, decision.head.as_deref());
    change.approved = change.approved.into_iter().chain(approvals).max();
    if decision.apply && decision.decision == "allowed" {
        change.applied = Some(change.applied.map_or(decision.at, |known| known.min(decision.at)));
    }
    change.decisions += 1;
    change.denied += u64::from(decision.decision == "denied");
    change.resources = change.resources.max(resources);
    change.overridden |= decision.lifted || any("overridden");
    change.waived |= decision.waivers || any("waived");
    change.frozen |= policies.iter().any(|p| p.id == FREEZE && p.verdict == "fail");
}

/// Takes the newer value, without a new allocation where it is the same.
fn replace(known: &mut Option<Arc<str>>, newer: Option<&str>) {
    if let Some(newer) = newer.filter(|newer| known.as_deref() != Some(newer)) {
        *known = Some(newer.into());
    }
}

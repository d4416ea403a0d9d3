//! Sums up decisions one by one, in the order of the log.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::leaf::{Decided, Decision, Resource, seconds};
use super::{JudgedChange, Production, Question, Tally};

/// The policy that a freeze speaks through.
pub(crate) const FREEZE: &str = "CHG-001";

#[derive(Default)]
pub(super) struct Fold {
    pub(super) tally: Tally,
    /// Places in the tally of what was judged under a key, one for each service.
    places: HashMap<Arc<str>, Vec<usize>>,
    services: HashMap<String, Arc<str>>,
}

impl Fold {
    pub(super) fn add(&mut self, decision: &Decision, question: &Question) {
        let services = services(decision.resources.items(), &question.production);
        if services.is_empty() {
            self.tally.elsewhere += 1;
            return;
        }
        self.tally.decisions += 1;
        for service in services {
            let resources = decision
                .resources
                .items()
                .iter()
                .filter(|r| r.service.as_deref() == service && r.counts(&question.production))
                .count() as u64;
            let index = self.place(decision, service);
            if let Some(change) = self.tally.changes.get_mut(index) {
                update(change, decision, resources);
            }
        }
    }

    pub(super) fn finish(mut self) -> Tally {
        self.tally.changes.sort_by(|a, b| (&a.key, &a.service).cmp(&(&b.key, &b.service)));
        self.tally
    }

    /// Where the change that was judged stands in the tally, from now on at the latest.
    fn place(&mut self, decision: &Decision, service: Option<&str>) -> usize {
        let known = self.places.get(decision.key.as_str()).map_or(&[][..], Vec::as_slice);
        let of_service =
            |index: &&usize| self.tally.changes.get(**index).is_some_and(|c| c.service.as_deref() == service);
        if let Some(index) = known.iter().find(of_service) {
            return *index;
        }
        let key = known.first().and_then(|index| Some(self.tally.changes.get(*index)?.key.clone()));
        let key = key.unwrap_or_else(|| decision.key.as_str().into());
        let service = service.map(|name| self.shared(name));
        let index = self.tally.changes.len();
        self.tally.changes.push(begun(&key, service, decision));
        self.places.entry(key).or_default().push(index);
        index
    }

    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let shared: Arc<str> = name.into();
        self.services.insert(name.to_owned(), shared.clone());
        shared
    }
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
        change: decision.named.then(|| key.clone()),
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
    let approvals = decision.approvals.items().iter().filter(|a| a.valid).filter_map(|a| seconds(a.at.as_deref()?));
    change.first = change.first.min(decision.at);
    change.last = change.last.max(decision.at);
    replace(&mut change.digest, decision.digest.as_deref());
    replace(&mut change.head, decision.head.as_deref());
    change.approved = change.approved.into_iter().chain(approvals).max();
    if decision.apply && decision.decided == Decided::Allowed {
        change.applied = Some(change.applied.map_or(decision.at, |known| known.min(decision.at)));
    }
    change.decisions += 1;
    change.denied += u64::from(decision.decided == Decided::Denied);
    change.resources = change.resources.max(resources);
    change.overridden |= decision.marks.overridden;
    change.waived |= decision.marks.waived;
    change.frozen |= decision.marks.frozen;
}

/// Takes the newer value, without a new allocation where it is the same.
fn replace(known: &mut Option<Arc<str>>, newer: Option<&str>) {
    if let Some(newer) = newer.filter(|newer| known.as_deref() != Some(newer)) {
        *known = Some(newer.into());
    }
}

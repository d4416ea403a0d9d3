//! Sums up decisions one by one, in the order of the log.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::slice::ParallelSliceMut;

use super::leaf::{Decided, Decision};
use super::{JudgedChange, Tally};

/// The policy that a freeze speaks through.
pub(crate) const FREEZE: &str = "CHG-001";

#[derive(Default)]
pub(super) struct Fold {
    pub(super) tally: Tally,
    /// Places in the tally of what was judged under a key, one for each service.
    places: HashMap<Arc<str>, Vec<usize>, foldhash::fast::RandomState>,
    services: HashMap<String, Arc<str>, foldhash::fast::RandomState>,
}

impl Fold {
    pub(super) fn add(&mut self, decision: &Decision) {
        if decision.touched.is_empty() {
            self.tally.elsewhere += 1;
            return;
        }
        self.tally.decisions += 1;
        for (service, resources) in &decision.touched {
            let index = self.place(decision, service.as_deref());
            if let Some(change) = self.tally.changes.get_mut(index) {
                update(change, decision, *resources);
            }
        }
    }

    pub(super) fn finish(mut self) -> Tally {
        self.tally.changes.par_sort_unstable_by(|a, b| (&a.key, &a.service).cmp(&(&b.key, &b.service)));
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
    change.first = change.first.min(decision.at);
    change.last = change.last.max(decision.at);
    replace(&mut change.digest, decision.digest.as_deref());
    replace(&mut change.head, decision.head.as_deref());
    change.approved = change.approved.max(decision.approved);
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

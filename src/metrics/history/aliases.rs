//! Names for the same: what one record calls by a digest or a commit, and another by the id of the change.

use super::super::record::{Cause, Deployment, Incident, Map, Name, Records, Review, Set};
use crate::audit::tally::JudgedChange;

/// What digests and commits stand for.
pub(super) struct Aliases {
    /// Digest or commit → changes that it is told of, each with its service.
    changes: Map<Name, Vec<(Option<Name>, Name)>>,
    /// Merge → merged head.
    heads: Map<Name, Name>,
}

impl Aliases {
    pub(super) fn of(records: &Records) -> Self {
        let Records { judged, deployments, .. } = records;
        let mut aliases = Self { changes: Map::default(), heads: Map::default() };
        for (id, commit) in deployments.iter().filter_map(|d| Some((d.id.as_ref()?, d.commit.as_ref()?))) {
            if id != commit {
                aliases.heads.insert(id.clone(), commit.clone());
            }
        }
        // Of hundreds of thousands only those that somebody asks for are kept.
        let unnamed = deployments.iter().filter(|d| d.change.is_none()).flat_map(|d| [&d.digest, &d.commit]);
        let unnamed = unnamed.chain(judged.iter().filter(|j| j.change.is_none()).flat_map(|j| [&j.digest, &j.head]));
        let follows = records.actions.iter().filter_map(|action| action.follows.as_ref());
        let asked = unnamed.flatten().chain(references(&records.incidents, &records.reviews)).chain(follows);
        let asked: Set<Name> = asked.map(|alias| aliases.head(alias).clone()).collect();
        let of_trail = judged.iter().map(|j| (&j.change, j.service.as_ref(), [&j.digest, &j.head]));
        // What is rolled back to is another change.
        let deployed = deployments.iter().filter(|d| d.rollback_of.is_none());
        let deployed = deployed.map(|d| (&d.change, Some(&d.service), [&d.digest, &d.commit]));
        for (change, service, names) in of_trail.chain(deployed) {
            let Some(change) = change else { continue };
            for name in names.into_iter().flatten() {
                let alias = aliases.heads.get(name).unwrap_or(name);
                if asked.contains(alias) {
                    let known = aliases.changes.entry(alias.clone()).or_default();
                    let told = (service.cloned(), change.clone());
                    if !known.contains(&told) {
                        known.push(told);
                    }
                }
            }
        }
        aliases
    }

    /// Calls by the id of its change what has another name: decisions, causes of incidents, reviews, actions.
    pub(super) fn rename(&self, records: &mut Records) {
        self.judged(&mut records.judged);
        let causes = records.incidents.iter_mut().filter_map(|incident| match &mut incident.cause {
            Cause::Change(change) => Some(change),
            _ => None,
        });
        let follows = records.actions.iter_mut().filter_map(|action| action.follows.as_mut());
        for name in causes.chain(records.reviews.iter_mut().map(|review| &mut review.change)).chain(follows) {
            if let Some(change) = self.named(None, name) {
                *name = change.clone();
            }
        }
    }

    /// The change that was deployed.
    pub(super) fn deployed(&self, one: &Deployment) -> Option<Name> {
        let by_name = || self.of_service(Some(&one.service), [&one.digest, &one.commit]);
        one.change.clone().or_else(|| by_name().filter(|_| one.rollback_of.is_none()))
    }

    /// The head that a merge brings in; another name as it is.
    pub(super) fn head<'a>(&'a self, commit: &'a Name) -> &'a Name {
        self.heads.get(commit).unwrap_or(commit)
    }

    /// Decisions of one change that had other names are one.
    fn judged(&self, judged: &mut Vec<JudgedChange>) {
        let mut renamed = false;
        for one in judged.iter_mut().filter(|one| one.change.is_none()) {
            if let Some(change) = self.of_service(one.service.as_ref(), [&one.digest, &one.head]) {
                one.key = change.clone();
                one.change = Some(change);
                renamed = true;
            }
        }
        if renamed {
            judged.sort_by(|a, b| (&a.key, &a.service).cmp(&(&b.key, &b.service)));
            judged.dedup_by(|more, known| {
                let same = (&more.key, &more.service) == (&known.key, &known.service);
                if same {
                    known.merge(more);
                }
                same
            });
        }
    }

    fn of_service(&self, service: Option<&Name>, aliases: [&Option<Name>; 2]) -> Option<Name> {
        aliases.into_iter().flatten().find_map(|alias| self.named(service, alias)).cloned()
    }

    /// The one change that an alias is told of with a service, else with any; none where there are several.
    fn named(&self, service: Option<&Name>, alias: &Name) -> Option<&Name> {
        let told = self.changes.get(self.head(alias))?;
        let of_service = || told.iter().filter(|(of, _)| of.is_some() && of.as_ref() == service);
        match of_service().next() {
            Some(_) => single(of_service()),
            None => single(told.iter()),
        }
    }
}

/// What incidents and reviews call a change by.
pub(super) fn references<'a>(incidents: &'a [Incident], reviews: &'a [Review]) -> impl Iterator<Item = &'a Name> {
    let causes = incidents.iter().filter_map(|incident| match &incident.cause {
        Cause::Change(change) => Some(change),
        _ => None,
    });
    causes.chain(reviews.iter().map(|review| &review.change))
}

fn single<'a>(mut told: impl Iterator<Item = &'a (Option<Name>, Name)>) -> Option<&'a Name> {
    let (_, first) = told.next()?;
    told.all(|(_, other)| other == first).then_some(first)
}

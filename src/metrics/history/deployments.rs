//! Deployments of all sources: which are the same, and which the trail alone knows.

use jiff::Timestamp;

use super::super::quality::{Problem, Quality};
use super::super::record::{Deployment, DeploymentResult, Map, Name, Provenance, Set, Trust};
use super::aliases::Aliases;
use crate::audit::tally::JudgedChange;

/// A change to a service, and all deployments of it.
pub(super) struct Merged {
    pub(super) change: Option<Name>,
    pub(super) service: Name,
    pub(super) at: Timestamp,
    pub(super) committed: Option<Timestamp>,
    pub(super) result: DeploymentResult,
    pub(super) rollback_of: Option<Name>,
    pub(super) unplanned: bool,
    pub(super) actor: Option<Name>,
    /// Ids, commits, digests: whatever others may call it by.
    pub(super) names: Vec<Name>,
    pub(super) provenance: Provenance,
}

/// Leaves out what cannot be, and makes one of what is the same change to the same service.
pub(super) fn merge(mut all: Vec<Deployment>, aliases: &Aliases, now: Timestamp, quality: &mut Quality) -> Vec<Merged> {
    all.sort_by(|a, b| {
        (a.finished, &a.provenance.source, a.provenance.index).cmp(&(
            b.finished,
            &b.provenance.source,
            b.provenance.index,
        ))
    });
    let mut seen: Map<(Name, Name), Deployment> = Map::default();
    let mut places: Map<(Name, Name), usize> = Map::default();
    let mut rollbacks: Set<(Name, Name)> = Set::default();
    let mut merged: Vec<Merged> = Vec::new();
    for mut deployment in all {
        if !is_possible(&deployment, now, quality) || is_repeated(&deployment, &mut seen, quality) {
            continue;
        }
        if let Some(target) = deployment.rollback_of.clone() {
            let service = &deployment.service;
            if rollbacks.contains(&(target, service.clone())) {
                // Who takes a rollback back deploys again.
                deployment.rollback_of = None;
            } else {
                let names = deployment.id.iter().chain(&deployment.commit);
                rollbacks.extend(names.map(|name| (name.clone(), service.clone())));
            }
        }
        let change = aliases.deployed(&deployment);
        // A rollback is an act of its own, although it may name the change that it takes back.
        let alone: Name = format!("{} {}", deployment.provenance.source, deployment.provenance.index).into();
        let key = match (&deployment.rollback_of, &change, &deployment.commit) {
            (Some(_), ..) => alone,
            (None, Some(change), _) => change.clone(),
            (None, None, Some(commit)) => aliases.head(commit).clone(),
            _ => alone,
        };
        let place = (key, deployment.service.clone());
        match places.get(&place).and_then(|index| merged.get_mut(*index)) {
            Some(known) => known.add(&deployment),
            None => {
                places.insert(place, merged.len());
                merged.push(Merged::of(deployment, change));
            }
        }
    }
    merged
}

/// Changes that the gate let through, of services whose deployments nobody records: the best that is known.
pub(super) fn inferred<'a>(
    judged: &'a [JudgedChange],
    merged: &'a [Merged],
    trail: &Name,
    quality: &mut Quality,
) -> Vec<Merged> {
    let recorded: Set<&Name> = merged.iter().map(|m| &m.service).collect();
    let known: Set<(&Name, &Name)> = merged.iter().flat_map(|m| m.called().map(|name| (name, &m.service))).collect();
    let mut more = Vec::new();
    for one in judged {
        let (Some(at), Some(service)) = (one.applied, &one.service) else { continue };
        if called(one).any(|name| known.contains(&(name, service))) {
            continue;
        }
        if recorded.contains(&service) {
            quality.note(Problem::DecisionWithoutDeployment, || format!("{} to {service}", one.key));
            continue;
        }
        more.push(Merged {
            change: one.change.clone(),
            service: service.clone(),
            at,
            committed: None,
            result: DeploymentResult::Success,
            rollback_of: None,
            unplanned: false,
            actor: None,
            names: called(one).chain(&one.head).cloned().collect(),
            provenance: Provenance { source: trail.clone(), index: one.index, trust: Trust::Verified },
        });
    }
    more
}

/// What a decision is about, by the names that no other change has: its id. A commit may hold several changes, so that
/// it stands for what was judged only where no request said more.
pub(super) fn called(one: &JudgedChange) -> impl Iterator<Item = &Name> {
    let unnamed = [&one.digest, &one.head].into_iter().flatten().filter(|_| one.change.is_none());
    std::iter::once(&one.key).chain(unnamed)
}

impl Merged {
    /// All its names.
    pub(super) fn called(&self) -> impl Iterator<Item = &Name> {
        self.change.iter().chain(&self.names)
    }

    /// Where it was read, and the first of its names.
    pub(super) fn shown(&self) -> String {
        let id = self.names.first().map_or("no id", |name| name);
        format!("{}, entry {} ({id})", self.provenance.source, self.provenance.index + 1)
    }

    fn of(one: Deployment, change: Option<Name>) -> Self {
        Self {
            change,
            names: [one.id, one.commit, one.digest].into_iter().flatten().collect(),
            service: one.service,
            at: one.finished,
            committed: one.committed,
            result: one.result,
            rollback_of: one.rollback_of,
            unplanned: one.unplanned,
            actor: one.actor,
            provenance: one.provenance,
        }
    }

    /// Adds another wave, region or source. The first one that was done says when; the worst result says how.
    fn add(&mut self, other: &Deployment) {
        self.committed = [self.committed, other.committed].into_iter().flatten().min();
        self.result = self.result.max(other.result);
        self.unplanned |= other.unplanned;
        self.names.extend([&other.id, &other.commit, &other.digest].into_iter().flatten().cloned());
        self.provenance.trust = self.provenance.trust.max(other.provenance.trust);
    }
}

fn is_possible(one: &Deployment, now: Timestamp, quality: &mut Quality) -> bool {
    let skewed = one.finished > now || one.started.is_some_and(|started| started > one.finished);
    if skewed {
        quality.note(Problem::ClockSkew, || shown(one));
    }
    !skewed
}

/// Whether its id was there before: with the same content, or with another.
fn is_repeated(one: &Deployment, seen: &mut Map<(Name, Name), Deployment>, quality: &mut Quality) -> bool {
    let Some(id) = &one.id else { return false };
    // One commit is a deployment of every service that it touches.
    let key = (id.clone(), one.service.clone());
    let Some(known) = seen.get(&key) else {
        seen.insert(key, one.clone());
        return false;
    };
    let same = Deployment { provenance: known.provenance.clone(), ..one.clone() } == *known;
    quality.note(if same { Problem::Duplicate } else { Problem::Conflict }, || shown(one));
    true
}

fn shown(one: &Deployment) -> String {
    let id = one.id.as_deref().unwrap_or("no id");
    format!("{}, entry {} ({id})", one.provenance.source, one.provenance.index + 1)
}

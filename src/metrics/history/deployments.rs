//! Deployments of all sources: which are the same, and which the trail alone knows.

use jiff::Timestamp;

use super::super::quality::{Problem, Quality};
use super::super::record::{Deployment, DeploymentResult, Map, Name, Provenance, Set, Trust};
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
    /// Ids, commits: whatever a rollback may call it by.
    pub(super) names: Vec<Name>,
    pub(super) provenance: Provenance,
}

/// Names for the same: digest or commit → change, merge → merged head.
#[derive(Default)]
pub(super) struct Aliases {
    changes: Map<Name, Name>,
    heads: Map<Name, Name>,
}

impl Aliases {
    pub(super) fn of(judged: &[JudgedChange], deployments: &[Deployment]) -> Self {
        let mut aliases = Self::default();
        for (id, commit) in deployments.iter().filter_map(|d| Some((d.id.as_ref()?, d.commit.as_ref()?))) {
            if id != commit {
                aliases.heads.insert(id.clone(), commit.clone());
            }
        }
        // Of hundreds of thousands only those that somebody asks for are kept.
        let unnamed = deployments.iter().filter(|d| d.change.is_none()).flat_map(|d| [&d.digest, &d.commit]);
        let asked: Set<&Name> = unnamed.flatten().map(|alias| aliases.head(alias)).collect();
        let mut changes: Map<Name, Name> = Map::default();
        let told = judged.iter().map(|j| (&j.change, &j.digest, &j.head));
        for (change, digest, head) in told.chain(deployments.iter().map(|d| (&d.change, &d.digest, &d.commit))) {
            let Some(change) = change else { continue };
            for alias in [digest, head].into_iter().flatten().filter(|alias| asked.contains(alias)) {
                changes.entry(alias.clone()).or_insert_with(|| change.clone());
            }
        }
        Self { changes, ..aliases }
    }

    fn change(&self, deployment: &Deployment) -> Option<Name> {
        let by = |alias: &Option<Name>| self.changes.get(self.head(alias.as_ref()?)).cloned();
        deployment.change.clone().or_else(|| by(&deployment.digest)).or_else(|| by(&deployment.commit))
    }

    fn head<'a>(&'a self, commit: &'a Name) -> &'a Name {
        self.heads.get(commit).unwrap_or(commit)
    }
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
    let mut merged: Vec<Merged> = Vec::new();
    for deployment in all {
        if !is_possible(&deployment, now, quality) || is_repeated(&deployment, &mut seen, quality) {
            continue;
        }
        let change = aliases.change(&deployment);
        if change.is_none() {
            quality.note(Problem::DeploymentWithoutChange, || shown(&deployment));
        }
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
    let names = |one: &'a Merged| one.change.iter().chain(&one.names).map(|name| (name, &one.service));
    let known: Set<(&Name, &Name)> = merged.iter().flat_map(names).collect();
    let mut more = Vec::new();
    for one in judged {
        let (Some(at), Some(service)) = (one.applied, &one.service) else { continue };
        if known.contains(&(&one.key, service)) {
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
            names: one.head.iter().cloned().collect(),
            provenance: Provenance { source: trail.clone(), index: one.index, trust: Trust::Verified },
        });
    }
    more
}

impl Merged {
    fn of(one: Deployment, change: Option<Name>) -> Self {
        Self {
            change,
            names: one.id.into_iter().chain(one.commit).collect(),
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
        self.names.extend(other.id.iter().chain(&other.commit).cloned());
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

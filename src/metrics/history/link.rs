//! From records to a history.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rayon::slice::ParallelSliceMut;

use super::aliases::{Aliases, references};
use super::deployments::{Merged, called, inferred, merge};
use super::{Changed, Deployed, History, Outage, Owners, Recovery, Service, debts, hours};
use crate::audit::tally::JudgedChange;
use crate::metrics::quality::{Problem, Quality};
use crate::metrics::record::{Announced, Cause, DeploymentResult, Incident, Map, Name, Records, Set, Trust};

/// An incident of the same cause within this time is a repetition.
const REPEATS_WITHIN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A service that was seen for less says nothing.
const SHORT: f64 = 28.0 * 24.0;
/// Outcomes of a review that say that the change failed.
const FAILED_OUTCOMES: [&str; 2] = ["rolled-back", "failed"];

/// Links records as they stand at `now`.
pub fn link(mut records: Records, owners: &Owners, now: Timestamp) -> History {
    let Records { judged, trail, quality, .. } = &mut records;
    judged.retain(|one| {
        let possible = one.first <= now;
        if !possible {
            quality.note(Problem::ClockSkew, || format!("{trail}, record {} ({})", one.index, one.key));
        }
        possible
    });
    let aliases = Aliases::of(&records);
    aliases.rename(&mut records);
    let Records { trail, judged, decisions, deployments, incidents, reviews, actions, announced, mut quality, .. } =
        records;
    let mut merged = merge(deployments, &aliases, now, &mut quality);
    drop(aliases);
    let mut known = Known::of(&judged, &merged, &announced);
    let more = inferred(&judged, &merged, &trail.as_str().into(), &mut quality);
    let incidents = possible(incidents, now, &mut quality);
    known.check(&judged, &mut merged, &mut quality);
    // These are verified, by what they follow from.
    merged.extend(more);
    let (services, teams) = services(&judged, &merged, &incidents, owners, now, &mut quality);
    let index: Map<Name, usize> = services.iter().enumerate().map(|(n, s)| (s.name.clone(), n)).collect();

    let mut deployed = Linked::of(&merged, &index, references(&incidents, &reviews), &mut quality);
    known.others.extend(deployed.by_name.keys().cloned());
    for incident in &incidents {
        deployed.blame(incident, &known, &index, now, &mut quality);
    }
    for review in &reviews {
        if !known.has(&review.change) {
            let shown =
                || format!("{}, entry {} ({})", review.provenance.source, review.provenance.index + 1, review.change);
            quality.note(Problem::ReviewOfUnknownChange, shown);
        }
        if review.outcome.as_deref().is_some_and(|outcome| FAILED_OUTCOMES.contains(&outcome)) {
            deployed.fail(&review.change);
        }
    }
    let mut deployments = deployed.finish(&merged, &mut quality);
    let emergencies: Map<&Name, bool> = announced.iter().map(|a| (&a.change, a.emergency)).collect();
    for one in deployments.iter_mut().filter(|_| !emergencies.is_empty()) {
        let change = one.change.as_ref().filter(|change| !known.judged.contains(change));
        one.emergency = change.and_then(|change| emergencies.get(change)).copied();
    }
    let changes = changes(&judged, &emergencies, &index);
    let outages = outages(&incidents, &index, &known);
    let mut history =
        History { now, services, teams, deployments, outages, changes, debts: Vec::new(), decisions, quality };
    history.debts = debts::owed(&history, &reviews, &actions, &announced, owners);
    history
}

/// Leaves out incidents that cannot be, and those that are there twice.
fn possible(incidents: Vec<Incident>, now: Timestamp, quality: &mut Quality) -> Vec<Incident> {
    let shown = |one: &Incident| format!("{}, entry {} ({})", one.provenance.source, one.provenance.index + 1, one.id);
    let mut seen: Map<Name, usize> = Map::with_capacity_and_hasher(incidents.len(), Default::default());
    let mut kept: Vec<Incident> = Vec::with_capacity(incidents.len());
    for one in incidents {
        if one.started > now || one.recovered.is_some_and(|at| at < one.started || at > now) {
            quality.note(Problem::ClockSkew, || shown(&one));
            continue;
        }
        if let Some(known) = seen.get(&one.id).and_then(|at| kept.get(*at)) {
            let same = Incident { provenance: known.provenance.clone(), ..one.clone() } == *known;
            quality.note(if same { Problem::Duplicate } else { Problem::Conflict }, || shown(&one));
            continue;
        }
        if one.services.is_empty() {
            quality.note(Problem::IncidentWithoutService, || shown(&one));
        }
        seen.insert(one.id.clone(), kept.len());
        kept.push(one);
    }
    kept.par_sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
    kept
}

/// What there is to link with.
struct Known<'a> {
    judged: Set<&'a Name>,
    /// Changes that only others know.
    others: Set<Name>,
    applied: Set<(&'a Name, &'a Name)>,
    first_decision: Option<Timestamp>,
}

impl<'a> Known<'a> {
    fn of(changes: &'a [JudgedChange], merged: &[Merged], announced: &[Announced]) -> Self {
        // Hundreds of thousands: room for them at once.
        let mut judged: Set<&Name> = Set::with_capacity_and_hasher(changes.len(), Default::default());
        judged.extend(changes.iter().flat_map(called));
        let others = merged.iter().filter_map(|m| m.change.as_ref()).chain(announced.iter().map(|a| &a.change));
        // Of services that somebody records deployments of: of most, the trail alone knows.
        let recorded: Set<&Name> = merged.iter().map(|m| &m.service).collect();
        let applied = changes.iter().filter(|j| j.applied.is_some());
        let applied = applied.filter_map(|j| Some((j, j.service.as_ref().filter(|name| recorded.contains(name))?)));
        Self {
            others: others.filter(|name| !judged.contains(name)).cloned().collect(),
            judged,
            applied: applied.flat_map(|(j, service)| called(j).map(move |name| (name, service))).collect(),
            first_decision: changes.iter().map(|j| j.first).min(),
        }
    }

    fn has(&self, change: &Name) -> bool {
        self.judged.contains(&change) || self.others.contains(change)
    }

    /// A deployment that the gate let through is verified; one that it never saw, or that names nothing, is told.
    fn check(&self, judged: &[JudgedChange], merged: &mut [Merged], quality: &mut Quality) {
        for one in merged.iter_mut() {
            if one.called().any(|name| self.applied.contains(&(name, &one.service))) {
                one.provenance.trust = Trust::Verified;
            }
            if one.called().any(|name| self.judged.contains(&name)) {
                continue;
            }
            match &one.change {
                Some(change) if self.first_decision.is_some_and(|first| one.at >= first) => {
                    quality.note(Problem::DeploymentWithoutDecision, || format!("{change} to {}", one.service));
                }
                // What it takes back is looked for later.
                None if one.rollback_of.is_none() => quality.note(Problem::DeploymentWithoutChange, || one.shown()),
                _ => {}
            }
        }
        for one in judged.iter().filter(|j| j.service.is_none()) {
            quality.note(Problem::DecisionWithoutService, || one.key.to_string());
        }
    }
}

/// Services that anything is known about, and their teams.
fn services(
    judged: &[JudgedChange],
    merged: &[Merged],
    incidents: &[Incident],
    owners: &Owners,
    now: Timestamp,
    quality: &mut Quality,
) -> (Vec<Service>, Vec<Name>) {
    let mut first: Map<&Name, Timestamp> = Map::default();
    let seen = judged.iter().filter_map(|j| Some((j.service.as_ref()?, j.first)));
    let seen = seen.chain(merged.iter().map(|m| (&m.service, m.at)));
    for (name, at) in seen.chain(incidents.iter().flat_map(|i| i.services.iter().map(|s| (s, i.started)))) {
        first.entry(name).and_modify(|known| *known = at.min(*known)).or_insert(at);
    }
    let owner = |name: &str| owners.find(name).and_then(|owner| owner.team.as_deref());
    let teams: BTreeSet<&str> = first.keys().filter_map(|name| owner(name)).collect();
    let teams: Vec<Name> = teams.into_iter().map(Name::from).collect();
    let mut first: Vec<_> = first.into_iter().collect();
    first.sort();
    let service = |(name, first): (&Name, Timestamp)| {
        if owner(name).is_none() {
            quality.note(Problem::ServiceWithoutTeam, || name.to_string());
        }
        if hours(first, now) < SHORT {
            quality.note(Problem::ShortHistory, || format!("{name}, first seen {first}"));
        }
        let team = owner(name).and_then(|team| teams.iter().position(|known| **known == *team));
        Service { name: name.clone(), team, rto: owners.find(name).and_then(|owner| owner.rto), first }
    };
    (first.into_iter().map(service).collect(), teams)
}

/// Deployments while it is found out which of them failed.
struct Linked {
    /// With the index of what it was merged from.
    all: Vec<(Deployed, usize)>,
    /// By the id of the change, where somebody refers to it.
    by_change: Map<Name, Vec<usize>>,
    /// By an id, a commit or a digest, where somebody refers to one.
    by_name: Map<Name, Vec<usize>>,
}

impl Linked {
    fn of<'a>(
        merged: &'a [Merged],
        index: &Map<Name, usize>,
        references: impl Iterator<Item = &'a Name>,
        quality: &mut Quality,
    ) -> Self {
        let mut linked =
            Self { all: Vec::with_capacity(merged.len()), by_change: Map::default(), by_name: Map::default() };
        let references = references.chain(merged.iter().filter_map(|one| one.rollback_of.as_ref()));
        let mut asked: Set<&Name> = references.collect();
        for (from, one) in merged.iter().enumerate() {
            // Rollbacks are no new deployments, and what was cancelled is none.
            if one.rollback_of.is_some() || one.result == DeploymentResult::Cancelled {
                continue;
            }
            let Some(service) = index.get(&one.service) else { continue };
            let at = linked.all.len();
            if let Some(change) = one.change.as_ref().filter(|change| !change.is_empty() && asked.contains(change)) {
                linked.by_change.entry(change.clone()).or_default().push(at);
            }
            linked.all.push((deployed(one, *service, quality), from));
        }
        asked.retain(|name| !linked.by_change.contains_key(*name));
        for (at, (_, from)) in linked.all.iter().enumerate().filter(|_| !asked.is_empty()) {
            let names = merged.get(*from).into_iter().flat_map(|one| &one.names);
            for name in names.filter(|name| asked.contains(name)) {
                linked.by_name.entry(name.clone()).or_default().push(at);
            }
        }
        linked
    }

    /// What a change, or another name of it, has deployed.
    fn named(&self, name: &Name) -> Vec<usize> {
        self.by_change.get(name).or_else(|| self.by_name.get(name)).cloned().unwrap_or_default()
    }

    /// The deployment that an incident names failed; users were hurt as long as the incident lasted.
    fn blame(
        &mut self,
        one: &Incident,
        known: &Known<'_>,
        index: &Map<Name, usize>,
        now: Timestamp,
        quality: &mut Quality,
    ) {
        let Cause::Change(change) = &one.cause else { return };
        if !known.has(change) {
            let shown =
                || format!("{}, entry {} ({}: {change})", one.provenance.source, one.provenance.index + 1, one.id);
            return quality.note(Problem::IncidentOfUnknownChange, shown);
        }
        let hit: Vec<usize> = one.services.iter().filter_map(|name| index.get(name)).copied().collect();
        let all = self.named(change);
        let is_hit = |at: &usize| self.all.get(*at).is_some_and(|(d, _)| hit.contains(&d.service));
        // A change may hurt services that depend on its own.
        let blamed = if all.iter().any(is_hit) { all.into_iter().filter(is_hit).collect() } else { all };
        let recovery =
            Recovery { hours: hours(one.started, one.recovered.unwrap_or(now)), over: one.recovered.is_some() };
        for at in blamed {
            if let Some((deployed, _)) = self.all.get_mut(at) {
                deployed.failed = true;
                deployed.caught = false;
                deployed.recovery.get_or_insert(recovery);
            }
        }
    }

    fn fail(&mut self, change: &Name) {
        for at in self.named(change) {
            if let Some((deployed, _)) = self.all.get_mut(at).filter(|(d, _)| !d.caught) {
                deployed.failed = true;
            }
        }
    }

    /// Takes back what rollbacks name, and returns all in the order of time.
    fn finish(mut self, merged: &[Merged], quality: &mut Quality) -> Vec<Deployed> {
        for rollback in merged {
            let Some(target) = &rollback.rollback_of else { continue };
            let mut found = false;
            for at in self.named(target) {
                let of = self.all.get(at).and_then(|(_, from)| merged.get(*from));
                let same = of.is_some_and(|of| of.service == rollback.service && of.at <= rollback.at);
                if let Some((deployed, _)) = self.all.get_mut(at).filter(|_| same) {
                    found = true;
                    deployed.failed = true;
                    let recovery = Recovery { hours: hours(deployed.at, rollback.at), over: true };
                    deployed.recovery.get_or_insert(recovery);
                }
            }
            if !found {
                quality.note(Problem::RollbackOfUnknownDeployment, || format!("{}: {target}", rollback.shown()));
            }
        }
        for (_, from) in self.all.iter().filter(|(d, _)| d.failed && d.recovery.is_none()) {
            quality.note(Problem::UnknownRecovery, || merged.get(*from).map(Merged::shown).unwrap_or_default());
        }
        let mut all: Vec<Deployed> = self.all.into_iter().map(|(deployed, _)| deployed).collect();
        all.par_sort_by_key(|d| (d.at, d.service));
        all
    }
}

fn deployed(one: &Merged, service: usize, quality: &mut Quality) -> Deployed {
    let lead = one.committed.map(|committed| hours(committed, one.at));
    if lead.is_some_and(|lead| lead < 0.0) {
        quality.note(Problem::NegativeLeadTime, || one.shown());
    }
    Deployed {
        service,
        change: one.change.clone(),
        at: one.at,
        failed: matches!(one.result, DeploymentResult::Failed | DeploymentResult::RolledBack),
        caught: one.result == DeploymentResult::AbortedCanary,
        unplanned: one.unplanned,
        emergency: None,
        lead: lead.filter(|lead| *lead >= 0.0),
        recovery: None,
        actor: one.actor.clone(),
        provenance: one.provenance.clone(),
    }
}

fn changes(judged: &[JudgedChange], emergencies: &Map<&Name, bool>, index: &Map<Name, usize>) -> Vec<Changed> {
    let change = |one: &JudgedChange| Changed {
        key: one.key.clone(),
        service: one.service.as_ref().and_then(|name| index.get(name)).copied(),
        at: one.first,
        resources: one.resources,
        emergency: emergencies.get(&one.key).copied(),
        overridden: one.overridden,
        waived: one.waived,
        frozen: one.frozen,
        review_age: one
            .approved
            .zip(one.applied)
            .map(|(approved, applied)| hours(approved, applied))
            .filter(|h| *h >= 0.0),
    };
    let mut changes: Vec<Changed> = judged.iter().map(change).collect();
    changes.par_sort_by(|a, b| (a.at, &a.key, a.service).cmp(&(b.at, &b.key, b.service)));
    changes
}

fn outages(incidents: &[Incident], index: &Map<Name, usize>, known: &Known<'_>) -> Vec<Outage> {
    let mut last: Map<usize, &Incident> = Map::default();
    let mut all = Vec::with_capacity(incidents.len());
    for one in incidents {
        let services: Vec<usize> = one.services.iter().filter_map(|name| index.get(name)).copied().collect();
        let before: Vec<&Incident> = services.iter().filter_map(|service| last.insert(*service, one)).collect();
        all.push(Outage {
            id: one.id.clone(),
            services,
            started: one.started,
            by_change: matches!(&one.cause, Cause::Change(change) if known.has(change)),
            repeats: repeats(one, &before),
            provenance: one.provenance.clone(),
        });
    }
    all
}

fn repeats(one: &Incident, before: &[&Incident]) -> Option<bool> {
    let recent = |other: &&&Incident| one.started.duration_since(other.started) <= REPEATS_WITHIN;
    let known: Vec<_> = before.iter().filter(recent).filter(|other| !other.tags.is_empty()).collect();
    let shared = || known.iter().any(|other| other.tags.iter().any(|tag| one.tags.contains(tag)));
    match one.recurrence_of {
        Some(_) => Some(true),
        None if one.tags.is_empty() || known.is_empty() => None,
        None => Some(shared()),
    }
}

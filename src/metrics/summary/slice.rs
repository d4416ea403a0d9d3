//! The part of a history that belongs to one scope.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::history::{Changed, Debt, Deployed, History, Outage};
use super::super::record::Name;
use super::super::statistics::Proportion;
use super::Person;

/// The part of a history that belongs to one scope, each list in the order of time.
#[derive(Clone, Debug, Default)]
pub struct Slice<'a> {
    /// Deployments, with those that the canary stopped.
    pub deployments: Vec<&'a Deployed>,
    /// Incidents.
    pub outages: Vec<&'a Outage>,
    /// Changes.
    pub changes: Vec<&'a Changed>,
    /// What was due.
    pub debts: Vec<&'a Debt>,
}

impl<'a> Slice<'a> {
    /// Everything.
    pub(super) fn of(history: &'a History) -> Self {
        Self {
            deployments: history.deployments.iter().collect(),
            outages: history.outages.iter().collect(),
            changes: history.changes.iter().collect(),
            debts: history.debts.iter().collect(),
        }
    }

    /// First record.
    pub(super) fn first(&self) -> Option<Timestamp> {
        let firsts = [
            self.deployments.first().map(|d| d.at),
            self.outages.first().map(|o| o.started),
            self.changes.first().map(|c| c.at),
        ];
        firsts.into_iter().flatten().min()
    }

    /// A part for each team, in their order.
    pub(super) fn by_team(&self, history: &History) -> Vec<Self> {
        let team = |service: usize| history.services.get(service).and_then(|s| s.team);
        let mut parts = self.split(history.teams.len(), &team);
        self.owe(&mut parts, |debt| debt.team.as_slice());
        parts
    }

    /// A part for each service, in their order.
    pub(super) fn by_service(&self, history: &History) -> Vec<Self> {
        let mut parts = self.split(history.services.len(), &|service| Some(service));
        self.owe(&mut parts, |debt| &debt.services);
        parts
    }

    /// Gives each debt to the parts that it is of.
    fn owe(&self, parts: &mut [Self], of: impl Fn(&Debt) -> &[usize]) {
        for debt in &self.debts {
            for part in of(debt) {
                if let Some(part) = parts.get_mut(*part) {
                    part.debts.push(debt);
                }
            }
        }
    }

    fn split(&self, parts: usize, of: &dyn Fn(usize) -> Option<usize>) -> Vec<Self> {
        let mut all = vec![Self::default(); parts];
        for one in &self.deployments {
            if let Some(part) = of(one.service).and_then(|part| all.get_mut(part)) {
                part.deployments.push(one);
            }
        }
        for one in &self.changes {
            if let Some(part) = one.service.and_then(of).and_then(|part| all.get_mut(part)) {
                part.changes.push(one);
            }
        }
        for one in &self.outages {
            // An incident of two services of a team is one incident of the team.
            let mut hit: Vec<usize> = one.services.iter().filter_map(|service| of(*service)).collect();
            hit.sort_unstable();
            hit.dedup();
            for part in hit {
                if let Some(part) = all.get_mut(part) {
                    part.outages.push(one);
                }
            }
        }
        all
    }

    /// Deployments of each person, by name.
    pub(super) fn people(&self) -> Vec<Person> {
        let mut people: BTreeMap<&Name, Proportion> = BTreeMap::new();
        for one in self.deployments.iter().filter(|d| !d.caught) {
            let Some(actor) = &one.actor else { continue };
            let counts = people.entry(actor).or_default();
            counts.n += 1;
            counts.k += u64::from(one.failed);
        }
        people.into_iter().map(|(name, deployments)| Person { name: name.clone(), deployments }).collect()
    }
}

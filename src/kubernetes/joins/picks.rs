//! Objects that pick others by label, and what they pick from.

use std::collections::HashSet;

use super::placed::{Copies, Placed, is_deleted};
use super::pods::Labels;
use super::selector::{Gathered, Labelled, Selector};
use crate::facts::Resource;
use crate::parse::tree::Node;

/// What a selector is, and what it picks from.
pub(super) struct Pick<'a> {
    selector: Selector<'a>,
    /// Where the selector stands.
    pub(super) path: &'static [&'static str],
    /// The relation as the one that picks has it.
    pub(super) picks: &'static str,
    /// The relation as the one that is picked has it.
    pub(super) picked: &'static str,
    /// Whether it picks Services by their own labels, not workloads by those of their pods.
    pub(super) of_services: bool,
    /// Namespaces that it picks from; `None` for all.
    namespaces: Option<Vec<Option<&'a str>>>,
}

impl<'a> Pick<'a> {
    pub(super) fn of(resource: &'a Resource) -> Option<Self> {
        const SPEC: &[&str] = &["spec", "selector"];
        let selector = resource.attrs.at(SPEC).filter(|node| !node.is_null())?;
        let own = vec![resource.namespace.as_deref()];
        let pick = |selector, picks, picked| Self {
            selector,
            path: SPEC,
            picks,
            picked,
            of_services: picks == "service",
            namespaces: Some(own),
        };
        let expressions = || Selector::of_expressions(selector);
        match &*resource.kind {
            "Service" => Some(pick(Selector::of_labels(selector).filter(|s| !s.is_empty())?, "workload", "service")),
            // An empty selector picked nothing in `policy/v1beta1` and picks everything since.
            "policy/PodDisruptionBudget" => {
                let beta = resource.attrs.get("apiVersion").and_then(Node::as_str) == Some("policy/v1beta1");
                Some(pick(expressions().filter(|s| !(beta && s.is_empty()))?, "workload", "pdb"))
            }
            "monitoring.coreos.com/PodMonitor" => {
                Some(Self::monitor(resource, pick(expressions()?, "workload", "monitor")))
            }
            "monitoring.coreos.com/ServiceMonitor" => {
                Some(Self::monitor(resource, pick(expressions()?, "service", "monitor")))
            }
            _ => None,
        }
    }

    fn monitor(resource: &'a Resource, pick: Self) -> Self {
        let Some(namespaces) = resource.attrs.at(&["spec", "namespaceSelector"]) else { return pick };
        if namespaces.get("any").and_then(Node::as_bool) == Some(true) {
            return Self { namespaces: None, ..pick };
        }
        match namespaces.get("matchNames").and_then(Node::as_seq).filter(|names| !names.is_empty()) {
            Some(names) => Self { namespaces: Some(names.iter().map(Node::as_str).collect()), ..pick },
            None => pick,
        }
    }
}

/// What selectors pick from: those that are there, and those that are deleted.
pub(super) struct Things<'a> {
    there: Labelled<'a>,
    deleted: Labelled<'a>,
    /// Namespaces in which there may be more than can be seen.
    hidden: HashSet<Option<&'a str>>,
}

/// What selectors pick from while it is gathered.
#[derive(Default)]
pub(super) struct Heap<'a> {
    there: Gathered<'a>,
    deleted: Gathered<'a>,
    hidden: HashSet<Option<&'a str>>,
}

impl<'a> Heap<'a> {
    pub(super) fn add(&mut self, index: usize, resource: &'a Resource, labels: Labels<'a>) {
        let of = if is_deleted(resource) { &mut self.deleted } else { &mut self.there };
        of.add(index, resource.namespace.as_deref(), labels);
    }

    pub(super) fn hide(&mut self, namespace: Option<&'a str>) {
        self.hidden.insert(namespace);
    }

    pub(super) fn sorted(self, placed: &Placed<'a>) -> Things<'a> {
        Things { there: self.there.labelled(placed), deleted: self.deleted.labelled(placed), hidden: self.hidden }
    }
}

impl<'a> Things<'a> {
    /// What is picked, at the cost of the budget.
    pub(super) fn select(&self, pick: &Pick<'_>, deleted: bool, budget: &mut usize) -> Vec<&Copies<'a>> {
        let of = if deleted { &self.deleted } else { &self.there };
        match &pick.namespaces {
            None => of.select(&pick.selector, None, budget),
            Some(all) => all.iter().flat_map(|ns| of.select(&pick.selector, Some(*ns), budget)).collect(),
        }
    }

    /// From how many it could pick; `None` when there may be more than can be seen.
    pub(super) fn among(&self, pick: &Pick<'_>) -> Option<usize> {
        let namespaces = pick.namespaces.as_ref()?;
        let seen = namespaces.iter().all(|ns| !self.hidden.contains(ns));
        seen.then(|| namespaces.iter().map(|ns| self.there.among(*ns)).sum())
    }
}

//! Which objects belong together over the whole tree: by name, by label, by host and by namespace.
//!
//! `references.rs` holds the fields that name another object, `picks.rs` those that pick by label, `mesh.rs` Istio's
//! hosts; this file puts what they find into `related`, both ways, and what they do not find into `dangling`. The
//! relations are listed in docs/policy-input.md. The work is linear in the number of objects but for selectors that really match
//! much, which a budget bounds.

mod alerts;
mod mesh;
mod picks;
mod placed;
mod pods;
mod references;
mod selector;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::facts::{Action, Dangling, Related, Resource};
use crate::finding::Diagnostic;
use crate::parse::tree::{Node, Path, Step};
use crate::source::Sources;

use alerts::{Alerts, Watch};
use mesh::Mesh;
use picks::{Heap, Pick, Things};
use placed::{Placed, is_deleted, settled};
use references::Named;

/// How many labelled things the selectors of one run look at. A tree of 20,000 objects with a budget in every
/// namespace needs under 100,000.
const BUDGET: usize = 20_000_000;

/// What a join costs of it, so that the number of joins is bounded too.
const COST_OF_JOIN: usize = 16;

/// Kinds that take each other's place.
const SUCCESSION: [&str; 4] = ["apps/DaemonSet", "apps/Deployment", "apps/StatefulSet", "argoproj.io/Rollout"];

/// How many quotas and limit ranges of one namespace are joined.
const MOST_LIMITS: usize = 16;

/// Fills `related` and `dangling` of all Kubernetes resources.
///
/// A deleted resource is joined with deleted ones only, but for one thing: a deleted referrer whose target stays
/// sees it, and the target does not see what is gone. A warning comes back when there were too many to join.
pub fn join(resources: &mut [Resource], sources: &Sources) -> Option<Diagnostic> {
    let joined = found(resources, sources);
    for resource in resources.iter_mut() {
        resource.related.clear();
        resource.dangling.clear();
    }
    let exhausted = joined.budget == 0;
    joined.tell(resources);
    exhausted.then(|| {
        Diagnostic::warning("kubernetes::joins", "label selectors match too much to be joined in full")
            .help("policies may miss some relations between objects: judge parts of the tree one by one")
    })
}

fn found(resources: &[Resource], sources: &Sources) -> Joined {
    let placed = Placed::new(resources, sources);
    let mut joiner = Joiner { placed: &placed, joined: Joined { budget: BUDGET, ..Joined::default() } };
    joiner.names();
    joiner.predecessors();
    joiner.selectors();
    joiner.hosts();
    joiner.namespaces();
    joiner.alerts();
    joiner.joined
}

/// Keys of the place where the spec of a workload's pods stands.
pub(super) fn pod_spec(resource: &Resource) -> Option<Vec<&'static str>> {
    pods::spec_keys(resource)
}

/// Two objects that belong together.
struct Link {
    from: usize,
    of_from: &'static str,
    to: usize,
    /// None when the target does not see it.
    of_to: Option<&'static str>,
}

#[derive(Default)]
struct Joined {
    links: Vec<Link>,
    dangling: Vec<(usize, Dangling)>,
    budget: usize,
}

impl Joined {
    fn tell(self, resources: &mut [Resource]) {
        let mut relate = |from: usize, relation, index| {
            if let Some(resource) = resources.get_mut(from) {
                resource.related.push(Related { relation, index });
            }
        };
        for Link { from, of_from, to, of_to } in self.links {
            relate(from, of_from, to);
            if let Some(relation) = of_to {
                relate(to, relation, from);
            }
        }
        for (from, dangling) in self.dangling {
            if let Some(resource) = resources.get_mut(from)
                && !resource.dangling.iter().any(|known| known.says_the_same(&dangling))
            {
                resource.dangling.push(dangling);
            }
        }
        for resource in resources.iter_mut() {
            resource.related.sort();
            resource.related.dedup();
        }
    }
}

/// A relation as both sides have it.
type Relation = (&'static str, Option<&'static str>);

struct Joiner<'p, 'a> {
    placed: &'p Placed<'a>,
    joined: Joined,
}

impl<'a> Joiner<'_, 'a> {
    /// Objects that name others.
    fn names(&mut self) {
        for (index, resource) in self.placed.objects() {
            let mut all = references::of(resource);
            if let Some((path, pods)) = pods::spec(resource) {
                all.extend(references::of_pods(resource, &path, pods));
            }
            for (reference, path, named) in all {
                let find = |deleted| self.placed.find(resource, &named, deleted);
                let relation = (reference.of_referrer, reference.of_target);
                if !self.link(index, relation, find) && !references::is_built_in(&named) {
                    self.dangle(index, reference.of_referrer, &named, path);
                }
            }
        }
    }

    /// What a new workload takes the place of: a deleted one of its name and of another kind.
    fn predecessors(&mut self) {
        let is_new = |(_, r): &(usize, &Resource)| r.action == Action::Create && SUCCESSION.contains(&&*r.kind);
        for (index, resource) in self.placed.objects().filter(is_new) {
            for id in SUCCESSION {
                let (group, kind) = id.split_once('/').unwrap_or(("", id));
                let namespace = resource.namespace.as_deref();
                let found = self.placed.find(resource, &Named { group, kind, namespace, name: &resource.name }, true);
                let link = |to| Link { from: index, of_from: "predecessor", to, of_to: None };
                self.joined.links.extend(found.into_iter().map(link));
            }
        }
    }

    /// Links `from` with what `find` finds among the deleted or the others. Whether there was something to link.
    fn link(&mut self, from: usize, (of_from, of_to): Relation, find: impl Fn(bool) -> Vec<usize>) -> bool {
        let deleted = self.placed.get(from).is_some_and(is_deleted);
        let mut found = find(deleted);
        let stays = deleted && found.is_empty();
        if stays {
            found = find(false);
        }
        let of_to = of_to.filter(|_| !stays);
        let any = !found.is_empty();
        let others = found.into_iter().filter(|to| *to != from);
        self.joined.links.extend(others.map(|to| Link { from, of_from, to, of_to }));
        any
    }

    fn dangle(&mut self, from: usize, relation: &'static str, named: &Named<'_>, path: Path) {
        if self.placed.get(from).is_none_or(is_deleted) {
            return;
        }
        let group = settled(named.group, named.kind);
        let kind = if group.is_empty() { named.kind.to_owned() } else { format!("{group}/{}", named.kind) };
        let namespace = named.namespace.map(Into::into);
        let name = Some(named.name.into());
        let dangling = Dangling { relation, kind: Some(kind.into()), namespace, name, path, among: None };
        self.joined.dangling.push((from, dangling));
    }

    /// Objects that pick others by label.
    fn selectors(&mut self) {
        let (pods, services) = (self.pods(), self.services());
        for (index, resource) in self.placed.objects() {
            let Some(pick) = Pick::of(resource) else { continue };
            let things = if pick.of_services { &services } else { &pods };
            let mut budget = self.joined.budget;
            let mut found = things.select(&pick, is_deleted(resource), &mut budget);
            let stays = found.is_empty() && is_deleted(resource);
            if stays {
                found = things.select(&pick, false, &mut budget);
            }
            let chosen = self.placed.choose(resource, found);
            self.joined.budget = budget.saturating_sub(chosen.len() * COST_OF_JOIN);
            if chosen.is_empty() && !is_deleted(resource) {
                let among = things.among(&pick);
                let path = pick.path.iter().map(|key| Step::Key((*key).into())).collect();
                let dangling = Dangling { relation: pick.picks, path, among, ..Dangling::default() };
                self.joined.dangling.push((index, dangling));
            }
            let of_to = Some(pick.picked).filter(|_| !stays);
            let links = chosen.into_iter().map(|to| Link { from: index, of_from: pick.picks, to, of_to });
            self.joined.links.extend(links);
        }
    }

    /// The pods of all workloads. A Rollout that refers to a workload makes that one's pods; Flagger's copy of a
    /// workload carries other labels.
    fn pods(&self) -> Things<'a> {
        let named = |relation| self.joined.links.iter().filter(move |link| link.of_from == relation);
        let referred: HashMap<usize, usize> = named("workload").map(|link| (link.from, link.to)).collect();
        let copied: HashSet<usize> = named("canary-target").map(|link| link.to).collect();
        let mut things = Heap::default();
        for (index, resource) in self.placed.objects() {
            let template = referred.get(&index).and_then(|to| self.placed.get(*to)).unwrap_or(resource);
            if let Some(labels) = pods::labels(template) {
                let primary = copied.get(&index).and_then(|_| pods::primary(&labels));
                things.add(index, resource, labels);
                primary.into_iter().for_each(|labels| things.add(index, resource, labels));
            }
            if pods::may_make_pods(resource) {
                things.hide(resource.namespace.as_deref());
            }
        }
        things.sorted(self.placed)
    }

    fn services(&self) -> Things<'a> {
        let mut things = Heap::default();
        for (index, resource) in self.placed.objects().filter(|(_, r)| &*r.kind == "Service") {
            let labels = resource.attrs.at(&["metadata", "labels"]).and_then(Node::as_map).into_iter().flatten();
            let labels = labels.filter_map(|entry| Some((&*entry.key, entry.node.as_str()?.into())));
            things.add(index, resource, labels.collect());
        }
        things.sorted(self.placed)
    }

    /// Istio's routes and rules.
    fn hosts(&mut self) {
        let mesh = Mesh::new(self.placed);
        for (index, resource) in self.placed.objects() {
            let routes = &*resource.kind == "networking.istio.io/VirtualService";
            let seen = if routes { "route" } else { "destination-rule" };
            for (path, host) in mesh::hosts(resource) {
                let named = host.named();
                let relation = if named.kind == "Service" { "service" } else { "service-entry" };
                let targets = |deleted| mesh.targets(self.placed, resource, host, deleted);
                if !self.link(index, (relation, Some(seen)), targets) && !host.is_pattern() {
                    self.dangle(index, relation, &named, path);
                }
                if routes {
                    let rules = |deleted| self.placed.choose(resource, mesh.rules(host, deleted));
                    self.link(index, ("destination-rule", Some("route")), rules);
                }
            }
        }
    }

    /// Alerts about scheduled jobs. That none is seen means little where no rules are in the tree at all.
    fn alerts(&mut self) {
        let of_kind =
            |kind: &'static str| self.placed.objects().filter(move |(_, r)| &*r.kind == kind && !is_deleted(r));
        let rules: Vec<_> = of_kind("monitoring.coreos.com/PrometheusRule").collect();
        let written = rules.iter().filter_map(|(index, rule)| Some((alerts::written(rule)?, *index)));
        let mut same: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
        written.for_each(|(expressions, index)| same.entry(expressions).or_default().push(index));
        let all: Vec<_> =
            same.into_iter().filter_map(|(text, at)| Some((Alerts::of(&text)?, self.placed.copies(at)))).collect();
        // A job is watched by its name: its copies are watched alike.
        let mut named: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (job, resource) in of_kind("batch/CronJob").chain(of_kind("argoproj.io/CronWorkflow")) {
            named.entry((resource.namespace.as_deref(), &*resource.name)).or_default().push((job, resource));
        }
        for copies in named.into_values() {
            let Some((_, first)) = copies.first() else { continue };
            let looked = all.len().min(self.joined.budget / COST_OF_JOIN);
            self.joined.budget = self.joined.budget.saturating_sub(all.len() * COST_OF_JOIN);
            let about: Vec<_> =
                all.iter().take(looked).filter_map(|(alerts, at)| Some((alerts.watch(first)?, at))).collect();
            for (job, resource) in copies {
                if about.is_empty() {
                    let among = Some(rules.len());
                    self.joined.dangling.push((job, Dangling { relation: "rule", among, ..Dangling::default() }));
                }
                for (watch, rules) in &about {
                    let of_from = if *watch == Watch::Heartbeat { "heartbeat" } else { "rule" };
                    let links = self.placed.choose(resource, *rules).into_iter();
                    let link = |to| Link { from: job, of_from, to, of_to: Some("workload") };
                    self.joined.links.extend(links.map(link));
                }
            }
        }
    }

    /// What holds for all of a namespace: the Namespace itself, its quotas and its limit ranges.
    fn namespaces(&mut self) {
        let mut limits: HashMap<Option<&str>, Vec<(usize, &'static str)>> = HashMap::new();
        for (index, resource) in self.placed.objects().filter(|(_, r)| !is_deleted(r)) {
            let relation = match &*resource.kind {
                "ResourceQuota" => "quota",
                "LimitRange" => "limit-range",
                _ => continue,
            };
            let ours = limits.entry(resource.namespace.as_deref()).or_default();
            if ours.len() < MOST_LIMITS {
                ours.push((index, relation));
            }
        }
        for (index, resource) in self.placed.objects().filter(|(_, r)| !is_deleted(r)) {
            let of = match &*resource.kind {
                "Namespace" => Some(&*resource.name),
                "autoscaling/HorizontalPodAutoscaler" | "keda.sh/ScaledObject" => resource.namespace.as_deref(),
                _ if pods::is_workload(resource) => resource.namespace.as_deref(),
                _ => continue,
            };
            let Some(limits) = limits.get(&of) else { continue };
            for relation in ["quota", "limit-range"] {
                let found = limits.iter().filter(|(_, kind)| *kind == relation).map(|(i, _)| *i).collect();
                let found = self.placed.choose(resource, &self.placed.copies(found));
                let of_to = (&*resource.kind == "Namespace").then_some("namespace");
                self.joined.links.extend(found.into_iter().map(|to| Link {
                    from: index,
                    of_from: relation,
                    to,
                    of_to,
                }));
            }
        }
        self.own_namespaces();
    }

    fn own_namespaces(&mut self) {
        for (index, resource) in self.placed.objects().filter(|(_, r)| pods::is_workload(r)) {
            let Some(name) = resource.namespace.as_deref() else { continue };
            let named = Named { group: "", kind: "Namespace", namespace: None, name };
            self.link(index, ("namespace", None), |deleted| self.placed.find(resource, &named, deleted));
        }
    }
}

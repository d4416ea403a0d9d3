//! Finding an object by its name, and which of several copies is meant.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::references::Named;
use crate::facts::{Action, Iac, Resource};
use crate::source::Sources;

/// How many copies one reference may name, when they lie equally near.
const MOST: usize = 32;

/// What an object is found by. `environment` is `None` where any will do.
#[derive(PartialEq, Eq, Hash)]
struct Target<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    deleted: bool,
    environment: Option<&'a str>,
}

/// Copies of one object: one id in one environment, in the order of their folders.
pub(super) struct Copies<'a> {
    id: &'a str,
    environment: Option<&'a str>,
    at: Vec<usize>,
}

#[cfg(test)]
impl Copies<'_> {
    pub(super) fn all(&self) -> &[usize] {
        &self.at
    }
}

/// All resources with their folders, and the Kubernetes objects among them by name.
pub(super) struct Placed<'a> {
    resources: &'a [Resource],
    sources: &'a Sources,
    index: HashMap<Target<'a>, Vec<usize>>,
}

impl<'a> Placed<'a> {
    pub(super) fn new(resources: &'a [Resource], sources: &'a Sources) -> Self {
        let mut placed = Self { resources, sources, index: HashMap::new() };
        for (i, resource) in placed.objects() {
            let (group, kind) = resource.kind.rsplit_once('/').unwrap_or(("", &resource.kind));
            let target = |environment| Target {
                group: settled(group, kind),
                kind,
                namespace: resource.namespace.as_deref(),
                name: &resource.name,
                deleted: is_deleted(resource),
                environment,
            };
            placed.index.entry(target(None)).or_default().push(i);
            if let Some(environment) = resource.environment.as_deref() {
                placed.index.entry(target(Some(environment))).or_default().push(i);
            }
        }
        let mut index = std::mem::take(&mut placed.index);
        index.values_mut().for_each(|candidates| placed.sort(candidates));
        Self { index, ..placed }
    }

    /// The Kubernetes objects with their indexes.
    pub(super) fn objects(&self) -> impl Iterator<Item = (usize, &'a Resource)> + use<'a> {
        self.resources.iter().enumerate().filter(|(_, r)| r.iac == Some(Iac::Kubernetes))
    }

    pub(super) fn get(&self, index: usize) -> Option<&'a Resource> {
        self.resources.get(index)
    }

    /// The object that `referrer` names. Where copies of it exist (overlays), those of the referrer's environment
    /// count, of these the ones in the nearest directory: the one that shares the longest path.
    pub(super) fn find(&self, referrer: &Resource, named: &Named<'_>, deleted: bool) -> Vec<usize> {
        let target = |environment| Target {
            group: settled(named.group, named.kind),
            kind: named.kind,
            namespace: named.namespace,
            name: named.name,
            deleted,
            environment,
        };
        let same_environment = referrer.environment.as_deref().and_then(|e| self.index.get(&target(Some(e))));
        let candidates = same_environment.or_else(|| self.index.get(&target(None)));
        candidates.map_or_else(Vec::new, |all| self.nearest(all, self.folder_of(referrer)))
    }

    /// Objects that are found by other means, as copies: made once, they are chosen from often.
    pub(super) fn copies(&self, mut found: Vec<usize>) -> Vec<Copies<'a>> {
        let key = |i: &usize| self.resources.get(*i).map(|r| (&*r.id, r.environment.as_deref()));
        found.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| self.order(*a, *b)));
        found.dedup();
        let one = |at: &[usize]| {
            let (id, environment) = at.first().and_then(key)?;
            Some(Copies { id, environment, at: at.to_vec() })
        };
        found.chunk_by(|a, b| key(a) == key(b)).filter_map(one).collect()
    }

    /// For each object the copies that `referrer` means: those of its environment where there are some, of these the
    /// ones in the nearest directory.
    pub(super) fn choose<'c>(&self, referrer: &Resource, found: impl IntoIterator<Item = &'c Copies<'a>>) -> Vec<usize>
    where
        'a: 'c,
    {
        let here = self.folder_of(referrer);
        let mut found: Vec<&Copies<'a>> = found.into_iter().collect();
        found.sort_by_key(|copies| copies.id);
        let same = |copies: &&&Copies<'a>| {
            copies.environment.is_some() && copies.environment == referrer.environment.as_deref()
        };
        let one = |all: &[&Copies<'a>]| {
            let ours: Vec<&Copies<'a>> = all.iter().filter(same).copied().collect();
            let meant = if ours.is_empty() { all } else { &ours };
            let mut near: Vec<usize> = meant.iter().flat_map(|copies| self.nearest(&copies.at, here)).collect();
            self.sort(&mut near);
            near.dedup();
            self.nearest(&near, here)
        };
        found.chunk_by(|a, b| a.id == b.id).flat_map(one).collect()
    }

    fn sort(&self, candidates: &mut [usize]) {
        candidates.sort_by(|a, b| self.order(*a, *b));
    }

    fn order(&self, a: usize, b: usize) -> Ordering {
        by_folder(self.folder(a), self.folder(b)).then(a.cmp(&b))
    }

    /// Those that share the longest path with `folder`. They lie together, beside where it would stand.
    fn nearest(&self, candidates: &[usize], folder: &str) -> Vec<usize> {
        let shared = |i: &usize| shared_depth(self.folder(*i), folder);
        let split = candidates.partition_point(|i| by_folder(self.folder(*i), folder) == Ordering::Less);
        let (before, after) = candidates.split_at(split);
        let deepest = before.last().into_iter().chain(after.first()).map(shared).max();
        let near = |i: &&usize| Some(shared(i)) == deepest;
        let mut found: Vec<usize> = before.iter().rev().take_while(near).take(MOST).copied().collect();
        found.reverse();
        found.extend(after.iter().take_while(near).take(MOST.saturating_sub(found.len())));
        found
    }

    fn folder(&self, index: usize) -> &'a str {
        self.resources.get(index).map_or("", |r| self.folder_of(r))
    }

    /// Where an object belongs: what it was rendered in, else the folder of its file.
    fn folder_of<'r>(&self, resource: &'r Resource) -> &'r str
    where
        'a: 'r,
    {
        if let Some(root) = &resource.root {
            return root;
        }
        let path = self.sources.get(resource.span.source).map_or("", |source| &source.path);
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// The group that a kind is served by today; manifests leave it out or name one that is gone.
pub(super) fn settled<'a>(group: &'a str, kind: &str) -> &'a str {
    match (group, kind) {
        ("" | "extensions", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => "apps",
        ("" | "extensions", "Ingress") => "networking.k8s.io",
        _ => group,
    }
}

pub(super) fn is_deleted(resource: &Resource) -> bool {
    resource.action == Action::Delete
}

fn by_folder(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

fn shared_depth(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}

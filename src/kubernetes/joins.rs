//! Which resources belong together: scalers, canaries and rollouts name a workload in their spec.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::facts::{Action, Iac, Related, Resource};
use crate::parse::tree::Node;
use crate::source::Sources;

/// How many workloads one reference may name, when copies of them lie equally near.
const MOST: usize = 32;

/// Fills `related` of all Kubernetes resources, both ways.
///
/// A reference names a workload of its own namespace. Where that one exists several times (overlays),
/// those of the same environment count, of these the ones in the nearest directory: the one that
/// shares the longest path. A deleted resource is joined with deleted ones only, but for one thing: a deleted referrer
/// whose workload stays sees it, and the workload does not see what is gone.
pub fn join(resources: &mut [Resource], sources: &Sources) {
    let found = {
        let placed = Placed { resources, sources };
        let workloads = placed.index();
        let refer = |(index, _): (usize, &Resource)| placed.pairs_of(index, &workloads);
        resources.iter().enumerate().flat_map(refer).collect::<Vec<_>>()
    };
    for resource in resources.iter_mut().filter(|r| is_kubernetes(r)) {
        resource.related.clear();
    }
    for Pair { kind, referrer, workload, one_way } in found {
        if !one_way {
            relate(resources, workload, kind.of_workload, referrer);
        }
        relate(resources, referrer, kind.of_referrer, workload);
    }
    for resource in resources.iter_mut() {
        resource.related.sort();
        resource.related.dedup();
    }
}

/// One way of naming a workload.
struct Reference {
    /// Kind of the resource that names it.
    kind: &'static str,
    /// Where in `spec`.
    field: &'static str,
    /// The relation as the workload has it.
    of_workload: &'static str,
    /// The relation as the one that names it has it.
    of_referrer: &'static str,
}

const REFERENCES: [Reference; 4] = [
    Reference {
        kind: "autoscaling/HorizontalPodAutoscaler",
        field: "scaleTargetRef",
        of_workload: "scaler",
        of_referrer: "scale-target",
    },
    Reference {
        kind: "keda.sh/ScaledObject",
        field: "scaleTargetRef",
        of_workload: "scaler",
        of_referrer: "scale-target",
    },
    Reference { kind: "flagger.app/Canary", field: "targetRef", of_workload: "canary", of_referrer: "canary-target" },
    Reference { kind: "argoproj.io/Rollout", field: "workloadRef", of_workload: "rollout", of_referrer: "workload" },
];

struct Pair {
    kind: &'static Reference,
    referrer: usize,
    workload: usize,
    /// Only the referrer, which is deleted, sees the workload, which stays.
    one_way: bool,
}

/// What a reference must agree with. `environment` is `None` where any will do.
#[derive(PartialEq, Eq, Hash)]
struct Target<'a> {
    group: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
    deleted: bool,
    environment: Option<&'a str>,
}

type Index<'a> = HashMap<Target<'a>, Vec<usize>>;

#[derive(Clone, Copy)]
struct Placed<'a> {
    resources: &'a [Resource],
    sources: &'a Sources,
}

impl<'a> Placed<'a> {
    /// Everything that could be named, each list in the order of its paths.
    fn index(self) -> Index<'a> {
        let mut index = Index::new();
        for (i, resource) in self.resources.iter().enumerate().filter(|(_, r)| is_kubernetes(r)) {
            let (group, kind) = resource.kind.rsplit_once('/').unwrap_or(("", &resource.kind));
            let target = |environment| Target {
                group: settled(group, kind),
                kind,
                namespace: resource.namespace.as_deref(),
                name: &resource.name,
                deleted: resource.action == Action::Delete,
                environment,
            };
            index.entry(target(None)).or_default().push(i);
            if let Some(environment) = resource.environment.as_deref() {
                index.entry(target(Some(environment))).or_default().push(i);
            }
        }
        for candidates in index.values_mut() {
            candidates.sort_by(|a, b| by_folder(self.folder(*a), self.folder(*b)).then(a.cmp(b)));
        }
        index
    }

    fn pairs_of(self, referrer: usize, workloads: &Index<'_>) -> Vec<Pair> {
        let Some(resource) = self.resources.get(referrer).filter(|r| is_kubernetes(r)) else { return Vec::new() };
        let Some(kind) = REFERENCES.iter().find(|reference| *reference.kind == *resource.kind) else {
            return Vec::new();
        };
        let Some(target) = resource.attrs.at(&["spec", kind.field]) else { return Vec::new() };
        let deleted = resource.action == Action::Delete;
        let mut named = self.named_by(resource, target, workloads, deleted);
        let one_way = deleted && named.is_empty();
        if one_way {
            named = self.named_by(resource, target, workloads, false);
        }
        let others = named.into_iter().filter(|workload| *workload != referrer);
        others.map(|workload| Pair { kind, referrer, workload, one_way }).collect()
    }

    fn named_by(self, resource: &Resource, target: &Node, workloads: &Index<'_>, deleted: bool) -> Vec<usize> {
        let field = |key| target.get(key).and_then(Node::as_str);
        let Some(name) = field("name") else { return Vec::new() };
        // KEDA's defaults; the others require the kind.
        let kind = field("kind").unwrap_or("Deployment");
        let group = field("apiVersion").map(|v| v.rsplit_once('/').map_or("", |(group, _)| group));
        let target = |environment| Target {
            group: settled(group.unwrap_or_default(), kind),
            kind,
            namespace: resource.namespace.as_deref(),
            name,
            deleted,
            environment,
        };
        let same_environment = resource.environment.as_deref().and_then(|e| workloads.get(&target(Some(e))));
        let candidates = same_environment.or_else(|| workloads.get(&target(None)));
        candidates.map_or_else(Vec::new, |all| self.nearest(all, self.folder_of(resource)))
    }

    /// Those that share the longest path with `folder`. They lie together, beside where it would stand.
    fn nearest(self, candidates: &[usize], folder: &str) -> Vec<usize> {
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

    fn folder(self, index: usize) -> &'a str {
        self.resources.get(index).map_or("", |r| self.folder_of(r))
    }

    fn folder_of(self, resource: &Resource) -> &'a str {
        let path = self.sources.get(resource.span.source).map_or("", |source| &source.path);
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// The group that a kind is served by today; manifests leave it out or name one that is gone.
fn settled<'a>(group: &'a str, kind: &str) -> &'a str {
    match (group, kind) {
        ("" | "extensions", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => "apps",
        _ => group,
    }
}

fn by_folder(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

fn shared_depth(a: &str, b: &str) -> usize {
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}

fn is_kubernetes(resource: &Resource) -> bool {
    resource.iac == Some(Iac::Kubernetes)
}

fn relate(resources: &mut [Resource], from: usize, relation: &'static str, index: usize) {
    if let Some(resource) = resources.get_mut(from) {
        resource.related.push(Related { relation, index });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kubernetes::{Document, objects};
    use crate::parse::yaml::{self, Limits};
    use crate::source::{Revision, Source};

    /// Resources of `(path, environment, document)`, joined.
    fn joined(files: &[(&str, &str, &str)]) -> Vec<Resource> {
        let mut sources = Sources::default();
        let mut all = Vec::new();
        for (path, environment, text) in files {
            let id = sources.add(Source::new(*path, Revision::Head, *text));
            for document in yaml::parse(id, text, &Limits::default()).documents {
                let Document::Kubernetes(found) = objects(document) else { panic!("{text}") };
                assert_eq!(found.diagnostics, [], "{text}");
                let environment = Some(Arc::from(*environment)).filter(|e: &Arc<str>| !e.is_empty());
                all.extend(found.resources.into_iter().map(|r| Resource { environment: environment.clone(), ..r }));
            }
        }
        join(&mut all, &sources);
        all
    }

    fn relations(resource: &Resource) -> Vec<(&str, usize)> {
        resource.related.iter().map(|r| (r.relation, r.index)).collect()
    }

    const WORKLOAD: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}}";
    const SCALER: &str = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, \
                          spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}";

    #[test]
    fn all_four_references_join_both_ways() {
        let keda = "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: k, namespace: shop}, \
                    spec: {scaleTargetRef: {name: a}}}";
        let canary = "{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: c, namespace: shop}, \
                      spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}";
        let rollout = "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: r, namespace: shop}, \
                       spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}";
        let all =
            joined(&[("a", "", WORKLOAD), ("a", "", SCALER), ("a", "", keda), ("a", "", canary), ("a", "", rollout)]);
        assert_eq!(relations(&all[0]), [("canary", 3), ("rollout", 4), ("scaler", 1), ("scaler", 2)]);
        assert_eq!(relations(&all[1]), [("scale-target", 0)]);
        assert_eq!(relations(&all[2]), [("scale-target", 0)]);
        assert_eq!(relations(&all[3]), [("canary-target", 0)]);
        assert_eq!(relations(&all[4]), [("workload", 0)]);
    }

    #[test]
    fn environment_comes_before_the_nearest_folder() {
        let files = [
            ("k8s/prod/a.yaml", "prod", WORKLOAD),
            ("k8s/dev/a.yaml", "dev", WORKLOAD),
            ("k8s/dev/hpa.yaml", "prod", SCALER),
        ];
        assert_eq!(relations(&joined(&files)[2]), [("scale-target", 0)]);
        let unplaced = files.map(|(path, _, text)| (path, "", text));
        assert_eq!(relations(&joined(&unplaced)[2]), [("scale-target", 1)]);
    }

    #[test]
    fn equally_near_ones_all_count_and_other_namespaces_do_not() {
        let elsewhere = WORKLOAD.replace("namespace: shop", "namespace: other");
        let files = [("x/a", "", WORKLOAD), ("y/a", "", WORKLOAD), ("z/a", "", &elsewhere), ("w/h", "", SCALER)];
        assert_eq!(relations(&joined(&files)[3]), [("scale-target", 0), ("scale-target", 1)]);
    }

    #[test]
    fn deleted_resources_join_deleted_ones_only() {
        let mut sources = Sources::default();
        sources.add(Source::new("a", Revision::Head, ""));
        let mut all = joined(&[("a", "", WORKLOAD), ("a", "", SCALER)]);
        all[1].action = Action::Delete;
        join(&mut all, &sources);
        assert_eq!(relations(&all[0]), []);
        all[0].action = Action::Delete;
        join(&mut all, &sources);
        assert_eq!(relations(&all[0]), [("scaler", 1)]);
    }

    #[test]
    fn many_copies_stay_cheap() {
        let path: Vec<String> = (0..2000).map(|i| format!("d{i}/a.yaml")).collect();
        let files: Vec<_> = path.iter().flat_map(|p| [(p.as_str(), "", WORKLOAD), (p.as_str(), "", SCALER)]).collect();
        let all = joined(&files);
        assert!(all.iter().all(|r| r.related.len() == 1));
    }

    #[test]
    fn a_deleted_scaler_sees_the_workload_that_stays_and_is_not_seen() {
        let mut all = joined(&[("a.yaml", "", WORKLOAD), ("h.yaml", "", SCALER)]);
        all[1].action = Action::Delete;
        join(&mut all, &Sources::default());
        assert_eq!(relations(&all[0]), []);
        assert_eq!(relations(&all[1]), [("scale-target", 0)]);
    }
}

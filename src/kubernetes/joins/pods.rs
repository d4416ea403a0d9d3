//! The pods that a resource makes: where their template stands, and which labels they carry.

use std::borrow::Cow;

use crate::facts::Resource;
use crate::parse::tree::{Node, Path, Step};

/// Labels of one kind of pod that a resource makes.
pub(super) type Labels<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// Where the template of the pods stands, `metadata` and `spec` in it. A bare Pod is its own template.
const TEMPLATES: &[(&str, &[&str])] = &[
    ("Pod", &[]),
    ("PodTemplate", &["template"]),
    ("ReplicationController", &["spec", "template"]),
    ("apps/DaemonSet", &["spec", "template"]),
    ("apps/Deployment", &["spec", "template"]),
    ("apps/ReplicaSet", &["spec", "template"]),
    ("apps/StatefulSet", &["spec", "template"]),
    ("argoproj.io/Rollout", &["spec", "template"]),
    ("batch/CronJob", &["spec", "jobTemplate", "spec", "template"]),
    ("batch/Job", &["spec", "template"]),
    ("extensions/DaemonSet", &["spec", "template"]),
    ("extensions/Deployment", &["spec", "template"]),
    ("keda.sh/ScaledJob", &["spec", "jobTargetRef", "template"]),
    ("serving.knative.dev/Configuration", &["spec", "template"]),
    ("serving.knative.dev/Revision", &[]),
    ("serving.knative.dev/Service", &["spec", "template"]),
];

/// Resources from which the Prometheus operator makes pods.
const MONITORING: [&str; 4] = ["Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"];

/// Groups whose custom resources make no pods, whatever fields they have.
const WITHOUT_PODS: [&str; 7] = [
    "argoproj.io",
    "autoscaling.k8s.io",
    "cert-manager.io",
    "flagger.app",
    "gateway.networking.k8s.io",
    "networking.istio.io",
    "policies.kyverno.io",
];

/// Whether the resource is a workload: it makes pods from a template that is written in it.
pub(super) fn is_workload(resource: &Resource) -> bool {
    keys(resource).is_some()
}

/// The pods' spec with its path.
pub(super) fn spec(resource: &Resource) -> Option<(Path, &Node)> {
    let keys = spec_keys(resource)?;
    let path = keys.iter().map(|key| Step::Key((*key).into())).collect();
    Some((path, resource.attrs.at(&keys)?))
}

/// Where the pods' spec stands.
pub(super) fn spec_keys(resource: &Resource) -> Option<Vec<&'static str>> {
    Some(keys(resource)?.iter().copied().chain(["spec"]).collect())
}

/// Labels of the pods as they are written, and those that controllers are known to add.
pub(super) fn labels(resource: &Resource) -> Option<Labels<'_>> {
    if let Some(keys) = keys(resource) {
        let mut labels = written(resource.attrs.at(keys).and_then(|template| template.at(&["metadata", "labels"])));
        if resource.kind.starts_with("serving.knative.dev/") {
            labels.push(("serving.knative.dev/service", (*resource.name).into()));
        }
        return Some(labels);
    }
    let kind = resource.kind.strip_prefix("monitoring.coreos.com/").filter(|kind| MONITORING.contains(kind))?;
    let mut labels = written(resource.attrs.at(&["spec", "podMetadata", "labels"]));
    let name: Cow<'_, str> = (*resource.name).into();
    labels.retain(|(key, _)| !matches!(*key, "app.kubernetes.io/instance" | "app.kubernetes.io/name"));
    labels.extend([
        ("app.kubernetes.io/instance", name.clone()),
        ("app.kubernetes.io/managed-by", "prometheus-operator".into()),
        ("app.kubernetes.io/name", kind.to_lowercase().into()),
        ("operator.prometheus.io/name", name),
    ]);
    Some(labels)
}

/// Labels of the copy that Flagger makes of a workload, which is what serves: the first of its selector labels gets
/// `-primary` appended (`pkg/canary/deployment_controller.go`).
pub(super) fn primary<'a>(labels: &Labels<'a>) -> Option<Labels<'a>> {
    let chosen = ["app", "name", "app.kubernetes.io/name"]
        .into_iter()
        .find_map(|key| labels.iter().position(|(k, _)| *k == key))?;
    let mut copy = labels.clone();
    copy.get_mut(chosen)?.1.to_mut().push_str("-primary");
    Some(copy)
}

/// Whether pods may come of it that nothing written shows: the resource of an operator that we do not know.
pub(super) fn may_make_pods(resource: &Resource) -> bool {
    let Some((group, _)) = resource.kind.split_once('/') else { return false };
    let custom = group.contains('.') && !group.ends_with(".k8s.io") && !WITHOUT_PODS.contains(&group);
    let fields = ["replicas", "instances", "size", "nodeSets", "podTemplate", "podMetadata", "template", "chart"];
    custom && labels(resource).is_none() && fields.iter().any(|field| resource.attrs.at(&["spec", field]).is_some())
}

fn keys(resource: &Resource) -> Option<&'static [&'static str]> {
    TEMPLATES.iter().find(|(kind, _)| *kind == &*resource.kind).map(|(_, keys)| *keys)
}

fn written(labels: Option<&Node>) -> Labels<'_> {
    let entries = labels.and_then(Node::as_map).into_iter().flatten();
    entries.filter_map(|entry| Some((&*entry.key, entry.node.as_str()?.into()))).collect()
}

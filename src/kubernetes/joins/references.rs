//! Which fields name another object, as a table: the kinds, the field, how it is read, and what each side calls it.

use crate::facts::Resource;
use crate::parse::tree::{Node, Path, Step};

/// One way of naming an object.
pub(super) struct Reference {
    /// Kinds of the resources that name it.
    kinds: &'static [&'static str],
    /// Where: keys joined by dots, `[]` after a list whose entries each name one.
    field: &'static str,
    form: Form,
    /// The relation as the one that names has it.
    pub(super) of_referrer: &'static str,
    /// The relation as the one that is named has it; none where it need not know.
    pub(super) of_target: Option<&'static str>,
}

/// How a field names its object.
#[derive(Clone, Copy)]
enum Form {
    /// `{apiVersion, kind, name}`. The kind defaults to `Deployment`, as KEDA has it; the others require it.
    Typed,
    /// `{group, kind, namespace, name}` of the Gateway API, with its default kind.
    Grouped(&'static str),
    /// `{name, namespace}` of an object of this kind.
    Object(&'static str),
    /// The name alone, in the same namespace.
    Name(&'static str),
    /// The name alone, of an object outside namespaces.
    ClusterName(&'static str),
    /// `name` or `namespace/name`.
    Slashed(&'static str),
    /// `{name}` with `name` or `name.namespace`.
    Dotted(&'static str),
    /// `{templateName, clusterScope}` of Argo Rollouts.
    Template,
    /// `{apiGroup, kind, name}` of a role, which may be cluster-wide.
    Role,
    /// `{kind, namespace, name}` of a service account; other subjects are no objects.
    Subject,
}

/// What a field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) group: &'a str,
    pub(super) kind: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
}

/// Everything that a resource names: the row of the table, the place of the name, and the object.
pub(super) fn of(resource: &Resource) -> Vec<(&'static Reference, Path, Named<'_>)> {
    let rows = TABLE.iter().filter(|row| row.kinds.contains(&&*resource.kind));
    rows.flat_map(|row| named(row, resource, &resource.attrs, row.field)).collect()
}

/// What the pods of a workload name: volumes, configuration, service account, priority.
pub(super) fn of_pods<'a>(
    resource: &'a Resource,
    at: &Path,
    pods: &'a Node,
) -> Vec<(&'static Reference, Path, Named<'a>)> {
    let rows = PODS.iter().flat_map(|row| named(row, resource, pods, row.field));
    rows.map(|(row, path, named)| (row, at.iter().cloned().chain(path).collect(), named)).collect()
}

fn named<'a>(
    row: &'static Reference,
    resource: &'a Resource,
    from: &'a Node,
    field: &'static str,
) -> Vec<(&'static Reference, Path, Named<'a>)> {
    let namespace = resource.namespace.as_deref();
    let read = |(path, node)| Some((row, path, row.form.read(node, namespace)?));
    fields(from, field).into_iter().filter_map(read).collect()
}

/// The nodes at a field of the table, each with its path.
pub(super) fn fields<'a>(node: &'a Node, field: &str) -> Vec<(Path, &'a Node)> {
    let mut found = vec![(Path::new(), node)];
    for part in field.split('.') {
        let (key, each) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        found = found.into_iter().flat_map(|(path, node)| step(path, node, key, each)).collect();
    }
    found
}

fn step<'a>(mut path: Path, node: &'a Node, key: &str, each: bool) -> Vec<(Path, &'a Node)> {
    let Some(node) = node.get(key) else { return Vec::new() };
    path.push(Step::Key(key.into()));
    if !each {
        return vec![(path, node)];
    }
    let items = node.as_seq().unwrap_or_default().iter().enumerate();
    items.map(|(i, item)| (path.iter().cloned().chain([Step::Index(i)]).collect(), item)).collect()
}

impl Form {
    fn read<'a>(self, node: &'a Node, own: Option<&'a str>) -> Option<Named<'a>> {
        let field = |key| node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        let named = |id: &'a str, namespace, name| {
            let (group, kind) = id.rsplit_once('/').unwrap_or(("", id));
            Named { group, kind, namespace, name }
        };
        let text = || node.as_str().filter(|text| !text.is_empty());
        match self {
            Self::Typed => {
                let group = field("apiVersion").map_or("", |v| v.rsplit_once('/').map_or("", |(group, _)| group));
                Some(Named { group, kind: field("kind").unwrap_or("Deployment"), namespace: own, name: field("name")? })
            }
            Self::Grouped(default) => {
                let (group, kind) = default.rsplit_once('/').unwrap_or(("", default));
                Some(Named {
                    group: node.get("group").and_then(Node::as_str).unwrap_or(group),
                    kind: field("kind").unwrap_or(kind),
                    namespace: field("namespace").or(own),
                    name: field("name")?,
                })
            }
            Self::Object(id) => Some(named(id, field("namespace").or(own), field("name")?)),
            Self::Name(id) => Some(named(id, own, text()?)),
            Self::ClusterName(id) => Some(named(id, None, text()?)),
            Self::Slashed(id) => Some(match text()?.split_once('/') {
                Some((".", name)) => named(id, own, name),
                Some((namespace, name)) => named(id, Some(namespace), name),
                None => named(id, own, text()?),
            }),
            Self::Dotted(id) => Some(match field("name")?.split_once('.') {
                Some((name, namespace)) => named(id, Some(namespace), name),
                None => named(id, own, field("name")?),
            }),
            Self::Template if node.get("clusterScope").and_then(Node::as_bool) == Some(true) => {
                Some(named("argoproj.io/ClusterAnalysisTemplate", None, field("templateName")?))
            }
            Self::Template => Some(named("argoproj.io/AnalysisTemplate", own, field("templateName")?)),
            Self::Role => {
                let (kind, name) = (field("kind")?, field("name")?);
                let namespace = own.filter(|_| kind != "ClusterRole");
                Some(Named { group: "rbac.authorization.k8s.io", kind, namespace, name })
            }
            Self::Subject if field("kind") == Some("ServiceAccount") => {
                Some(named("ServiceAccount", field("namespace").or(own), field("name")?))
            }
            Self::Subject => None,
        }
    }
}

/// Names that the API serves without an object: `unresolved` would be wrong for them.
pub(super) fn is_built_in(named: &Named<'_>) -> bool {
    match named.kind {
        "PriorityClass" => named.name.starts_with("system-"),
        "ServiceAccount" => named.name == "default",
        "ClusterRole" => {
            matches!(named.name, "cluster-admin" | "admin" | "edit" | "view") || named.name.starts_with("system:")
        }
        "Role" => named.name.starts_with("system:") || named.name == "extension-apiserver-authentication-reader",
        "ConfigMap" => named.name == "kube-root-ca.crt",
        "Gateway" => named.name == "mesh",
        _ => false,
    }
}

const fn row(
    kinds: &'static [&'static str],
    field: &'static str,
    form: Form,
    of_referrer: &'static str,
    of_target: &'static str,
) -> Reference {
    Reference { kinds, field, form, of_referrer, of_target: Some(of_target) }
}

const fn one_way(field: &'static str, form: Form, of_referrer: &'static str) -> Reference {
    Reference { kinds: &[], field, form, of_referrer, of_target: None }
}

const SCALERS: &[&str] = &["autoscaling/HorizontalPodAutoscaler", "keda.sh/ScaledObject"];
const VERTICAL: &[&str] = &["autoscaling.k8s.io/VerticalPodAutoscaler"];
const CANARY: &[&str] = &["flagger.app/Canary"];
const ROLLOUT: &[&str] = &["argoproj.io/Rollout"];
const TEMPLATES: &[&str] = &["argoproj.io/AnalysisTemplate", "argoproj.io/ClusterAnalysisTemplate"];
const EXPERIMENT: &[&str] = &["argoproj.io/Experiment"];
const INGRESS: &[&str] = &["networking.k8s.io/Ingress", "extensions/Ingress"];
const ROUTES: &[&str] = &[
    "gateway.networking.k8s.io/HTTPRoute",
    "gateway.networking.k8s.io/GRPCRoute",
    "gateway.networking.k8s.io/TCPRoute",
    "gateway.networking.k8s.io/TLSRoute",
    "gateway.networking.k8s.io/UDPRoute",
];
const VIRTUAL: &[&str] = &["networking.istio.io/VirtualService"];
const STATEFUL: &[&str] = &["apps/StatefulSet"];
const CLAIM: &[&str] = &["PersistentVolumeClaim"];
const BINDINGS: &[&str] = &["rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRoleBinding"];

const SERVICE: &str = "Service";
const K8S_INGRESS: &str = "networking.k8s.io/Ingress";
const K8S_GATEWAY: &str = "gateway.networking.k8s.io/Gateway";
const K8S_ROUTE: &str = "gateway.networking.k8s.io/HTTPRoute";
const ISTIO_VIRTUAL: &str = "networking.istio.io/VirtualService";
const ISTIO_RULE: &str = "networking.istio.io/DestinationRule";
const ISTIO_GATEWAY: &str = "networking.istio.io/Gateway";

/// Sources: the CRDs of Argo Rollouts 1.8, Flagger 1.41, KEDA 2.17, Gateway API 1.3, Istio 1.26 and the API of
/// Kubernetes 1.32. Istio's hosts are read in `mesh.rs`.
const TABLE: &[Reference] = &[
    row(SCALERS, "spec.scaleTargetRef", Form::Typed, "scale-target", "scaler"),
    row(VERTICAL, "spec.targetRef", Form::Typed, "scale-target", "vertical-scaler"),
    row(CANARY, "spec.targetRef", Form::Typed, "canary-target", "canary"),
    row(CANARY, "spec.autoscalerRef", Form::Typed, "scaler", "canary"),
    row(CANARY, "spec.ingressRef", Form::Typed, "ingress", "canary"),
    row(CANARY, "spec.service.gatewayRefs[]", Form::Grouped(K8S_GATEWAY), "gateway", "canary"),
    row(
        CANARY,
        "spec.analysis.metrics[].templateRef",
        Form::Object("flagger.app/MetricTemplate"),
        "metric-template",
        "canary",
    ),
    row(
        CANARY,
        "spec.canaryAnalysis.metrics[].templateRef",
        Form::Object("flagger.app/MetricTemplate"),
        "metric-template",
        "canary",
    ),
    row(
        CANARY,
        "spec.analysis.alerts[].providerRef",
        Form::Object("flagger.app/AlertProvider"),
        "alert-provider",
        "canary",
    ),
    row(ROLLOUT, "spec.workloadRef", Form::Typed, "workload", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.canaryService", Form::Name(SERVICE), "canary-service", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.stableService", Form::Name(SERVICE), "stable-service", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.pingPong.pingService", Form::Name(SERVICE), "ping-service", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.pingPong.pongService", Form::Name(SERVICE), "pong-service", "rollout"),
    row(ROLLOUT, "spec.strategy.blueGreen.activeService", Form::Name(SERVICE), "active-service", "rollout"),
    row(ROLLOUT, "spec.strategy.blueGreen.previewService", Form::Name(SERVICE), "preview-service", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.trafficRouting.alb.rootService", Form::Name(SERVICE), "root-service", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.trafficRouting.smi.rootService", Form::Name(SERVICE), "root-service", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.trafficRouting.alb.ingress", Form::Name(K8S_INGRESS), "ingress", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.trafficRouting.alb.ingresses[]", Form::Name(K8S_INGRESS), "ingress", "rollout"),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.nginx.stableIngress",
        Form::Name(K8S_INGRESS),
        "ingress",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.nginx.stableIngresses[]",
        Form::Name(K8S_INGRESS),
        "ingress",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.istio.virtualService",
        Form::Dotted(ISTIO_VIRTUAL),
        "route",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.istio.virtualServices[]",
        Form::Dotted(ISTIO_VIRTUAL),
        "route",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.istio.destinationRule",
        Form::Object(ISTIO_RULE),
        "destination-rule",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.plugins.argoproj-labs/gatewayAPI.httpRoute",
        Form::Name(K8S_ROUTE),
        "route",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.canary.trafficRouting.plugins.argoproj-labs/gatewayAPI.httpRoutes[]",
        Form::Object(K8S_ROUTE),
        "route",
        "rollout",
    ),
    row(ROLLOUT, "spec.strategy.canary.analysis.templates[]", Form::Template, "analysis-template", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.steps[].analysis.templates[]", Form::Template, "analysis-template", "rollout"),
    row(ROLLOUT, "spec.strategy.canary.steps[].experiment.analyses[]", Form::Template, "analysis-template", "rollout"),
    row(
        ROLLOUT,
        "spec.strategy.blueGreen.prePromotionAnalysis.templates[]",
        Form::Template,
        "analysis-template",
        "rollout",
    ),
    row(
        ROLLOUT,
        "spec.strategy.blueGreen.postPromotionAnalysis.templates[]",
        Form::Template,
        "analysis-template",
        "rollout",
    ),
    row(EXPERIMENT, "spec.analyses[]", Form::Template, "analysis-template", "experiment"),
    row(TEMPLATES, "spec.templates[]", Form::Template, "analysis-template", "parent-template"),
    row(INGRESS, "spec.defaultBackend.service.name", Form::Name(SERVICE), "service", "ingress"),
    row(INGRESS, "spec.rules[].http.paths[].backend.service.name", Form::Name(SERVICE), "service", "ingress"),
    row(INGRESS, "spec.backend.serviceName", Form::Name(SERVICE), "service", "ingress"),
    row(INGRESS, "spec.rules[].http.paths[].backend.serviceName", Form::Name(SERVICE), "service", "ingress"),
    row(ROUTES, "spec.rules[].backendRefs[]", Form::Grouped(SERVICE), "service", "route"),
    row(ROUTES, "spec.parentRefs[]", Form::Grouped(K8S_GATEWAY), "gateway", "route"),
    row(VIRTUAL, "spec.gateways[]", Form::Slashed(ISTIO_GATEWAY), "gateway", "route"),
    row(STATEFUL, "spec.serviceName", Form::Name(SERVICE), "governing-service", "workload"),
    row(
        STATEFUL,
        "spec.volumeClaimTemplates[].spec.storageClassName",
        Form::ClusterName("storage.k8s.io/StorageClass"),
        "storage-class",
        "workload",
    ),
    row(CLAIM, "spec.storageClassName", Form::ClusterName("storage.k8s.io/StorageClass"), "storage-class", "claim"),
    row(CLAIM, "spec.volumeName", Form::ClusterName("PersistentVolume"), "volume", "claim"),
    row(BINDINGS, "roleRef", Form::Role, "role", "binding"),
    row(BINDINGS, "subjects[]", Form::Subject, "subject", "binding"),
];

/// From the pod's spec. Configuration and accounts are shared by many: they see their workloads, too.
const PODS: &[Reference] = &[
    row(&[], "volumes[].persistentVolumeClaim.claimName", Form::Name("PersistentVolumeClaim"), "claim", "workload"),
    row(&[], "volumes[].configMap.name", Form::Name("ConfigMap"), "config", "workload"),
    row(&[], "volumes[].projected.sources[].configMap.name", Form::Name("ConfigMap"), "config", "workload"),
    row(&[], "containers[].envFrom[].configMapRef.name", Form::Name("ConfigMap"), "config", "workload"),
    row(&[], "initContainers[].envFrom[].configMapRef.name", Form::Name("ConfigMap"), "config", "workload"),
    row(&[], "containers[].env[].valueFrom.configMapKeyRef.name", Form::Name("ConfigMap"), "config", "workload"),
    row(&[], "initContainers[].env[].valueFrom.configMapKeyRef.name", Form::Name("ConfigMap"), "config", "workload"),
    row(&[], "volumes[].secret.secretName", Form::Name("Secret"), "secret", "workload"),
    row(&[], "volumes[].projected.sources[].secret.name", Form::Name("Secret"), "secret", "workload"),
    row(&[], "containers[].envFrom[].secretRef.name", Form::Name("Secret"), "secret", "workload"),
    row(&[], "initContainers[].envFrom[].secretRef.name", Form::Name("Secret"), "secret", "workload"),
    row(&[], "containers[].env[].valueFrom.secretKeyRef.name", Form::Name("Secret"), "secret", "workload"),
    row(&[], "initContainers[].env[].valueFrom.secretKeyRef.name", Form::Name("Secret"), "secret", "workload"),
    row(&[], "serviceAccountName", Form::Name("ServiceAccount"), "service-account", "workload"),
    one_way("priorityClassName", Form::ClusterName("scheduling.k8s.io/PriorityClass"), "priority-class"),
];

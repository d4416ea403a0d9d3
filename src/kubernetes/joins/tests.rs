//! Joins over small trees.

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
    assert_eq!(join(&mut all, &sources), None);
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
    let all = joined(&[("a", "", WORKLOAD), ("a", "", SCALER), ("a", "", keda), ("a", "", canary), ("a", "", rollout)]);
    assert_eq!(relations(&all[0]), [("canary", 3), ("rollout", 4), ("scaler", 1), ("scaler", 2)]);
    assert_eq!(relations(&all[1]), [("scale-target", 0)]);
    assert_eq!(relations(&all[2]), [("scale-target", 0)]);
    assert_eq!(relations(&all[3]), [("canary-target", 0)]);
    assert_eq!(relations(&all[4]), [("workload", 0)]);
}

#[test]
fn a_new_workload_sees_the_deleted_one_that_it_succeeds() {
    let rollout = "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: a, namespace: shop}, spec: {}}";
    let mut all = joined(&[("a", "", WORKLOAD), ("b", "", rollout)]);
    all[0].action = Action::Create;
    let sources = Sources::default();
    join(&mut all, &sources);
    assert_eq!(relations(&all[0]), []);
    all[1].action = Action::Delete;
    join(&mut all, &sources);
    assert_eq!(relations(&all[0]), [("predecessor", 1)]);
    assert_eq!(relations(&all[1]), []);
}

#[test]
fn copies_cost_no_more_than_they_are() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: a}}}";
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: a}}}";
    let spent = |copies: usize| {
        let paths: Vec<String> = (0..copies).map(|i| format!("{i}/a.yaml")).collect();
        let files: Vec<_> = paths.iter().flat_map(|path| [(&**path, "", service), (&**path, "", pod)]).collect();
        let all = joined(&files);
        assert_eq!(relations(&all[2 * copies - 2]), [("workload", 2 * copies - 1)]);
        let mut sources = Sources::default();
        for (path, ..) in &files {
            sources.add(Source::new(*path, Revision::Head, ""));
        }
        BUDGET - found(&all, &sources).budget
    };
    assert_eq!(spent(40), 4 * spent(10));
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

/// Objects of one file, in the namespace `shop`, as `kind name {spec…}`.
fn tree(objects: &[(&str, &str, &str)]) -> Vec<Resource> {
    let text = |(kind, name, rest): &(&str, &str, &str)| {
        let (group, kind) = kind.rsplit_once('/').map_or(("", *kind), |(group, kind)| (group, kind));
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: {name}, namespace: shop}}, {rest}}}")
    };
    let texts: Vec<String> = objects.iter().map(text).collect();
    joined(&texts.iter().map(|text| ("k8s/a.yaml", "", text.as_str())).collect::<Vec<_>>())
}

/// What a resource misses: relation, id and the place.
fn missing(resource: &Resource) -> Vec<String> {
    let path = |path: &Path| {
        let step = |step: &Step| match step {
            Step::Key(key) => key.to_string(),
            Step::Index(index) => index.to_string(),
        };
        path.iter().map(step).collect::<Vec<_>>().join(".")
    };
    let of = |d: &Dangling| {
        let name = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
        format!("{} {} {} at {} among {:?}", d.relation, name(&d.kind), name(&d.name), path(&d.path), d.among)
    };
    resource.dangling.iter().map(of).collect()
}

const PODS: &str = "spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a, tier: web}}}}";

#[test]
fn budgets_services_and_monitors_pick_pods_by_label() {
    let all = tree(&[
        ("apps/Deployment", "a", PODS),
        ("policy/PodDisruptionBudget", "p", "spec: {selector: {matchExpressions: [{key: tier, operator: Exists}]}}"),
        ("Service", "s", "spec: {selector: {app: a}}"),
        ("monitoring.coreos.com/PodMonitor", "pm", "spec: {selector: {}}"),
        ("monitoring.coreos.com/ServiceMonitor", "sm", "spec: {selector: {}, namespaceSelector: {any: true}}"),
    ]);
    assert_eq!(relations(&all[0]), [("monitor", 3), ("pdb", 1), ("service", 2)]);
    assert_eq!(relations(&all[1]), [("workload", 0)]);
    assert_eq!(relations(&all[2]), [("monitor", 4), ("workload", 0)]);
    assert_eq!(relations(&all[4]), [("service", 2)]);
}

#[test]
fn a_selector_that_matches_nothing_says_among_how_many() {
    let budget = ("policy/PodDisruptionBudget", "p", "spec: {selector: {matchLabels: {app: b}}}");
    assert_eq!(
        missing(&tree(&[("apps/Deployment", "a", PODS), budget])[1]),
        ["workload - - at spec.selector among Some(1)"]
    );
    assert_eq!(missing(&tree(&[budget])[0]), ["workload - - at spec.selector among Some(0)"]);
    // What an operator makes cannot be seen.
    let operated = ("example.org/Database", "d", "spec: {replicas: 3}");
    assert_eq!(
        missing(&tree(&[("apps/Deployment", "a", PODS), operated, budget])[2]),
        ["workload - - at spec.selector among None"]
    );
}

#[test]
fn selectors_know_what_controllers_add() {
    let budget = |labels: &str| format!("spec: {{selector: {{matchLabels: {labels}}}}}");
    let (primary, prometheus, knative) = (
        budget("{app: a-primary}"),
        budget("{app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: k8s}"),
        budget("{serving.knative.dev/service: f}"),
    );
    let all = tree(&[
        ("apps/Deployment", "a", PODS),
        ("flagger.app/Canary", "c", "spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}"),
        ("monitoring.coreos.com/Prometheus", "k8s", "spec: {replicas: 2}"),
        ("serving.knative.dev/Service", "f", "spec: {template: {spec: {containers: []}}}"),
        ("argoproj.io/Rollout", "r", "spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a}}"),
        ("policy/PodDisruptionBudget", "p1", &primary),
        ("policy/PodDisruptionBudget", "p2", &prometheus),
        ("policy/PodDisruptionBudget", "p3", &knative),
        ("policy/PodDisruptionBudget", "p4", "spec: {selector: {matchLabels: {app: a}}}"),
    ]);
    assert_eq!(relations(&all[5]), [("workload", 0)]);
    assert_eq!(relations(&all[6]), [("workload", 2)]);
    assert_eq!(relations(&all[7]), [("workload", 3)]);
    // A Rollout that refers to a workload makes that one's pods.
    assert_eq!(relations(&all[8]), [("workload", 0), ("workload", 4)]);
}

#[test]
fn an_empty_selector_of_the_beta_api_picks_nothing() {
    let budget = "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: p, namespace: shop}, \
                  spec: {selector: {}}}";
    assert_eq!(relations(&joined(&[("a", "", WORKLOAD), ("a", "", budget)])[1]), []);
    let stable = budget.replace("v1beta1", "v1");
    assert_eq!(relations(&joined(&[("a", "", WORKLOAD), ("a", "", &stable)])[1]), [("workload", 0)]);
}

#[test]
fn a_rollout_sees_its_services_routes_and_templates() {
    let spec = "spec: {strategy: {canary: {canaryService: c, stableService: s, trafficRouting: {istio: \
                {virtualService: {name: v}, destinationRule: {name: d}}, nginx: {stableIngress: i}}, \
                analysis: {templates: [{templateName: t}, {templateName: g, clusterScope: true}]}, \
                steps: [{analysis: {templates: [{templateName: none}]}}]}}}";
    let all = tree(&[
        ("argoproj.io/Rollout", "r", spec),
        ("Service", "c", "spec: {}"),
        ("Service", "s", "spec: {}"),
        ("networking.istio.io/VirtualService", "v", "spec: {http: [{route: [{destination: {host: s}}]}]}"),
        ("networking.istio.io/DestinationRule", "d", "spec: {host: s.shop.svc.cluster.local}"),
        ("networking.k8s.io/Ingress", "i", "spec: {rules: [{http: {paths: [{backend: {service: {name: s}}}]}}]}"),
        ("argoproj.io/AnalysisTemplate", "t", "spec: {templates: [{templateName: t2}]}"),
        ("argoproj.io/AnalysisTemplate", "t2", "spec: {}"),
    ]);
    let seen = [
        ("analysis-template", 6),
        ("canary-service", 1),
        ("destination-rule", 4),
        ("ingress", 5),
        ("route", 3),
        ("stable-service", 2),
    ];
    assert_eq!(relations(&all[0]), seen);
    assert_eq!(
        missing(&all[0]),
        [
            "analysis-template argoproj.io/ClusterAnalysisTemplate g at \
         spec.strategy.canary.analysis.templates.1 among None",
            "analysis-template argoproj.io/AnalysisTemplate none at \
         spec.strategy.canary.steps.0.analysis.templates.0 among None",
        ]
    );
    assert_eq!(relations(&all[2]), [("destination-rule", 4), ("ingress", 5), ("rollout", 0), ("route", 3)]);
    assert_eq!(relations(&all[3]), [("destination-rule", 4), ("rollout", 0), ("service", 2)]);
    assert_eq!(relations(&all[7]), [("parent-template", 6)]);
}

#[test]
fn flagger_routes_storage_roles_and_limits() {
    let all = tree(&[
        ("flagger.app/Canary", "c", "spec: {analysis: {metrics: [{templateRef: {name: m, namespace: flagger}}]}}"),
        ("gateway.networking.k8s.io/HTTPRoute", "h", "spec: {rules: [{backendRefs: [{name: s}]}]}"),
        ("Service", "s", "spec: {}"),
        ("apps/StatefulSet", "db", "spec: {serviceName: s, template: {spec: {volumes: [{configMap: {name: cm}}]}}}"),
        ("ConfigMap", "cm", "data: {}"),
        ("ResourceQuota", "q", "spec: {}"),
        (
            "rbac.authorization.k8s.io/RoleBinding",
            "b",
            "roleRef: {kind: ClusterRole, name: edit}, subjects: [{kind: User, name: x}]",
        ),
    ]);
    assert_eq!(
        missing(&all[0]),
        ["metric-template flagger.app/MetricTemplate m at spec.analysis.metrics.0.templateRef among None"]
    );
    assert_eq!(relations(&all[1]), [("service", 2)]);
    assert_eq!(relations(&all[3]), [("config", 4), ("governing-service", 2), ("quota", 5)]);
    // Roles that the API serves by itself are not missed.
    assert_eq!(missing(&all[6]), Vec::<String>::new());
}

#[test]
fn hosts_outside_are_found_by_their_entries() {
    let all = tree(&[
        ("networking.istio.io/DestinationRule", "d", "spec: {host: api.pay.example}"),
        ("networking.istio.io/DestinationRule", "e", "spec: {host: api.tax.example}"),
        ("networking.istio.io/ServiceEntry", "x", "spec: {hosts: ['*.pay.example']}"),
    ]);
    assert_eq!(relations(&all[0]), [("service-entry", 2)]);
    assert_eq!(
        missing(&all[1]),
        ["service-entry networking.istio.io/ServiceEntry api.tax.example at spec.host among None"]
    );
}

#[test]
fn what_is_deleted_is_missed() {
    let mut all = joined(&[("a.yaml", "", WORKLOAD), ("h.yaml", "", SCALER)]);
    all[0].action = Action::Delete;
    join(&mut all, &Sources::default());
    assert_eq!(missing(&all[1]), ["scale-target apps/Deployment a at spec.scaleTargetRef among None"]);
}

#[test]
fn many_selectors_that_match_everything_stay_bounded() {
    let budget = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: p, namespace: shop}, \
                  spec: {selector: {}}}";
    let many = |text: &str, word: &str| {
        (0..3000).map(|i| text.replace(word, &format!("name: n{i}"))).collect::<Vec<_>>().join("\n---\n")
    };
    let text = [many(WORKLOAD, "name: a"), many(budget, "name: p")].join("\n---\n");
    let mut sources = Sources::default();
    let id = sources.add(Source::new("a", Revision::Head, text.as_str()));
    let documents = yaml::parse(id, &text, &Limits::default()).documents;
    let mut all: Vec<Resource> = documents
        .into_iter()
        .flat_map(|document| match objects(document) {
            Document::Kubernetes(found) => found.resources,
            Document::Other(_) => Vec::new(),
        })
        .collect();
    assert_eq!(all.len(), 6000);
    assert_eq!(join(&mut all, &sources).map(|d| d.code), Some("kubernetes::joins"));
    assert!(all.iter().map(|r| r.related.len()).sum::<usize>() < 3_000_000);
}

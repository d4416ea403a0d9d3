//! What absent and null fields mean: one table with versions and sources, `defaults.yaml`, and how it is applied.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::joins::pod_spec;
use crate::facts::Resource;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::parse::yaml::{self, Limits};
use crate::source::{SourceId, Span};

/// The object with every default of the table filled in; `None` for kinds that have none.
///
/// What is written stays as it is, whatever its type. Null counts as absent, as the API reads it.
pub fn effective(resource: &Resource) -> Option<Node> {
    let own = TABLE.get(&*resource.kind);
    let pods = pod_spec(resource).zip(TABLE.get(PODS));
    if own.is_none() && pods.is_none() {
        return None;
    }
    let mut node = (*resource.attrs).clone();
    for rule in own.into_iter().flatten() {
        fill(&mut node, &rule.steps, &rule.value);
    }
    if let Some((place, rules)) = pods
        && let Some(spec) = place.iter().try_fold(&mut node, |node, key| child(node, key))
    {
        rules.iter().for_each(|rule| fill(spec, &rule.steps, &rule.value));
    }
    Some(node)
}

/// What the table calls the pods of all workloads.
const PODS: &str = "pods";

struct Rule {
    steps: Vec<Step>,
    value: Node,
}

/// One part of a field of the table.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Made where it is missing.
    Key(Arc<str>),
    /// Only where it is given.
    Given(Arc<str>),
    /// Every entry of the list.
    Each(Arc<str>),
    /// Only where it has a field, and of this value if one is named.
    Where(Arc<str>, Arc<str>, Option<Arc<str>>),
}

static TABLE: LazyLock<HashMap<Arc<str>, Vec<Rule>>> = LazyLock::new(|| {
    let mut table: HashMap<Arc<str>, Vec<Rule>> = HashMap::new();
    let text = include_str!("defaults.yaml");
    let document = yaml::parse(SourceId(0), text, &Limits::default()).documents.pop();
    for group in document.iter().filter_map(Node::as_seq).flatten() {
        let kinds = group.get("of").and_then(Node::as_seq).unwrap_or_default();
        for kind in kinds.iter().filter_map(Node::as_str) {
            let set = group.get("set").and_then(Node::as_map).into_iter().flatten();
            let rules = set.map(|entry| Rule { steps: steps(&entry.key), value: entry.node.clone() });
            table.entry(kind.into()).or_default().extend(rules);
        }
    }
    table
});

fn steps(field: &str) -> Vec<Step> {
    let step = |part: &str| {
        if let Some(key) = part.strip_suffix("[]") {
            return Step::Each(key.into());
        }
        if let Some(key) = part.strip_suffix('?') {
            return Step::Given(key.into());
        }
        match part.strip_suffix('}').and_then(|part| part.split_once('{')) {
            Some((key, test)) => match test.split_once('=') {
                Some((field, value)) => Step::Where(key.into(), field.into(), Some(value.into())),
                None => Step::Where(key.into(), test.into(), None),
            },
            None => Step::Key(part.into()),
        }
    };
    field.split('.').map(step).collect()
}

fn fill(node: &mut Node, steps: &[Step], default: &Node) {
    let Some((step, rest)) = steps.split_first() else { return };
    match step {
        Step::Key(key) if rest.is_empty() => set(node, key, default),
        Step::Key(key) => {
            set(node, key, &Node::new(Map::default(), Span::default()));
            child(node, key).into_iter().for_each(|node| fill(node, rest, default));
        }
        Step::Given(key) => child(node, key).into_iter().for_each(|node| fill(node, rest, default)),
        Step::Each(key) => {
            if let Some(Node { value: Value::Seq(items), .. }) = child(node, key) {
                items.iter_mut().for_each(|item| fill(item, rest, default));
            }
        }
        Step::Where(key, field, wanted) => {
            let fits = |node: &&mut Node| {
                let found = node.get(field).filter(|found| !found.is_null());
                found.is_some_and(|found| wanted.as_deref().is_none_or(|wanted| found.as_str() == Some(wanted)))
            };
            child(node, key).filter(fits).into_iter().for_each(|node| fill(node, rest, default));
        }
    }
}

/// A key of a mapping, when something is given there.
fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Map(map) => map.get_mut(key).filter(|node| !node.is_null()),
        _ => None,
    }
}

/// Sets a key of a mapping that is absent or null, or a list that is empty where the default is one.
fn set(node: &mut Node, key: &Arc<str>, default: &Node) {
    let Value::Map(map) = &mut node.value else { return };
    let empty = |node: &Node| node.as_seq().is_some_and(<[Node]>::is_empty) && default.as_seq().is_some();
    if map.get(key).is_none_or(|node| node.is_null() || empty(node)) {
        map.insert(Entry { key: key.clone(), key_span: Span::default(), node: default.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::{Document, objects};

    fn filled(text: &str) -> Option<serde_json::Value> {
        let document = yaml::parse(SourceId(0), text, &Limits::default()).documents.pop()?;
        let Document::Kubernetes(found) = objects(document) else { panic!("{text}") };
        serde_json::to_value(effective(&found.resources[0])?).ok()
    }

    /// The effective value at a JSON pointer.
    fn at(text: &str, pointer: &str) -> String {
        filled(text).and_then(|value| value.pointer(pointer).map(ToString::to_string)).unwrap_or_default()
    }

    #[test]
    fn the_table_names_a_version_and_a_source_everywhere() {
        let text = include_str!("defaults.yaml");
        let read = yaml::parse(SourceId(0), text, &Limits::default());
        assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
        let groups = read.documents[0].as_seq().unwrap();
        for group in groups {
            let given = |key: &str| group.get(key).and_then(Node::as_str).is_some_and(|text| !text.is_empty());
            assert!(given("version") && given("source"), "{group:?}");
            assert!(group.get("set").and_then(Node::as_map).is_some_and(|set| !set.is_empty()));
        }
        assert!(TABLE.len() > 20);
    }

    #[test]
    fn absent_and_null_are_filled_and_what_is_written_stays() {
        let deployment =
            |spec: &str| format!("{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a}}, spec: {spec}}}");
        assert_eq!(at(&deployment("{}"), "/spec/strategy/rollingUpdate/maxSurge"), "\"25%\"");
        assert_eq!(at(&deployment("{replicas: null}"), "/spec/replicas"), "1");
        assert_eq!(at(&deployment("{replicas: 0}"), "/spec/replicas"), "0");
        assert_eq!(at(&deployment("{strategy: {type: Recreate}}"), "/spec/strategy"), "{\"type\":\"Recreate\"}");
        // Nothing is made of a value of the wrong type.
        assert_eq!(at(&deployment("{strategy: fast}"), "/spec/strategy"), "\"fast\"");
    }

    #[test]
    fn pods_are_filled_wherever_their_template_stands() {
        let probed = "{containers: [{readinessProbe: {httpGet: {port: 1}}}]}";
        let job = format!(
            "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: a}}, spec: {{jobTemplate: {{spec: {{template: \
             {{spec: {probed}}}}}}}}}}}"
        );
        let probe = "/spec/jobTemplate/spec/template/spec/containers/0/readinessProbe";
        assert_eq!(at(&job, &format!("{probe}/failureThreshold")), "3");
        assert_eq!(at(&job, &format!("{probe}/httpGet/path")), "\"/\"");
        assert_eq!(at(&job, "/spec/concurrencyPolicy"), "\"Allow\"");
        let pod = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {probed}}}");
        assert_eq!(at(&pod, "/spec/terminationGracePeriodSeconds"), "30");
        // No probe comes of nothing.
        assert_eq!(at(&pod, "/spec/containers/0/livenessProbe"), "");
    }

    #[test]
    fn the_defaults_that_surprise() {
        let of = |kind: &str, spec: &str| {
            let (group, kind) = kind.split_once('/').unwrap();
            format!("{{apiVersion: {group}/v1, kind: {kind}, metadata: {{name: a}}, spec: {spec}}}")
        };
        let rollout = |strategy: &str| of("argoproj.io/Rollout", &format!("{{strategy: {strategy}}}"));
        assert_eq!(at(&rollout("{blueGreen: {}}"), "/spec/strategy/blueGreen/autoPromotionEnabled"), "true");
        assert_eq!(at(&rollout("{canary: {}}"), "/spec/strategy/blueGreen"), "");
        assert_eq!(at(&rollout("{canary: {}}"), "/spec/strategy/canary/scaleDownDelaySeconds"), "");
        let routed = rollout("{canary: {trafficRouting: {nginx: {}}}}");
        assert_eq!(at(&routed, "/spec/strategy/canary/scaleDownDelaySeconds"), "30");
        assert_eq!(at(&routed, "/spec/progressDeadlineAbort"), "false");
        assert_eq!(at(&of("keda.sh/ScaledObject", "{}"), "/spec/minReplicaCount"), "0");
        let rule = of("networking.istio.io/DestinationRule", "{trafficPolicy: {outlierDetection: {}}}");
        assert_eq!(at(&rule, "/spec/trafficPolicy/outlierDetection/maxEjectionPercent"), "10");
        let scaler = of("autoscaling/HorizontalPodAutoscaler", "{metrics: []}");
        assert_eq!(at(&scaler, "/spec/metrics/0/resource/target/averageUtilization"), "80");
        let set = of("apps/StatefulSet", "{}");
        assert_eq!(at(&set, "/spec/persistentVolumeClaimRetentionPolicy/whenScaled"), "\"Retain\"");
    }

    #[test]
    fn other_kinds_have_none() {
        assert_eq!(filled("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"), None);
    }
}

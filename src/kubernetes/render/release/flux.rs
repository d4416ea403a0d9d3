//! Flux's `HelmRelease` and `Kustomization`.

use std::sync::Arc;

use super::{Asked, Deployment, ValuesFile, from_root, is_chart, text};
use crate::facts::Resource;
use crate::finding::Diagnostic;
use crate::kubernetes::render::kustomization::items;
use crate::kubernetes::render::tree::Tree;
use crate::parse::tree::{Node, Value};
use crate::parse::yaml::{self, Limits};

/// What a release asks for: a chart of a Git repository or bucket. Others come from a registry.
pub(super) fn release(resource: &Resource, file: &str, all: &[&Resource], tree: &dyn Tree, found: &mut Asked) {
    let Some(spec) = resource.attrs.get("spec") else { return };
    let Some(chart) = spec.at(&["chart", "spec"]) else { return };
    let kind = text(chart, &["sourceRef", "kind"]);
    let directory = text(chart, &["chart"]).and_then(from_root).filter(|d| is_chart(tree, d));
    let Some(directory) = directory.filter(|_| kind != Some("HelmRepository")) else { return };
    let target = text(spec, &["targetNamespace"]);
    let named = match target {
        Some(namespace) => format!("{namespace}-{}", resource.name),
        None => resource.name.to_string(),
    };
    let files = items(chart, "valuesFiles")
        .filter_map(|node| Some(ValuesFile { path: from_root(node.as_str()?)?, span: Some(node.span) }));
    let (mut inline, mut faults) = (Vec::new(), Vec::new());
    for reference in items(spec, "valuesFrom") {
        match config_map(reference, resource, all) {
            Some(values) => inline.push(Arc::new(values)),
            None => faults.push(
                Diagnostic::warning("kubernetes::values-from", "values from the cluster are not known here")
                    .at(reference.span)
                    .label("rendered without them")
                    .help("what they set is judged as if it were not set"),
            ),
        }
    }
    inline.extend(spec.get("values").filter(|n| matches!(n.value, Value::Map(_))).cloned().map(Arc::new));
    found.charts.push(Deployment {
        chart: directory,
        release: text(spec, &["releaseName"]).map_or(named, str::to_owned),
        namespace: target.or(resource.namespace.as_deref()).map(str::to_owned),
        values: files.collect(),
        inline,
        parameters: Vec::new(),
        named_in: Some(file.to_owned()),
        faults,
    });
}

/// The values in a ConfigMap of the tree.
fn config_map(reference: &Node, release: &Resource, all: &[&Resource]) -> Option<Node> {
    if text(reference, &["kind"]) != Some("ConfigMap") || reference.get("targetPath").is_some() {
        return None;
    }
    let name = text(reference, &["name"])?;
    let is_named = |r: &&&Resource| &*r.kind == "ConfigMap" && &*r.name == name && r.namespace == release.namespace;
    let data = all.iter().find(is_named)?.attrs.get("data")?;
    let written = data.get(text(reference, &["valuesKey"]).unwrap_or("values.yaml"))?;
    let mut values = yaml::parse(written.span.source, written.as_str()?, &Limits::default()).documents.pop()?;
    values.span = written.span;
    Some(values)
}

/// What Flux itself changes about a folder, after it was built.
const CHANGES: [&str; 7] =
    ["patches", "images", "postBuild", "targetNamespace", "components", "namePrefix", "nameSuffix"];

/// The folder that a Flux kustomization applies.
pub(super) fn kustomization(object: &Node, found: &mut Asked) {
    let path = text(object, &["spec", "path"]).unwrap_or(".");
    found.kustomizations.extend(from_root(path));
    let changes = object.get("spec").and_then(Node::as_map).into_iter().flatten();
    for entry in changes.filter(|entry| CHANGES.contains(&&*entry.key)) {
        let message = format!("what Flux does with `{}` is not judged: {path} is, as it builds", entry.key);
        found.notes.push(
            Diagnostic::warning("kubernetes::flux", message)
                .at(entry.key_span)
                .label("applied by Flux, in the cluster")
                .help("move it into the folder's kustomization.yaml, where it is judged"),
        );
    }
}

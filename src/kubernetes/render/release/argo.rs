//! Argo CD's `Application`: `spec.source` or `spec.sources`.

use std::sync::Arc;

use super::{Asked, Deployment, ValuesFile, from_root, is_chart, text};
use crate::finding::Diagnostic;
use crate::kubernetes::render::kustomization::items;
use crate::kubernetes::render::tree::{Tree, join};
use crate::parse::tree::{Node, Value};
use crate::parse::yaml::{self, Limits};

/// What an application asks for.
pub(super) fn application(app: &Node, file: &str, tree: &dyn Tree, found: &mut Asked) {
    let Some(spec) = app.get("spec") else { return };
    let single = spec.get("source").into_iter();
    for source in single.chain(items(spec, "sources")) {
        let Some(path) = text(source, &["path"]).filter(|_| source.get("chart").is_none()) else { continue };
        let Some(directory) = from_root(path) else { continue };
        if is_chart(tree, &directory) {
            found.charts.push(deployment(app, source, &directory, file, tree));
        } else {
            found.kustomizations.push(directory);
        }
    }
}

fn deployment(app: &Node, source: &Node, chart: &str, file: &str, tree: &dyn Tree) -> Deployment {
    let mut faults = Vec::new();
    let nothing = Node::default();
    let helm = source.get("helm").unwrap_or(&nothing);
    let name = text(app, &["metadata", "name"]).unwrap_or("release");
    let optional = helm.get("ignoreMissingValueFiles").and_then(Node::as_bool) == Some(true);
    let parameter = |node: &Node| {
        let forced = node.get("forceString").and_then(Node::as_bool) == Some(true);
        Some((text(node, &["name"])?.to_owned(), text(node, &["value"]).unwrap_or_default().to_owned(), forced))
    };
    let files = items(helm, "valueFiles").filter_map(|node| values_file(node, chart, optional, tree, &mut faults));
    Deployment {
        chart: chart.to_owned(),
        release: text(helm, &["releaseName"]).unwrap_or(name).to_owned(),
        namespace: text(app, &["spec", "destination", "namespace"]).map(str::to_owned),
        values: files.collect(),
        inline: inline(helm),
        parameters: items(helm, "parameters").filter_map(parameter).collect(),
        named_in: Some(file.to_owned()),
        faults,
    }
}

/// A path relative to the chart, from the root of the repository (`/x`), or from another source (`$ref/x`).
fn values_file(
    node: &Node,
    chart: &str,
    optional: bool,
    tree: &dyn Tree,
    faults: &mut Vec<Diagnostic>,
) -> Option<ValuesFile> {
    let written = node.as_str()?;
    let path = match written.strip_prefix('$').and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => from_root(rest),
        None if written.starts_with('/') => from_root(written),
        None => join(chart, written),
    };
    let there = path.filter(|path| matches!(tree.read(path), Ok(Some(_))));
    if there.is_none() && !optional {
        let fault = Diagnostic::error("kubernetes::missing", format!("the values file `{written}` is not in the repository"))
            .at(node.span)
            .label("named here")
            .help("correct the path; values of another repository cannot be judged here: set `ignoreMissingValueFiles` or `kubernetes: {render: off}`");
        faults.push(fault);
    }
    there.map(|path| ValuesFile { path, span: Some(node.span) })
}

/// `values` (text) and `valuesObject`, which wins.
fn inline(helm: &Node) -> Vec<Arc<Node>> {
    let written = helm.get("values").filter(|node| node.as_str().is_some());
    let text = written.and_then(|node| {
        let mut parsed = yaml::parse(node.span.source, node.as_str()?, &Limits::default());
        let mut values = parsed.documents.pop()?;
        place(&mut values, node);
        Some(Arc::new(values))
    });
    let object = helm.get("valuesObject").filter(|node| matches!(node.value, Value::Map(_))).cloned().map(Arc::new);
    text.into_iter().chain(object).collect()
}

/// Puts everything in a text at the text's own place.
fn place(node: &mut Node, at: &Node) {
    node.span = at.span;
    match &mut node.value {
        Value::Map(map) => map.iter_mut().for_each(|entry| {
            entry.key_span = at.span;
            place(&mut entry.node, at);
        }),
        Value::Seq(items) => items.iter_mut().for_each(|item| place(item, at)),
        _ => {}
    }
}

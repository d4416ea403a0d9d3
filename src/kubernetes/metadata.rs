//! `metadata` of an object: the types that the API demands, and labels and annotations.

use crate::facts::Resource;
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Node, Value};
use crate::source::Span;

/// A label of the object, or else of the pods that it makes, with the place of its value.
pub fn label<'a>(resource: &'a Resource, key: &str) -> Option<(&'a str, Span)> {
    find(resource, "labels", key)
}

/// An annotation of the object, or else of the pods that it makes, with the place of its value.
pub fn annotation<'a>(resource: &'a Resource, key: &str) -> Option<(&'a str, Span)> {
    find(resource, "annotations", key)
}

/// Where metadata stands: the object's own, the pods' of a workload, the pods' of a CronJob.
const PLACES: [&[&str]; 3] =
    [&["metadata"], &["spec", "template", "metadata"], &["spec", "jobTemplate", "spec", "template", "metadata"]];

fn find<'a>(resource: &'a Resource, field: &str, key: &str) -> Option<(&'a str, Span)> {
    PLACES.iter().find_map(|place| {
        let node = resource.attrs.at(place)?.get(field)?.get(key)?;
        Some((node.as_str()?, node.span))
    })
}

/// What the API would refuse about the metadata of an object, before it looks at anything else.
pub(super) fn check(object: &Node) -> Option<Diagnostic> {
    let metadata = object.get("metadata").filter(|node| !node.is_null())?;
    let Some(map) = metadata.as_map() else {
        return Some(wrong("metadata", metadata, "a mapping"));
    };
    map.iter().find_map(check_field)
}

fn check_field(entry: &Entry) -> Option<Diagnostic> {
    let (key, node) = (&*entry.key, &entry.node);
    match key {
        _ if node.is_null() => None,
        "name" | "generateName" | "namespace" | "uid" | "resourceVersion" | "selfLink" => text(key, node),
        "labels" | "annotations" => match node.as_map() {
            Some(map) => map.iter().find_map(|e| text(&format!("{key}.{}", e.key), &e.node)),
            None => Some(wrong(key, node, "a mapping of texts")),
        },
        "finalizers" => match node.as_seq() {
            Some(items) => items.iter().find_map(|item| text("finalizers", item)),
            None => Some(wrong(key, node, "a list of texts")),
        },
        "ownerReferences" | "managedFields" => match node.as_seq() {
            Some(items) => items.iter().find(|i| i.as_map().is_none()).map(|i| wrong(key, i, "a mapping")),
            None => Some(wrong(key, node, "a list")),
        },
        "generation" | "deletionGracePeriodSeconds" => node.as_i64().is_none().then(|| wrong(key, node, "an integer")),
        "creationTimestamp" | "deletionTimestamp" => {
            let instant = node.as_str().is_some_and(|t| t.parse::<jiff::Timestamp>().is_ok());
            (!instant).then(|| wrong(key, node, "an RFC 3339 instant"))
        }
        _ => None,
    }
}

fn text(key: &str, node: &Node) -> Option<Diagnostic> {
    let fits = matches!(node.value, Value::String(_) | Value::Null);
    (!fits).then(|| wrong(key, node, "text"))
}

fn wrong(key: &str, node: &Node, wanted: &str) -> Diagnostic {
    let (found, help) = (node.kind(), "quote the value: Kubernetes refuses this object");
    Diagnostic::error("kubernetes::metadata", format!("`{key}` must be {wanted}, not {found}"))
        .at(node.span)
        .label(format!("{found} in YAML"))
        .help(if wanted == "text" { help } else { "Kubernetes refuses this object" })
}

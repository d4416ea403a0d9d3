//! Documents to resources.

use std::sync::Arc;

use super::{definition, metadata};
use crate::facts::{Iac, Resource};
use crate::finding::Diagnostic;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// What a document is.
#[derive(Clone, Debug)]
pub enum Document {
    /// An object of the Kubernetes API, or a list of them.
    Kubernetes(Objects),
    /// Something else, which is not judged as an object.
    Other(Other),
}

/// The objects of one document.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// In the order of the source.
    pub resources: Vec<Resource>,
    /// Objects that Kubernetes would refuse, as errors; they are no resources.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a document is not an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Other {
    /// Nothing, or `null`.
    Empty,
    /// Text, a number or a list.
    NotAMapping,
    /// No `apiVersion` and `kind` (values files, `Chart.yaml`, workflows, …).
    NoKind,
    /// No name: the configuration of a tool (`kind: Config`, `kind: ClusterConfiguration`); the API takes no
    /// object without one.
    NoName,
    /// One of the gate's own documents, `changegate/v1`.
    Gate,
    /// A service catalogue entity, `backstage.io/…`.
    Catalogue,
    /// A kustomization, which says how objects are made.
    Kustomization,
}

/// The resources of a document: one, or those of a list, each with the whole object as its attributes.
///
/// The id is `group/Kind/namespace/name` without the version; the core group and a missing namespace are
/// left out. An object with `metadata.generateName` only is named `PREFIX*`.
pub fn objects(document: Node) -> Document {
    let Value::Map(map) = &document.value else {
        return Document::Other(if document.is_null() { Other::Empty } else { Other::NotAMapping });
    };
    let api_version = map.get("apiVersion").filter(|version| !version.is_null() && version.as_str() != Some(""));
    let (Some(api_version), Some(_)) = (api_version, text(map, "kind")) else {
        return Document::Other(Other::NoKind);
    };
    if let Some(other) = api_version.as_str().and_then(of_another_tool) {
        return Document::Other(other);
    }
    if !is_list(map) && !is_named(&document) {
        return Document::Other(Other::NoName);
    }
    let mut found = Objects::default();
    found.collect(document);
    Document::Kubernetes(found)
}

fn of_another_tool(api_version: &str) -> Option<Other> {
    match api_version.split('/').next()? {
        "changegate" => Some(Other::Gate),
        "backstage.io" => Some(Other::Catalogue),
        "kustomize.config.k8s.io" => Some(Other::Kustomization),
        _ => None,
    }
}

/// Whether kubectl takes it for a list: any object with `items`.
fn is_list(map: &Map) -> bool {
    map.get("items").is_some()
}

/// Whether the object gives a name. One of the wrong type is a fault of an object, not the mark of a
/// tool's file.
fn is_named(object: &Node) -> bool {
    let Some(metadata) = object.get("metadata").filter(|m| !m.is_null()) else { return false };
    let given = |key| metadata.get(key).is_some_and(|name| !name.is_null() && name.as_str() != Some(""));
    metadata.as_map().is_none() || given("name") || given("generateName")
}

fn text<'a>(map: &'a Map, key: &str) -> Option<&'a str> {
    map.get(key)?.as_str().filter(|text| !text.is_empty())
}

impl Objects {
    /// Takes an object, or those of a list.
    fn collect(&mut self, node: Node) {
        match node.value {
            Value::Map(map) if is_list(&map) => self.flatten(map),
            Value::Map(_) => match object(node) {
                Ok(resource) => self.resources.push(resource),
                Err(fault) => self.diagnostics.push(*fault),
            },
            _ => {
                let message = format!("a list item must be an object, not {}", node.kind());
                self.diagnostics.push(refused(message, node.span));
            }
        }
    }

    /// The items of an `XList` are of kind `X` when they do not say otherwise.
    fn flatten(&mut self, mut list: Map) {
        let items = match list.remove("items").map(|entry| entry.node) {
            Some(Node { value: Value::Seq(items), .. }) => items,
            Some(node) if !node.is_null() => {
                return self
                    .diagnostics
                    .push(refused(format!("`items` must be a list, not {}", node.kind()), node.span));
            }
            _ => return,
        };
        let api_version = list.remove("apiVersion");
        let kind = list.remove("kind").map(of_items);
        for mut item in items {
            if let Value::Map(map) = &mut item.value
                && map.get("kind").is_none()
                && map.get("apiVersion").is_none()
            {
                kind.iter().chain(&api_version).for_each(|entry| map.push(entry.clone()));
            }
            self.collect(item);
        }
    }
}

fn of_items(mut kind: Entry) -> Entry {
    if let Some(text) = kind.node.as_str() {
        kind.node.value = text.strip_suffix("List").unwrap_or(text).into();
    }
    kind
}

fn object(mut node: Node) -> Result<Resource, Box<Diagnostic>> {
    drop_empty_namespace(&mut node);
    if let Some(fault) = metadata::check(&node).or_else(|| definition::check(&node)) {
        return Err(Box::new(fault));
    }
    let field = |key| node.as_map().and_then(|map| text(map, key));
    let (Some(api_version), Some(kind)) = (field("apiVersion"), field("kind")) else {
        let at = node.get("apiVersion").filter(|v| v.as_str().is_none()).map_or_else(|| first_line(&node), |v| v.span);
        return Err(Box::new(refused("an object needs `apiVersion` and `kind`, both text", at)));
    };
    let meta = |key| node.at(&["metadata", key]).and_then(Node::as_str).filter(|text| !text.is_empty());
    let name: Arc<str> = match (meta("name"), meta("generateName")) {
        (Some(name), _) => name.into(),
        (None, Some(prefix)) => format!("{prefix}*").into(),
        (None, None) => return Err(Box::new(refused("an object needs `metadata.name`", first_line(&node)))),
    };
    let namespace: Option<Arc<str>> = meta("namespace").map(Arc::from);
    let kind: Arc<str> = match api_version.rsplit_once('/') {
        Some((group, _)) => format!("{group}/{kind}").into(),
        None => kind.into(),
    };
    let id = match &namespace {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    };
    let (id, span, header) = (id.into(), node.span, first_line(&node));
    Ok(Resource {
        id,
        iac: Some(Iac::Kubernetes),
        kind,
        name,
        namespace,
        attrs: Arc::new(node),
        span,
        header,
        ..Resource::default()
    })
}

/// As kubectl does before it sends an object.
fn drop_empty_namespace(object: &mut Node) {
    let Value::Map(map) = &mut object.value else { return };
    if let Some(Value::Map(metadata)) = map.get_mut("metadata").map(|node| &mut node.value)
        && metadata.get("namespace").and_then(Node::as_str) == Some("")
    {
        metadata.remove("namespace");
    }
}

/// `apiVersion` or `kind` with its value, whichever comes first inside the object; else the first key.
fn first_line(object: &Node) -> Span {
    let inside = |e: &&Entry| e.key_span.source == object.span.source && e.key_span.start >= object.span.start;
    let entries = object.as_map().into_iter().flatten().filter(inside);
    let rank = |e: &&Entry| (!matches!(&*e.key, "apiVersion" | "kind"), e.key_span.start);
    entries
        .min_by_key(rank)
        .map_or(object.span, |e| e.key_span.to(if e.node.as_map().is_some() { e.key_span } else { e.node.span }))
}

fn refused(message: impl Into<String>, at: Span) -> Diagnostic {
    Diagnostic::error("kubernetes::object", message).at(at).label("here").help("Kubernetes refuses this object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::yaml::{self, Limits};
    use crate::source::SourceId;

    fn read(text: &str) -> Vec<Document> {
        yaml::parse(SourceId(0), text, &Limits::default()).documents.into_iter().map(objects).collect()
    }

    fn ids(text: &str) -> Vec<String> {
        let of = |document| match document {
            Document::Kubernetes(found) => {
                let faults = found.diagnostics.iter().map(|d| format!("{} {}", d.code, d.message));
                found.resources.iter().map(|r| r.id.to_string()).chain(faults).collect()
            }
            Document::Other(other) => vec![format!("{other:?}")],
        };
        read(text).into_iter().flat_map(of).collect()
    }

    #[test]
    fn ids_leave_out_version_and_core_group() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders, namespace: shop}\n---\n\
                    apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop}\n---\n\
                    apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: ''}\n---\n\
                    apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: migrate-}\n";
        let expected = ["apps/Deployment/shop/orders", "Service/shop/orders", "Namespace/shop", "batch/Job/migrate-*"];
        assert_eq!(ids(text), expected);
    }

    #[test]
    fn items_of_lists_stand_alone() {
        let text = "apiVersion: v1\nkind: List\nitems:\n\
                    - {apiVersion: v1, kind: Pod, metadata: {name: a}}\n\
                    - {kind: PodList, apiVersion: v1, items: [{metadata: {name: b}}]}\n\
                    - 7\n- {metadata: {name: c}}\n";
        let expected = [
            "Pod/a",
            "Pod/b",
            "kubernetes::object a list item must be an object, not a number",
            "kubernetes::object an object needs `apiVersion` and `kind`, both text",
        ];
        assert_eq!(ids(text), expected);
    }

    #[test]
    fn documents_of_other_tools_are_no_objects() {
        let text = "replicas: 3\n---\n- 1\n---\nnull\n---\napiVersion: changegate/v1\nkind: FreezeCalendar\n---\n\
                    apiVersion: backstage.io/v1alpha1\nkind: Component\n---\n\
                    apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n---\n\
                    apiVersion: v1\nkind: Config\n---\napiVersion: v2\nname: chart\n";
        let expected = ["NoKind", "NotAMapping", "Empty", "Gate", "Catalogue", "Kustomization", "NoName", "NoKind"];
        assert_eq!(ids(text), expected);
    }

    #[test]
    fn metadata_of_the_wrong_type_is_refused_and_the_rest_is_not() {
        let object =
            |meta: &str| ids(&format!("apiVersion: v1\nkind: Pod\nmetadata: {meta}\nspec: {{replicas: three}}\n"));
        assert_eq!(object("{name: 1}"), ["kubernetes::metadata `name` must be text, not a number"]);
        assert_eq!(
            object("{name: a, labels: {x: yes}}"),
            ["kubernetes::metadata `labels.x` must be text, not a boolean"]
        );
        assert_eq!(object("[]"), ["kubernetes::metadata `metadata` must be a mapping, not a list"]);
        assert_eq!(object("{name: a, labels: {x: 'yes'}, annotations: }"), ["Pod/a"]);
    }

    #[test]
    fn the_header_is_the_first_line_of_identity() {
        let text = "metadata: {name: a}\nkind: Pod\napiVersion: v1\n";
        let Some(Document::Kubernetes(found)) = read(text).pop() else { panic!("an object") };
        let header = found.resources[0].header;
        assert_eq!(&text[header.start as usize..header.end as usize], "kind: Pod");
    }
}

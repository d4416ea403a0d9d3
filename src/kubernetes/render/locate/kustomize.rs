//! The layers of an object that Kustomize rendered: patches and fields of each kustomization, outermost first, and the
//! object as it was first written.

use std::collections::BTreeMap;

use regex::Regex;

use super::patch::{below, operations};
use super::{Layer, Trace, inline, locate};
use crate::kubernetes::render::closure::Closure;
use crate::kubernetes::render::kustomization::{Kustomization, items};
use crate::kubernetes::render::kustomize::Origin;
use crate::kubernetes::render::tree::join;
use crate::parse::tree::{Node, Path, Step, Value};
use crate::parse::yaml::{self, Limits};
use crate::source::{SourceId, Sources, Span};

/// What is written in the files of one root.
pub(in super::super) struct Overlays<'a> {
    kustomizations: Vec<Written<'a>>,
    /// Documents by path.
    documents: BTreeMap<String, Vec<Node>>,
    root: Span,
}

/// A kustomization with its patches read.
struct Written<'a> {
    of: &'a Kustomization,
    patches: Vec<Patch<'a>>,
}

struct Patch<'a> {
    target: Option<&'a Node>,
    /// A partial object, or operations.
    documents: Vec<Node>,
}

impl<'a> Overlays<'a> {
    /// Reads what a root's files say.
    pub(in super::super) fn read(closure: &'a Closure, sources: &Sources) -> Self {
        let text = |id: SourceId| sources.get(id).map_or_else(|| "".into(), |s| s.text.clone());
        let parse = |id: &SourceId| yaml::parse(*id, &text(*id), &Limits::default()).documents;
        let is_yaml = |path: &str| crate::discover::format_of(path).is_some();
        let consumed = closure.sources.iter().filter(|(path, _)| is_yaml(path) && closure.consumed.contains(*path));
        let documents =
            consumed.map(|(path, id)| (path.clone(), parse(id).into_iter().flat_map(flat).collect())).collect();
        let mut overlays = Self { kustomizations: Vec::new(), documents, root: Span::default() };
        overlays.root = closure.kustomizations.first().map_or(Span::default(), |k| head(&k.node));
        for kustomization in &closure.kustomizations {
            let file = text(kustomization.node.span.source);
            let patches = overlays.patches(kustomization, &file);
            overlays.kustomizations.push(Written { of: kustomization, patches });
        }
        overlays
    }

    fn patches(&self, kustomization: &'a Kustomization, file: &str) -> Vec<Patch<'a>> {
        let from_path = |node: &Node| {
            let path = join(&kustomization.directory, node.as_str()?)?;
            self.documents.get(&path).cloned()
        };
        let merges = items(&kustomization.node, "patchesStrategicMerge").map(|node| Patch {
            target: None,
            documents: from_path(node).unwrap_or_else(|| inline::documents(node, file)),
        });
        let fields = ["patches", "patchesJson6902"].into_iter().flat_map(|f| items(&kustomization.node, f));
        let targeted = fields.map(|entry| Patch {
            target: entry.get("target"),
            documents: match (entry.get("path"), entry.get("patch")) {
                (Some(path), _) => from_path(path).unwrap_or_default(),
                (None, Some(patch)) => inline::documents(patch, file),
                (None, None) => Vec::new(),
            },
        });
        merges.chain(targeted).collect()
    }

    /// Gives a rendered object its places.
    pub(in super::super) fn place(&self, document: &mut Node, origin: &Origin) -> Vec<(Path, Vec<Span>)> {
        let written = self.written(document, origin);
        let applied = self.applied(origin);
        let subject = Subject { rendered: document.clone(), written };
        let built: Vec<Node> = applied.iter().flat_map(|k| subject.fields(k.of)).collect();
        let patched: Vec<Node> = applied.iter().flat_map(|k| subject.patched(k)).collect();
        let mut layers: Vec<Layer<'_>> = built.iter().chain(&patched).collect();
        layers.extend(subject.written);
        let anchor = subject.written.map_or_else(|| self.generated(document, origin), head);
        let images = Images { rules: applied.iter().flat_map(|k| items(&k.of.node, "images")).collect() };
        locate(document, &layers, anchor, &images)
    }

    /// The object as it was first written.
    fn written(&self, document: &Node, origin: &Origin) -> Option<&Node> {
        let documents = self.documents.get(origin.path.as_deref()?)?;
        let kind = |n: &Node| n.get("kind").cloned();
        let name = |n: &'_ Node| n.at(&["metadata", "name"]).and_then(Node::as_str).map(str::to_owned);
        let rendered = name(document).unwrap_or_default();
        let mut fitting: Vec<&Node> = documents.iter().filter(|d| kind(d) == kind(document)).collect();
        fitting.retain(|d| name(d).is_none_or(|n| rendered.contains(&n)));
        fitting.into_iter().max_by_key(|d| name(d).map_or(0, |n| n.len()))
    }

    /// The kustomizations that did something to an object, outermost first.
    fn applied(&self, origin: &Origin) -> Vec<&Written<'a>> {
        let mut found: Vec<&Written<'a>> = Vec::new();
        for path in origin.transformed_in.iter().rev() {
            let Some(written) = self.kustomizations.iter().find(|k| k.of.path == *path) else { continue };
            if !found.iter().any(|k| k.of.path == *path) {
                found.push(written);
            }
        }
        found
    }

    /// Where an object that a generator made is asked for.
    fn generated(&self, document: &Node, origin: &Origin) -> Span {
        let Some(path) = &origin.configured_in else { return self.root };
        let Some(written) = self.kustomizations.iter().find(|k| k.of.path == *path) else { return self.root };
        let name = document.at(&["metadata", "name"]).and_then(Node::as_str).unwrap_or_default();
        let generators = ["configMapGenerator", "secretGenerator"].iter().flat_map(|f| items(&written.of.node, f));
        let named = generators.filter_map(|g| g.get("name")).filter(|n| n.as_str().is_some_and(|n| name.contains(n)));
        named.max_by_key(|n| n.as_str().map_or(0, str::len)).map_or_else(|| head(&written.of.node), |n| n.span)
    }
}

/// A rendered object and what it was.
struct Subject<'a> {
    rendered: Node,
    written: Option<&'a Node>,
}

impl Subject<'_> {
    /// Patches of a kustomization that reach the object, the last one first.
    fn patched(&self, kustomization: &Written<'_>) -> Vec<Node> {
        let mut found = Vec::new();
        for patch in kustomization.patches.iter().rev() {
            for document in patch.documents.iter().rev() {
                let reaches = match patch.target {
                    Some(target) => self.is_target(target),
                    None => self.is_named_by(document),
                };
                if reaches && document.as_seq().is_some() {
                    found.extend(operations(document));
                } else if reaches {
                    found.push(document.clone());
                }
            }
        }
        found
    }

    /// What the fields of a kustomization write, as partial objects.
    fn fields(&self, kustomization: &Kustomization) -> Vec<Node> {
        let mut found = Vec::new();
        let at = |field: &str| kustomization.node.get(field).cloned();
        if let Some(namespace) = at("namespace") {
            found.push(below(&["metadata", "namespace"], namespace.span, namespace));
        }
        for rule in items(&kustomization.node, "replicas").filter(|r| self.has_name(r.get("name"))) {
            found.extend(rule.get("count").map(|count| below(&["spec", "replicas"], count.span, count.clone())));
        }
        for labels in at("commonLabels")
            .into_iter()
            .chain(items(&kustomization.node, "labels").filter_map(|l| l.get("pairs").cloned()))
        {
            for path in LABELS {
                found.push(below(path, labels.span, labels.clone()));
            }
        }
        if let Some(annotations) = at("commonAnnotations") {
            for path in [&["metadata", "annotations"][..], &["spec", "template", "metadata", "annotations"]] {
                found.push(below(path, annotations.span, annotations.clone()));
            }
        }
        found
    }

    /// Kind and name as they were or are.
    fn is_named_by(&self, patch: &Node) -> bool {
        let kind = patch.get("kind").and_then(Node::as_str);
        kind == self.rendered.get("kind").and_then(Node::as_str) && self.has_name(patch.at(&["metadata", "name"]))
    }

    fn has_name(&self, name: Option<&Node>) -> bool {
        let Some(name) = name.and_then(Node::as_str) else { return false };
        self.names("name").any(|n| n == name)
    }

    fn names<'b>(&'b self, field: &'static str) -> impl Iterator<Item = &'b str> {
        let of = move |node: &'b Node| node.at(&["metadata", field]).and_then(Node::as_str);
        self.written.and_then(of).into_iter().chain(of(&self.rendered))
    }

    /// Kustomize's selector: kind exactly, group and version not judged, name and namespace as anchored expressions.
    fn is_target(&self, target: &Node) -> bool {
        let text = |key| target.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        let matches = |key: &'static str| match text(key) {
            None => true,
            Some(pattern) => {
                Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|re| self.names(key).any(|n| re.is_match(n)))
            }
        };
        let kind = text("kind").is_none_or(|kind| {
            Regex::new(&format!("^(?:{kind})$"))
                .is_ok_and(|re| self.rendered.get("kind").and_then(Node::as_str).is_some_and(|k| re.is_match(k)))
        });
        kind && matches("name") && matches("namespace")
    }
}

/// Where Kustomize writes labels.
const LABELS: [&[&str]; 4] = [
    &["metadata", "labels"],
    &["spec", "selector", "matchLabels"],
    &["spec", "template", "metadata", "labels"],
    &["spec", "selector"],
];

/// `images` of the kustomizations, outermost first.
struct Images<'a> {
    rules: Vec<&'a Node>,
}

impl Trace for Images<'_> {
    fn values(&self, _: Span, _: &[Step]) -> Vec<Span> {
        Vec::new()
    }

    fn image(&self, rendered: &str, written: Option<&str>) -> Option<Span> {
        let names = [written.map(repository), Some(repository(rendered))];
        let text = |rule: &Node, key: &str| rule.get(key).and_then(Node::as_str).map(str::to_owned);
        let of = |rule: &&&Node| {
            let both = [text(rule, "name"), text(rule, "newName")];
            both.iter().flatten().any(|name| names.iter().flatten().any(|n| n == name))
        };
        let rule = self.rules.iter().find(of)?;
        ["newTag", "digest", "newName"].iter().find_map(|key| rule.get(key)).map(|node| node.span)
    }
}

/// An image without its tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// A document, or the items of a list.
fn flat(document: Node) -> Vec<Node> {
    match document.get("items").map(|items| &items.value) {
        Some(Value::Seq(items)) => items.clone(),
        _ => vec![document],
    }
}

/// The first line of a document.
fn head(node: &Node) -> Span {
    node.as_map().and_then(|map| map.iter().next()).map_or(node.span, |e| e.key_span)
}

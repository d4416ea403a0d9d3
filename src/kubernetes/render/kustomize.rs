//! Rendering a kustomization, and what Kustomize says about where each object came from.

use std::ffi::OsString;

use super::closure::Closure;
use super::program::{self, Failure, Limits, Programs, Tool};
use super::scratch::Scratch;
use super::tree::join;
use crate::parse::tree::{Map, Node, Value};
use crate::parse::yaml;
use crate::source::SourceId;

const ORIGIN: &str = "config.kubernetes.io/origin";
const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// `buildMetadata` that makes Kustomize write each annotation.
const BUILD_METADATA: [(&str, &str); 2] = [("originAnnotations", ORIGIN), ("transformerAnnotations", TRANSFORMATIONS)];

/// Where an object came from. Paths are those of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The file that it was written in.
    pub(super) path: Option<String>,
    /// The kustomization whose generator made it.
    pub(super) configured_in: Option<String>,
    /// Kustomizations that changed it, innermost first.
    pub(super) transformed_in: Vec<String>,
}

/// The objects of a kustomization, each with its origin.
///
/// The annotations are asked for in the scratch copy and taken out again. Where a patch could see them, the kustomization
/// is rendered once more as it is, and that is what counts.
pub(super) fn render(closure: &Closure, programs: &Programs, limits: &Limits) -> Result<Vec<(Node, Origin)>, Failure> {
    let Some(root) = closure.kustomizations.first() else { return Ok(Vec::new()) };
    let scratch = Scratch::new(&closure.files).map_err(Failure::Start)?;
    let annotated = annotated(&root.node).to_string();
    scratch.write(&root.path, annotated.as_bytes()).map_err(Failure::Start)?;
    let with_origins = build(&root.directory, &scratch, programs, limits);
    if let Ok(documents) = &with_origins
        && !may_see_annotations(closure)
    {
        return Ok(documents.iter().map(|document| separate(document.clone(), root)).collect());
    }
    let original = closure.files.get(&root.path).map_or(&[][..], |bytes| bytes);
    scratch.write(&root.path, original).map_err(Failure::Start)?;
    let plain = build(&root.directory, &scratch, programs, limits)?;
    let with_origins = with_origins.unwrap_or_default();
    let same = |a: &Node, b: &Node| {
        a.get("kind") == b.get("kind") && a.at(&["metadata", "name"]) == b.at(&["metadata", "name"])
    };
    let paired = plain.len() == with_origins.len();
    let origin = |index: usize, document: &Node| {
        let twin = with_origins.get(index).filter(|twin| paired && same(twin, document));
        twin.map_or_else(Origin::default, |twin| separate(twin.clone(), root).1)
    };
    Ok(plain.into_iter().enumerate().map(|(index, document)| (document.clone(), origin(index, &document))).collect())
}

fn build(directory: &str, scratch: &Scratch, programs: &Programs, limits: &Limits) -> Result<Vec<Node>, Failure> {
    let missing = || Failure::Start(std::io::ErrorKind::NotFound.into());
    let (program, first) = programs.find(Tool::Kustomize).ok_or_else(missing)?;
    let mut arguments: Vec<OsString> = first.iter().map(Into::into).collect();
    arguments.push("--load-restrictor=LoadRestrictionsRootOnly".into());
    arguments.push(if directory.is_empty() { ".".into() } else { directory.into() });
    let printed = program::run(&program, &arguments, scratch, limits).map_err(|failure| match failure {
        Failure::Ended(status, said) => Failure::Ended(status, scratch.told(&said)),
        other => other,
    })?;
    let text = String::from_utf8_lossy(&printed);
    Ok(yaml::parse(SourceId(u32::MAX), &text, &yaml::Limits::default()).documents)
}

/// The kustomization with the annotations asked for, as JSON.
fn annotated(kustomization: &Node) -> serde_json::Value {
    let mut whole = serde_json::to_value(kustomization).unwrap_or_default();
    if let Some(map) = whole.as_object_mut() {
        let listed = map.entry("buildMetadata").or_insert_with(|| serde_json::Value::Array(Vec::new()));
        if let Some(list) = listed.as_array_mut() {
            let wanted = BUILD_METADATA.iter().map(|(option, _)| serde_json::Value::from(*option));
            let missing: Vec<_> = wanted.filter(|option| !list.contains(option)).collect();
            list.extend(missing);
        }
    }
    whole
}

/// Whether a kustomization or patch could read or write annotations.
fn may_see_annotations(closure: &Closure) -> bool {
    let overlays = closure.kustomizations.iter().flat_map(|kustomization| {
        let patches = kustomization.references().into_iter().filter(|r| r.field != "resources" && r.field != "bases");
        let paths = patches.filter_map(|r| join(&kustomization.directory, r.text)).collect::<Vec<_>>();
        std::iter::once(kustomization.path.clone()).chain(paths)
    });
    let mentions = |path: String| {
        closure
            .files
            .get(&path)
            .is_some_and(|bytes| String::from_utf8_lossy(bytes).to_lowercase().contains("annotation"))
    };
    overlays.into_iter().any(mentions)
}

/// An object without the annotations that only we asked for, and what they said.
fn separate(mut document: Node, root: &super::kustomization::Kustomization) -> (Node, Origin) {
    let mut origin = Origin::default();
    let asked: Vec<&str> = super::kustomization::items(&root.node, "buildMetadata").filter_map(Node::as_str).collect();
    let Some(annotations) = annotations(&mut document) else { return (document, origin) };
    for (option, key) in BUILD_METADATA {
        let Some(text) = annotations.get(key).and_then(Node::as_str).map(str::to_owned) else { continue };
        let said = yaml::parse(SourceId(u32::MAX), &text, &yaml::Limits::default()).documents.pop().unwrap_or_default();
        let path = |node: &Node, key: &str| join(&root.directory, node.get(key)?.as_str()?);
        if key == ORIGIN {
            origin.path = path(&said, "path");
            origin.configured_in = path(&said, "configuredIn");
        } else {
            let all = said.as_seq().unwrap_or_default().iter();
            origin.transformed_in = all.filter_map(|step| path(step, "configuredIn")).collect();
        }
        if !asked.contains(&option) {
            annotations.remove(key);
        }
    }
    if annotations.is_empty()
        && let Some(metadata) = metadata(&mut document)
    {
        metadata.remove("annotations");
    }
    (document, origin)
}

fn metadata(document: &mut Node) -> Option<&mut Map> {
    let Value::Map(map) = &mut document.value else { return None };
    match map.get_mut("metadata").map(|node| &mut node.value) {
        Some(Value::Map(metadata)) => Some(metadata),
        _ => None,
    }
}

fn annotations(document: &mut Node) -> Option<&mut Map> {
    match metadata(document)?.get_mut("annotations").map(|node| &mut node.value) {
        Some(Value::Map(annotations)) => Some(annotations),
        _ => None,
    }
}

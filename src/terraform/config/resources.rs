//! From an evaluated root module to resources as policies see them.

use std::sync::Arc;

use super::evaluate::{DefaultTags, Evaluation, Instance, MissingModule};
use super::inputs::Inputs;
use super::module::Mode;
use super::snapshot::Snapshot;
use super::{Configuration, Root, evaluate};
use crate::facts::{Iac, Resource, is_stateful};
use crate::parse::tree::{Entry, Map, Node, Path, Step, Value as Tree};
use crate::source::{Sources, Span};
use crate::terraform::eval::Value;
use crate::terraform::{marks, place};

/// One root module with its resources.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Which one.
    pub root: Root,
    /// Managed resources of all its modules, by address, and one of kind `module` for each module that is not
    /// available.
    pub resources: Vec<Resource>,
    /// Outputs, checks, moves and diagnostics.
    pub evaluation: Evaluation,
}

/// Evaluates root modules. A module that three of them use is in each of the three.
pub fn resources_of(
    configuration: &Configuration,
    roots: &[Root],
    files: &dyn Snapshot,
    sources: &mut Sources,
) -> Vec<Planned> {
    use rayon::prelude::*;
    let read = |root: &Root| Inputs::read(&root.directory, &root.options, files, sources);
    let inputs: Vec<Inputs> = roots.iter().map(read).collect();
    let sources: &Sources = sources;
    let work = |(root, inputs): (&Root, &Inputs)| {
        let evaluation = evaluate(configuration, &root.directory, inputs, files, sources);
        Planned { resources: resources(root, &evaluation), evaluation, root: root.clone() }
    };
    roots.par_iter().zip(&inputs).map(work).collect()
}

/// The resources of an evaluated root module.
pub fn resources(root: &Root, evaluation: &Evaluation) -> Vec<Resource> {
    let managed = evaluation.resources.iter().filter(|r| r.key.mode == Mode::Managed);
    let missing = evaluation.missing_modules.iter().map(|module| not_available(root, module));
    managed.map(|instance| resource(root, instance)).chain(missing).collect()
}

fn resource(root: &Root, instance: &Instance) -> Resource {
    let mut node = attributes(&instance.attributes, &instance.names, instance.header);
    if let Some(tags) = &instance.provider.default_tags {
        tags.add_to(&mut node);
    }
    let mut unknown = marks::unknown(&node);
    unknown.extend(instance.uncounted.map(|meta| vec![Step::from(meta)]));
    let mut resource = Resource {
        id: instance.address.clone(),
        iac: Some(Iac::Terraform),
        stateful: is_stateful(&instance.key.kind),
        kind: instance.key.kind.clone(),
        name: instance.key.name.clone(),
        module: (!instance.module.is_empty()).then(|| instance.module.clone()),
        root: Some(root.directory.clone()),
        environment: root.environment.clone(),
        sensitive: marks::sensitive(&node),
        origins: origins(&instance.attributes),
        attrs: Arc::new(node),
        lifecycle: instance.lifecycle.clone(),
        span: instance.span,
        header: instance.header,
        unknown,
        ..Resource::default()
    };
    resource.region = place::region(&resource).or_else(|| instance.provider.region.clone());
    resource.zones = place::zones(&resource);
    resource
}

/// What a module makes that is not in the repository: nobody knows, so all of it is unknown.
fn not_available(root: &Root, module: &MissingModule) -> Resource {
    let node = attributes(&module.attributes, &module.names, module.header);
    Resource {
        id: module.address.clone(),
        iac: Some(Iac::Terraform),
        kind: "module".into(),
        name: module.name.clone(),
        module: (!module.module.is_empty()).then(|| module.module.clone()),
        root: Some(root.directory.clone()),
        environment: root.environment.clone(),
        sensitive: marks::sensitive(&node),
        unknown: vec![Path::new()],
        attrs: Arc::new(node),
        span: module.span,
        header: module.header,
        ..Resource::default()
    }
}

/// An object with the places of its attributes' names.
fn attributes(value: &Value, names: &[(Arc<str>, Span)], header: Span) -> Node {
    let mut node = value.to_node(header);
    node.span = header;
    if let Tree::Map(map) = &mut node.value {
        let places: std::collections::HashMap<&str, Span> = names.iter().map(|(name, span)| (&**name, *span)).collect();
        for entry in map.iter_mut() {
            entry.key_span = places.get(&*entry.key).copied().unwrap_or(header);
        }
    }
    node
}

/// Where values came from that were not written in the resource itself.
fn origins(value: &Value) -> Vec<(Path, Vec<Span>)> {
    let mut found = Vec::new();
    collect(value, &mut Path::new(), &mut found);
    found
}

/// Places that one resource tells of.
const MAX_ORIGINS: usize = 1_000;

fn collect(value: &Value, at: &mut Path, found: &mut Vec<(Path, Vec<Span>)>) {
    if found.len() >= MAX_ORIGINS {
        return;
    }
    let chain: Vec<Span> = value.origin().into_iter().flat_map(|o| o.chain()).filter_map(|(_, span)| span).collect();
    if !chain.is_empty() && !at.is_empty() {
        found.push((at.clone(), chain));
    }
    let steps = value.as_items().map(|items| items.len()).unwrap_or_default();
    for (step, child) in (0..steps).map(Step::Index).zip(value.children()) {
        at.push(step);
        collect(child, at, found);
        at.pop();
    }
    for (key, child) in value.as_entries().into_iter().flat_map(|entries| entries.iter()) {
        at.push(Step::Key(key.clone()));
        collect(child, at, found);
        at.pop();
    }
}

impl DefaultTags {
    /// Adds the attribute in which a plan shows a resource's tags with the provider's defaults below them. A
    /// resource type without tags gets it too: without the provider's schema they look alike.
    fn add_to(&self, resource: &mut Node) {
        let Tree::Map(attributes) = &mut resource.value else { return };
        let defaults = self.value.to_node(self.name_span);
        let node = match (&defaults.value, attributes.get(self.own)) {
            (_, Some(Node { value: Tree::Unknown, span })) => Node::new(Tree::Unknown, *span),
            (_, Some(Node { value: Tree::Sensitive, span })) => Node::new(Tree::Sensitive, *span),
            (Tree::Map(map), own) if map.len() <= MAX_TAGS => {
                Node::new(merged(map, own.and_then(Node::as_map)), defaults.span)
            }
            (Tree::Sensitive, _) => Node::new(Tree::Sensitive, defaults.span),
            _ => Node::new(Tree::Unknown, defaults.span),
        };
        attributes.insert(Entry { key: self.all.into(), key_span: self.name_span, node });
    }
}

/// More default tags than any cloud takes (AWS: 50) are not copied to every resource.
const MAX_TAGS: usize = 100;

/// A resource's own tags, then the defaults that it does not set.
fn merged(defaults: &Map, own: Option<&Map>) -> Map {
    let mut all = own.cloned().unwrap_or_default();
    let is_new = |e: &&Entry| own.is_none_or(|own| own.get(&e.key).is_none());
    defaults.iter().filter(is_new).cloned().for_each(|entry| all.push(entry));
    all
}

//! The resources of one directory: base files, override files over them, provider defaults below them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::attributes::{self, Attributes};
use super::providers::Providers;
use super::source::{File, is_override};
use super::{marks, place};
use crate::facts::{Iac, Resource, is_stateful};
use crate::finding::Diagnostic;
use crate::parse::hcl::{Block, Body};
use crate::parse::tree::Step;

/// Blocks of a module by what they declare, in the order of the base files.
#[derive(Default)]
struct Module<'a> {
    blocks: Vec<Cow<'a, Block>>,
    /// `resource`, type and name, or `provider` and its key → index in `blocks`.
    index: HashMap<Vec<Arc<str>>, usize>,
    /// Second declarations, kept so that they are judged too.
    duplicates: Vec<&'a Block>,
    diagnostics: Vec<Diagnostic>,
}

/// The resources of one directory's files, sorted by name.
pub(super) fn resources(files: &[&File]) -> (Vec<Resource>, Vec<Diagnostic>) {
    let mut module = Module::default();
    let declarations = |overrides: bool| {
        let wanted = files.iter().filter(move |f| is_override(&f.path) == overrides);
        wanted.flat_map(|f| f.body.blocks.iter().map(move |b| (f, b)))
    };
    for (file, block) in declarations(false) {
        module.declare(block, &file.path);
    }
    for (_, block) in declarations(true) {
        module.lay_over(block);
    }
    let providers = Providers::of(module.blocks.iter().map(|b| &**b));
    let all = module.blocks.iter().map(|b| &**b).chain(module.duplicates.iter().copied());
    let mut resources: Vec<Resource> = all.filter_map(|b| resource(b, &providers)).collect();
    resources.sort_by_key(|r| r.span);
    (resources, module.diagnostics)
}

/// What identifies a declaration inside its module; `None` for blocks that are not read here.
fn key(block: &Block) -> Option<Vec<Arc<str>>> {
    match &*block.kind {
        "resource" => Some(vec![block.kind.clone(), block.label(0)?.clone(), block.label(1)?.clone()]),
        "provider" => {
            let alias = block.body.attribute("alias").and_then(|a| a.value.as_str()).unwrap_or_default();
            Some(vec![block.kind.clone(), block.label(0)?.clone(), alias.into()])
        }
        _ => None,
    }
}

impl<'a> Module<'a> {
    fn declare(&mut self, block: &'a Block, path: &str) {
        let Some(key) = key(block) else { return };
        if self.index.contains_key(&key) {
            if &*block.kind == "resource" {
                self.duplicates.push(block);
                self.diagnostics.push(duplicate(block, path));
            }
            return;
        }
        self.index.insert(key, self.blocks.len());
        self.blocks.push(Cow::Borrowed(block));
    }

    fn lay_over(&mut self, block: &'a Block) {
        let Some(key) = key(block) else { return };
        let index = self.index.get(&key).copied();
        match index.and_then(|at| self.blocks.get_mut(at)) {
            Some(base) => merge(&mut base.to_mut().body, &block.body),
            None if &*block.kind == "provider" => self.declare(block, ""),
            None => self.diagnostics.push(without_base(block)),
        }
    }
}

/// Lays an override over a base body as Terraform does: attributes one by one, `lifecycle` attribute by
/// attribute, nested blocks all of a kind at once.
fn merge(base: &mut Body, over: &Body) {
    let index: HashMap<Arc<str>, usize> = (0..).zip(&base.attributes).map(|(i, a)| (a.name.clone(), i)).collect();
    for attribute in &over.attributes {
        match index.get(&attribute.name).and_then(|at| base.attributes.get_mut(*at)) {
            Some(old) => *old = attribute.clone(),
            None => base.attributes.push(attribute.clone()),
        }
    }
    let lifecycle = |b: &Block| &*b.kind == "lifecycle";
    let replaced: HashSet<&Arc<str>> = over.blocks.iter().map(nested_kind).collect();
    base.blocks.retain(|b| lifecycle(b) || !replaced.contains(nested_kind(b)));
    for block in &over.blocks {
        match base.blocks.iter_mut().filter(|_| lifecycle(block)).find(|b| lifecycle(b)) {
            Some(old) => merge(&mut old.body, &block.body),
            None => base.blocks.push(block.clone()),
        }
    }
}

/// The kind of block that a nested block stands for: a `dynamic` block for its label.
fn nested_kind(block: &Block) -> &Arc<str> {
    block.label(0).filter(|_| &*block.kind == "dynamic").unwrap_or(&block.kind)
}

fn resource(block: &Block, providers: &Providers) -> Option<Resource> {
    let (kind, name) = match &*block.kind {
        "resource" => (block.label(0)?.clone(), block.label(1)?.clone()),
        _ => return None,
    };
    let Attributes { mut node, lifecycle, repeated } = attributes::of_resource(block);
    let provider = providers.of_resource(&kind, &block.body);
    if let Some(provider) = provider {
        provider.add_default_tags(&mut node);
    }
    let mut unknown = marks::unknown(&node);
    unknown.extend(repeated.map(|meta| vec![Step::from(meta)]));
    let mut resource = Resource {
        id: format!("{kind}.{name}").into(),
        iac: Some(Iac::Terraform),
        stateful: is_stateful(&kind),
        kind,
        name,
        attrs: Arc::new(node),
        lifecycle,
        span: block.span,
        header: block.header,
        unknown,
        ..Resource::default()
    };
    resource.region = place::region(&resource).or_else(|| provider.and_then(|p| p.region.clone()));
    resource.zones = place::zones(&resource);
    Some(resource)
}

fn duplicate(block: &Block, path: &str) -> Diagnostic {
    let name = |at| block.label(at).map(|l| &**l).unwrap_or_default();
    let message = format!("resource \"{}\" \"{}\" is declared twice in this directory", name(0), name(1));
    Diagnostic::error("terraform::duplicate_resource", message)
        .at(block.header)
        .in_file(path)
        .label("declared again")
        .help("rename or remove one of them; a file named `*_override.tf` may change a resource")
}

fn without_base(block: &Block) -> Diagnostic {
    let name = |at| block.label(at).map(|l| &**l).unwrap_or_default();
    let message = format!("this file overrides \"{}\" \"{}\", which nothing declares", name(0), name(1));
    Diagnostic::error("terraform::override_without_base", message)
        .at(block.header)
        .label("nothing to override")
        .help("declare the resource in a file that is not named `*_override.tf`")
}

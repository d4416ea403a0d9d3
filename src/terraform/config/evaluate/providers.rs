//! What provider configurations give to resources: a region and default tags.

use std::rc::Rc;
use std::sync::Arc;

use super::instance::{Item, ModuleInstance};
use super::local::Local;
use super::names::Names;
use super::run::Run;
use crate::parse::hcl::{Attribute, Block};
use crate::source::Span;
use crate::terraform::config::Key;
use crate::terraform::eval::Value;

/// One provider configuration, as far as it concerns resources.
#[derive(Clone, Debug, Default)]
pub(in crate::terraform::config) struct Provider {
    /// `region`, when it is known.
    pub(in crate::terraform::config) region: Option<Arc<str>>,
    /// Default tags or labels, and where they are written.
    pub(in crate::terraform::config) default_tags: Option<DefaultTags>,
}

/// Tags that a provider adds to every resource.
#[derive(Clone, Debug)]
pub(in crate::terraform::config) struct DefaultTags {
    /// Attribute of a resource with its own tags: `tags`.
    pub(in crate::terraform::config) own: &'static str,
    /// Attribute in which a plan shows them with the defaults below: `tags_all`.
    pub(in crate::terraform::config) all: &'static str,
    pub(in crate::terraform::config) name_span: Span,
    pub(in crate::terraform::config) value: Value,
}

/// The configuration that a resource uses: the one that it names, or its type's own without alias; a child
/// module has those of its caller.
pub(super) fn of_resource<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, key: &Key, block: &Block) -> Provider {
    let named = block.body.attribute("provider").and_then(Attribute::reference);
    let name = named.unwrap_or_else(|| key.kind.split('_').next().unwrap_or_default().to_owned());
    find(run, instance, name.into())
}

fn find<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: Arc<str>) -> Provider {
    let mut at = (instance.clone(), name);
    loop {
        let (instance, name) = &at;
        if let Some(block) = instance.module.providers.get(name) {
            let is_empty = block.body.attributes.is_empty() && block.body.blocks.is_empty();
            // An empty block in a child module only says that it takes one from its caller.
            if !is_empty || instance.call.is_none() {
                return read(run, instance, name, block);
            }
        }
        let Some(call) = &instance.call else { return Provider::default() };
        let given = call.block.body.attribute("providers");
        let passed = given.and_then(|a| passed(a, name)).or_else(|| (!name.contains('.')).then(|| name.clone()));
        let Some(passed) = passed else { return Provider::default() };
        at = (call.parent.clone(), passed);
    }
}

/// What `providers = { aws = aws.west }` gives for a name.
fn passed(argument: &Attribute, name: &str) -> Option<Arc<str>> {
    let entries = argument.reference_entries();
    entries.into_iter().find(|(key, _)| key == name).map(|(_, reference)| reference.into())
}

fn read<'a>(run: &Run<'a>, instance: &Rc<ModuleInstance<'a>>, name: &Arc<str>, block: &Block) -> Provider {
    if let Some(known) = instance.memory.borrow().providers.get(name) {
        return known.clone();
    }
    let provider = run
        .guarded(instance, Item::Provider(name.clone()), |run| {
            let names = Names { run, instance, local: &Local::default() };
            let region = block.body.attribute("region").map(|a| run.value(&names, a));
            let region = region.filter(|v| !v.is_sensitive()).and_then(|v| v.as_str().map(Arc::from));
            Provider { region, default_tags: default_tags(&names, block) }
        })
        .unwrap_or_default();
    instance.memory.borrow_mut().providers.insert(name.clone(), provider.clone());
    provider
}

fn default_tags(names: &Names<'_, '_>, block: &Block) -> Option<DefaultTags> {
    let (own, all, argument) = match &**block.label(0)? {
        "aws" => {
            let tags = block.body.blocks("default_tags").find_map(|b| b.body.attribute("tags"));
            ("tags", "tags_all", tags?)
        }
        "google" | "google-beta" => ("labels", "terraform_labels", block.body.attribute("default_labels")?),
        _ => return None,
    };
    let value = names.run.value(names, argument);
    Some(DefaultTags { own, all, name_span: argument.name_span, value })
}

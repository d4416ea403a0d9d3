//! What provider blocks give to the resources of their module: a region and default tags.

use std::collections::HashMap;
use std::sync::Arc;

use crate::parse::hcl::{Block, Body};
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// One provider configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Provider {
    /// `region`, when it is literal.
    pub(super) region: Option<Arc<str>>,
    /// Where default tags come from, and how a plan names tags with and without them.
    default_tags: Option<(&'static str, &'static str, Span, Node)>,
}

/// The provider configurations of a module by the name that resources refer to: `aws`, `aws.west`.
pub(super) struct Providers(HashMap<String, Provider>);

impl Providers {
    /// Reads the provider blocks among `blocks`.
    pub(super) fn of<'a>(blocks: impl Iterator<Item = &'a Block>) -> Self {
        let named = blocks.filter(|b| &*b.kind == "provider").filter_map(|block| {
            let name = block.label(0)?;
            let alias = block.body.attribute("alias").and_then(|a| a.value.as_str());
            Some((alias.map_or(name.to_string(), |alias| format!("{name}.{alias}")), provider(name, &block.body)))
        });
        Self(named.collect())
    }

    /// The configuration that a resource uses: the one that it names, or its type's own without alias.
    pub(super) fn of_resource(&self, kind: &str, body: &Body) -> Option<&Provider> {
        let named = body.attribute("provider").and_then(|a| a.reference());
        self.0.get(&named.unwrap_or_else(|| kind.split('_').next().unwrap_or_default().to_owned()))
    }
}

fn provider(name: &str, body: &Body) -> Provider {
    let region = body.attribute("region").and_then(|a| a.value.as_str()).map(Arc::from);
    let default_tags = match name {
        "aws" => {
            let tags = body.blocks("default_tags").find_map(|b| b.body.attribute("tags"));
            tags.map(|a| ("tags", "tags_all", a.name_span, a.value.clone()))
        }
        "google" | "google-beta" => {
            let labels = body.attribute("default_labels");
            labels.map(|a| ("labels", "terraform_labels", a.name_span, a.value.clone()))
        }
        _ => None,
    };
    Provider { region, default_tags }
}

impl Provider {
    /// Adds the attribute in which a plan shows a resource's tags with the provider's defaults below them.
    /// A resource type without tags gets it too: without the provider's schema they look alike.
    pub(super) fn add_default_tags(&self, resource: &mut Node) {
        let Some((own_name, all_name, key_span, defaults)) = &self.default_tags else { return };
        let Value::Map(attributes) = &mut resource.value else { return };
        let node = match (&defaults.value, attributes.get(own_name)) {
            (_, Some(Node { value: Value::Unknown, span })) => Node::new(Value::Unknown, *span),
            (Value::Map(map), own) if map.len() <= MAX_TAGS => {
                Node::new(merged(map, own.and_then(Node::as_map)), defaults.span)
            }
            _ => Node::new(Value::Unknown, defaults.span),
        };
        attributes.insert(Entry { key: (*all_name).into(), key_span: *key_span, node });
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

//! Tags and labels of a resource, whatever its provider calls them.

use std::sync::Arc;

use crate::facts::Resource;
use crate::parse::tree::{Map, Node, Value};
use crate::source::Span;

/// Where tags stand, the resource's own before those with the provider's defaults in them: AWS and Azure
/// `tags`, Google `labels`, some Google types under other names, the Kubernetes provider's `metadata`.
const PLACES: [&[&str]; 10] = [
    &["tags"],
    &["labels"],
    &["resource_labels"],
    &["user_labels"],
    &["settings", "0", "user_labels"],
    &["metadata", "0", "labels"],
    &["manifest", "metadata", "labels"],
    &["tags_all"],
    &["effective_labels"],
    &["terraform_labels"],
];

/// The tags of one resource.
#[derive(Clone, Debug, Default)]
pub struct Tags<'a> {
    layers: Vec<&'a Node>,
    /// `tag { key, value }` blocks of an autoscaling group.
    listed: &'a [Node],
}

/// The tags and labels of a Terraform resource; provider defaults are below its own.
pub fn tags(resource: &Resource) -> Tags<'_> {
    let layers = PLACES.iter().filter_map(|place| follow(&resource.attrs, place)).collect();
    let listed = resource.attrs.get("tag").and_then(Node::as_seq).unwrap_or_default();
    Tags { layers, listed }
}

fn follow<'a>(node: &'a Node, place: &[&str]) -> Option<&'a Node> {
    place.iter().try_fold(node, |node, step| match &node.value {
        Value::Seq(items) => step.parse::<usize>().ok().and_then(|i| items.get(i)),
        _ => node.get(step),
    })
}

impl<'a> Tags<'a> {
    /// The value of a tag with its place; the key is compared without case. `None` when there is no such tag
    /// or its value is not known: [`Tags::is_unknown`] tells which.
    pub fn get(&self, key: &str) -> Option<(Arc<str>, Span)> {
        self.find(key).and_then(|node| Some((text(node)?, node.span)))
    }

    /// Whether the tag may be there with a value that is not known.
    pub fn is_unknown(&self, key: &str) -> bool {
        self.find(key).is_some_and(|node| matches!(node.value, Value::Unknown | Value::Sensitive))
    }

    /// The node of a tag, or the unknown node that could hold it.
    fn find(&self, key: &str) -> Option<&'a Node> {
        let listed = self
            .listed
            .iter()
            .find(|tag| tag.get("key").and_then(Node::as_str).is_some_and(|k| k.eq_ignore_ascii_case(key)));
        let in_layer = |layer: &&'a Node| match &layer.value {
            Value::Map(map) => in_map(map, key),
            Value::Unknown | Value::Sensitive => Some(*layer),
            _ => None,
        };
        listed.and_then(|tag| tag.get("value")).or_else(|| self.layers.iter().find_map(in_layer))
    }
}

/// An exact match wins over one in another case.
fn in_map<'a>(map: &'a Map, key: &str) -> Option<&'a Node> {
    map.get(key).or_else(|| map.iter().find(|e| e.key.eq_ignore_ascii_case(key)).map(|e| &e.node))
}

fn text(node: &Node) -> Option<Arc<str>> {
    match &node.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(b) => Some(b.to_string().into()),
        _ => None,
    }
}

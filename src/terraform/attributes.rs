//! From the body of a block to an object as plan JSON has it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::parse::hcl::{Attribute, Block, Body};
use crate::parse::tree::{Entry, Map, Node, Value};

/// What a resource block says, with its meta-arguments set apart.
pub(super) struct Attributes {
    /// Arguments and nested blocks.
    pub(super) node: Node,
    /// The `lifecycle` block.
    pub(super) lifecycle: Option<Node>,
    /// `count` or `for_each`, when one of them says how many instances there are.
    pub(super) repeated: Option<&'static str>,
}

/// Arguments and blocks that every resource may have and no provider sees.
const META: [&str; 7] = ["count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"];

/// Reads a resource block.
pub(super) fn of_resource(block: &Block) -> Attributes {
    let own = |name: &str| !META.contains(&name);
    let repeated = ["count", "for_each"].into_iter().find(|name| block.body.attribute(name).is_some());
    let lifecycle = block.body.blocks("lifecycle").next().map(lifecycle);
    Attributes { node: object(&block.body, block, own), lifecycle, repeated }
}

/// The object of a body. Nested blocks are lists of objects; each stands at its header, where a missing
/// attribute is shown. A `dynamic` block makes the whole list unknown.
fn object(body: &Body, block: &Block, wanted: impl Fn(&str) -> bool) -> Node {
    let mut object = Object::default();
    for attribute in body.attributes.iter().filter(|a| wanted(&a.name)) {
        let Attribute { name, name_span, value, .. } = attribute;
        object.set(Entry { key: name.clone(), key_span: *name_span, node: value.clone() });
    }
    for nested in body.blocks.iter().filter(|b| wanted(&b.kind)) {
        object.nest(nested);
    }
    Node::new(object.map(), block.header)
}

/// A mapping under construction, with an index so that long ones stay cheap.
#[derive(Default)]
struct Object {
    entries: Vec<Entry>,
    index: HashMap<Arc<str>, usize>,
}

impl Object {
    fn map(self) -> Map {
        let mut map = Map::default();
        self.entries.into_iter().for_each(|entry| map.push(entry));
        map
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.index.get(key).and_then(|at| self.entries.get_mut(*at))
    }

    fn set(&mut self, entry: Entry) {
        match self.get_mut(&entry.key) {
            Some(old) => *old = entry,
            None => {
                self.index.insert(entry.key.clone(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    fn nest(&mut self, block: &Block) {
        if let (true, Some(label)) = (&*block.kind == "dynamic", block.labels.first()) {
            let node = Node::new(Value::Unknown, block.header);
            return self.set(Entry { key: label.text.clone(), key_span: label.span, node });
        }
        let item = object(&block.body, block, |_| true);
        // The one block that every provider reads as a single object.
        if &*block.kind == "timeouts" {
            return self.set(Entry { key: block.kind.clone(), key_span: block.kind_span, node: item });
        }
        match self.get_mut(&block.kind).map(|e| &mut e.node.value) {
            Some(Value::Seq(items)) => items.push(item),
            Some(Value::Unknown) => {}
            _ => {
                let node = Node::new(vec![item], block.header);
                self.set(Entry { key: block.kind.clone(), key_span: block.kind_span, node });
            }
        }
    }
}

/// The `lifecycle` block. What it refers to is named, not evaluated: `ignore_changes = [tags]` is `["tags"]`.
pub(super) fn lifecycle(block: &Block) -> Node {
    let mut node = object(&block.body, block, |_| true);
    let Value::Map(map) = &mut node.value else { return node };
    for attribute in block.body.attributes.iter().filter(|a| names_things(&a.name)) {
        if let (Some(names), Some(value)) = (attribute.references(), map.get_mut(&attribute.name)) {
            *value = names;
        }
    }
    node
}

fn names_things(argument: &str) -> bool {
    matches!(argument, "ignore_changes" | "replace_triggered_by")
}

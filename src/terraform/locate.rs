//! Gives planned resources their place in the source.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::Resource;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// Points planned resources and their attributes at the blocks that declare them, so that a finding about a
/// plan has a file and a line that somebody can edit; `lifecycle` and a missing region come along.
///
/// A block is a resource's when both have the same type and name. Which directory a module's resource comes
/// from is not known here: where several have such a block, or the resource is in a module, blocks whose
/// literal attributes contradict the plan are ruled out, and unless exactly one is left, the resource keeps
/// its place in the plan.
pub fn locate(plan_resources: &mut [Resource], source_resources: &[Resource]) {
    let mut declared: HashMap<(&str, &str), Vec<&Resource>> = HashMap::new();
    for resource in source_resources {
        declared.entry((&*resource.kind, &*resource.name)).or_default().push(resource);
    }
    for resource in plan_resources {
        let candidates = declared.get(&(&*resource.kind, &*resource.name)).map(Vec::as_slice).unwrap_or_default();
        if let Some(source) = only_match(resource, candidates) {
            graft(resource, source);
        }
    }
}

/// More blocks of one name than this are not told apart.
const MAX_CANDIDATES: usize = 64;

fn only_match<'a>(resource: &Resource, candidates: &[&'a Resource]) -> Option<&'a Resource> {
    if candidates.len() > MAX_CANDIDATES {
        return None;
    }
    if let ([only], None) = (candidates, &resource.module) {
        return Some(only);
    }
    let mut fitting = candidates.iter().filter(|c| agrees(&resource.attrs, &c.attrs));
    fitting.next().filter(|_| fitting.next().is_none()).copied()
}

/// Whether no literal of the source says something else than the plan.
fn agrees(planned: &Node, written: &Node) -> bool {
    match (&planned.value, &written.value) {
        (Value::Unknown | Value::Sensitive, _) | (_, Value::Unknown) => true,
        (Value::Map(planned), Value::Map(written)) => {
            let planned = index(planned);
            written.iter().all(|e| planned.get(&*e.key).is_none_or(|p| agrees(&p.node, &e.node)))
        }
        (Value::Seq(planned), Value::Seq(written)) => planned.iter().zip(written).all(|(p, w)| agrees(p, w)),
        // Terraform converts `"5"` to 5 and back where the schema asks for it.
        (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => true,
        (planned, written) => scalar(planned) == scalar(written),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

fn graft(resource: &mut Resource, source: &Resource) {
    resource.span = source.span;
    resource.header = source.header;
    resource.lifecycle = source.lifecycle.clone();
    if resource.region.is_none() {
        resource.region = source.region.clone();
    }
    let places = Places { written: &source.attrs, header: source.header };
    places.onto(Arc::make_mut(&mut resource.attrs));
    if let Some(before) = &mut resource.before {
        places.onto(Arc::make_mut(before));
    }
}

/// Where each attribute of a block is written.
struct Places<'a> {
    written: &'a Node,
    header: Span,
}

impl Places<'_> {
    fn onto(&self, planned: &mut Node) {
        planned.span = self.header;
        self.children(planned, Some(self.written));
    }

    /// Places what lies below a planned value. What is not written (a default, a computed value) stands where
    /// the nearest thing around it is written.
    fn children(&self, planned: &mut Node, written: Option<&Node>) {
        let around = planned.span;
        match &mut planned.value {
            Value::Map(map) => {
                let written = written.and_then(only_object).map(index).unwrap_or_default();
                for entry in map.iter_mut() {
                    let own = written.get(&*entry.key);
                    entry.key_span = own.map_or(around, |e| e.key_span);
                    entry.node.span = own.map_or(around, |e| e.node.span);
                    self.children(&mut entry.node, own.map(|e| &e.node));
                }
            }
            Value::Seq(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    let own = written.and_then(Node::as_seq).and_then(|items| items.get(at));
                    item.span = own.map_or(around, |n| n.span);
                    self.children(item, own);
                }
            }
            _ => {}
        }
    }
}

/// The object that is written: a plan has a block that may stand only once as an object, the source as a list.
fn only_object(written: &Node) -> Option<&Map> {
    match written.as_seq() {
        Some([only]) => only.as_map(),
        _ => written.as_map(),
    }
}

fn index(map: &Map) -> HashMap<&str, &Entry> {
    map.iter().map(|e| (&*e.key, e)).collect()
}

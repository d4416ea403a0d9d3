//! Gives planned resources their place in the source.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::Resource;
use crate::parse::tree::{Entry, Map, Node, Value};
use crate::source::Span;

/// Points planned resources and their attributes at the blocks that declare them, so that a finding about a
/// plan has a file and a line that somebody can edit; `lifecycle` and a missing region come along.
///
/// A block is a resource's when both have the same address, whatever the instance keys: where it is not known how
/// many instances there are, one stands for all. Resources of source that were not evaluated have no module: for
/// those the same type and name will do. Of several blocks, as in several root modules, those are ruled out whose
/// values contradict the plan, and unless exactly one is left, the resource keeps its place in the plan.
pub fn locate(plan_resources: &mut [Resource], source_resources: &[Resource]) {
    let mut by_address: HashMap<String, Vec<&Resource>> = HashMap::new();
    let mut by_name: HashMap<(&str, &str), Vec<&Resource>> = HashMap::new();
    for resource in source_resources {
        match resource.root {
            Some(_) => by_address.entry(without_keys(&resource.id)).or_default().push(resource),
            None => by_name.entry((&*resource.kind, &*resource.name)).or_default().push(resource),
        }
    }
    for resource in plan_resources {
        let same_address = by_address.get(&without_keys(&resource.id));
        let same_name = || by_name.get(&(&*resource.kind, &*resource.name));
        let candidates = same_address.or_else(same_name).map(Vec::as_slice).unwrap_or_default();
        if let Some(source) = only_match(resource, candidates) {
            graft(resource, source);
        }
    }
}

/// An address without instance keys: `module.a.aws_vpc.x` for `module.a["k"].aws_vpc.x[0]`.
fn without_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// More blocks of one name than this are not told apart.
const MAX_CANDIDATES: usize = 64;

fn only_match<'a>(resource: &Resource, candidates: &[&'a Resource]) -> Option<&'a Resource> {
    let mut blocks: HashMap<Span, &'a Resource> = HashMap::new();
    for candidate in candidates {
        // Of the instances of one block, the one of this very address says most about it.
        if candidate.id == resource.id || !blocks.contains_key(&candidate.span) {
            blocks.insert(candidate.span, candidate);
        }
    }
    let is_sure = |c: &Resource| c.root.is_some() || resource.module.is_none();
    if blocks.len() == 1 {
        let only = blocks.values().next().copied()?;
        if is_sure(only) {
            return Some(only);
        }
    }
    if blocks.len() > MAX_CANDIDATES {
        return None;
    }
    let mut fitting = blocks.values().filter(|c| agrees(&resource.attrs, &c.attrs));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_instance_keys() {
        let cases = [
            ("aws_vpc.x", "aws_vpc.x"),
            ("aws_vpc.x[0]", "aws_vpc.x"),
            ("module.a[\"x].y\"].aws_vpc.v[\"q\\\"]\"]", "module.a.aws_vpc.v"),
            ("module.a[*].aws_vpc.v[*]", "module.a.aws_vpc.v"),
        ];
        for (address, expected) in cases {
            assert_eq!(without_keys(address), expected);
        }
    }
}

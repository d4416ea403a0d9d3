//! From a rendered object back to the lines that it was written in.
//!
//! A rendered value may have been written in several places: the base, a patch, a template. Each is a [`Layer`], a tree of
//! its own; the strongest, which was applied last, comes first. The place of a scalar is the strongest layer that holds this very
//! value at its path; where none does, a template action, else the weakest layer (the object as it was first written). A mapping or list stands
//! where it was first written, since that is where a missing attribute belongs. What no layer has stands at its parent.

mod inline;
mod kustomize;
mod outline;
mod patch;
mod template;
mod values;

pub(super) use kustomize::Overlays;
pub(super) use template::Templates;

use crate::parse::tree::{Entry, Node, Path, Step, Value};
use crate::source::Span;

/// The key under which an outline keeps a template action that stands where entries would.
const ACTION: &str = "{{";

/// Keys that tell the items of a list apart, as strategic merges do.
const IDENTITY: [&str; 9] =
    ["name", "containerPort", "mountPath", "devicePath", "topologyKey", "port", "key", "ip", "kind"];

/// One place that a rendered tree may come from.
type Layer<'a> = &'a Node;

/// What a template action reads: the places of the values behind it.
trait Trace {
    /// Places of the value that the action at `action` reads, followed by `rest`; nearest first.
    fn values(&self, action: Span, rest: &[Step]) -> Vec<Span>;

    /// The place of an image that a rule has changed.
    fn image(&self, _rendered: &str, _written: Option<&str>) -> Option<Span> {
        None
    }
}

/// Gives the values of a rendered document their places.
struct Locator<'a> {
    trace: &'a dyn Trace,
    path: Path,
    origins: Vec<(Path, Vec<Span>)>,
}

/// Gives every value of a rendered document its place and returns, by path, where values came from beyond that.
///
/// `anchor` is the place of what no layer has.
fn locate(document: &mut Node, layers: &[Layer<'_>], anchor: Span, trace: &dyn Trace) -> Vec<(Path, Vec<Span>)> {
    let mut locator = Locator { trace, path: Path::new(), origins: Vec::new() };
    document.span = layers.last().map_or(anchor, |layer| layer.span);
    locator.children(document, layers, anchor);
    locator.origins
}

impl Locator<'_> {
    /// Everything below a mapping or list that stands at `anchor`.
    fn children(&mut self, node: &mut Node, layers: &[Layer<'_>], anchor: Span) {
        match &mut node.value {
            Value::Map(map) => {
                for entry in map.iter_mut() {
                    self.path.push(Step::Key(entry.key.clone()));
                    self.entry(entry, layers, anchor);
                    self.path.pop();
                }
            }
            Value::Seq(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.path.push(Step::Index(index));
                    self.item(item, index, layers, anchor);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, entry: &mut Entry, layers: &[Layer<'_>], anchor: Span) {
        let candidates: Vec<&Entry> = layers.iter().flat_map(|layer| entries(layer, &entry.key)).collect();
        let nodes: Vec<&Node> = candidates.iter().map(|e| &e.node).collect();
        let exact = is_scalar(&entry.node) && nodes.iter().any(|n| n.value == entry.node.value);
        if &*entry.key == "image" && !exact && self.place_image(entry, &nodes) {
            return;
        }
        match choose(&entry.node, &nodes).and_then(|index| candidates.get(index)) {
            Some(chosen) => {
                entry.key_span = chosen.key_span;
                self.take(&mut entry.node, &chosen.node, &nodes, chosen.key_span);
            }
            None => {
                let rest = [Step::Key(entry.key.clone())];
                let place = self.action(layers, &rest, &entry.node).unwrap_or(anchor);
                entry.key_span = place;
                settle(&mut entry.node, place);
            }
        }
    }

    fn item(&mut self, item: &mut Node, index: usize, layers: &[Layer<'_>], anchor: Span) {
        let nodes: Vec<&Node> = layers.iter().filter_map(|layer| matching(item, index, layer)).collect();
        match choose(item, &nodes).and_then(|index| nodes.get(index)).copied() {
            Some(chosen) => self.take(item, chosen, &nodes, chosen.span),
            None => {
                let place = self.action(layers, &[Step::Index(index)], item).unwrap_or(anchor);
                settle(item, place);
            }
        }
    }

    /// Puts a value at the chosen place, and what is below it at theirs.
    fn take(&mut self, node: &mut Node, chosen: &Node, nodes: &[&Node], anchor: Span) {
        node.span = chosen.span;
        if is_template(chosen) {
            self.trace_below(node, chosen.span, 0);
            settle(node, chosen.span);
        } else {
            let below: Vec<Layer<'_>> = nodes.iter().copied().filter(|n| !is_scalar(n)).collect();
            self.children(node, &below, anchor);
        }
    }

    /// The action that stands among the entries or items of the layers and may have written this one.
    fn action(&mut self, layers: &[Layer<'_>], rest: &[Step], node: &Node) -> Option<Span> {
        let actions: Vec<Span> = layers.iter().flat_map(|l| entries(l, ACTION)).map(|e| e.node.span).collect();
        let reads = |span: &&Span| !self.trace.values(**span, rest).is_empty();
        let action = actions.iter().find(reads).or_else(|| actions.first()).copied()?;
        self.trace_below(node, action, rest.len());
        Some(action)
    }

    /// Notes which values an action has read for a node and everything below it. The last `known` steps of the path
    /// belong to what the action wrote.
    fn trace_below(&mut self, node: &Node, action: Span, known: usize) {
        let start = self.path.len().saturating_sub(known);
        let rest: Path = self.path.iter().skip(start).cloned().collect();
        let found = self.trace.values(action, &rest);
        if !found.is_empty() {
            self.origins.push((self.path.clone(), found));
        }
        let steps: Vec<(Step, &Node)> = match &node.value {
            Value::Map(map) => map.iter().map(|e| (Step::Key(e.key.clone()), &e.node)).collect(),
            Value::Seq(items) => items.iter().enumerate().map(|(i, n)| (Step::Index(i), n)).collect(),
            _ => Vec::new(),
        };
        for (step, child) in steps {
            self.path.push(step);
            self.trace_below(child, action, known + 1);
            self.path.pop();
        }
    }

    fn place_image(&mut self, entry: &mut Entry, nodes: &[&Node]) -> bool {
        let written = nodes.iter().rev().find_map(|n| n.as_str());
        let Some(place) = entry.node.as_str().and_then(|image| self.trace.image(image, written)) else { return false };
        entry.key_span = place;
        entry.node.span = place;
        true
    }
}

/// Entries of a key; a template may have several, in branches.
fn entries<'a>(layer: &Layer<'a>, key: &str) -> Vec<&'a Entry> {
    layer.as_map().into_iter().flatten().filter(|e| &*e.key == key).collect()
}

/// Which candidate a value stands at.
fn choose(node: &Node, candidates: &[&Node]) -> Option<usize> {
    if is_scalar(node) {
        let equal = |c: &&Node| c.value == node.value;
        let last = candidates.len().checked_sub(1);
        return candidates.iter().position(equal).or_else(|| candidates.iter().position(|c| is_template(c))).or(last);
    }
    let same_kind = |c: &&Node| match node.value {
        Value::Map(_) => c.as_map().is_some(),
        // The operations of a JSON patch are mappings, with indexes for keys.
        _ => !is_scalar(c),
    };
    let template = || candidates.iter().position(|c| is_template(c));
    candidates.iter().rposition(same_kind).or_else(template).or_else(|| candidates.len().checked_sub(1))
}

/// The item of a layer that a rendered item was written as.
fn matching<'a>(item: &Node, index: usize, layer: &Layer<'a>) -> Option<&'a Node> {
    let items = match &layer.value {
        Value::Seq(items) => items,
        // An operation of a JSON patch: its index is a key.
        Value::Map(map) => {
            return map.get(&index.to_string()).or_else(|| map.get("-").filter(|added| alike(added, item)));
        }
        _ => return None,
    };
    if let Some(equal) = items.iter().find(|other| other.value == item.value) {
        return Some(equal);
    }
    let own = IDENTITY.iter().find(|key| item.get(key).is_some_and(is_scalar));
    let same = |other: &&Node| own.is_some_and(|key| other.get(key).is_some_and(|n| Some(n) == item.get(key)));
    let written_by_action =
        |other: &&Node| is_template(other) || own.is_some_and(|key| other.get(key).is_none_or(is_template));
    let by_position = || items.get(index).filter(|other| own.is_none() || written_by_action(other));
    let any = || items.iter().find(|other| own.is_some() && written_by_action(other));
    items.iter().find(same).or_else(by_position).or_else(any)
}

/// Whether an item that a patch adds became this one: it says nothing else.
fn alike(added: &Node, item: &Node) -> bool {
    match (&added.value, &item.value) {
        (Value::Map(added), Value::Map(item)) => {
            added.iter().all(|e| item.get(&e.key).is_some_and(|n| alike(&e.node, n)))
        }
        (added, item) => added == item,
    }
}

fn is_scalar(node: &Node) -> bool {
    !matches!(node.value, Value::Map(_) | Value::Seq(_))
}

/// Whether a text holds a template action. Overlays hold none, so that this is only ever true of an outline.
fn is_template(node: &Node) -> bool {
    node.as_str().is_some_and(|text| text.contains(ACTION))
}

/// Puts a value and everything below it at one place.
fn settle(node: &mut Node, place: Span) {
    node.span = place;
    match &mut node.value {
        Value::Map(map) => map.iter_mut().for_each(|entry| {
            entry.key_span = place;
            settle(&mut entry.node, place);
        }),
        Value::Seq(items) => items.iter_mut().for_each(|item| settle(item, place)),
        _ => {}
    }
}

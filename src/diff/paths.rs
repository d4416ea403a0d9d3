//! The smallest paths under which two values differ in meaning.

use std::collections::HashMap;

use crate::parse::tree::{Entry, Map, Node, Path, Step, Value};
use crate::source::Sources;

/// Lists whose items have names and whose order still is their meaning: they run one after the other.
const ORDERED: [&str; 2] = ["initContainers", "steps"];

/// Paths whose value differs, sorted. A path stands for everything below it; indexes are those of `after`.
///
/// Mappings are compared key by key. Lists of one length are compared item by item; when every item on both
/// sides is an object with a `name` of its own, items are paired by name and a new order alone is no
/// difference. A list that grew or shrank differs as a whole. Values that are unknown or sensitive are equal
/// only when both are so and their text is the same.
pub fn changed_paths(before: &Node, after: &Node, sources: &Sources) -> Vec<Path> {
    let mut walk = Walk { sources, path: Vec::new(), found: Vec::new() };
    walk.node(before, after);
    walk.found.sort();
    walk.found
}

struct Walk<'a> {
    sources: &'a Sources,
    path: Path,
    found: Vec<Path>,
}

impl Walk<'_> {
    fn node(&mut self, before: &Node, after: &Node) {
        let differs = match (&before.value, &after.value) {
            (Value::Map(before), Value::Map(after)) => return self.map(before, after),
            (Value::Seq(before), Value::Seq(after)) if before.len() == after.len() => return self.list(before, after),
            (Value::Unknown, Value::Unknown) | (Value::Sensitive, Value::Sensitive) => !self.same_text(before, after),
            (before, after) => is_container(before) || is_container(after) || before != after,
        };
        if differs {
            self.found.push(self.path.clone());
        }
    }

    fn map(&mut self, before: &Map, after: &Map) {
        let old: HashMap<&str, &Entry> = before.iter().map(|e| (&*e.key, e)).collect();
        let new: HashMap<&str, &Entry> = after.iter().map(|e| (&*e.key, e)).collect();
        for entry in after {
            self.path.push(Step::Key(entry.key.clone()));
            match old.get(&*entry.key) {
                Some(previous) => self.node(&previous.node, &entry.node),
                None => self.found.push(self.path.clone()),
            }
            self.path.pop();
        }
        for entry in before.iter().filter(|e| !new.contains_key(&*e.key)) {
            self.path.push(Step::Key(entry.key.clone()));
            self.found.push(self.path.clone());
            self.path.pop();
        }
    }

    fn list(&mut self, before: &[Node], after: &[Node]) {
        let ordered = matches!(self.path.last(), Some(Step::Key(key)) if ORDERED.contains(&&**key));
        let by_name = if ordered { None } else { names(before).zip(names(after)) };
        for (index, item) in after.iter().enumerate() {
            self.path.push(Step::Index(index));
            let previous = match &by_name {
                Some((old, _)) => name(item).and_then(|n| old.get(n)).and_then(|i| before.get(*i)),
                None => before.get(index),
            };
            match previous {
                Some(previous) => self.node(previous, item),
                None => self.found.push(self.path.clone()),
            }
            self.path.pop();
        }
    }

    fn same_text(&self, before: &Node, after: &Node) -> bool {
        let (old, new) = (self.sources.text(before.span), self.sources.text(after.span));
        before.span == after.span || (old.is_some() && old == new)
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::Seq(_))
}

fn name(item: &Node) -> Option<&str> {
    item.get("name")?.as_str()
}

/// Name → index, when every item is an object with a name of its own.
fn names(items: &[Node]) -> Option<HashMap<&str, usize>> {
    let named: HashMap<&str, usize> =
        items.iter().enumerate().map(|(i, n)| Some((name(n)?, i))).collect::<Option<_>>()?;
    (named.len() == items.len()).then_some(named)
}

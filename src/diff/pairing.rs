//! Which resource of the base is which resource of the head.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::path_of;
use crate::facts::{Iac, Resource};
use crate::parse::tree::{Node, Value};
use crate::source::Sources;

/// A resource of the base, of the head, or of both.
type Pair = (Option<Resource>, Option<Resource>);

/// What identifies a resource, and how well.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    id: Arc<str>,
    terraform_root: bool,
    environment: Option<Arc<str>>,
    path: Arc<str>,
    start: u32,
    content: u64,
}

/// Pairs base and head one to one; what finds no partner stands alone.
pub(super) fn pair(mut base: Vec<Resource>, mut head: Vec<Resource>, sources: &Sources) -> Vec<Pair> {
    sort(&mut base, sources);
    sort(&mut head, sources);
    let old: Vec<Identity> = base.iter().map(|r| identity(r, sources)).collect();
    let new: Vec<Identity> = head.iter().map(|r| identity(r, sources)).collect();
    let partners = partners(&old, &new);
    let mut base: Vec<Option<Resource>> = base.into_iter().map(Some).collect();
    let mut pairs: Vec<Pair> = Vec::with_capacity(base.len().max(head.len()));
    for (resource, partner) in head.into_iter().zip(partners) {
        let before = partner.and_then(|i| base.get_mut(i)).and_then(Option::take);
        pairs.push((before, Some(resource)));
    }
    pairs.extend(base.into_iter().flatten().map(|r| (Some(r), None)));
    pairs
}

/// Sorts by place, then id, then content, so that the order of the input does not matter.
pub(super) fn sort(resources: &mut [Resource], sources: &Sources) {
    resources.sort_by_cached_key(|r| {
        let place = (path_of(r, sources), r.span.start, r.span.end, r.span.source);
        let content = fingerprint(&r.attrs, sources);
        (place, r.id.clone(), content, r.environment.clone())
    });
}

/// Gives resources of the base the id that a `moved` block gives them, unless the block no longer applies:
/// the old id is still declared, or the new one existed before.
pub(super) fn apply_moves(base: &mut [Resource], head: &[Resource], moved: &[(Arc<str>, Arc<str>)]) {
    if moved.is_empty() {
        return;
    }
    let moved: HashMap<&str, &str> = moved.iter().map(|(from, to)| (&**from, &**to)).collect();
    let declared: HashSet<Arc<str>> = head.iter().map(|r| r.id.clone()).collect();
    let existed: HashSet<Arc<str>> = base.iter().map(|r| r.id.clone()).collect();
    for resource in base.iter_mut().filter(|r| !declared.contains(&r.id)) {
        let Some(id) = destination(&resource.id, &moved) else { continue };
        if declared.contains(&*id) && !existed.contains(&*id) {
            resource.id = id.into();
        }
    }
}

/// Follows `moved` blocks from an address, each at most once.
fn destination(id: &str, moved: &HashMap<&str, &str>) -> Option<String> {
    let mut current = id.to_owned();
    for _ in 0..moved.len().min(32) {
        match one_move(&current, moved) {
            Some(next) if next != id => current = next,
            _ => break,
        }
    }
    (current != id).then_some(current)
}

/// The address after the block that moves it, or the longest module or resource address above it.
fn one_move(id: &str, moved: &HashMap<&str, &str>) -> Option<String> {
    let boundaries = id.match_indices(['.', '[']).map(|(i, _)| i).chain([id.len()]);
    let ends: Vec<usize> = boundaries.collect();
    ends.into_iter().rev().find_map(|end| {
        let (prefix, rest) = id.split_at_checked(end)?;
        moved.get(prefix).map(|to| format!("{to}{rest}"))
    })
}

fn identity(resource: &Resource, sources: &Sources) -> Identity {
    Identity {
        id: resource.id.clone(),
        terraform_root: resource.iac == Some(Iac::Terraform) && resource.module.is_none(),
        environment: resource.environment.clone(),
        path: path_of(resource, sources).into(),
        start: resource.span.start,
        content: fingerprint(&resource.attrs, sources),
    }
}

/// For each resource of the head the index of its partner at the base.
fn partners(base: &[Identity], head: &[Identity]) -> Vec<Option<usize>> {
    let mut state = Partners { base, head, free: vec![true; base.len()], found: vec![None; head.len()] };
    let occupied = |list: &[Identity]| -> HashSet<String> {
        list.iter().filter(|i| i.terraform_root).map(|i| folder(&i.path).to_owned()).collect()
    };
    let (before, after) = (occupied(base), occupied(head));
    // A root module that is there at both ends keeps its resources to itself.
    let stays = |i: &Identity| i.terraform_root && before.contains(folder(&i.path)) && after.contains(folder(&i.path));
    state.by(|i| Some((&*i.id, &*i.path, i.content)));
    state.by(|i| Some((&*i.id, &*i.path)));
    state.by(|i| Some((&*i.id, folder(&i.path))));
    state.by(|i| (!stays(i)).then_some((&*i.id, i.environment.as_deref())));
    state.found
}

struct Partners<'a> {
    base: &'a [Identity],
    head: &'a [Identity],
    free: Vec<bool>,
    found: Vec<Option<usize>>,
}

impl<'a> Partners<'a> {
    /// Pairs what is left and has the same key, in order.
    fn by<K: Hash + Eq>(&mut self, key: impl Fn(&'a Identity) -> Option<K>) {
        let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
        for (index, (identity, _)) in self.base.iter().zip(&self.free).enumerate().filter(|(_, (_, free))| **free) {
            if let Some(key) = key(identity) {
                waiting.entry(key).or_default().push_back(index);
            }
        }
        for (identity, found) in self.head.iter().zip(&mut self.found).filter(|(_, found)| found.is_none()) {
            let partner = key(identity).and_then(|k| waiting.get_mut(&k)).and_then(VecDeque::pop_front);
            if let Some(free) = partner.and_then(|i| self.free.get_mut(i)) {
                *free = false;
            }
            *found = partner;
        }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A hash that is equal for values that are equal in meaning; keys in any order.
fn fingerprint(node: &Node, sources: &Sources) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &node.value {
        Value::Null => 0u8.hash(&mut hasher),
        Value::Bool(b) => (1u8, b).hash(&mut hasher),
        // Numbers are compared as doubles when their forms differ; zero has two signs.
        Value::Number(n) => (2u8, (n.as_f64() + 0.0).to_bits()).hash(&mut hasher),
        Value::String(text) => (3u8, text).hash(&mut hasher),
        Value::Seq(items) => {
            (4u8, items.len()).hash(&mut hasher);
            items.iter().for_each(|item| fingerprint(item, sources).hash(&mut hasher));
        }
        Value::Map(map) => {
            let one = |e: &crate::parse::tree::Entry| {
                let mut hasher = DefaultHasher::new();
                (&e.key, fingerprint(&e.node, sources)).hash(&mut hasher);
                hasher.finish()
            };
            (5u8, map.len(), map.iter().fold(0u64, |sum, e| sum.wrapping_add(one(e)))).hash(&mut hasher);
        }
        Value::Unknown => (6u8, sources.text(node.span)).hash(&mut hasher),
        Value::Sensitive => (7u8, sources.text(node.span)).hash(&mut hasher),
    }
    hasher.finish()
}

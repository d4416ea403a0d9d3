//! What says the same is said once, with how often it is meant.

use std::collections::HashMap;
use std::hash::Hash;

use crate::finding::{Answer, Enforcement, Finding, Severity, Status};
use crate::source::Span;

/// Groups by key, in the order in which the keys appear.
pub(super) fn by<'a, T, K: Eq + Hash>(things: &[&'a T], key: impl Fn(&'a T) -> K) -> Vec<Vec<&'a T>> {
    let mut groups: Vec<Vec<&'a T>> = Vec::new();
    let mut index: HashMap<K, usize> = HashMap::new();
    for thing in things {
        let i = *index.entry(key(thing)).or_insert(groups.len());
        match groups.get_mut(i) {
            Some(group) => group.push(thing),
            None => groups.push(vec![thing]),
        }
    }
    groups
}

/// Each of these once, in the order in which they appear, with how often it was there.
pub(super) fn repeated<T: Eq + Hash + Clone>(things: impl IntoIterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    let mut index: HashMap<T, usize> = HashMap::new();
    for thing in things {
        let i = *index.entry(thing.clone()).or_insert(counts.len());
        match counts.get_mut(i) {
            Some((_, times)) => *times += 1,
            None => counts.push((thing, 1)),
        }
    }
    counts
}

/// How often, behind what is said: nothing for once.
pub(super) fn said_again(sign: &str, times: usize) -> String {
    if times > 1 { format!(" {sign} {times}") } else { String::new() }
}

/// What a reader of a finding can tell it from another by, when both stand in one list.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Seen<'a> {
    said: (&'a str, &'a str, Answer),
    weighs: (Severity, Enforcement, bool),
    lifted: (Status, Option<&'a str>),
    places: (Option<&'a str>, Option<Span>, &'a [Span]),
}

pub(super) fn seen(f: &Finding) -> Seen<'_> {
    Seen {
        said: (&f.policy, &f.message, f.answer),
        weighs: (f.severity, f.enforcement, f.pending),
        lifted: (f.status, f.lifted_by.as_deref()),
        places: (f.resource.as_deref(), f.span, &f.because),
    }
}

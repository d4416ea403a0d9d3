//! What the readers of YAML and JSON share while they build a tree: one allocation per repeated text,
//! and mappings whose keys stay unique in linear time.

use std::collections::HashMap;
use std::sync::Arc;

use super::tree::{Entry, Map};

/// Hands out one allocation for texts that repeat, such as keys.
///
/// A direct-mapped cache: a newcomer takes its slot from whoever held it. So its size is fixed, and no
/// input can make it slow.
pub(super) struct Interner {
    slots: Box<[Option<Arc<str>>]>,
}

/// A power of two; a manifest uses a few hundred different keys.
const SLOTS: usize = 1024;

/// Longer texts seldom repeat and are not worth the hash.
const LONGEST: usize = 48;

impl Default for Interner {
    fn default() -> Self {
        Self { slots: vec![None; SLOTS].into_boxed_slice() }
    }
}

impl Interner {
    /// The text as a shared one.
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if text.len() > LONGEST {
            return text.into();
        }
        let Some(slot) = self.slots.get_mut(slot_of(text)) else { return text.into() };
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    }
}

/// FNV-1a, folded into the number of slots.
fn slot_of(text: &str) -> usize {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 15)) as usize & (SLOTS - 1)
}

/// Entries of all mappings that are open, innermost last. Each mapping is cut off the end when it
/// closes, in one allocation of the right size.
pub(super) type OpenEntries = Vec<Entry>;

/// The keys of one open mapping.
#[derive(Default)]
pub(super) struct Keys {
    start: usize,
    /// Built when the mapping has outgrown a linear search.
    index: Option<HashMap<Arc<str>, usize>>,
}

/// From this size on, a hash lookup beats looking at every key.
const INDEXED: usize = 24;

impl Keys {
    /// A mapping that opens now.
    pub(super) fn open(entries: &OpenEntries) -> Self {
        Self { start: entries.len(), index: None }
    }

    /// Adds an entry, or replaces the one that has its key; returns the place and what was replaced.
    pub(super) fn insert(&mut self, entries: &mut OpenEntries, entry: Entry) -> (usize, Option<Entry>) {
        match self.find(entries, &entry.key) {
            Some(place) => (place, entries.get_mut(place).map(|old| std::mem::replace(old, entry))),
            None => {
                let place = entries.len();
                if let Some(index) = &mut self.index {
                    index.insert(entry.key.clone(), place);
                }
                entries.push(entry);
                (place, None)
            }
        }
    }

    /// The mapping, now that it is complete.
    pub(super) fn close(self, entries: &mut OpenEntries) -> Map {
        entries.drain(self.start..).collect::<Vec<_>>().into()
    }

    fn find(&mut self, entries: &OpenEntries, key: &Arc<str>) -> Option<usize> {
        let own = entries.get(self.start..).unwrap_or_default();
        if own.len() < INDEXED {
            let same = |e: &Entry| Arc::ptr_eq(&e.key, key) || e.key == *key;
            return own.iter().position(same).map(|i| self.start + i);
        }
        let start = self.start;
        let all = || own.iter().enumerate().map(|(i, e)| (e.key.clone(), start + i)).collect();
        self.index.get_or_insert_with(all).get(key).copied()
    }
}

//! Pairs deleted files with added ones: the same content first, then similar text.
//!
//! A rename only shapes how a change is shown and attributed. What a digest covers, and what is judged as
//! deleted, does not depend on it. So it may give up early: the work is bounded whatever the input.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Largest file whose text is compared, in bytes.
pub(super) const MAX_SIZE: usize = 1 << 20;
/// Most pairs that are compared when every deleted file could be every added one.
const MAX_PAIRS: usize = 2_500;
/// Most lines that are looked at in all comparisons together.
const MAX_LINES: usize = 2_000_000;
/// Git's hash of a file without content; such files are not renames of each other.
const EMPTY: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/// A file that was deleted or added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) path: String,
    pub(super) blob: String,
}

impl Candidate {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Pairs `(deleted, added)`; each file is in one pair at most. `load_old` and `load_new` give the text, or
/// `None` for a file that is too large or not there.
pub(super) fn pairs(
    deleted: &[Candidate],
    added: &[Candidate],
    load_old: impl Fn(&Candidate) -> Option<Vec<u8>>,
    load_new: impl Fn(&Candidate) -> Option<Vec<u8>>,
) -> Vec<(Candidate, Candidate)> {
    let mut left = Left { deleted: deleted.iter().collect(), added: added.iter().collect(), pairs: Vec::new() };
    left.match_by(|c| (c.blob != EMPTY).then(|| (c.blob.clone(), Some(c.name().to_owned()))));
    left.match_by(|c| (c.blob != EMPTY).then(|| (c.blob.clone(), None::<String>)));
    left.match_similar(load_old, load_new);
    left.pairs.sort();
    left.pairs
}

/// What is not paired yet.
struct Left<'a> {
    deleted: BTreeSet<&'a Candidate>,
    added: BTreeSet<&'a Candidate>,
    pairs: Vec<(Candidate, Candidate)>,
}

impl<'a> Left<'a> {
    fn match_by<K: Hash + Eq>(&mut self, key: impl Fn(&Candidate) -> Option<K>) {
        let mut by_key: HashMap<K, VecDeque<&'a Candidate>> = HashMap::new();
        for old in &self.deleted {
            if let Some(key) = key(old) {
                by_key.entry(key).or_default().push_back(old);
            }
        }
        for new in self.added.clone() {
            if let Some(old) = key(new).and_then(|k| by_key.get_mut(&k)).and_then(VecDeque::pop_front) {
                self.take(old, new);
            }
        }
    }

    fn take(&mut self, old: &'a Candidate, new: &'a Candidate) {
        if self.deleted.contains(old) && self.added.contains(new) {
            self.deleted.remove(old);
            self.added.remove(new);
            self.pairs.push((old.clone(), new.clone()));
        }
    }

    /// The most similar pairs first, at least half alike, as git does by default.
    fn match_similar(
        &mut self,
        load_old: impl Fn(&Candidate) -> Option<Vec<u8>>,
        load_new: impl Fn(&Candidate) -> Option<Vec<u8>>,
    ) {
        let candidates = self.similar_candidates();
        let mut budget = MAX_LINES;
        let mut old_lines: BTreeMap<&Candidate, Option<Lines>> = BTreeMap::new();
        let mut new_lines: BTreeMap<&Candidate, Option<Lines>> = BTreeMap::new();
        let mut scored = Vec::new();
        for (old, new) in candidates {
            let a = old_lines.entry(old).or_insert_with(|| load_old(old).map(|t| Lines::of(&t)));
            let b = new_lines.entry(new).or_insert_with(|| load_new(new).map(|t| Lines::of(&t)));
            let (Some(a), Some(b)) = (a, b) else { continue };
            let Some(rest) = budget.checked_sub(a.counts.len().min(b.counts.len()) + 1) else { break };
            budget = rest;
            let score = a.similarity(b);
            if score >= 50 {
                scored.push((std::cmp::Reverse(score), old, new));
            }
        }
        scored.sort();
        scored.into_iter().for_each(|(_, old, new)| self.take(old, new));
    }

    /// All pairs while they are few, otherwise only files of the same name.
    fn similar_candidates(&self) -> Vec<(&'a Candidate, &'a Candidate)> {
        let all = self.deleted.len().saturating_mul(self.added.len()) <= MAX_PAIRS;
        let mut by_name: HashMap<&str, Vec<&'a Candidate>> = HashMap::new();
        for old in &self.deleted {
            by_name.entry(if all { "" } else { old.name() }).or_default().push(old);
        }
        let of = |new: &'a Candidate| by_name.get(if all { "" } else { new.name() }).into_iter().flatten();
        self.added.iter().flat_map(|new| of(new).map(move |old| (*old, *new))).take(MAX_PAIRS).collect()
    }
}

/// How often each line occurs, by its hash, and how long the text is.
struct Lines {
    counts: HashMap<u64, (usize, usize)>,
    size: usize,
}

impl Lines {
    fn of(text: &[u8]) -> Self {
        let mut counts = HashMap::new();
        for line in text.split_inclusive(|b| *b == b'\n') {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            let (count, _) = counts.entry(hasher.finish()).or_insert((0, line.len()));
            *count += 1;
        }
        Self { counts, size: text.len() }
    }

    /// Bytes in common lines, as a percentage of the larger text.
    fn similarity(&self, other: &Self) -> usize {
        let (small, large) = if self.counts.len() <= other.counts.len() { (self, other) } else { (other, self) };
        let common = small
            .counts
            .iter()
            .map(|(line, (count, length))| large.counts.get(line).map_or(0, |(other, _)| length * count.min(other)));
        common.sum::<usize>() * 100 / self.size.max(other.size).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidates(files: &[(&str, &str)]) -> Vec<Candidate> {
        files.iter().map(|(path, text)| Candidate { path: (*path).into(), blob: (*text).into() }).collect()
    }

    fn paired(deleted: &[(&str, &str)], added: &[(&str, &str)]) -> Vec<(String, String)> {
        let text = |c: &Candidate| Some(c.blob.clone().into_bytes());
        let found = pairs(&candidates(deleted), &candidates(added), text, text);
        found.into_iter().map(|(a, b)| (a.path, b.path)).collect()
    }

    #[test]
    fn the_same_content_under_the_same_name_comes_first() {
        let found = paired(&[("a/x", "1"), ("b/y", "1")], &[("c/x", "1"), ("c/y", "1")]);
        assert_eq!(found, [("a/x".into(), "c/x".into()), ("b/y".into(), "c/y".into())]);
    }

    #[test]
    fn half_alike_is_a_rename_and_less_is_not() {
        assert_eq!(paired(&[("a", "1\n2\n")], &[("b", "1\n3\n")]), [("a".into(), "b".into())]);
        assert!(paired(&[("a", "1\n2\n3\n")], &[("b", "1\n4\n5\n")]).is_empty());
    }

    #[test]
    fn empty_files_are_not_renames() {
        assert!(paired(&[("a", EMPTY)], &[("b", EMPTY)]).len() <= 1);
        let none = |_: &Candidate| None;
        assert!(pairs(&candidates(&[("a", EMPTY)]), &candidates(&[("b", EMPTY)]), none, none).is_empty());
    }

    proptest! {
        #[test]
        fn every_file_is_paired_once_at_most(
            old in prop::collection::btree_map("[a-c]{1,3}", "[xy\n]{0,6}", 0..12),
            new in prop::collection::btree_map("[d-f]{1,3}", "[xy\n]{0,6}", 0..12),
        ) {
            let list = |m: &BTreeMap<String, String>| -> Vec<Candidate> {
                m.iter().map(|(path, blob)| Candidate { path: path.clone(), blob: blob.clone() }).collect()
            };
            let text = |c: &Candidate| Some(c.blob.clone().into_bytes());
            let found = pairs(&list(&old), &list(&new), text, text);
            let (left, right): (BTreeSet<_>, BTreeSet<_>) = found.iter().cloned().unzip();
            prop_assert_eq!(left.len(), found.len());
            prop_assert_eq!(right.len(), found.len());
        }
    }
}

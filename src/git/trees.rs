//! Compares trees entry by entry.
//!
//! Not libgit2's diff: what it lists depends on the configuration of the machine and on `.gitmodules`
//! (ignored submodules, case), and a digest must not.

use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Tree};

use super::{CommitId, Repository};
use crate::finding::Diagnostic;

/// Folders inside folders; git itself writes no deeper trees than paths allow.
const MAX_DEPTH: usize = 2_048;

/// Most entries that one comparison or listing visits. Trees can share subtrees, so a few objects can unfold
/// to any number of files.
const MAX_ENTRIES: usize = 4_000_000;

/// What stands under a path in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mode: u32,
    pub(super) id: Oid,
}

/// A path in bytes, as git stores it.
pub(super) type RawPath = Vec<u8>;

/// Path → what stands there at the base and at the head, where that differs.
pub(super) type Sides = BTreeMap<RawPath, (Option<Entry>, Option<Entry>)>;

/// Two folders under one path that still have to be compared.
type Folders = (RawPath, Option<Oid>, Option<Oid>);

impl Repository {
    pub(super) fn tree(&self, commit: CommitId) -> Result<Tree<'_>, Diagnostic> {
        let tree = self.repo.find_commit(commit.0).and_then(|c| c.tree());
        tree.map_err(|e| self.fault(&format!("read commit {commit}"), &e))
    }

    /// What differs between the trees of two commits; `None` is the empty tree.
    pub(super) fn tree_difference(&self, old: Option<CommitId>, new: Option<CommitId>) -> Result<Sides, Diagnostic> {
        let root = |commit: Option<CommitId>| commit.map(|c| self.tree(c).map(|t| t.id())).transpose();
        let mut sides = Sides::new();
        let mut budget = Budget::default();
        let mut folders: Vec<Folders> = vec![(RawPath::new(), root(old)?, root(new)?)];
        while let Some((path, old, new)) = folders.pop() {
            if old == new {
                continue;
            }
            let mut entries: BTreeMap<RawPath, (Option<Entry>, Option<Entry>)> = BTreeMap::new();
            self.each_entry(&path, old, |path, entry| entries.entry(path).or_default().0 = Some(entry))?;
            self.each_entry(&path, new, |path, entry| entries.entry(path).or_default().1 = Some(entry))?;
            budget.spend(&path, entries.len())?;
            for (path, (old, new)) in entries.into_iter().filter(|(_, (old, new))| old != new) {
                let folder = |e: Option<Entry>| e.filter(is_folder).map(|e| e.id);
                if folder(old).is_some() || folder(new).is_some() {
                    folders.push((path.clone(), folder(old), folder(new)));
                }
                let file = |e: Option<Entry>| e.filter(|e| !is_folder(e));
                if file(old).is_some() || file(new).is_some() {
                    sides.insert(path, (file(old), file(new)));
                }
            }
        }
        Ok(sides)
    }

    /// Visits the entries of one folder with their full paths.
    pub(super) fn each_entry(
        &self,
        folder: &[u8],
        tree: Option<Oid>,
        mut visit: impl FnMut(RawPath, Entry),
    ) -> Result<(), Diagnostic> {
        let Some(id) = tree else { return Ok(()) };
        let tree = self.repo.find_tree(id);
        let tree = tree.map_err(|e| self.fault(&format!("list {}", String::from_utf8_lossy(folder)), &e))?;
        for entry in &tree {
            let mut path = folder.to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(entry.name_bytes());
            let mode = u32::try_from(entry.filemode_raw()).unwrap_or(0);
            // A tree's mode is what says that it is one; its kind may be missing for a damaged entry.
            let mode = if entry.kind() == Some(ObjectType::Tree) { FOLDER } else { mode };
            visit(path, Entry { mode, id: entry.id() });
        }
        Ok(())
    }
}

/// How much of a tree may still be visited.
#[derive(Default)]
pub(super) struct Budget {
    entries: usize,
}

impl Budget {
    /// Counts the entries of a folder.
    pub(super) fn spend(&mut self, folder: &[u8], entries: usize) -> Result<(), Diagnostic> {
        self.entries += entries;
        if self.entries > MAX_ENTRIES {
            return Err(too_many(format!("a tree of the repository has more than {MAX_ENTRIES} entries")));
        }
        if folder.iter().filter(|b| **b == b'/').count() > MAX_DEPTH {
            return Err(too_many(format!("a tree of the repository is nested deeper than {MAX_DEPTH} folders")));
        }
        Ok(())
    }
}

fn too_many(message: String) -> Diagnostic {
    Diagnostic::error("git::too-large", message).help("no real project is this large; look at what the change adds")
}

const FOLDER: u32 = 0o040_000;

pub(super) fn is_folder(entry: &Entry) -> bool {
    entry.mode == FOLDER
}

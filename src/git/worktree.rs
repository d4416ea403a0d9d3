//! The index and the working tree as git sees them, hashed as `git add` would and without writing anything.
//!
//! A diff of libgit2 only names the paths that may differ; what stands there is looked up path by path,
//! because a file that was staged and then put back is no change, and one that left the index but is
//! still there is no deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git2::{Delta, DiffOptions, IndexEntry, ObjectType, Oid};

use super::changes::{Entry, Sides, delta_path};
use super::{CommitId, Repository, utf8_path};
use crate::finding::Diagnostic;

/// Extended index flag: the file is deliberately absent from the working tree (sparse checkout).
const SKIP_WORKTREE: u16 = 1 << 14;
/// Extended index flag: `git add --intent-to-add`, no content yet.
const INTENT_TO_ADD: u16 = 1 << 13;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;
const REGULAR: u32 = 0o100_644;

/// Path → what stands there in the working tree, where that is not what the index says. `None`: nothing.
type Overlay = BTreeMap<String, Option<Entry>>;

impl Repository {
    /// What differs between a commit and the index.
    pub(super) fn index_difference(&self, base: CommitId) -> Result<Sides, Diagnostic> {
        let index = self.index()?;
        if index.has_conflicts() {
            return Err(Diagnostic::error("git::conflict", "the index has unmerged paths")
                .help("finish the merge: resolve the conflicts and `git add` the files"));
        }
        let paths = self.staged_paths(base, &index)?;
        self.both_sides(base, paths, |path| staged(&index, path))
    }

    /// What differs between a commit and the working tree.
    pub(super) fn worktree_difference(&self, base: CommitId) -> Result<Sides, Diagnostic> {
        let index = self.index()?;
        let overlay = self.overlay(&index)?;
        let mut paths = self.staged_paths(base, &index)?;
        paths.extend(overlay.keys().cloned());
        self.both_sides(base, paths, |path| match overlay.get(path) {
            Some(found) => *found,
            None => index.get_path(Path::new(path), 0).map(|e| Entry { mode: e.mode, id: e.id }),
        })
    }

    /// Paths of the working tree that count: in the index and not deleted, or untracked and not ignored.
    pub(super) fn worktree_paths(&self) -> Result<BTreeSet<String>, Diagnostic> {
        let index = self.index()?;
        let mut paths: BTreeSet<String> = index.iter().map(|e| String::from_utf8_lossy(&e.path).into_owned()).collect();
        self.each_unstaged(&index, |path, delta| {
            match delta.status() {
                Delta::Deleted => paths.remove(path),
                _ => paths.insert(path.to_owned()),
            };
            Ok(())
        })?;
        Ok(paths)
    }

    pub(super) fn index(&self) -> Result<git2::Index, Diagnostic> {
        self.repo.index().map_err(|e| self.fault("read the index", &e))
    }

    /// Paths whose index entry may differ from the commit, and those in conflict.
    fn staged_paths(&self, base: CommitId, index: &git2::Index) -> Result<BTreeSet<String>, Diagnostic> {
        let tree = self.tree(base)?;
        let mut options = DiffOptions::new();
        options.include_typechange(true).skip_binary_check(true).ignore_case(false);
        let diff = self.repo.diff_tree_to_index(Some(&tree), Some(index), Some(&mut options));
        let diff = diff.map_err(|e| self.fault("compare the index", &e))?;
        let files = diff.deltas().flat_map(|d| [d.old_file(), d.new_file()]);
        files.filter(|f| f.path_bytes().is_some()).map(|f| delta_path(&f)).collect()
    }

    /// Looks both sides of each path up.
    fn both_sides(
        &self,
        base: CommitId,
        paths: BTreeSet<String>,
        head: impl Fn(&str) -> Option<Entry>,
    ) -> Result<Sides, Diagnostic> {
        let tree = self.tree(base)?;
        let mode = |raw: i32| u32::try_from(raw).unwrap_or(0);
        let at_base = |path: &str| {
            let found = tree.get_path(Path::new(path)).ok().filter(|e| e.kind() != Some(ObjectType::Tree))?;
            Some(Entry { mode: mode(found.filemode_raw()), id: found.id() })
        };
        Ok(paths.into_iter().map(|p| (p.clone(), (at_base(&p), head(&p)))).collect())
    }

    fn overlay(&self, index: &git2::Index) -> Result<Overlay, Diagnostic> {
        let hasher = Hasher::new(self)?;
        let mut overlay = Overlay::new();
        self.each_unstaged(index, |path, delta| {
            let found = match delta.status() {
                Delta::Deleted => None,
                _ => self.on_disk(path, delta, &hasher)?,
            };
            overlay.insert(path.to_owned(), found);
            Ok(())
        })?;
        Ok(overlay)
    }

    /// Visits every path whose file differs from the index, untracked ones included.
    fn each_unstaged(
        &self,
        index: &git2::Index,
        mut visit: impl FnMut(&str, &git2::DiffDelta<'_>) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let mut options = DiffOptions::new();
        options.include_typechange(true).include_untracked(true).recurse_untracked_dirs(true);
        options.include_unreadable(true).skip_binary_check(true).ignore_case(false);
        let diff = self.repo.diff_index_to_workdir(Some(index), Some(&mut options));
        let diff = diff.map_err(|e| self.fault("compare the working tree", &e))?;
        for delta in diff.deltas() {
            let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
            let path = utf8_path(path.strip_suffix(b"/").unwrap_or(path))?;
            let absent_on_purpose = delta.status() == Delta::Deleted
                && index.get_path(Path::new(&path), 0).is_some_and(|e| e.flags_extended & SKIP_WORKTREE != 0);
            match delta.status() {
                Delta::Unmodified | Delta::Ignored => {}
                Delta::Unreadable => return Err(unreadable(&path, "permission denied")),
                _ if absent_on_purpose => {}
                _ => visit(&path, &delta)?,
            }
        }
        Ok(())
    }

    /// Mode and object id of a file of the working tree, as `git add` would store it.
    fn on_disk(&self, path: &str, delta: &git2::DiffDelta<'_>, hasher: &Hasher) -> Result<Option<Entry>, Diagnostic> {
        let full = self.root.join(path);
        let failed = |e: std::io::Error| unreadable(path, &e.to_string());
        let kind = match full.symlink_metadata() {
            Ok(metadata) => metadata.file_type(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        if kind.is_dir() {
            return Ok(nested_head(&full).map(|id| Entry { mode: SUBMODULE, id }));
        }
        if kind.is_symlink() {
            let target = std::fs::read_link(&full).map_err(failed)?;
            let id = Oid::hash_object(ObjectType::Blob, target.as_os_str().as_encoded_bytes());
            return id.map(|id| Some(Entry { mode: LINK, id })).map_err(|e| self.fault("hash a link", &e));
        }
        let mode = match u32::from(delta.new_file().mode()) {
            mode if mode & 0o170_000 == 0o100_000 => mode,
            _ => REGULAR,
        };
        let id = hasher.hash(&full).map_err(|e| unreadable(path, e.message()))?;
        Ok(Some(Entry { mode, id }))
    }
}

/// The index's entry of a path, unless it only announces a file.
fn staged(index: &git2::Index, path: &str) -> Option<Entry> {
    let announced = |e: &IndexEntry| e.flags_extended & INTENT_TO_ADD != 0;
    index.get_path(Path::new(path), 0).filter(|e| !announced(e)).map(|e| Entry { mode: e.mode, id: e.id })
}

/// The commit that is checked out in a repository inside the working tree.
fn nested_head(path: &Path) -> Option<Oid> {
    git2::Repository::open(path).ok()?.head().ok()?.target()
}

fn unreadable(path: &str, why: &str) -> Diagnostic {
    Diagnostic::error("git::unreadable", format!("cannot read {path}: {why}"))
        .in_file(path)
        .help("check the permissions of the file")
}

/// Hashes files with the repository's line-ending rules; its object store lives in memory only.
struct Hasher {
    repo: git2::Repository,
}

impl Hasher {
    fn new(of: &Repository) -> Result<Self, Diagnostic> {
        git2::Repository::open(of.repo.path())
            .map(|repo| Self { repo })
            .map_err(|e| of.fault("open the repository again", &e))
    }

    fn hash(&self, path: &Path) -> Result<Oid, git2::Error> {
        let store = git2::Odb::new()?;
        let _memory = store.add_new_mempack_backend(1)?;
        self.repo.set_odb(&store)?;
        self.repo.blob_path(path)
    }
}

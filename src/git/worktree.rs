//! The index and the working tree as git sees them, hashed as `git add` would and without writing anything.
//!
//! Libgit2's diff only names the files that are not as the index says; what stands there is looked up path by
//! path, because a file that was staged and then put back is no change, and one that left the index but is
//! still there is no deletion.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use git2::{Delta, DiffOptions, ObjectType, Oid};

use super::trees::{Entry, RawPath, Sides};
use super::{CommitId, Repository, utf8_path};
use crate::finding::Diagnostic;

/// Extended index flag: the file is deliberately absent from the working tree (sparse checkout).
const SKIP_WORKTREE: u16 = 1 << 14;
/// Extended index flag: `git add --intent-to-add`, no content yet.
const INTENT_TO_ADD: u16 = 1 << 13;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;
const REGULAR: u32 = 0o100_644;

/// What the index holds: path → entry and extended flags.
type Staged = BTreeMap<RawPath, (Entry, u16)>;

impl Repository {
    /// What differs between a commit and the index.
    pub(super) fn index_difference(&self, base: CommitId) -> Result<Sides, Diagnostic> {
        let index = self.index()?;
        if index.has_conflicts() {
            return Err(Diagnostic::error("git::conflict", "the index has unmerged paths")
                .help("finish the merge: resolve the conflicts and `git add` the files"));
        }
        let announced = |flags: u16| flags & INTENT_TO_ADD != 0;
        let held = staged(&index).into_iter().filter(|(_, (_, flags))| !announced(*flags));
        self.against_base(base, held.map(|(path, (entry, _))| (path, entry)).collect())
    }

    /// What differs between a commit and the working tree.
    pub(super) fn worktree_difference(&self, base: CommitId) -> Result<Sides, Diagnostic> {
        let index = self.index()?;
        let staged = staged(&index);
        let hasher = Hasher::new(self)?;
        let mut head: BTreeMap<RawPath, Entry> = staged.iter().map(|(path, (e, _))| (path.clone(), *e)).collect();
        for (path, unstaged) in self.unstaged(&index, &staged)? {
            let found = match unstaged {
                Unstaged::Gone => None,
                Unstaged::There { mode } => self.on_disk(&path, mode, &hasher)?,
            };
            match found {
                Some(entry) => drop(head.insert(path, entry)),
                None => drop(head.remove(&path)),
            }
        }
        self.against_base(base, head)
    }

    /// Paths of the working tree that count: in the index and not deleted, or untracked and not ignored.
    pub(super) fn worktree_paths(&self) -> Result<BTreeSet<String>, Diagnostic> {
        let index = self.index()?;
        let staged = staged(&index);
        let mut paths: BTreeSet<RawPath> = staged.keys().cloned().collect();
        for (path, unstaged) in self.unstaged(&index, &staged)? {
            match unstaged {
                Unstaged::Gone => paths.remove(&path),
                Unstaged::There { .. } => paths.insert(path),
            };
        }
        Ok(paths.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect())
    }

    pub(super) fn index(&self) -> Result<git2::Index, Diagnostic> {
        self.repo.index().map_err(|e| self.fault("read the index", &e))
    }

    fn against_base(&self, base: CommitId, head: BTreeMap<RawPath, Entry>) -> Result<Sides, Diagnostic> {
        let at_base = self.tree_difference(None, Some(base))?;
        let mut sides: Sides = at_base.into_iter().map(|(path, (_, entry))| (path, (entry, None))).collect();
        for (path, entry) in head {
            sides.entry(path).or_default().1 = Some(entry);
        }
        sides.retain(|_, (old, new)| old != new);
        Ok(sides)
    }

    /// Paths whose file is not as the index says; untracked files that are not ignored are among them.
    fn unstaged(&self, index: &git2::Index, staged: &Staged) -> Result<BTreeMap<RawPath, Unstaged>, Diagnostic> {
        let mut options = DiffOptions::new();
        options.include_typechange(true).include_untracked(true).recurse_untracked_dirs(true);
        options.include_unreadable(true).skip_binary_check(true).ignore_submodules(true);
        let diff = self.repo.diff_index_to_workdir(Some(index), Some(&mut options));
        let diff = diff.map_err(|e| self.fault("compare the working tree", &e))?;
        let mut found = self.moved_submodules(staged);
        for delta in diff.deltas() {
            let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
            let path = path.strip_suffix(b"/").unwrap_or(path).to_vec();
            let absent_on_purpose = staged.get(&path).is_some_and(|(_, flags)| flags & SKIP_WORKTREE != 0);
            match delta.status() {
                Delta::Unmodified | Delta::Ignored => {}
                Delta::Unreadable => return Err(unreadable(&path, "permission denied")),
                Delta::Deleted if absent_on_purpose => {}
                Delta::Deleted => drop(found.insert(path, Unstaged::Gone)),
                _ => {
                    let mode = u32::from(delta.new_file().mode());
                    found.insert(path, Unstaged::There { mode });
                }
            }
        }
        Ok(found)
    }

    /// Submodules that are checked out at another commit. Looked up here, because `.gitmodules`, which the change
    /// may edit, can tell libgit2 to look away.
    fn moved_submodules(&self, staged: &Staged) -> BTreeMap<RawPath, Unstaged> {
        let submodules = staged.iter().filter(|(_, (entry, _))| entry.mode == SUBMODULE);
        let moved = submodules.filter(|(path, (entry, _))| {
            self.disk_path(path).ok().and_then(|p| nested_head(&p)).is_some_and(|id| id != entry.id)
        });
        moved.map(|(path, _)| (path.clone(), Unstaged::There { mode: SUBMODULE })).collect()
    }

    /// Mode and object id of a file of the working tree, as `git add` would store it.
    fn on_disk(&self, path: &[u8], mode: u32, hasher: &Hasher) -> Result<Option<Entry>, Diagnostic> {
        let full = self.disk_path(path)?;
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
        let mode = if mode & 0o170_000 == 0o100_000 { mode } else { REGULAR };
        let id = hasher.hash(&full).map_err(|e| unreadable(path, e.message()))?;
        Ok(Some(Entry { mode, id }))
    }

    fn disk_path(&self, path: &[u8]) -> Result<PathBuf, Diagnostic> {
        Ok(self.root.join(utf8_path(path)?))
    }
}

/// How the file of a path differs from the index.
enum Unstaged {
    /// It is not there.
    Gone,
    /// It has another content or mode, or is not in the index; the mode as libgit2 sees it.
    There { mode: u32 },
}

/// The index without the three sides of unmerged paths; their file in the working tree counts.
fn staged(index: &git2::Index) -> Staged {
    const STAGE: u16 = 0x3000;
    let merged = index.iter().filter(|e| e.flags & STAGE == 0);
    merged.map(|e| (e.path, (Entry { mode: e.mode, id: e.id }, e.flags_extended))).collect()
}

/// The commit that is checked out in a repository inside the working tree.
fn nested_head(path: &Path) -> Option<Oid> {
    git2::Repository::open(path).ok()?.head().ok()?.target()
}

fn unreadable(path: &[u8], why: &str) -> Diagnostic {
    let path = String::from_utf8_lossy(path).into_owned();
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

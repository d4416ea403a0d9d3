//! Which files differ between a commit and a later state, and the list that a change digest covers.

use std::collections::BTreeMap;

use git2::Oid;

use super::rename::{self, Candidate};
use super::trees::Entry;
use super::{CommitId, Repository, utf8_path};
use crate::finding::Diagnostic;

/// Git's mode of a regular file.
const REGULAR: u32 = 0o100_644;
/// Git's mode of an executable file.
const EXECUTABLE: u32 = 0o100_755;

/// A state of the repository that can be compared and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// A commit.
    Commit(CommitId),
    /// What the next commit would hold.
    Index,
    /// The files as they are, with untracked ones that are not ignored.
    WorkingTree,
}

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileStatus {
    /// Only at the head.
    Added,
    /// At both ends, with another content or mode.
    Modified,
    /// Only at the base.
    Deleted,
    /// At the head under another path, with the same or a similar content.
    Renamed,
}

impl FileStatus {
    /// The word in the policy input.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
        }
    }
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path at the head, relative to the root; the path at the base of a deleted file.
    pub path: String,
    /// Path at the base of a renamed file.
    pub previous_path: Option<String>,
    /// How it differs.
    pub status: FileStatus,
    /// Git's mode at the head: `100644`, `100755`, `120000` (link), `160000` (submodule), `000000` (deleted).
    pub mode: String,
    /// Object id at the head; `None` when deleted.
    pub blob: Option<String>,
    /// Object id at the base; `None` when added.
    pub base_blob: Option<String>,
}

/// One line of the list that a change digest covers (contract 3): path, mode and object id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    /// Path relative to the root.
    pub path: String,
    /// Git's mode; `000000` for a deletion.
    pub mode: String,
    /// Object id; `None` for a deletion.
    pub blob: Option<String>,
}

/// The content list of `changes`, sorted by path. A renamed file is a deletion and an addition.
pub fn content(changes: &[FileChange]) -> Vec<Content> {
    let gone = |path: &String| Content { path: path.clone(), mode: mode_text(0), blob: None };
    let head = changes.iter().map(|c| Content { path: c.path.clone(), mode: c.mode.clone(), blob: c.blob.clone() });
    let mut list: Vec<Content> =
        head.chain(changes.iter().filter_map(|c| c.previous_path.as_ref().map(gone))).collect();
    list.sort();
    list
}

impl Repository {
    /// All files that differ between `base` and `head`, sorted by path. Content at the head is named as git
    /// would after `git add`, also for the working tree.
    ///
    /// # Errors
    /// `git::conflict` for an index with unmerged paths, `git::path-encoding`, `git::unreadable`.
    pub fn changes(&self, base: CommitId, head: Snapshot) -> Result<Vec<FileChange>, Diagnostic> {
        let sides = match head {
            Snapshot::Commit(commit) => self.tree_difference(Some(base), Some(commit))?,
            Snapshot::Index => self.index_difference(base)?,
            Snapshot::WorkingTree => self.worktree_difference(base)?,
        };
        let changes = sides.into_iter().filter_map(|(path, (old, new))| file_change(&path, old, new).transpose());
        let mut changes: Vec<FileChange> = changes.collect::<Result<_, _>>()?;
        self.mark_renames(&mut changes, head);
        Ok(changes)
    }

    /// The content list of the change that ends at another commit (contract 4): what differs between the
    /// merge base of `commit` and `base`, and `commit`.
    ///
    /// # Errors
    /// As [`Repository::merge_base`] and [`Repository::changes`].
    pub fn content_at(&self, base: CommitId, commit: CommitId) -> Result<Vec<Content>, Diagnostic> {
        let merge_base = self.merge_base(base, commit)?;
        Ok(content(&self.changes(merge_base, Snapshot::Commit(commit))?))
    }

    /// Turns pairs of deletion and addition into renames.
    fn mark_renames(&self, changes: &mut Vec<FileChange>, head: Snapshot) {
        let regular = |c: &FileChange| [REGULAR, EXECUTABLE].iter().any(|m| c.mode == mode_text(*m));
        let pick = |wanted: FileStatus| {
            let wanted = move |c: &&FileChange| c.status == wanted && (wanted == FileStatus::Deleted || regular(c));
            changes.iter().filter(wanted).filter_map(candidate).collect::<Vec<_>>()
        };
        let (deleted, added) = (pick(FileStatus::Deleted), pick(FileStatus::Added));
        let load_new = |c: &Candidate| match head {
            Snapshot::WorkingTree => std::fs::read(self.root.join(&c.path)).ok(),
            _ => self.blob_text(&c.blob),
        };
        let pairs = rename::pairs(&deleted, &added, |c| self.blob_text(&c.blob), load_new);
        let from: BTreeMap<String, Candidate> = pairs.into_iter().map(|(old, new)| (new.path, old)).collect();
        let taken: std::collections::BTreeSet<String> = from.values().map(|c| c.path.clone()).collect();
        changes.retain(|c| c.status != FileStatus::Deleted || !taken.contains(&c.path));
        for change in changes.iter_mut() {
            if let Some(old) = from.get(&change.path) {
                change.status = FileStatus::Renamed;
                change.previous_path = Some(old.path.clone());
                change.base_blob = Some(old.blob.clone());
            }
        }
    }

    pub(super) fn blob_text(&self, id: &str) -> Option<Vec<u8>> {
        let id = Oid::from_str(id).ok()?;
        let (size, _) = self.repo.odb().ok()?.read_header(id).ok()?;
        (size <= rename::MAX_SIZE).then(|| self.repo.find_blob(id).ok().map(|b| b.content().to_vec())).flatten()
    }
}

fn candidate(change: &FileChange) -> Option<Candidate> {
    let blob = change.blob.as_ref().or(change.base_blob.as_ref())?;
    Some(Candidate { path: change.path.clone(), blob: blob.clone() })
}

fn file_change(path: &[u8], base: Option<Entry>, head: Option<Entry>) -> Result<Option<FileChange>, Diagnostic> {
    let status = match (base, head) {
        (None, Some(_)) => FileStatus::Added,
        (Some(_), None) => FileStatus::Deleted,
        (Some(a), Some(b)) if a != b => FileStatus::Modified,
        _ => return Ok(None),
    };
    let id = |e: Option<Entry>| e.map(|e| e.id.to_string());
    let (path, mode) = (utf8_path(path)?, mode_text(head.map_or(0, |e| e.mode)));
    Ok(Some(FileChange { path, previous_path: None, status, mode, blob: id(head), base_blob: id(base) }))
}

/// A mode as git writes it: six octal digits.
pub(super) fn mode_text(mode: u32) -> String {
    format!("{mode:06o}")
}

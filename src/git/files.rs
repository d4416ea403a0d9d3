//! Files of a commit or of the index, read from the object store.

use std::path::{Component, Path};

use git2::{ObjectType, Oid};

use super::changes::{Snapshot, mode_text};
use super::trees::{Budget, Entry, is_folder};
use super::{CommitId, MAX_FILE, Repository};
use crate::finding::Diagnostic;

/// How many links are followed to reach one file.
const MAX_LINKS: usize = 16;
const LINK: i32 = 0o120_000;

/// A file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeFile {
    /// Path relative to the root, with `/`.
    pub path: String,
    /// Git's mode, six octal digits.
    pub mode: String,
    /// Object id; `None` in the working tree, where nothing was hashed.
    pub blob: Option<String>,
}

impl Repository {
    /// The bytes of a file; `None` when there is none (or a folder, or a submodule). Links are followed as
    /// long as they stay inside the repository.
    ///
    /// # Errors
    /// `git::too-large` above [`MAX_FILE`], `git::unreadable`.
    pub fn read(&self, of: Snapshot, path: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
        let id = match of {
            Snapshot::WorkingTree => return self.read_disk(path),
            Snapshot::Commit(commit) => {
                let found = self.locate(commit, path)?.filter(|e| e.kind() == Some(ObjectType::Blob));
                found.map(|e| e.id())
            }
            // `get_path` of an index panics on a path that names nothing below the root.
            Snapshot::Index if !is_inside(path) => None,
            Snapshot::Index => self.index()?.get_path(Path::new(path), 0).map(|e| e.id),
        };
        id.map(|id| self.read_id(id, path)).transpose()
    }

    /// The bytes of an object by its id, as [`FileChange`](super::FileChange) and [`TreeFile`] name it.
    ///
    /// # Errors
    /// As [`Repository::read`].
    pub fn read_blob(&self, blob: &str) -> Result<Vec<u8>, Diagnostic> {
        let id = Oid::from_str(blob).map_err(|e| self.fault("read an object id", &e))?;
        self.read_id(id, blob)
    }

    /// Files at or below `under` (empty: all of them), sorted by path. Links and submodules are listed too.
    ///
    /// # Errors
    /// `git::unreadable`.
    pub fn list(&self, of: Snapshot, under: &str) -> Result<Vec<TreeFile>, Diagnostic> {
        let under = under.trim_matches('/');
        let mut files = match of {
            Snapshot::Commit(commit) => self.list_commit(commit, under)?,
            Snapshot::Index => self.list_index(under)?,
            Snapshot::WorkingTree => {
                let paths = self.worktree_paths()?.into_iter().filter(|p| is_below(p, under));
                paths.map(|path| TreeFile { path, mode: mode_text(0o100_644), blob: None }).collect()
            }
        };
        files.sort();
        Ok(files)
    }

    fn list_index(&self, under: &str) -> Result<Vec<TreeFile>, Diagnostic> {
        let file = |e: git2::IndexEntry| tree_file(&e.path, Entry { mode: e.mode, id: e.id });
        Ok(self.index()?.iter().map(file).filter(|f| is_below(&f.path, under)).collect())
    }

    fn list_commit(&self, commit: CommitId, under: &str) -> Result<Vec<TreeFile>, Diagnostic> {
        let Some(start) = self.locate_or_root(commit, under)? else { return Ok(Vec::new()) };
        let (kind, id, mode) = start;
        if kind == ObjectType::Blob {
            return Ok(vec![TreeFile { path: under.to_owned(), mode, blob: Some(id.to_string()) }]);
        }
        let mut files = Vec::new();
        let mut budget = Budget::default();
        let mut folders = vec![(under.as_bytes().to_vec(), id)];
        while let Some((folder, id)) = folders.pop() {
            let mut entries = Vec::new();
            self.each_entry(&folder, Some(id), |path, entry| entries.push((path, entry)))?;
            budget.spend(&folder, entries.len())?;
            for (path, entry) in entries {
                if is_folder(&entry) {
                    folders.push((path, entry.id));
                } else {
                    files.push(tree_file(&path, entry));
                }
            }
        }
        Ok(files)
    }

    fn locate_or_root(&self, commit: CommitId, path: &str) -> Result<Option<(ObjectType, Oid, String)>, Diagnostic> {
        if path.is_empty() {
            return Ok(Some((ObjectType::Tree, self.tree(commit)?.id(), mode_text(0o040_000))));
        }
        let entry = self.locate(commit, path)?;
        let mode = |e: &git2::TreeEntry<'_>| mode_text(u32::try_from(e.filemode_raw()).unwrap_or(0));
        Ok(entry.and_then(|e| Some((e.kind()?, e.id(), mode(&e)))))
    }

    /// The entry of a path, through links on the way to it and at its end.
    fn locate(&self, commit: CommitId, path: &str) -> Result<Option<git2::TreeEntry<'static>>, Diagnostic> {
        let tree = self.tree(commit)?;
        let mut wanted = path.to_owned();
        for _ in 0..MAX_LINKS {
            match self.follow_first_link(&tree, &wanted)? {
                Some(next) => wanted = next,
                None => return Ok(tree.get_path(Path::new(&wanted)).ok()),
            }
            if wanted.is_empty() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// `path` with its first link replaced by what it points at; `None` when there is no link in it.
    fn follow_first_link(&self, tree: &git2::Tree<'_>, path: &str) -> Result<Option<String>, Diagnostic> {
        let ends = path.match_indices('/').map(|(i, _)| i).chain([path.len()]);
        for end in ends {
            let (prefix, rest) = path.split_at_checked(end).unwrap_or((path, ""));
            let Ok(entry) = tree.get_path(Path::new(prefix)) else { return Ok(None) };
            if entry.filemode_raw() == LINK {
                let target = String::from_utf8_lossy(&self.read_id(entry.id(), prefix)?).into_owned();
                let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
                return Ok(Some(normalise(&format!("{folder}/{target}{rest}"), target.starts_with('/'))));
            }
        }
        Ok(None)
    }

    fn read_id(&self, id: Oid, path: &str) -> Result<Vec<u8>, Diagnostic> {
        let doing = format!("read {path}");
        let odb = self.repo.odb().map_err(|e| self.fault(&doing, &e))?;
        let (size, _) = odb.read_header(id).map_err(|e| self.fault(&doing, &e))?;
        if size as u64 > MAX_FILE {
            return Err(too_large(path, size as u64));
        }
        odb.read(id).map(|o| o.data().to_vec()).map_err(|e| self.fault(&doing, &e))
    }

    fn read_disk(&self, path: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
        let full = self.root.join(path);
        match full.metadata() {
            Ok(m) if !m.is_file() => return Ok(None),
            Ok(m) if m.len() > MAX_FILE => return Err(too_large(path, m.len())),
            _ => {}
        }
        match std::fs::read(full) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Diagnostic::error("git::unreadable", format!("cannot read {path}: {e}")).in_file(path)),
        }
    }
}

/// A name that is not UTF-8 is shown with replacement characters; its `blob` still reads the content.
fn tree_file(path: &[u8], entry: Entry) -> TreeFile {
    let path = String::from_utf8_lossy(path).into_owned();
    TreeFile { path, mode: mode_text(entry.mode), blob: Some(entry.id.to_string()) }
}

/// Whether a path names something in a repository by its text alone.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn is_below(path: &str, under: &str) -> bool {
    under.is_empty() || path == under || path.strip_prefix(under).is_some_and(|rest| rest.starts_with('/'))
}

fn too_large(path: &str, size: u64) -> Diagnostic {
    Diagnostic::error("git::too-large", format!("{path} has {size} bytes; the limit is {MAX_FILE}"))
        .in_file(path)
        .help("files this large are not judged; split it or keep it out of the judged folders")
}

/// Resolves `.` and `..`; empty when the path leaves the repository.
fn normalise(path: &str, absolute: bool) -> String {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|p| !p.is_empty() && *p != ".") {
        match part {
            ".." if parts.pop().is_none() => return String::new(),
            ".." => {}
            _ => parts.push(part),
        }
    }
    if absolute { String::new() } else { parts.join("/") }
}

//! Where a run reads from: the root, the repository, and which state of it is judged and which is trusted.

use std::path::{Component, Path, PathBuf};

use crate::discover;
use crate::facts::Stage;
use crate::finding::Diagnostic;
use crate::git::{self, CommitId, FileChange, Range, Repository, Snapshot};

use super::Request;

/// The root of a run and the repository around it.
pub(super) struct Workspace {
    /// The nearest folder with `changegate.yaml`, else the work tree's root, else the given path.
    pub root: PathBuf,
    /// Absolute paths that are judged.
    pub paths: Vec<PathBuf>,
    /// Whether the paths were named on the command line.
    pub paths_given: bool,
    /// Where relative paths of the command line hang.
    directory: PathBuf,
    /// The repository, when there is one.
    pub repository: Option<Repository>,
    /// Its root, with all links resolved.
    repository_root: Option<PathBuf>,
    /// The two ends that are compared, when there is a base.
    pub difference: Option<Difference>,
}

/// The two ends of a change.
pub(super) struct Difference {
    /// What was asked for.
    pub base: CommitId,
    /// What is trusted and compared with.
    pub merge_base: CommitId,
    /// What is judged.
    pub head: Snapshot,
    /// Files that differ, sorted by path.
    pub changes: Vec<FileChange>,
    /// Commits of the change.
    pub range: Range,
}

/// The root of the run as a shown path, `.` when they are the same.
#[derive(Clone, Debug)]
pub(super) struct Prefix(String);

impl Prefix {
    /// The shown path of one that hangs from the root of the run.
    pub(super) fn join(&self, path: &str) -> String {
        match self.0.as_str() {
            "." => path.to_owned(),
            prefix => format!("{prefix}/{path}"),
        }
    }

    /// A shown path relative to the root of the run, what globs of the configuration are matched with; `None`
    /// outside of it.
    pub(super) fn strip<'a>(&self, shown: &'a str) -> Option<&'a str> {
        match self.0.as_str() {
            "." => Some(shown),
            prefix => shown.strip_prefix(prefix)?.strip_prefix('/'),
        }
    }
}

/// A file as it was read.
pub(super) struct File {
    /// As shown: relative to the repository's root, else to the run's root.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Workspace {
    /// Finds the repository, resolves base and head, and finds the root of the run.
    pub(super) fn open(request: &Request) -> Result<Self, Diagnostic> {
        let paths_given = !request.paths.is_empty();
        let given = if paths_given { request.paths.clone() } else { vec![PathBuf::from(".")] };
        let paths = given.iter().map(|path| existing(&request.directory, path)).collect::<Result<Vec<_>, _>>()?;
        let first = paths.first().cloned().unwrap_or_else(|| request.directory.clone());
        let repository = Repository::discover(&first)?;
        let directory = request.directory.canonicalize().unwrap_or_else(|_| request.directory.clone());
        let repository_root = repository.as_ref().and_then(|r| r.root().canonicalize().ok());
        let root = first.clone();
        let mut workspace = Self { root, paths, paths_given, directory, repository, repository_root, difference: None };
        workspace.difference = workspace.compare(request)?;
        workspace.root = workspace.find_root(&first)?;
        Ok(workspace)
    }

    /// The nearest folder at or above the path that holds the configuration. Of a change, at the merge base: a new
    /// configuration further down must not put another one, or none, in the place of the one that decides.
    fn find_root(&self, first: &Path) -> Result<PathBuf, Diagnostic> {
        let (Some(_), Some(top)) = (&self.difference, &self.repository_root) else { return discover::root_of(first) };
        let folder = if first.is_dir() { first } else { first.parent().unwrap_or(first) };
        for above in folder.ancestors().take_while(|f| f.starts_with(top)) {
            if self.read_trusted(&above.join(discover::CONFIG_FILE))?.is_some() {
                return Ok(above.to_path_buf());
            }
        }
        Ok(top.clone())
    }

    fn compare(&self, request: &Request) -> Result<Option<Difference>, Diagnostic> {
        let Some(repository) = &self.repository else {
            return match &request.base {
                None => Ok(None),
                Some(base) => {
                    Err(Diagnostic::error("git::none", format!("there is no git repository to find `{base}` in"))
                        .help("run inside the repository, or leave `--base` out to judge the files as they stand"))
                }
            };
        };
        let (base, head) = match (&request.base, request.stage) {
            (Some(base), _) => {
                let head = request.head.as_ref().map(|head| repository.resolve(head)).transpose()?;
                (repository.resolve(base)?, head.map_or(Snapshot::WorkingTree, Snapshot::Commit))
            }
            (None, Stage::Commit) => match repository.resolve("HEAD") {
                Ok(head) => (head, Snapshot::Index),
                // Before the first commit there is nothing to compare with.
                Err(_) => return Ok(None),
            },
            (None, _) => return Ok(None),
        };
        let merge_base = repository.merge_base(base, repository.tip(head)?)?;
        let changes = repository.changes(merge_base, head)?;
        let range = repository.range(base, head)?;
        Ok(Some(Difference { base, merge_base, head, changes, range }))
    }

    /// Whether everything below the root is judged, not only a part that was named.
    pub(super) fn is_whole(&self) -> bool {
        self.paths.iter().any(|path| self.root.starts_with(path))
    }

    /// A path as it is shown in findings.
    pub(super) fn shown(&self, path: &Path) -> String {
        self.in_repository(path).unwrap_or_else(|| crate::source::display_path(&self.root, path))
    }

    /// A path relative to the repository's root, when it lies inside. Links are not followed: a change that
    /// puts a link in the place of the context folder must not choose what is trusted.
    pub(super) fn in_repository(&self, path: &Path) -> Option<String> {
        let full = lexical(&self.directory.join(path));
        let inside = full.strip_prefix(self.repository_root.as_ref()?).ok()?;
        Some(inside.to_string_lossy().replace('\\', "/"))
    }

    /// The absolute form of a path of the command line.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        lexical(&self.directory.join(path))
    }

    /// The folder that shown paths are relative to: the repository's root, else the root of the run.
    pub(super) fn shown_root(&self) -> &Path {
        self.repository_root.as_deref().filter(|root| self.root.starts_with(root)).unwrap_or(&self.root)
    }

    /// Where the root of the run lies below [`Self::shown_root`].
    pub(super) fn prefix(&self) -> Prefix {
        Prefix(crate::source::display_path(self.shown_root(), &self.root))
    }

    /// An absolute path for one that hangs from the root.
    pub(super) fn under_root(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The state that is trusted, for a path inside the repository of a change; `None` for the disk.
    fn trusted(&self, path: &Path) -> Option<(&Repository, Snapshot, String)> {
        let difference = self.difference.as_ref()?;
        Some((self.repository.as_ref()?, Snapshot::Commit(difference.merge_base), self.in_repository(path)?))
    }

    /// Whether a path is read at the merge base.
    pub(super) fn is_trusted_at_base(&self, path: &Path) -> bool {
        self.trusted(path).is_some()
    }

    /// Reads a file that decides: at the merge base when it lies inside the repository of a change.
    pub(super) fn read_trusted(&self, path: &Path) -> Result<Option<File>, Diagnostic> {
        let shown = self.shown(path);
        let bytes = match self.trusted(path) {
            Some((repository, snapshot, inside)) => repository.read(snapshot, &inside)?,
            None => read_disk(path, &shown)?,
        };
        Ok(bytes.map(|bytes| File { path: shown, bytes }))
    }

    /// Reads every wanted file below a folder that decides, sorted by path; `wanted` sees shown paths.
    pub(super) fn read_trusted_folder(
        &self,
        dir: &Path,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<File>, Diagnostic> {
        match self.trusted(dir) {
            Some((repository, snapshot, inside)) => {
                let listed = repository.list(snapshot, &inside)?;
                let files = listed.into_iter().filter(|f| wanted(&f.path)).map(|f| {
                    let bytes = repository.read(snapshot, &f.path)?.unwrap_or_default();
                    Ok(File { path: f.path, bytes })
                });
                files.collect()
            }
            None => self.read_disk_folder(dir, wanted),
        }
    }

    fn read_disk_folder(&self, dir: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<File>, Diagnostic> {
        if !dir.exists() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in ignore::WalkBuilder::new(dir).standard_filters(false).follow_links(true).build() {
            let entry = entry.map_err(|e| {
                Diagnostic::error("discover::unreadable", format!("a folder cannot be read: {e}"))
                    .in_file(self.shown(dir))
            })?;
            let shown = self.shown(entry.path());
            if entry.path().is_file() && wanted(&shown) {
                let bytes = read_disk(entry.path(), &shown)?.unwrap_or_default();
                files.push(File { path: shown, bytes });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Reads a file of the judged state: a file of the head when it lies inside the repository of a change.
    pub(super) fn read_head(&self, path: &Path) -> Result<Option<File>, Diagnostic> {
        let shown = self.shown(path);
        let bytes = match (&self.difference, &self.repository, self.in_repository(path)) {
            (Some(difference), Some(repository), Some(inside)) => repository.read(difference.head, &inside)?,
            _ => read_disk(path, &shown)?,
        };
        Ok(bytes.map(|bytes| File { path: shown, bytes }))
    }

    /// Whether the judged state of the repository holds a file: whoever made the change may have written it.
    pub(super) fn is_committed(&self, shown: &str) -> bool {
        let (Some(difference), Some(repository)) = (&self.difference, &self.repository) else { return false };
        let state = match difference.head {
            Snapshot::WorkingTree => Snapshot::Index,
            other => other,
        };
        // What cannot be looked up is taken to be committed.
        repository.read(state, shown).map_or(true, |bytes| bytes.is_some())
    }

    /// Content list of the change for its digest (contract 3), without the request's own file.
    pub(super) fn content(&self, without: &str) -> Vec<git::Content> {
        let list = self.difference.as_ref().map(|d| git::content(&d.changes)).unwrap_or_default();
        list.into_iter().filter(|c| c.path != without).collect()
    }
}

/// A path without `.` and `..`, by its text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(out.pop()),
            part => out.push(part),
        }
    }
    out
}

/// The absolute form of a path that must exist on disk.
fn existing(directory: &Path, path: &Path) -> Result<PathBuf, Diagnostic> {
    let full = directory.join(path);
    full.canonicalize().map_err(|e| {
        Diagnostic::error("discover::missing", format!("`{}` cannot be read: {e}", path.display()))
            .in_file(path.to_string_lossy().replace('\\', "/"))
            .help("name a file or a folder that exists")
    })
}

/// Bytes of a file on disk; `None` when there is none.
pub(super) fn read_disk(path: &Path, shown: &str) -> Result<Option<Vec<u8>>, Diagnostic> {
    let unreadable = |e: std::io::Error| {
        Diagnostic::error("discover::unreadable", format!("`{shown}` cannot be read: {e}")).in_file(shown)
    };
    match std::fs::metadata(path) {
        Ok(data) if data.len() > git::MAX_FILE => {
            let message = format!("`{shown}` is larger than {} MiB", git::MAX_FILE >> 20);
            Err(Diagnostic::error("discover::too-large", message).in_file(shown))
        }
        Ok(data) if data.is_dir() => Ok(None),
        Ok(_) => std::fs::read(path).map(Some).map_err(unreadable),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unreadable(e)),
    }
}

//! The files of the repository as configurations may read them.
//!
//! Paths are relative to the repository's root, with `/`, without `.` and `..`; the root itself is empty. What
//! leads out of the repository, by `..` or by a link, is refused.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::Revision;

/// The files of a repository in one of its states: the working tree, or a commit.
pub trait Snapshot: Sync {
    /// What a directory holds, sorted by name; `None` when there is no such directory.
    fn list(&self, directory: &str) -> Option<Vec<Entry>>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// See [`Unread`].
    fn read(&self, path: &str) -> Result<Arc<[u8]>, Unread>;

    /// Which state of the repository it is.
    fn revision(&self) -> Revision {
        Revision::Head
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name alone.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is no such file.
    Missing,
    /// It lies outside the repository.
    Outside,
    /// It is larger than [`MAX_FILE`].
    TooLarge,
    /// The system says so.
    Failed(String),
}

/// Largest file that a configuration may read, in bytes.
pub const MAX_FILE: u64 = 16 << 20;

/// Joins a path to a directory and resolves `.` and `..`; `None` when it leads out of the repository or is
/// absolute.
pub fn join(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The files below a folder of this machine.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder as the root of a repository.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: root.canonicalize()? })
    }

    /// The real place of a path, when it is inside.
    fn real(&self, path: &str) -> Result<PathBuf, Unread> {
        let inside = join("", path).ok_or(Unread::Outside)?;
        let real = self.root.join(inside).canonicalize().map_err(unread)?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(Unread::Outside) }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn unread(error: io::Error) -> Unread {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unread::Missing,
        _ => Unread::Failed(error.to_string()),
    }
}

impl Snapshot for Folder {
    fn list(&self, directory: &str) -> Option<Vec<Entry>> {
        let entries = std::fs::read_dir(self.real(directory).ok()?).ok()?;
        let mut names: Vec<Entry> = entries
            .filter_map(Result::ok)
            .filter_map(|e| Some(Entry { is_directory: e.path().is_dir(), name: e.file_name().into_string().ok()? }))
            .collect();
        names.sort();
        Some(names)
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, Unread> {
        let real = self.real(path)?;
        let meta = real.metadata().map_err(unread)?;
        if !meta.is_file() {
            return Err(Unread::Missing);
        }
        if meta.len() > MAX_FILE {
            return Err(Unread::TooLarge);
        }
        std::fs::read(real).map(Into::into).map_err(unread)
    }
}

/// Files held in memory: those of a commit, or of a test.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Path → bytes.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// Which state of the repository they are from.
    pub revision: Revision,
}

impl Snapshot for Memory {
    fn list(&self, directory: &str) -> Option<Vec<Entry>> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let below = self.files.range(prefix.clone()..).map_while(|(path, _)| path.strip_prefix(&prefix));
        let mut names: Vec<Entry> = below
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => Entry { name: name.into(), is_directory: true },
                None => Entry { name: rest.into(), is_directory: false },
            })
            .collect();
        names.sort();
        names.dedup();
        (!names.is_empty() || directory.is_empty()).then_some(names)
    }

    fn read(&self, path: &str) -> Result<Arc<[u8]>, Unread> {
        let inside = join("", path).ok_or(Unread::Outside)?;
        self.files.get(&inside).cloned().ok_or(Unread::Missing)
    }

    fn revision(&self) -> Revision {
        self.revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_and_never_leave_the_repository() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join("", "./x//y/").as_deref(), Some("x/y"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(join("a", "/etc/passwd"), None);
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_repository_are_refused() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let inside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
        let files = Folder::new(inside.path()).unwrap();
        assert_eq!(files.read("link/secret"), Err(Unread::Outside));
        assert_eq!(files.read("../secret"), Err(Unread::Outside));
        assert_eq!(files.list("link"), None);
        assert_eq!(files.read("none"), Err(Unread::Missing));
    }

    #[test]
    fn memory_lists_directories() {
        let files = ["a/x.tf", "a/b/y.tf", "z.tf"].map(|p| (p.to_owned(), Arc::from(*b"")));
        let memory = Memory { files: files.into(), ..Memory::default() };
        let names = |d| memory.list(d).map(|l| l.into_iter().map(|e| e.name).collect::<Vec<_>>());
        assert_eq!(names("a"), Some(vec!["b".into(), "x.tf".into()]));
        assert_eq!(names(""), Some(vec!["a".into(), "z.tf".into()]));
        assert_eq!(names("none"), None);
    }
}

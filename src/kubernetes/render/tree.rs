//! The files of one state of the repository, as a render may read them.

use std::sync::Arc;

/// The files of a repository in one of its states. Paths are relative to its root, with `/`; the root itself is empty.
pub trait Tree: Sync {
    /// The names in a directory, each with whether it is one itself; `None` when there is no such directory.
    fn list(&self, directory: &str) -> Option<Vec<(String, bool)>>;

    /// The bytes of a file; `None` when there is none inside the repository.
    ///
    /// # Errors
    /// A sentence: too large, or what the system says.
    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, String>;
}

/// Joins a path to a directory and resolves `.` and `..`; `None` when it leads out of the repository or is absolute.
pub fn join(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The directory of a path; empty for one at the root.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path is a directory or lies below it.
pub(super) fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Files in memory, for tests.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Memory(pub(super) std::collections::BTreeMap<String, String>);

#[cfg(test)]
impl Memory {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }
}

#[cfg(test)]
impl Tree for Memory {
    fn list(&self, directory: &str) -> Option<Vec<(String, bool)>> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let below = self.0.keys().filter_map(|path| path.strip_prefix(&prefix));
        let mut names: Vec<_> = below
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => (name.to_owned(), true),
                None => (rest.to_owned(), false),
            })
            .collect();
        names.dedup();
        (!names.is_empty() || directory.is_empty()).then_some(names)
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, String> {
        Ok(self.0.get(path).map(|text| text.as_bytes().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_never_leave_the_repository() {
        assert_eq!(join("a/b", "../c").as_deref(), Some("a/c"));
        assert_eq!(join("a", "..").as_deref(), Some(""));
        assert_eq!(join("a", "../.."), None);
        assert_eq!(join("a", "/etc/passwd"), None);
        assert!(is_below("a/b", "a") && is_below("a", "") && !is_below("ab", "a"));
    }
}

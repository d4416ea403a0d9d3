//! What the functions of the language may read, seen from the root module's directory.

use crate::terraform::config::snapshot::{Snapshot, Unread, join};
use crate::terraform::eval::{FileFault, Files};

/// The files of the repository as the root module sees them.
pub(super) struct RootFiles<'a> {
    files: &'a dyn Snapshot,
    root: &'a str,
}

impl<'a> RootFiles<'a> {
    /// The files of a repository with one of its directories as the root module.
    pub(super) fn new(files: &'a dyn Snapshot, root: &'a str) -> Self {
        Self { files, root }
    }

    /// The files of the whole repository.
    pub(super) fn snapshot(&self) -> &'a dyn Snapshot {
        self.files
    }

    /// A path as Terraform would read it from the root module's directory.
    fn place(&self, path: &str) -> Result<String, FileFault> {
        join(self.root, path).ok_or(FileFault::Outside)
    }

    fn list_into(&self, directory: &str, prefix: &str, out: &mut Vec<String>) -> Result<(), FileFault> {
        for entry in self.files.list(directory).unwrap_or_default() {
            if out.len() > MAX_LISTED {
                return Err(FileFault::TooLarge);
            }
            let path = join(directory, &entry.name).ok_or(FileFault::Outside)?;
            let shown = format!("{prefix}{}", entry.name);
            match entry.is_directory {
                true if prefix.matches('/').count() < MAX_LEVELS => self.list_into(&path, &format!("{shown}/"), out)?,
                true => return Err(FileFault::TooLarge),
                false => out.push(shown),
            }
        }
        Ok(())
    }
}

/// Files that `fileset` looks at.
const MAX_LISTED: usize = 100_000;

/// Levels of directories that `fileset` looks into.
const MAX_LEVELS: usize = 64;

impl Files for RootFiles<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileFault> {
        let place = self.place(path)?;
        match self.files.read(&place) {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(Unread::Missing) if self.files.list(&place).is_some() => Err(FileFault::Directory),
            Err(Unread::Missing) => Err(FileFault::Missing),
            Err(Unread::Outside) => Err(FileFault::Outside),
            Err(Unread::TooLarge) => Err(FileFault::TooLarge),
            Err(Unread::Failed(words)) => Err(FileFault::Unreadable(words)),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, FileFault> {
        let mut out = Vec::new();
        self.list_into(&self.place(directory)?, "", &mut out)?;
        out.sort();
        Ok(out)
    }
}

/// The path from one directory of the repository to another.
pub(super) fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| path.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let steps: Vec<String> = up.chain(to.into_iter().skip(common)).collect();
    if steps.is_empty() { ".".into() } else { steps.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_paths_count_from_the_root_module() {
        assert_eq!(relative("", ""), ".");
        assert_eq!(relative("", "mods/inner"), "mods/inner");
        assert_eq!(relative("envs/prod", "modules/db"), "../../modules/db");
        assert_eq!(relative("envs/prod", "envs/prod/sub"), "sub");
    }
}

//! The files of a directory, and nothing outside it.

use std::path::{Path, PathBuf};

use changegate::terraform::eval::{FileFault, Files};

/// A directory of the disk.
pub struct Directory(pub PathBuf);

impl Directory {
    fn inside(&self, path: &str) -> Result<PathBuf, FileFault> {
        let root = self.0.canonicalize().unwrap();
        let full = root.join(path);
        match full.canonicalize() {
            Ok(real) if real.starts_with(&root) => Ok(real),
            Ok(_) => Err(FileFault::Outside),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Err(FileFault::Missing),
            Err(fault) => Err(FileFault::Unreadable(fault.to_string())),
        }
    }
}

impl Files for Directory {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileFault> {
        let real = self.inside(path)?;
        if real.is_dir() {
            return Err(FileFault::Directory);
        }
        std::fs::read(real).map_err(|fault| FileFault::Unreadable(fault.to_string()))
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, FileFault> {
        let real = match self.inside(directory) {
            Err(FileFault::Missing) => return Ok(Vec::new()),
            real => real?,
        };
        let mut found = Vec::new();
        walk(&real, &real, &mut found);
        Ok(found)
    }

    fn home_directory(&self) -> Option<&str> {
        Some("/home/tester")
    }
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

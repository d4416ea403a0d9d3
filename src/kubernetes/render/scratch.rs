//! The scratch copy that a renderer works in: the files of one root, and an empty home.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

/// A temporary folder that goes with this value.
pub(super) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Writes the files below `tree/`; paths have no `.` and `..`.
    pub(super) fn new(files: &BTreeMap<String, Arc<[u8]>>) -> std::io::Result<Self> {
        let scratch = Self { folder: tempfile::Builder::new().prefix("changegate-").tempdir()? };
        for folder in ["tree", "home", "tmp"] {
            std::fs::create_dir(scratch.folder.path().join(folder))?;
        }
        for (path, bytes) in files {
            scratch.write(path, bytes)?;
        }
        Ok(scratch)
    }

    /// Writes one more file, or another content of one.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> std::io::Result<()> {
        let full = self.tree().join(path);
        if let Some(folder) = full.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(full, bytes)
    }

    /// Where the copy of the repository begins.
    pub(super) fn tree(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// The renderer's home folder.
    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The renderer's folder for temporary files.
    pub(super) fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// What a program said, with the paths of the scratch copy as paths of the repository.
    pub(super) fn told(&self, text: &str) -> String {
        let root = self.folder.path().canonicalize().unwrap_or_else(|_| self.folder.path().to_path_buf());
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let mut told = text.to_owned();
        for base in [root.join("tree"), self.tree()] {
            told = told.replace(&format!("{}/", shown(&base)), "").replace(&shown(&base), ".");
        }
        told
    }
}

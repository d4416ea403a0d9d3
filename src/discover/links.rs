//! Symbolic links: each target is visited once, and nothing outside of the root is.

use std::collections::{BTreeSet, VecDeque};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::walk::unreadable;
use super::{format_of, skip};
use crate::finding::Diagnostic;
use crate::source::display_path;

/// Links that were met and not followed yet, and what was visited.
///
/// The walk itself never follows a link. That keeps it linear where folders link to each other in a lattice,
/// and deterministic where two links lead to one folder.
#[derive(Default)]
pub(super) struct Links {
    waiting: BTreeSet<PathBuf>,
    folders: VecDeque<PathBuf>,
    visited: BTreeSet<PathBuf>,
    files: Vec<(PathBuf, PathBuf)>,
}

impl Links {
    pub(super) fn push(&mut self, link: PathBuf) {
        self.waiting.insert(link);
    }

    pub(super) fn visited(&mut self, folder: PathBuf) {
        self.visited.insert(folder);
    }

    /// The next folder inside the root that only a link leads to.
    pub(super) fn next(&mut self, root: &Path, diagnostics: &mut Vec<Diagnostic>) -> Option<PathBuf> {
        while let Some(link) = self.waiting.pop_first() {
            self.follow(&link, root, diagnostics);
        }
        while let Some(folder) = self.folders.pop_front() {
            if !self.visited.contains(&folder) {
                return Some(folder);
            }
        }
        None
    }

    /// `(link, target)` of every link to a file, sorted by link.
    pub(super) fn into_files(mut self) -> Vec<(PathBuf, PathBuf)> {
        self.files.sort();
        self.files
    }

    fn follow(&mut self, link: &Path, root: &Path, diagnostics: &mut Vec<Diagnostic>) {
        let shown = display_path(root, link);
        let judged = format_of(&shown).is_some();
        match link.canonicalize() {
            Ok(target) if !target.starts_with(root) => {
                let message = format!("{shown} is a link that leaves the root; what it points at is not judged");
                diagnostics.push(Diagnostic::note("discover::outside", message).in_file(shown));
            }
            Ok(target) if skip(&display_path(root, &target)) => {}
            Ok(target) if target.is_dir() => self.folders.push_back(target),
            Ok(target) if judged && target.is_file() => self.files.push((link.to_path_buf(), target)),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound && !judged => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {
                diagnostics.push(unreadable(&shown, "it is a link to a file that does not exist"));
            }
            Err(e) => diagnostics.push(
                Diagnostic::error("discover::link", format!("cannot follow the link {shown}: {e}"))
                    .in_file(shown)
                    .help("a link that leads back to itself has no content; remove it"),
            ),
        }
    }
}

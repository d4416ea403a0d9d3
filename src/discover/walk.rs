//! The walk: ignore files count, links do not lead astray, the result is sorted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::links::Links;
use super::{Discovery, Found, format_of, skip};
use crate::finding::Diagnostic;
use crate::source::display_path;

/// Finds the files that count at and below `paths`.
///
/// `.gitignore` files count, also outside of a repository; the ignore rules of this machine or user do not, so that
/// everybody sees the same files. A file that is named, or that `tracked` (absolute paths) holds, counts even when it is
/// ignored: an ignore rule does not keep git from applying it. `keep` is asked for every path relative to `root`, folders
/// too; `false` leaves it out with everything below it.
pub fn walk(root: &Path, paths: &[PathBuf], tracked: &[PathBuf], keep: &(dyn Fn(&str) -> bool + Sync)) -> Discovery {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let mut finder = Finder { root, keep, found: BTreeSet::new(), diagnostics: Vec::new() };
    let mut links = Links::default();
    for path in paths {
        finder.start(path, &mut links);
    }
    finder.add_tracked(paths, tracked, &mut links);
    while let Some(step) = links.next(&finder.root, &mut finder.diagnostics) {
        finder.folder(&step, &mut links);
    }
    let linked = links.into_files();
    finder.add_links(linked);
    finder.finish()
}

/// What one thread of the walk met.
enum Met {
    File(PathBuf),
    Link(PathBuf),
    Folder(PathBuf),
    Trouble(Diagnostic),
}

struct Finder<'a> {
    root: PathBuf,
    keep: &'a (dyn Fn(&str) -> bool + Sync),
    found: BTreeSet<Found>,
    diagnostics: Vec<Diagnostic>,
}

impl Finder<'_> {
    /// A path that was named: a folder is walked, a file counts as it is.
    fn start(&mut self, path: &Path, links: &mut Links) {
        let full = self.root.join(path);
        match full.canonicalize() {
            Ok(real) if real.is_dir() => self.folder(&real, links),
            Ok(real) => self.named_file(&with_own_name(&full).unwrap_or(real)),
            Err(e) => self.diagnostics.push(
                Diagnostic::error("discover::not-found", format!("cannot find {}: {e}", path.display()))
                    .in_file(display_path(&self.root, &full))
                    .help("check the spelling; paths are relative to the root of the run"),
            ),
        }
    }

    fn named_file(&mut self, full: &Path) {
        let path = display_path(&self.root, full);
        if format_of(&path).is_none() {
            let message = format!("{path} is not of a kind that is judged");
            let help = "judged are .yaml, .yml, .json, .tf, .tofu, .tf.json and .tofu.json";
            self.diagnostics.push(Diagnostic::warning(super::FORMAT, message).in_file(path).help(help));
        } else if !full.is_file() {
            self.diagnostics.push(unreadable(&path, "it is not a regular file"));
        } else {
            self.add(full);
        }
    }

    fn add(&mut self, full: &Path) {
        let path = display_path(&self.root, full);
        if let Some(format) = format_of(&path).filter(|_| (self.keep)(&path)) {
            self.found.insert(Found { path: path.into(), absolute: full.to_path_buf(), format });
        }
    }

    /// Files that git tracks below one of the paths.
    fn add_tracked(&mut self, paths: &[PathBuf], tracked: &[PathBuf], links: &mut Links) {
        let starts: Vec<PathBuf> = paths.iter().filter_map(|p| self.root.join(p).canonicalize().ok()).collect();
        let inside = |file: &Path| {
            let relative = |start: &PathBuf| file.strip_prefix(start).map(|r| display_path(Path::new(""), r)).ok();
            starts.iter().filter_map(relative).any(|r| !skip(&r))
        };
        let judged = |file: &&PathBuf| format_of(&file.to_string_lossy()).is_some() && inside(file);
        for file in tracked.iter().filter(judged) {
            let kind = file.symlink_metadata().map(|m| m.file_type());
            if !self.keeps_all_above(file) {
                continue;
            }
            match kind {
                Ok(kind) if kind.is_file() => self.add(file),
                Ok(kind) if kind.is_symlink() => links.push(file.clone()),
                _ => {}
            }
        }
    }

    /// Whether the hook keeps every folder on the way to a file.
    fn keeps_all_above(&self, file: &Path) -> bool {
        let above = file.ancestors().skip(1).take_while(|f| f.starts_with(&self.root) && *f != self.root);
        above.into_iter().all(|f| (self.keep)(&display_path(&self.root, f)))
    }

    /// Files that only a link leads to.
    fn add_links(&mut self, links: Vec<(PathBuf, PathBuf)>) {
        let mut seen: BTreeSet<PathBuf> = self.found.iter().map(|f| f.absolute.clone()).collect();
        for (link, target) in links {
            if seen.insert(target) {
                self.add(&link);
            }
        }
    }

    fn folder(&mut self, start: &Path, links: &mut Links) {
        let (sender, receiver) = channel();
        let (root, keep) = (self.root.clone(), self.keep);
        std::thread::scope(|scope| {
            // The sender ends with the walk, and with it the loop below.
            scope.spawn(move || run(start, &root, keep, &sender));
            for met in receiver {
                match met {
                    Met::File(path) => self.add(&path),
                    Met::Link(path) => links.push(path),
                    Met::Folder(path) => links.visited(path),
                    Met::Trouble(diagnostic) => self.diagnostics.push(diagnostic),
                }
            }
        });
    }

    fn finish(mut self) -> Discovery {
        let key = |d: &Diagnostic| (d.path.clone(), d.code, d.message.clone());
        self.diagnostics.sort_by_key(key);
        self.diagnostics.dedup();
        Discovery { files: self.found.into_iter().collect(), diagnostics: self.diagnostics }
    }
}

/// A file's path with its folder's links resolved. The file keeps its own name, which tells its format.
fn with_own_name(full: &Path) -> Option<PathBuf> {
    Some(full.parent()?.canonicalize().ok()?.join(full.file_name()?))
}

/// Walks one folder with all threads and sends what it meets.
fn run(start: &Path, root: &Path, keep: &(dyn Fn(&str) -> bool + Sync), sender: &Sender<Met>) {
    let in_repository = start.ancestors().any(|f| f.join(".git").exists());
    let mut builder = WalkBuilder::new(start);
    builder.standard_filters(false).hidden(false).git_ignore(true).require_git(false).parents(in_repository);
    builder.build_parallel().run(|| {
        let sender = sender.clone();
        Box::new(move |entry| {
            let (met, next) = meet(entry, start, root, keep);
            // The receiver outlives every thread of the walk.
            met.into_iter().for_each(|m| drop(sender.send(m)));
            next
        })
    });
}

fn meet(
    entry: Result<DirEntry, ignore::Error>,
    start: &Path,
    root: &Path,
    keep: &(dyn Fn(&str) -> bool + Sync),
) -> (Vec<Met>, WalkState) {
    let entry = match entry {
        Ok(entry) => entry,
        Err(e) => return (vec![Met::Trouble(trouble(root, start, &e))], WalkState::Continue),
    };
    let path = entry.path();
    let below = path.strip_prefix(start).unwrap_or(path).to_string_lossy().into_owned();
    if skip(&display_path(Path::new(""), Path::new(&below))) || !(path == root || keep(&display_path(root, path))) {
        return (Vec::new(), WalkState::Skip);
    }
    let mut met: Vec<Met> = entry.error().map(|e| Met::Trouble(bad_ignore_file(root, path, e))).into_iter().collect();
    let kind = entry.file_type();
    if kind.is_some_and(|k| k.is_symlink()) {
        met.push(Met::Link(path.to_path_buf()));
    } else if kind.is_some_and(|k| k.is_dir()) {
        met.push(Met::Folder(path.to_path_buf()));
    } else if kind.is_some_and(|k| k.is_file()) && format_of(&path.to_string_lossy()).is_some() {
        met.push(Met::File(path.to_path_buf()));
    }
    (met, WalkState::Continue)
}

fn trouble(root: &Path, start: &Path, error: &ignore::Error) -> Diagnostic {
    let path = path_in(error).unwrap_or(start);
    let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    unreadable(&display_path(root, path), &why)
}

fn path_in(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_in(err),
        _ => None,
    }
}

fn bad_ignore_file(root: &Path, folder: &Path, error: &ignore::Error) -> Diagnostic {
    let message = format!("an ignore file is not fully understood: {error}");
    Diagnostic::warning("discover::ignore-file", message)
        .in_file(display_path(root, folder))
        .help("its other lines count; correct the pattern")
}

pub(super) fn unreadable(path: &str, why: &str) -> Diagnostic {
    Diagnostic::error("discover::unreadable", format!("cannot read {path}: {why}"))
        .in_file(path)
        .help("check its permissions, or leave it out of the judged paths")
}

#[cfg(test)]
#[cfg(unix)]
#[path = "walk_tests.rs"]
mod tests;

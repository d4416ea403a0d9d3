//! What a root reads: the files that are copied for the renderer, and which of them are manifests no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::chart::Chart;
use super::kustomization::Kustomization;
use super::tree::{Tree, is_below};
use crate::discover;
use crate::finding::Diagnostic;
use crate::source::{Revision, Source, SourceId, Sources, Span};

/// Most files of one root.
const MAX_FILES: usize = 20_000;

/// Most bytes of one root.
const MAX_BYTES: usize = 256 << 20;

/// The files of one state, each of which becomes a source at most once.
pub(super) struct Files<'a> {
    pub(super) tree: &'a dyn Tree,
    pub(super) revision: Revision,
    pub(super) sources: &'a mut Sources,
    pub(super) ids: &'a mut BTreeMap<String, SourceId>,
    /// What was read already.
    pub(super) read: &'a mut BTreeMap<String, Option<Arc<[u8]>>>,
}

impl Files<'_> {
    /// The bytes of a file.
    fn bytes(&mut self, path: &str) -> Result<Option<Arc<[u8]>>, String> {
        if let Some(known) = self.read.get(path) {
            return Ok(known.clone());
        }
        let bytes = self.tree.read(path)?;
        self.read.insert(path.to_owned(), bytes.clone());
        Ok(bytes)
    }

    /// The source of a file's bytes; `None` when they are no text.
    pub(super) fn source(&mut self, path: &str, bytes: &[u8]) -> Option<SourceId> {
        if let Some(id) = self.ids.get(path) {
            return Some(*id);
        }
        let text = discover::decode(bytes.to_vec(), path).ok()?;
        let id = self.sources.add(Source::new(path, self.revision, text));
        self.ids.insert(path.to_owned(), id);
        Some(id)
    }

    /// The text of a source of this state.
    pub(super) fn text(&self, id: SourceId) -> Arc<str> {
        self.sources.get(id).map_or_else(|| "".into(), |source| source.text.clone())
    }
}

/// Everything that a root reads.
#[derive(Clone, Default)]
pub struct Closure {
    /// Path in the scratch copy → bytes.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// Files that are rendered: they are no manifests of their own any more.
    pub consumed: BTreeSet<String>,
    /// Directories of the kustomizations and charts that take part.
    pub directories: BTreeSet<String>,
    /// What keeps the root from being rendered.
    pub faults: Vec<Diagnostic>,
    /// Path → source, of the files that are text.
    pub(super) sources: BTreeMap<String, SourceId>,
    /// The root's own kustomization comes first.
    pub(super) kustomizations: Vec<Kustomization>,
    /// The root's own chart comes first.
    pub(super) charts: Vec<Chart>,
    bytes: usize,
}

impl Closure {
    /// Whether a path takes part, or could if it were there.
    pub fn touches(&self, path: &str) -> bool {
        self.consumed.contains(path)
            || self.files.contains_key(path)
            || self.directories.iter().any(|directory| is_below(path, directory))
    }

    /// SHA-256 over the names and the content of everything that is read.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for (path, bytes) in &self.files {
            for part in [path.as_bytes(), bytes] {
                hasher.update((part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        hasher.finalize().into()
    }

    pub(super) fn refuse(&mut self, fault: Diagnostic) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Takes in a file and gives its source; whoever asked for it stands at `asked`.
    pub(super) fn take(&mut self, path: &str, files: &mut Files<'_>, asked: Option<Span>) -> Option<Arc<[u8]>> {
        if let Some(bytes) = self.files.get(path) {
            return Some(bytes.clone());
        }
        match files.bytes(path) {
            Ok(Some(bytes)) => {
                self.bytes += bytes.len();
                if self.bytes > MAX_BYTES || self.files.len() >= MAX_FILES {
                    self.refuse(too_large(path));
                    return None;
                }
                if let Some(id) = files.source(path, &bytes) {
                    self.sources.insert(path.to_owned(), id);
                }
                self.files.insert(path.to_owned(), bytes.clone());
                Some(bytes)
            }
            Ok(None) => None,
            Err(why) => {
                let fault = Diagnostic::error("kubernetes::unreadable", format!("{path} cannot be read: {why}"));
                self.refuse(match asked {
                    Some(span) => fault.at(span).label("named here"),
                    None => fault.in_file(path),
                });
                None
            }
        }
    }

    /// Takes in everything below a directory; the paths, sorted.
    pub(super) fn take_all(&mut self, directory: &str, files: &mut Files<'_>) -> Vec<String> {
        let (mut found, mut waiting) = (Vec::new(), vec![directory.to_owned()]);
        while let Some(directory) = waiting.pop() {
            for (name, is_directory) in files.tree.list(&directory).unwrap_or_default() {
                let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
                if discover::skip(&path) || self.faults.iter().any(|fault| fault.code == TOO_LARGE) {
                    continue;
                }
                if is_directory {
                    waiting.push(path);
                } else if self.take(&path, files, None).is_some() {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

const TOO_LARGE: &str = "kubernetes::too-large";

fn too_large(path: &str) -> Diagnostic {
    let message = format!("a render reads more than {MAX_FILES} files or {} MiB", MAX_BYTES >> 20);
    Diagnostic::error(TOO_LARGE, message)
        .in_file(path)
        .help("move what is not part of the deployment out of its folder, or set `kubernetes: {render: off}`")
}

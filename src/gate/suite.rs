//! What `changegate test` looks at: policies with their tests, and data documents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Request;
use super::sources::{Loaded, named};
use crate::finding::{Diagnostic, Level};
use crate::parse::{json, yaml};
use crate::policy::bundle::DataFile;
use crate::policy::conftest;
use crate::policy::library::{self, Library};
use crate::policy::rego;
use crate::source::{Revision, Source, SourceId, Sources};

/// Policies with their tests.
pub struct Suite {
    /// Policies, engine, tests.
    pub library: Library,
    /// Texts of all modules.
    pub sources: Sources,
    /// Which of them are modules.
    pub modules: Vec<SourceId>,
    /// How many files it is about: those of the directories, or the embedded ones when none is named.
    pub own_files: usize,
    /// Documents below `data`.
    pub data: Vec<serde_json::Value>,
}

/// Loads directories with their tests, and of the embedded library what they do not hold themselves; the embedded library with
/// its tests when no directory is given; a bundle or a pinned folder stands for a directory, with its data. `data` names
/// documents, or directories of them. The request says where the cache is, and which key bundles are signed with.
pub fn load(dirs: &[PathBuf], data: &[PathBuf], request: &Request) -> Suite {
    let mut sources = Sources::default();
    let mut faults = Vec::new();
    let (mut own, mut of_conftest) = (Vec::new(), BTreeSet::new());
    let mut documents = Vec::new();
    for dir in dirs {
        match named(dir, request, &mut sources, true) {
            Ok(found) if found.modules.is_empty() => faults.push(nothing_in(dir)),
            Ok(Loaded { modules: found, data }) => {
                documents.extend(data.iter().map(DataFile::nested));
                if conftest::is_foreign(&sources, &found) {
                    of_conftest.extend(found.iter().copied());
                }
                own.extend(found);
            }
            Err(fault) => faults.push(fault),
        }
    }
    let from_disk = own.len();
    let taken: BTreeSet<String> = own.iter().filter_map(|id| package(&sources, *id)).collect();
    let is_taken = |sources: &Sources, id: &SourceId| {
        !taken.is_empty() && sources.get(*id).is_some_and(|source| taken.contains(&library::package(&source.text)))
    };
    let embedded = library::embedded(&mut sources, dirs.is_empty());
    let modules: Vec<SourceId> = embedded.into_iter().filter(|id| !is_taken(&sources, id)).chain(own).collect();
    let own_files = if dirs.is_empty() { modules.len() } else { from_disk };
    let mut library = library::load_beside(&sources, &modules, &of_conftest);
    for path in data {
        match read_data(path, &mut sources) {
            Ok(found) => documents.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    library.diagnostics.extend(faults);
    Suite { library, sources, modules, own_files, data: documents }
}

/// The package of a module; none for one that cannot be read, whose fault loading reports.
fn package(sources: &Sources, id: SourceId) -> Option<String> {
    rego::parse_any(&sources.get(id)?.text).ok().map(|module| module.package.join("."))
}

fn nothing_in(dir: &Path) -> Diagnostic {
    Diagnostic::error("policy::none", "there is no policy here: no file `*.rego`")
        .in_file(crate::source::display_path(Path::new(""), dir))
        .help("name the directory that holds them, or none for the built-in policies")
}

/// A document as it is, or those of a directory, each below the path of its folder, as `opa` roots them.
fn read_data(path: &Path, sources: &mut Sources) -> Result<Vec<serde_json::Value>, Diagnostic> {
    if path.is_file() {
        return Ok(vec![document(path, sources)?]);
    }
    let mut files = Vec::new();
    for entry in WalkBuilder::new(path).standard_filters(false).hidden(true).build() {
        let file = entry.map_err(|e| unreadable(path, &e))?.into_path();
        if file.is_file() && file.extension().is_some_and(|e| e == "json" || e == "yaml" || e == "yml") {
            files.push(file);
        }
    }
    files.sort_unstable();
    files.iter().map(|file| Ok(rooted(path, file, document(file, sources)?))).collect()
}

/// `{"a": {"b": value}}` for `DIR/a/b/file.json`.
fn rooted(dir: &Path, file: &Path, value: serde_json::Value) -> serde_json::Value {
    let folder = file.parent().and_then(|folder| folder.strip_prefix(dir).ok());
    let names: Vec<String> = folder.into_iter().flatten().map(|name| name.to_string_lossy().into_owned()).collect();
    names.into_iter().rev().fold(value, |value, name| serde_json::Value::Object([(name, value)].into_iter().collect()))
}

fn document(path: &Path, sources: &mut Sources) -> Result<serde_json::Value, Diagnostic> {
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    let shown = crate::source::display_path(Path::new(""), path);
    let id = sources.add(Source::new(shown, Revision::Head, text));
    let text = sources.get(id).map(|s| s.text.clone()).unwrap_or_default();
    let node = if path.extension().is_some_and(|e| e == "json") {
        json::parse(id, &text)?
    } else {
        let mut parsed = yaml::parse(id, &text, &yaml::Limits::default());
        if let Some(fault) = parsed.diagnostics.into_iter().find(|d| d.level == Level::Error) {
            return Err(fault);
        }
        match (parsed.documents.pop(), parsed.documents.is_empty()) {
            (Some(node), true) => node,
            _ => return Err(unreadable(path, &"a data document is one document")),
        }
    };
    serde_json::to_value(&node).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Diagnostic {
    let shown = crate::source::display_path(Path::new(""), path);
    Diagnostic::error("policy::data", format!("the data document cannot be read: {error}")).in_file(shown)
}

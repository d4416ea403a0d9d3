//! Which policy modules are loaded: the embedded library and directories, from disk or from the trusted commit.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::Request;
use crate::config::Config;
use crate::finding::Diagnostic;
use crate::policy::conftest::{self, Bundle};
use crate::policy::library::{self, Library};
use crate::source::{Revision, Source, SourceId, Sources};

/// A library with the texts it was loaded from.
pub struct Loaded {
    /// Policies, engine, tests.
    pub library: Library,
    /// Texts of all modules.
    pub sources: Sources,
}

/// Loads the embedded library, where asked for, and the sources that are named, as they are on disk and in the cache; without
/// tests. The request says where the cache is, and which key bundles are signed with.
pub fn load_named(builtin: bool, named: &[PathBuf], request: &Request) -> Loaded {
    let mut sources = Sources::default();
    let mut faults = Vec::new();
    let (mut modules, mut of_conftest) = (Vec::new(), Vec::new());
    if builtin {
        modules.extend(library::embedded(&mut sources, false));
    }
    for path in named {
        match super::sources::named(path, request, &mut sources, false) {
            Ok(found) if conftest::is_foreign(&sources, &found.modules) => of_conftest.extend(found.modules),
            Ok(found) => modules.extend(found.modules),
            Err(fault) => faults.push(fault),
        }
    }
    let mut library = library::load(&sources, &modules);
    if !of_conftest.is_empty() {
        let namespaces = request.policies.foreign.asked(|| Config::default().policies.foreign_namespaces);
        match Bundle::load(&sources, &of_conftest, &[], &namespaces) {
            Ok(bundle) => library.policies.extend(bundle.policies().cloned()),
            Err(found) => faults.extend(found),
        }
    }
    library.diagnostics.extend(faults);
    Loaded { library, sources }
}

/// Reads the modules of a directory on disk, in the order of their paths.
///
/// # Errors
/// A diagnostic that names the directory or the file that cannot be read.
pub fn from_disk(dir: &Path, root: &Path, sources: &mut Sources, tests: bool) -> Result<Vec<SourceId>, Diagnostic> {
    let shown = |path: &Path| crate::source::display_path(root, path);
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Diagnostic::error("policy::unreadable", format!("policies cannot be read: {error}")).in_file(shown(path))
    };
    if dir.is_file() && dir.extension().is_some_and(|e| e == "rego") {
        let text = std::fs::read_to_string(dir).map_err(|e| unreadable(dir, &e))?;
        return Ok(vec![sources.add(Source::new(shown(dir), Revision::Head, text))]);
    }
    if !dir.is_dir() {
        return Err(match dir.exists() {
            true => unreadable(dir, &"it is neither a directory nor a `.rego` file")
                .help("policies are read from a directory, a module or a bundle (`.tar.gz`)"),
            false => {
                unreadable(dir, &"it does not exist").help("check the spelling; paths are relative to this folder")
            }
        });
    }
    let mut paths = Vec::new();
    for entry in WalkBuilder::new(dir).standard_filters(false).hidden(true).build() {
        let path = entry.map_err(|e| unreadable(dir, &e))?.into_path();
        if path.extension().is_some_and(|e| e == "rego") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    let mut modules = Vec::new();
    for path in paths.iter().filter(|p| tests || !library::is_test(&p.to_string_lossy())) {
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
        modules.push(sources.add(Source::new(shown(path), Revision::Head, text)));
    }
    Ok(modules)
}

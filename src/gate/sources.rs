//! Where policies come from: folders, single modules, bundles, and pinned folders of other repositories.

use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::finding::Diagnostic;
use crate::policy::bundle::{self, Contents, DataFile, GitSource, Key, LOCK_FILE, Lock, ModuleFile};
use crate::policy::library;
use crate::source::{Revision, Source, SourceId, Sources};

use super::inputs::add;
use super::workspace::{Workspace, read_disk};
use super::{Request, Session, policies};

/// What a source of policies gave.
pub(super) struct Loaded {
    pub(super) modules: Vec<SourceId>,
    pub(super) data: Vec<DataFile>,
}

/// One source of policies.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A folder, a module or a bundle: an absolute path.
    Path(PathBuf),
    /// A folder of another repository.
    Git(GitSource),
}

impl Origin {
    /// The path, when it is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Git(_) => None,
        }
    }
}

/// The sources that the configuration names, and then those of the command line.
pub(super) fn origins(request: &Request, workspace: &Workspace, config: &Config) -> Result<Vec<Origin>, Diagnostic> {
    let configured = config.policies.paths.iter().map(|path| match GitSource::is(path) {
        true => GitSource::parse(path).map(Origin::Git),
        false => Ok(Origin::Path(workspace.under_root(path.trim_end_matches('/')))),
    });
    let given = request.policies.dirs.iter().map(|path| match path.to_str().filter(|text| GitSource::is(text)) {
        Some(name) => GitSource::parse(name).map(Origin::Git),
        None => Ok(Origin::Path(workspace.absolute(path))),
    });
    configured.chain(given).collect()
}

/// Reads a source in the trusted state, without its tests.
pub(super) fn load(
    origin: &Origin,
    request: &Request,
    workspace: &Workspace,
    session: &mut Session,
) -> Result<Loaded, Diagnostic> {
    match origin {
        Origin::Path(path) if is_archive(path) => archive(path, request, workspace, session, false),
        Origin::Path(path) => Ok(Loaded { modules: folder(path, workspace, session)?, data: Vec::new() }),
        Origin::Git(source) => pinned(source, request, workspace, session, false),
    }
}

/// Reads a source that a command names which judges nothing, as it is on disk and in the cache; with its tests where asked for.
pub(super) fn named(path: &Path, request: &Request, sources: &mut Sources, tests: bool) -> Result<Loaded, Diagnostic> {
    let git = path.to_str().filter(|text| GitSource::is(text));
    if git.is_none() && !is_archive(path) {
        let modules = policies::from_disk(path, Path::new(""), sources, tests)?;
        return Ok(Loaded { modules, data: Vec::new() });
    }
    let workspace = Workspace::open(request)?;
    let mut session = Session { sources: std::mem::take(sources), ..Session::default() };
    let loaded = match git {
        Some(name) => {
            GitSource::parse(name).and_then(|source| pinned(&source, request, &workspace, &mut session, tests))
        }
        None => archive(&workspace.absolute(path), request, &workspace, &mut session, tests),
    };
    *sources = session.sources;
    loaded
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

/// The modules of a folder, or a module that was named.
fn folder(folder: &Path, workspace: &Workspace, session: &mut Session) -> Result<Vec<SourceId>, Diagnostic> {
    if !workspace.is_trusted_at_base(folder) {
        let found = policies::from_disk(folder, workspace.shown_root(), &mut session.sources, false)?;
        return if found.is_empty() { Err(no_policies(folder, workspace)) } else { Ok(found) };
    }
    let wanted = |path: &str| path.ends_with(".rego") && !library::is_test(path);
    let files = workspace.read_trusted_folder(folder, &wanted)?;
    if files.is_empty() {
        session.diagnostics.push(no_policies(folder, workspace));
    }
    files.into_iter().map(|file| Ok(add(file, Revision::Base, session)?.0)).collect()
}

/// Zero policies are not a pass; policies that the change itself brings judge from the next one on.
fn no_policies(path: &Path, workspace: &Workspace) -> Diagnostic {
    let shown = workspace.shown(path);
    if workspace.is_trusted_at_base(path) && path.exists() {
        let message = format!("the policies in `{shown}` are new: they judge nothing before they are merged");
        return Diagnostic::warning("policy::new", message).in_file(shown);
    }
    if !path.exists() {
        return Diagnostic::error("policy::none", format!("there is no `{shown}` to read policies from"))
            .in_file(shown)
            .help("check the spelling; what lies inside the repository is read at the merge base");
    }
    Diagnostic::error("policy::none", format!("there is no policy in `{shown}`"))
        .in_file(shown)
        .help("name the folder that holds the `.rego` files")
}

fn archive(
    path: &Path,
    request: &Request,
    workspace: &Workspace,
    session: &mut Session,
    tests: bool,
) -> Result<Loaded, Diagnostic> {
    let Some(file) = workspace.read_trusted(path)? else {
        let fault = no_policies(path, workspace);
        return match fault.level {
            crate::finding::Level::Error => Err(fault),
            _ => {
                session.diagnostics.push(fault);
                Ok(Loaded { modules: Vec::new(), data: Vec::new() })
            }
        };
    };
    let key = key(request, workspace)?;
    let contents = bundle::read_archive(&file.path, &file.bytes, key.as_ref())?;
    take(contents, &file.path, super::inputs::revision(workspace, path), session, tests)
}

fn key(request: &Request, workspace: &Workspace) -> Result<Option<Key>, Diagnostic> {
    let Some(path) = request.policies.verification_key.as_ref().map(|path| workspace.absolute(path)) else {
        return Ok(None);
    };
    let shown = workspace.shown(&path);
    let missing = || {
        Diagnostic::error("bundle::key", format!("there is no key `{shown}`"))
            .in_file(shown.clone())
            .help("`--verification-key` names the public key in PEM")
    };
    let file = workspace.read_trusted(&path)?.ok_or_else(missing)?;
    Key::of_pem(&file.path, &file.bytes).map(Some)
}

/// A folder of another repository, as the trusted lock pins it, out of the cache.
fn pinned(
    source: &GitSource,
    request: &Request,
    workspace: &Workspace,
    session: &mut Session,
    tests: bool,
) -> Result<Loaded, Diagnostic> {
    let lock = read_lock(workspace, session)?;
    let pin = lock.pin(&source.name).ok_or_else(|| {
        let at_base = if workspace.difference.is_some() { " at the merge base" } else { "" };
        Diagnostic::error("lock::missing", format!("`{LOCK_FILE}`{at_base} does not pin `{}`", source.name))
            .help("pin it with `changegate policy fetch`, and commit the lock before a change is judged by it")
    })?;
    let cache = request.policies.cache.as_ref().ok_or_else(|| {
        Diagnostic::error("lock::cache", "there is no folder for a cache").help("name one with `--policy-cache DIR`")
    })?;
    let files = bundle::load_pinned(&workspace.absolute(cache), pin)?;
    let mut contents = Contents::default();
    for (path, bytes) in files.into_iter().filter(|(path, _)| path.ends_with(".rego")) {
        let text = crate::discover::decode(bytes, &path)?;
        contents.modules.push(ModuleFile { path, text });
    }
    if contents.modules.is_empty() {
        return Err(Diagnostic::error("policy::none", format!("there is no policy in `{}`", source.name))
            .help("the folder stands behind `//`: `git::https://example.com/policies.git//folder`"));
    }
    take(contents, &source.name, Revision::Base, session, tests)
}

/// The lock beside the configuration: at the merge base when there is one, so that a change cannot choose who judges it.
fn read_lock(workspace: &Workspace, session: &mut Session) -> Result<Lock, Diagnostic> {
    let path = workspace.under_root(LOCK_FILE);
    let Some(file) = workspace.read_trusted(&path)? else { return Ok(Lock::default()) };
    let (id, text) = add(file, super::inputs::revision(workspace, &path), session)?;
    Lock::read(id, &text)
}

fn take(
    contents: Contents,
    prefix: &str,
    revision: Revision,
    session: &mut Session,
    tests: bool,
) -> Result<Loaded, Diagnostic> {
    let modules = contents.modules.into_iter().filter(|module| tests || !library::is_test(&module.path));
    let add = |module: ModuleFile| {
        session.sources.add(Source::new(format!("{prefix}/{}", module.path), revision, module.text))
    };
    let modules: Vec<SourceId> = modules.map(add).collect();
    if modules.is_empty() {
        return Err(Diagnostic::error("policy::none", format!("there is no policy in `{prefix}`"))
            .in_file(prefix)
            .help("zero policies are not a pass"));
    }
    Ok(Loaded { modules, data: contents.data })
}

/// The lock on disk, to be written anew.
pub(super) fn lock_on_disk(path: &Path) -> Result<Lock, Diagnostic> {
    let shown = path.display().to_string();
    let Some(bytes) = read_disk(path, &shown)? else { return Ok(Lock::default()) };
    let text = crate::discover::decode(bytes, &shown)?;
    Lock::read(SourceId(u32::MAX), &text).map_err(|fault| fault.in_file(shown))
}

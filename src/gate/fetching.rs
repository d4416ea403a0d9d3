//! `changegate policy fetch`: brings pinned policies into the cache, and pins what is not pinned yet.

use std::path::{Path, PathBuf};

use crate::discover;
use crate::finding::Diagnostic;
use crate::git;
use crate::policy::bundle::{self, GitSource, LOCK_FILE, Pin};

use super::Request;
use super::inputs;
use super::sources;
use super::workspace::Workspace;

/// What is to be fetched.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Sources besides those of the configuration.
    pub sources: Vec<String>,
    /// Pin anew what the reference names now.
    pub update: bool,
    /// Where to.
    pub cache: PathBuf,
}

/// What became of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// As the lock pins it now.
    pub pin: Pin,
    /// How many files it has.
    pub files: usize,
    /// Whether the lock was changed.
    pub is_new: bool,
}

/// Fetches every source that the configuration on disk or the request names, and writes the lock beside the configuration.
///
/// A source that is pinned is fetched at its commit, and has to be what is pinned; `update` pins it anew.
///
/// # Errors
/// Those of [`git::fetch`], and `lock::digest` when a commit does not hold what is pinned.
pub fn fetch(request: &Request, wanted: &FetchRequest) -> Result<Vec<Fetch>, Diagnostic> {
    let bare = Request { base: None, head: None, paths: Vec::new(), ..request.clone() };
    let workspace = Workspace::open(&bare)?;
    let config = inputs::configuration(&workspace)?;
    let configured = config.policies.paths.iter().filter(|path| GitSource::is(path));
    let mut names: Vec<String> = configured.chain(&wanted.sources).cloned().collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(Diagnostic::error("fetch::nothing", "nothing names a repository to fetch policies from").help(
            format!("name `git::URL//folder?ref=v1` here, or under `policies.paths` in `{}`", discover::CONFIG_FILE),
        ));
    }
    let place = workspace.under_root(LOCK_FILE);
    let mut lock = sources::lock_on_disk(&place)?;
    let mut done = Vec::new();
    for name in names {
        let source = GitSource::parse(&name)?;
        let fetched = one(&source, lock.pin(&name).filter(|_| !wanted.update), &wanted.cache)?;
        if lock.pin(&name) != Some(&fetched.pin) {
            lock.set(fetched.pin.clone());
        }
        done.push(fetched);
    }
    if done.iter().any(|fetch| fetch.is_new) {
        write(&place, &lock.to_text())?;
    }
    Ok(done)
}

fn one(source: &GitSource, pinned: Option<&Pin>, cache: &Path) -> Result<Fetch, Diagnostic> {
    let reference = pinned.map(|pin| pin.commit.as_str()).or(source.reference.as_deref());
    let fetched = git::fetch(&source.url, reference, &source.folder, &bundle::is_kept)?;
    let digest = bundle::digest(&fetched.files);
    if let Some(pin) = pinned.filter(|pin| pin.digest != digest || !pin.commit.eq_ignore_ascii_case(&fetched.commit)) {
        let message = format!(
            "`{}` holds {digest} at {}, and `{LOCK_FILE}` pins {} at {}",
            source.name, fetched.commit, pin.digest, pin.commit
        );
        return Err(Diagnostic::error("lock::digest", message)
            .help("the repository or the lock was tampered with; `--update` pins what is there now"));
    }
    if !fetched.files.keys().any(|path| path.ends_with(".rego")) {
        return Err(Diagnostic::error("policy::none", format!("there is no policy in `{}`", source.name))
            .help("the folder stands behind `//`: `git::https://example.com/policies.git//folder`"));
    }
    bundle::store_pinned(cache, &digest, &fetched.files)?;
    let pin = Pin { source: source.name.clone(), commit: fetched.commit, digest };
    Ok(Fetch { is_new: pinned.is_none(), files: fetched.files.len(), pin })
}

fn write(place: &Path, text: &str) -> Result<(), Diagnostic> {
    std::fs::write(place, text).map_err(|e| {
        Diagnostic::error("lock::unwritable", format!("`{}` cannot be written: {e}", place.display()))
            .help("the lock stands beside the configuration")
    })
}

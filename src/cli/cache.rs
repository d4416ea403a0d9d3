//! `--cache`: where remembered answers are, and the key that they are sealed with.
//!
//! What is wrong with a cache costs time and no verdict: it is told, and the run goes on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use changegate::memory::{Folder, Memory, Secret};

use super::environment;

/// The name that stands for the user's own cache.
const OF_USER: &str = "user";

/// Opens the cache at a folder, and tells what was wrong with it.
pub(super) fn open(asked: &Path) -> (Option<Arc<Memory>>, Vec<String>) {
    let opened = place(asked).and_then(|folder| Ok((Folder::open(&folder, secret()?), folder)));
    match opened {
        Err(fault) => (None, vec![format!("warning: no cache is used: {fault}")]),
        Ok((folder, path)) => {
            let memory = Memory::cache(folder);
            let refused = match memory.refused() {
                0 => None,
                n => Some(format!(
                    "note: {n} of the files in the cache {} {} not used: damaged, or not sealed with this key",
                    path.display(),
                    if n == 1 { "was" } else { "were" }
                )),
            };
            (Some(Arc::new(memory)), refused.into_iter().collect())
        }
    }
}

/// Keeps the answers that were given anew; tells why that cannot be done.
pub(super) fn save(memory: &Memory) -> Option<String> {
    memory.save().err().map(|error| format!("warning: the cache cannot be written: {error}"))
}

/// The secret of the environment, else that of this user.
pub(super) fn secret() -> Result<Secret, String> {
    match environment::cache_key() {
        Some(text) => Ok(Secret::of(text.as_bytes())),
        None => secret_of_user(),
    }
}

fn place(asked: &Path) -> Result<PathBuf, String> {
    if asked != Path::new(OF_USER) {
        return Ok(asked.to_owned());
    }
    let folder = environment::cache().ok_or("neither CHANGEGATE_CACHE nor HOME says where the user's cache is")?;
    Ok(folder.join("answers"))
}

/// Random bytes in a file that nobody else reads; made when it is not there.
fn secret_of_user() -> Result<Secret, String> {
    let folder = environment::state()
        .ok_or("neither HOME nor XDG_STATE_HOME says where its key is: set CHANGEGATE_CACHE_KEY")?;
    let path = folder.join("cache.key");
    let unreadable = |error: io::Error| format!("its key {} cannot be read: {error}", path.display());
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(&folder, &path).map_err(|error| format!("its key {} cannot be written: {error}", path.display()))?;
            fs::read(&path).map_err(unreadable)?
        }
        read => read.map_err(unreadable)?,
    };
    if !is_private(&path).map_err(unreadable)? {
        return Err(format!(
            "others can read or write its key {}: run `chmod 600` on it, or delete it",
            path.display()
        ));
    }
    if bytes.len() < 32 {
        return Err(format!("its key {} is too short: delete it", path.display()));
    }
    Ok(Secret::of(&bytes))
}

/// Somebody else may be first: then the key is theirs.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let bytes = environment::random().ok_or_else(|| io::Error::other("there are no random bytes"))?;
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".cache.key-").tempfile_in(folder)?;
    file.write_all(&bytes)?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn is_private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|metadata| metadata.mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> io::Result<bool> {
    Ok(true)
}

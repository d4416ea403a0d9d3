//! From a destination as it is typed to a store.

use std::path::Path;

use super::{FileStore, Store};
use crate::audit::DEFAULT_DIRECTORY;
use crate::finding::Diagnostic;

/// The store that `destination` names: `file`, `file:FOLDER` or a folder; relative ones hang from `directory`.
///
/// # Errors
///
/// `audit::destination` when no store has this scheme.
pub fn open(destination: &str, directory: &Path) -> Result<Box<dyn Store>, Diagnostic> {
    let folder = match destination.split_once(':') {
        _ if destination == "file" => directory.join(DEFAULT_DIRECTORY),
        Some(("file", folder)) => directory.join(folder),
        // One letter before the colon is a drive, not a scheme.
        Some((scheme, _)) if scheme.len() > 1 => return Err(unknown(scheme)),
        _ => directory.join(destination),
    };
    Ok(Box::new(FileStore::new(folder)))
}

fn unknown(scheme: &str) -> Diagnostic {
    Diagnostic::error("audit::destination", format!("`{scheme}:` is not a destination of audit records"))
        .help("name a folder, or `file:FOLDER`")
}

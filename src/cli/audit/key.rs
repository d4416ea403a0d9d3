//! `audit keygen`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use changegate::audit::note::SigningKey;
use changegate::finding::Diagnostic;

use super::{Answer, text, unwritable};
use crate::cli::{attest, environment};

/// Writes a new private key, readable by its owner alone, and answers with the public one.
pub(super) fn generate(name: &str, out: &Path) -> Result<Answer, Diagnostic> {
    let seed = environment::random().ok_or_else(attest::no_randomness)?;
    let key = SigningKey::new(name, seed).ok_or_else(|| {
        Diagnostic::error("audit::key", format!("`{name}` cannot be the name of a key"))
            .help("use a name without spaces and `+`, for example acme.example/audit")
    })?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || -> std::io::Result<()> {
        let mut file = options.open(out)?;
        file.write_all(format!("{}\n", key.to_private_text()).as_bytes())?;
        file.sync_all()
    };
    write().map_err(|e| unwritable(out, &e))?;
    Ok(text(format!("{}\n", key.verifier())))
}

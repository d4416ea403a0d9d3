//! Which log a command is about.

use std::path::PathBuf;

use changegate::audit::{self, Access, Store};
use changegate::config;
use changegate::finding::Diagnostic;
use changegate::gate;

use crate::cli::check;

/// A log, and the root of the run it belongs to.
pub(in crate::cli) struct Place {
    /// The log.
    pub(in crate::cli) store: Box<dyn Store>,
    /// Root of the run.
    pub(super) root: PathBuf,
    /// The configuration's word on the audit trail.
    pub(super) config: config::Audit,
}

impl Place {
    /// Opens the log that was named, else the configured one.
    pub(in crate::cli) fn open(destination: Option<&str>) -> Result<Self, Diagnostic> {
        let request = check::bare();
        let (root, config) = gate::audit_place(&request)?;
        let access =
            Access { level: config.level, on_failure: config.on_failure, password: request.audit_password.clone() };
        let store = match destination {
            Some(given) => audit::open(given, &request.directory, &access)?,
            None => audit::open(&config.destination, &root, &access)?,
        };
        Ok(Self { store, root, config })
    }

    /// The store's name, short where it lies below the root: pins are remembered under it.
    pub(super) fn name(&self) -> String {
        let name = self.store.name();
        let below = self.root.display().to_string();
        name.strip_prefix(&below).map_or(name.clone(), |rest| rest.trim_start_matches('/').to_owned())
    }

    /// Refuses a log that does not exist: a question about nothing has no answer.
    pub(in crate::cli) fn must_exist(&self) -> Result<(), Diagnostic> {
        if self.store.size()? > 0 {
            return Ok(());
        }
        // A damaged first record makes a log of no records, too: that is for the verifier to say.
        let damaged = self.store.leaves(0..1, &mut |_, _| std::ops::ControlFlow::Break(()))?.is_some();
        if damaged {
            return Ok(());
        }
        Err(Diagnostic::error("audit::empty", "there is no audit log here, or it has no records")
            .in_file(self.store.name())
            .help("name it with `--audit DEST`, as `changegate check` was told"))
    }
}

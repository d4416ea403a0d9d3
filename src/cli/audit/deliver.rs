//! `changegate audit init` and `push`: what comes before the first record, and what did not get there yet.

use changegate::audit;
use changegate::finding::Diagnostic;

use super::{Answer, Place, text};

/// Creates the log where it has to be created.
pub(super) fn init(place: &Place, writers: &[String]) -> Result<Answer, Diagnostic> {
    let name = place.store.name();
    let created = place.store.init(writers)?;
    let what = if created { "the audit log was created" } else { "nothing to create" };
    let granted = if writers.is_empty() { String::new() } else { format!("; {} may append", writers.join(", ")) };
    Ok(text(format!("{name}: {what}{granted}\n")))
}

/// Brings what waits on this machine to the log, and integrates what waits there.
pub(super) fn push(place: &Place) -> Result<Answer, Diagnostic> {
    let receipts = audit::spool(&place.root).push(&*place.store)?;
    place.store.integrate()?;
    Ok(text(format!("{} records were brought to {}\n", receipts.len(), place.store.name())))
}

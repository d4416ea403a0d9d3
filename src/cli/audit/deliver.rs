//! `changegate audit init` and `push`: what comes before the first record, and what did not get there yet.

use changegate::audit;
use changegate::finding::Diagnostic;

use super::govern::as_actor;
use super::{Answer, Place, text};
use crate::cli::attest::AttestArgs;

/// Creates the log where it has to be created.
pub(super) fn init(place: &Place, writers: &[String]) -> Result<Answer, Diagnostic> {
    let name = place.store.name();
    let created = place.store.init(writers)?;
    let what = if created { "the audit log was created" } else { "nothing to create" };
    let granted = if writers.is_empty() { String::new() } else { format!("; {} may append", writers.join(", ")) };
    Ok(text(format!("{name}: {what}{granted}\n")))
}

/// Brings what waits on this machine to the log, states what came, and integrates what waits there.
pub(super) fn push(place: &Place, attest: &AttestArgs) -> Result<Answer, Diagnostic> {
    let receipts = audit::spool(&place.root).push(&*place.store)?;
    if !receipts.is_empty() {
        let ids: Vec<String> = receipts.iter().map(|receipt| receipt.id.clone()).collect();
        as_actor(place, attest, |by| audit::govern::import(&*place.store, &ids, by))?;
    }
    place.store.integrate()?;
    Ok(text(format!("{} records were brought to {}\n", receipts.len(), place.store.name())))
}

//! `audit prune`, `hold`, `release` and `redact`.

use std::fmt::Write;

use changegate::audit::govern::{self, By};
use changegate::audit::{query, retention};
use changegate::facts::Actor;
use changegate::finding::Diagnostic;
use changegate::outcome::AuditReceipt;

use super::{Answer, Place, text};
use crate::cli::attest::AttestArgs;
use crate::cli::environment;

pub(super) fn prune(place: &Place, dry_run: bool, attest: &AttestArgs) -> Result<Answer, Diagnostic> {
    let plan = retention::plan(&*place.store, environment::clock(None).now)?;
    let mut out = String::new();
    for (class, count) in &plan.classes {
        let _ = writeln!(out, "{count} records of class {class} are over");
    }
    let _ = writeln!(out, "records below {} may go; then {}", plan.below, plan.because);
    if !dry_run {
        let pruned = as_actor(place, attest, |by| govern::prune(&*place.store, &plan, by))?;
        let done = pruned.map_or_else(|| "nothing was dropped".into(), |r| format!("dropped; record {} says so", r.id));
        let _ = writeln!(out, "{done}");
    }
    Ok(text(out))
}

pub(super) fn hold(
    place: &Place,
    reason: &str,
    change: Option<&str>,
    attest: &AttestArgs,
) -> Result<Answer, Diagnostic> {
    let receipt = as_actor(place, attest, |by| govern::hold(&*place.store, reason, change, by))?;
    Ok(said("hold", &receipt))
}

pub(super) fn release(place: &Place, hold: &str, reason: &str, attest: &AttestArgs) -> Result<Answer, Diagnostic> {
    let receipt = as_actor(place, attest, |by| govern::release(&*place.store, hold, reason, by))?;
    Ok(said("released by", &receipt))
}

pub(super) fn redact(
    place: &Place,
    id: &str,
    field: Option<&str>,
    reason: &str,
    attest: &AttestArgs,
) -> Result<Answer, Diagnostic> {
    let (index, entry) = query::one(&*place.store, id)?;
    let receipt = as_actor(place, attest, |by| govern::redact(&*place.store, (index, &entry), field, reason, by))?;
    Ok(said("erased;", &receipt))
}

fn said(what: &str, receipt: &AuditReceipt) -> Answer {
    text(format!("{what} record {}\n", receipt.id))
}

/// Does something in the name of whoever runs this.
pub(super) fn as_actor<T>(
    place: &Place,
    attest: &AttestArgs,
    act: impl FnOnce(By<'_>) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let attestation = attest.read(false)?;
    let mut actor = environment::actor();
    if attestation.token.is_some() {
        actor = Actor { assurance: "A4".into(), method: "oidc".into(), ..actor };
    }
    act(By {
        id: environment::record_id(),
        at: environment::clock(None).now,
        actor: &actor,
        retention: &place.config.retention,
        seal: attestation.seal(),
    })
}

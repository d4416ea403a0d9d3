//! What is done to a log: holds, releases, pruning and redaction. Each is a record first.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::reading::Reading;
use super::record::seal::Seal;
use super::record::{Event, Kind, event};
use super::retention::{self, Plan};
use super::store::{Entry, Store};
use crate::facts::Actor;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

/// Who does it, when, and how it is attested.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// Id of the record.
    pub id: uuid::Uuid,
    /// Now.
    pub at: Timestamp,
    /// Who.
    pub actor: &'a Actor,
    /// Retention class of the record.
    pub retention: &'a str,
    /// How the record is attested.
    pub seal: Seal<'a>,
}

/// Forbids to prune the records of a change, or all.
///
/// # Errors
///
/// As [`Store::append`].
pub fn hold(store: &dyn Store, reason: &str, change: Option<&str>, by: By<'_>) -> Result<AuditReceipt, Diagnostic> {
    append(store, Kind::Hold, &json!({"reason": reason, "change": change}), by)
}

/// Ends a hold.
///
/// # Errors
///
/// `audit::not_found` when no such hold stands; as [`Store::append`].
pub fn release(store: &dyn Store, hold: &str, reason: &str, by: By<'_>) -> Result<AuditReceipt, Diagnostic> {
    if !retention::holds(store)?.iter().any(|standing| standing.id == hold) {
        return Err(Diagnostic::error("audit::not_found", format!("no hold `{hold}` stands"))
            .in_file(store.name())
            .help("give the id of the hold's record; `changegate audit log --kind hold` lists them"));
    }
    append(store, Kind::Hold, &json!({"reason": reason, "releases": hold}), by)
}

/// Drops the bodies of the records that a plan found to be over; `None` when there are none.
///
/// # Errors
///
/// As [`Store::append`] and [`Store::prune`].
pub fn prune(store: &dyn Store, plan: &Plan, by: By<'_>) -> Result<Option<AuditReceipt>, Diagnostic> {
    if plan.below <= plan.pruned {
        return Ok(None);
    }
    let detail = json!({
        "below": plan.below, "pruned_before": plan.pruned, "root": plan.root.to_string(), "classes": plan.classes,
    });
    let receipt = append(store, Kind::Retention, &detail, by)?;
    store.prune(plan.below)?;
    Ok(Some(receipt))
}

/// Erases the personal fields of a record, all that it names or only those called `field`.
///
/// # Errors
///
/// `audit::not_found` when it has none; `audit::held` when a hold stands on it; as [`Store::append`] and
/// [`Store::erase`].
pub fn redact(
    store: &dyn Store,
    entry: (u64, &Entry),
    field: Option<&str>,
    reason: &str,
    by: By<'_>,
) -> Result<AuditReceipt, Diagnostic> {
    let (index, Entry::Leaf(leaf)) = entry else { return Err(nothing(store, entry.0)) };
    let reading = Reading::of(index, leaf).ok_or_else(|| nothing(store, index))?;
    held(store, &reading)?;
    let mut digests = Vec::new();
    for digest in named(store, &reading)? {
        let Some(bytes) = store.disclosure(digest)? else { continue };
        let name =
            serde_json::from_slice::<[Value; 3]>(&bytes).ok().and_then(|[_, name, _]| name.as_str().map(str::to_owned));
        if field.is_none() || field == name.as_deref() {
            digests.push(digest);
        }
    }
    if digests.is_empty() {
        return Err(nothing(store, index));
    }
    let texts: Vec<String> = digests.iter().map(ToString::to_string).collect();
    let detail =
        json!({"record": reading.id(), "index": index, "disclosures": texts, "field": field, "reason": reason});
    let receipt = append(store, Kind::Redaction, &detail, by)?;
    digests.into_iter().try_for_each(|digest| store.erase(digest))?;
    Ok(receipt)
}

/// States which records came from a spool.
///
/// # Errors
///
/// As [`Store::append`].
pub fn import(store: &dyn Store, ids: &[String], by: By<'_>) -> Result<AuditReceipt, Diagnostic> {
    // The first ones by name, all by digest: a spool may be long.
    let digest = super::Hash::of(ids.join("\n").as_bytes()).to_string();
    let first: Vec<&String> = ids.iter().take(1000).collect();
    append(store, Kind::Import, &json!({"count": ids.len(), "records": first, "sha256": digest}), by)
}

/// Digests that a record names, also in its lists beside the log.
fn named(store: &dyn Store, reading: &Reading) -> Result<Vec<super::Hash>, Diagnostic> {
    let mut digests = reading.disclosures();
    for part in reading.parts() {
        let part = store.part(part)?.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        digests.extend(part.iter().flat_map(super::record::disclosure::digests));
    }
    Ok(digests)
}

fn held(store: &dyn Store, reading: &Reading) -> Result<(), Diagnostic> {
    let change = reading.text("/what/change").or_else(|| reading.text("/approval/change"));
    let holds = retention::holds(store)?;
    let Some(hold) = holds.iter().find(|h| h.change.is_none() || h.change.as_deref() == change) else { return Ok(()) };
    Err(Diagnostic::error("audit::held", format!("hold {} keeps record {}: {}", hold.id, reading.index, hold.reason))
        .in_file(store.name())
        .help("release the hold first"))
}

fn nothing(store: &dyn Store, index: u64) -> Diagnostic {
    Diagnostic::error("audit::not_found", format!("record {index} has no personal field that could be erased"))
        .in_file(store.name())
        .help("only fields that were written with `--audit-personal beside` can be erased")
}

fn append(store: &dyn Store, kind: Kind, detail: &Value, by: By<'_>) -> Result<AuditReceipt, Diagnostic> {
    let detail: Map<String, Value> = detail.as_object().cloned().unwrap_or_default();
    let stated = Event { kind, id: by.id.to_string(), at: by.at, actor: by.actor, retention: by.retention, detail };
    store.append(&event(stated, by.seal)?)
}

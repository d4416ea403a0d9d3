//! A record as it is read back.

use serde::Deserialize;
use serde_json::Value;

use super::dsse::Envelope;
use super::record::disclosure;
use super::record::seal::LISTS;
use super::tree::Hash;

/// What a signature can be checked with again: of the commit that an actor signed, of an approval.
const EVIDENCE: [&str; 4] =
    ["/who/evidence/payload", "/who/evidence/signature", "/approval/evidence/payload", "/approval/evidence/signature"];

/// A list that lies beside the log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// How many items it has.
    pub count: u64,
}

/// A record.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Its index.
    pub index: u64,
    /// The statement.
    pub statement: Value,
    /// Its bytes, as they were hashed and signed.
    pub payload: Vec<u8>,
    /// The envelope that it came in.
    pub envelope: Option<Envelope>,
}

impl Reading {
    /// Reads a leaf; `None` when it is not a statement.
    pub fn of(index: u64, leaf: &[u8]) -> Option<Self> {
        let (payload, envelope) = unwrap(leaf)?;
        let statement: Value = serde_json::from_slice(&payload).ok()?;
        statement.get("predicate")?.get("id")?.as_str()?;
        Some(Self { index, statement, payload, envelope })
    }

    /// The text at a place of the predicate: `/when/judged_at`.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// The value at a place of the predicate.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.statement.get("predicate")?.pointer(pointer)
    }

    /// The items of a list of the predicate, when they are in the record.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.text("/id").unwrap_or_default()
    }

    /// The word for what it is about; a record without one is a decision.
    pub fn kind(&self) -> &str {
        self.text("/kind").unwrap_or("decision")
    }

    /// When it was judged, or written.
    pub fn at_instant(&self) -> Option<jiff::Timestamp> {
        self.text("/when/judged_at").or_else(|| self.text("/when/recorded_at"))?.parse().ok()
    }

    /// The commit that was judged.
    pub fn head(&self) -> Option<&str> {
        let subjects = self.statement.get("subject")?.as_array()?;
        subjects.iter().find_map(|s| s.pointer("/digest/gitCommit")?.as_str())
    }

    /// Digests of everything that lies beside the log as a part of it.
    pub fn parts(&self) -> Vec<Hash> {
        let lists = LISTS.iter().filter_map(|list| self.statement.pointer(list));
        let lists = lists.filter_map(|list| list.get("sha256")?.as_str());
        let evidence = EVIDENCE.into_iter().filter_map(|p| self.text(p));
        let jwks = self.envelope.iter().filter_map(|e| Some(e.identity.as_ref()?.jwks.as_str()));
        lists.chain(evidence).chain(jwks).filter_map(Hash::from_hex).collect()
    }

    /// Digests of the disclosures that the statement names.
    pub fn disclosures(&self) -> Vec<Hash> {
        disclosure::digests(&self.statement)
    }

    /// Puts back every list that `find` has.
    pub fn inline(&mut self, find: &mut dyn FnMut(Hash) -> Option<Vec<u8>>) {
        for list in LISTS {
            let Some(place) = self.statement.pointer_mut(list) else { continue };
            let digest = place.get("sha256").and_then(Value::as_str).and_then(Hash::from_hex);
            if let Some(items) = digest.and_then(&mut *find).and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
                *place = items;
            }
        }
    }
}

/// The statement's bytes, and the envelope when there is one.
fn unwrap(leaf: &[u8]) -> Option<(Vec<u8>, Option<Envelope>)> {
    // A statement begins with `_type`; an envelope has no such member, and trying it costs little.
    if !leaf.starts_with(b"{\"payload\"") {
        return Some((leaf.to_vec(), None));
    }
    let envelope: Envelope = serde_json::from_slice(leaf).ok()?;
    Some((envelope.payload()?, Some(envelope)))
}

/// The bytes of the statement, without a copy where there is no envelope.
pub(super) fn payload_of(leaf: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
    if !leaf.starts_with(b"{\"payload\"") {
        return Some(leaf.into());
    }
    unwrap(leaf).map(|(payload, _)| payload.into())
}

/// The id of the record whose leaf this is, without reading the rest.
pub(super) fn id_of(leaf: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Outer {
        predicate: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        id: String,
    }
    let (payload, _) = unwrap(leaf)?;
    serde_json::from_slice::<Outer>(&payload).ok().map(|outer| outer.predicate.id)
}

//! A record on its way to a log: one file in the spool, one commit in the inbox.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{Part, Record};
use crate::audit::frame::MAX_LEAF;
use crate::audit::reading;
use crate::audit::tree::Hash;

const FORMAT: &str = "changegate/record/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: String,
    id: String,
    idempotency_key: String,
    leaf: String,
    #[serde(default)]
    parts: Vec<String>,
    #[serde(default)]
    disclosures: Vec<String>,
}

/// The bytes that [`open`] reads back.
pub(super) fn seal(record: &Record) -> serde_json::Result<Vec<u8>> {
    let encoded = |parts: &[Part]| parts.iter().map(|part| BASE64.encode(&part.bytes)).collect();
    serde_json::to_vec(&Text {
        format: FORMAT.into(),
        id: record.id.clone(),
        idempotency_key: record.idempotency_key.clone(),
        leaf: BASE64.encode(&record.leaf),
        parts: encoded(&record.parts),
        disclosures: encoded(&record.disclosures),
    })
}

/// The record `id` in `bytes`; `None` when they are not its envelope.
pub(super) fn open(id: &str, bytes: &[u8]) -> Option<Record> {
    let text: Text = serde_json::from_slice(bytes).ok()?;
    let leaf = BASE64.decode(text.leaf.as_bytes()).ok().filter(|leaf| leaf.len() <= MAX_LEAF)?;
    let right = text.format == FORMAT && text.id == id && reading::id_of(&leaf).as_deref() == Some(id);
    let decode = |parts: &[String]| parts.iter().map(|part| part_of(part)).collect::<Option<Vec<_>>>();
    let (parts, disclosures) = (decode(&text.parts)?, decode(&text.disclosures)?);
    right.then_some(Record { id: text.id, idempotency_key: text.idempotency_key, leaf, parts, disclosures })
}

fn part_of(encoded: &str) -> Option<Part> {
    let bytes = BASE64.decode(encoded.as_bytes()).ok()?;
    Some(Part { sha256: Hash::of(&bytes).to_string(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_opens_only_as_what_was_sealed() {
        let bytes = b"[1]".to_vec();
        let part = Part { sha256: Hash::of(&bytes).to_string(), bytes };
        let record = Record {
            id: "a".into(),
            idempotency_key: "k".into(),
            leaf: br#"{"predicate":{"id":"a"}}"#.to_vec(),
            parts: vec![part.clone()],
            disclosures: vec![part],
        };
        let sealed = seal(&record).expect("JSON");
        assert_eq!(open("a", &sealed).as_ref(), Some(&record));
        assert_eq!(open("b", &sealed), None);
        assert_eq!(open("a", b"{}"), None);
        let other = seal(&Record { leaf: br#"{"predicate":{"id":"b"}}"#.to_vec(), ..record }).expect("JSON");
        assert_eq!(open("a", &other), None);
    }
}

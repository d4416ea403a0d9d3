//! Records that other records rest on: an approval that was used exists, an override is in scope, unexpired and used
//! for one head, what was erased or dropped was recorded first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::{Flaw, Grade, Layer};
use crate::audit::reading::Reading;
use crate::audit::tree::Hash;

/// What was read so far.
#[derive(Default)]
pub(super) struct References {
    /// Index by id.
    ids: HashMap<u128, u64>,
    /// Approvals, overrides and waivers by the id of their record: what they grant.
    grants: HashMap<String, Grant>,
    /// The head that an override was used for at apply.
    used: BTreeMap<String, String>,
    /// Disclosures that are gone, and the record that names them.
    missing: Vec<(u64, Hash)>,
    /// Disclosures whose erasure was recorded.
    redacted: BTreeSet<[u8; 32]>,
    /// Below which index bodies may be gone.
    retained: u64,
}

struct Grant {
    kind: String,
    index: u64,
    detail: Value,
}

impl References {
    /// Notes a disclosure that is not there; whether that was recorded is only known at the end.
    pub(super) fn missing_disclosure(&mut self, index: u64, digest: Hash) {
        self.missing.push((index, digest));
    }

    /// Takes the next record in. `pruned` is below which index nothing can be looked up.
    pub(super) fn read(&mut self, reading: &Reading, pruned: u64, flaws: &mut Vec<Flaw>) {
        let index = reading.index;
        let mut flaw = |grade: Grade, what: String| {
            flaws.push(Flaw { index: Some(index), layer: Layer::References, grade, what });
        };
        let id = reading.id();
        let key = id.parse::<uuid::Uuid>().map_or_else(|_| number(id), |id| id.as_u128());
        if let Some(first) = self.ids.insert(key, index) {
            flaw(Grade::Tampered, format!("it has the id of record {first}"));
        }
        match reading.kind() {
            kind @ ("approval" | "override" | "waiver") => {
                let detail = reading.at(&format!("/{kind}")).cloned().unwrap_or_default();
                self.grants.insert(id.into(), Grant { kind: kind.into(), index, detail });
            }
            "redaction" => {
                let digests = reading.list("/redaction/disclosures").iter().filter_map(|d| Hash::from_hex(d.as_str()?));
                self.redacted.extend(digests.map(|hash| hash.0));
            }
            "retention" => {
                let below = reading.at("/prune/below");
                self.retained = self.retained.max(below.and_then(Value::as_u64).unwrap_or_default());
            }
            "decision" => self.decision(reading, pruned, &mut flaw),
            _ => {}
        }
    }

    fn decision(&mut self, reading: &Reading, pruned: u64, flaw: &mut impl FnMut(Grade, String)) {
        for approval in reading.list("/used/approvals").iter().filter(|a| a["valid"] == true) {
            if approval["record"].is_null() {
                flaw(Grade::Incomplete, "an approval that it used has no record".into());
            } else if let Some(grant) = self.cited("approval", approval, pruned, flaw) {
                approved(&grant.detail, approval, flaw);
            }
        }
        for waiver in reading.list("/used/waivers") {
            if let Some(grant) = self.cited("waiver", waiver, pruned, flaw) {
                waived(&grant.detail, reading, flaw);
            }
        }
        let Some(lifted) = reading.at("/used/override") else { return };
        let Some(grant) = self.cited("override", lifted, pruned, flaw) else { return };
        overridden(&grant.detail, reading, flaw);
        let (id, head) = (lifted["id"].as_str().unwrap_or_default(), reading.head().unwrap_or_default());
        // What was denied all the same was not applied, and used nothing up.
        if reading.text("/stage") == Some("apply") && reading.text("/decision") == Some("allowed") {
            let first = self.used.entry(id.to_owned()).or_insert_with(|| head.to_owned());
            if first != head {
                flaw(Grade::Tampered, format!("override {id} was used for {first} before"));
            }
        }
    }

    /// The record of `kind` that is cited, which must stand before the one that rests on it.
    fn cited(&self, kind: &str, cited: &Value, pruned: u64, flaw: &mut impl FnMut(Grade, String)) -> Option<&Grant> {
        let (id, index) = (cited["record"].as_str().unwrap_or_default(), cited["index"].as_u64());
        if index.is_some_and(|index| index < pruned) {
            return None;
        }
        let grant = self.grants.get(id).filter(|g| g.kind == kind && index.is_none_or(|index| index == g.index));
        if grant.is_none() {
            flaw(Grade::Incomplete, format!("the {kind} that it rests on, record {id}, does not stand before it"));
        }
        grant
    }

    /// What can only be told when all records are read.
    pub(super) fn end(&self, pruned: u64, damaged: bool, flaws: &mut Vec<Flaw>) {
        // The record that explains it may stand behind the damage.
        if damaged {
            return;
        }
        for (index, digest) in self.missing.iter().filter(|(_, digest)| !self.redacted.contains(&digest.0)) {
            let what = format!("disclosure {digest} is missing, and no redaction says why");
            flaws.push(Flaw { index: Some(*index), layer: Layer::Beside, grade: Grade::Incomplete, what });
        }
        if pruned > self.retained {
            let what = format!("the bodies of records below {pruned} are gone, and no retention record says why");
            flaws.push(Flaw { index: Some(self.retained), layer: Layer::Beside, grade: Grade::Incomplete, what });
        }
    }
}

fn approved(granted: &Value, used: &Value, flaw: &mut impl FnMut(Grade, String)) {
    for member in ["bound_digest", "commit", "method", "assurance", "at"] {
        if granted[member] != used[member] {
            flaw(Grade::Tampered, format!("the approval that it used has another {member} in its record"));
        }
    }
}

fn waived(granted: &Value, reading: &Reading, flaw: &mut impl FnMut(Grade, String)) {
    let policy = granted["policy"].as_str().unwrap_or_default();
    if reading.list("/why").iter().all(|p| p["id"] != policy) {
        flaw(Grade::Tampered, format!("it rests on a waiver of {policy}, which it did not judge"));
    }
    in_time("waiver", granted, reading, flaw);
}

fn overridden(granted: &Value, reading: &Reading, flaw: &mut impl FnMut(Grade, String)) {
    let change = granted["change"].as_str();
    let bound = granted["bound_digest"].as_str();
    // Of several changes each is a subject, and the first one stands below `what`.
    let judged = change.zip(bound).is_some_and(|(change, digest)| is_subject(reading, change, digest));
    if !judged && change != reading.text("/what/change") {
        flaw(Grade::Tampered, "it rests on an override of another change".into());
    } else if !judged && bound.is_some() && bound != reading.text("/what/change_digest") {
        flaw(Grade::Tampered, "it rests on an override of another state of the change".into());
    }
    // Before that the override has to hold at the planned start, which policies judge (contract 18).
    if reading.text("/stage") == Some("apply") {
        in_time("override", granted, reading, flaw);
    }
}

fn is_subject(reading: &Reading, change: &str, digest: &str) -> bool {
    let subjects = reading.statement.get("subject").and_then(Value::as_array);
    let sha256 = digest.strip_prefix("sha256:");
    let same = |s: &Value| s["name"] == change && s.pointer("/digest/sha256").and_then(Value::as_str) == sha256;
    subjects.is_some_and(|subjects| subjects.iter().any(same))
}

fn in_time(what: &str, granted: &Value, reading: &Reading, flaw: &mut impl FnMut(Grade, String)) {
    let instant = |member: &str| granted[member].as_str().and_then(|t| t.parse::<Timestamp>().ok());
    let Some(at) = reading.at_instant() else { return };
    if instant("granted_at").is_some_and(|from| at < from) || instant("expires_at").is_none_or(|until| at >= until) {
        flaw(Grade::Tampered, format!("it rests on a {what} that was not valid at {at}"));
    }
}

/// A number for an id that is no UUID.
fn number(id: &str) -> u128 {
    u128::from_be_bytes(Hash::of(id.as_bytes()).0.first_chunk().copied().unwrap_or_default())
}

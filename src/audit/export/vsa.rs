//! SLSA Verification Summary Attestation v1: <https://slsa.dev/spec/v1.1/verification_summary>.

use serde_json::{Value, json};

use super::{allowed, at};
use crate::audit::dsse::Envelope;
use crate::audit::note::SigningKey;
use crate::audit::reading::Reading;
use crate::audit::tree::Hash;

pub(super) fn summary(reading: &Reading, key: Option<&SigningKey>) -> Value {
    let policies =
        reading.list("/why").iter().filter_map(|p| Some(format!("{} {}\n", p["id"].as_str()?, p["digest"].as_str()?)));
    let policies = Hash::of(policies.collect::<String>().as_bytes()).to_string();
    let repository = reading.text("/where/repository").unwrap_or_default();
    let statement = json!({
        "_type": reading.statement.get("_type"),
        "subject": reading.statement.get("subject"),
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": "https://changegate.dev/gate", "version": {"changegate": at(reading, "/tool/version")}},
            "timeVerified": at(reading, "/when/judged_at"),
            "resourceUri": repository,
            // The digest is over the ids and digests of the policies that were judged, one a line.
            "policy": {"uri": "https://changegate.dev/policies", "digest": {"sha256": policies}},
            "inputAttestations": [{"uri": format!("urn:uuid:{}", reading.id()), "digest": {"sha256": Hash::of(&reading.payload).to_string()}}],
            "verificationResult": if allowed(reading) { "PASSED" } else { "FAILED" },
            "verifiedLevels": [],
            "slsaVersion": "1.1",
        },
    });
    match key {
        None => statement,
        Some(_) => serde_json::to_value(Envelope::new(statement.to_string().as_bytes(), key, None)).unwrap_or_default(),
    }
}

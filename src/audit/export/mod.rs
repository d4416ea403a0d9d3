//! Records in the shapes of others. One file a shape; each turns a record into lines.

mod csv;
mod ocsf;
mod opa;
mod vsa;

pub(crate) use csv::row;

use std::str::FromStr;

use serde_json::{Value, json};

use super::note::SigningKey;
use super::reading::Reading;

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON lines: index and statement.
    Jsonl,
    /// Comma-separated values for a spreadsheet, guarded against formulas.
    Csv,
    /// SLSA verification summaries, in signed envelopes when there is a key.
    Vsa,
    /// OCSF compliance findings (class 2003) with the `security_control` profile.
    Ocsf,
    /// The shape of OPA's decision log.
    Opa,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            "vsa" => Ok(Self::Vsa),
            "ocsf" => Ok(Self::Ocsf),
            "opa" => Ok(Self::Opa),
            _ => Err("the formats are jsonl, csv, vsa, ocsf and opa".into()),
        }
    }
}

impl Format {
    /// What comes before the first record.
    pub fn head(self) -> String {
        if self == Self::Csv { csv::head() } else { String::new() }
    }

    /// The lines of a record. All but the first two shapes know decisions only.
    pub fn lines(self, reading: &Reading, key: Option<&SigningKey>) -> String {
        let values = match self {
            Self::Csv => return csv::line(reading),
            Self::Jsonl => vec![json!({"index": reading.index, "statement": reading.statement})],
            _ if reading.kind() != "decision" => Vec::new(),
            Self::Vsa => vec![vsa::summary(reading, key)],
            Self::Ocsf => ocsf::findings(reading),
            Self::Opa => vec![opa::entry(reading)],
        };
        values.iter().map(|value| format!("{value}\n")).collect()
    }
}

/// Whether the change was let through.
fn allowed(reading: &Reading) -> bool {
    reading.text("/decision") == Some("allowed")
}

/// The value at a place of the predicate, or null.
fn at(reading: &Reading, pointer: &str) -> Value {
    reading.at(pointer).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "acme/shop", "digest": {"gitCommit": "ab"}}],
            "predicateType": "https://changegate.dev/gate-decision/v1",
            "predicate": {
                "id": "019b3c5e-0000-7000-8000-000000000001", "kind": "decision", "stage": "apply",
                "verdict": "denied", "decision": "allowed",
                "who": {"login": "=cmd|'/c calc'!A0", "email": "a@b", "assurance": "A1", "method": "github-actions"},
                "what": {"change": "CHG-1", "resources": [{"id": "a,b\"c", "action": "update", "service": "orders"}]},
                "when": {"judged_at": "2026-12-20T09:30:00Z"},
                "where": {"repository": "acme/shop", "branch": "-2+3", "run": "1"},
                "why": [
                    {"id": "CHG-001", "digest": "sha256:cd", "verdict": "fail", "findings": [{"status": "overridden", "resource": "a,b\"c"}]},
                    {"id": "HA-001", "digest": "sha256:ef", "verdict": "pass", "findings": []},
                    {"id": "HA-002", "verdict": "not_applicable", "findings": []},
                ],
                "tool": {"name": "changegate", "version": "0.1.0"},
            },
        });
        let payload = serde_json::to_vec(&statement).expect("JSON");
        Reading::of(7, &payload).expect("a statement")
    }

    #[test]
    fn every_shape_names_the_decision() {
        let shape = |format: Format| format.lines(&reading(), None);
        insta::assert_snapshot!(shape(Format::Csv), @r#""7","019b3c5e-0000-7000-8000-000000000001","decision","2026-12-20T09:30:00Z","apply","denied","allowed","'=cmd|'/c calc'!A0","A1","acme/shop","'-2+3","","CHG-1","ab","orders","CHG-001""#);
        let values = |format| -> Vec<Value> {
            shape(format).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
        };
        assert_eq!(values(Format::Jsonl)[0]["index"], 7);
        let vsa = &values(Format::Vsa)[0]["predicate"];
        assert_eq!(
            (&vsa["verificationResult"], &vsa["timeVerified"]),
            (&json!("PASSED"), &json!("2026-12-20T09:30:00Z"))
        );
        let ocsf = values(Format::Ocsf);
        assert_eq!(ocsf.len(), 2, "what did not apply is no finding");
        assert_eq!(
            (&ocsf[0]["class_uid"], &ocsf[0]["compliance"]["status"], &ocsf[0]["action"]),
            (&json!(2003), &json!("Fail"), &json!("Allowed"))
        );
        assert_eq!(ocsf[0]["time"], 1_797_759_000_000_u64);
        let opa = &values(Format::Opa)[0];
        assert_eq!(
            (&opa["decision_id"], &opa["result"]["decision"]),
            (&json!("019b3c5e-0000-7000-8000-000000000001"), &json!("allowed"))
        );
    }

    #[test]
    fn a_summary_is_signed_when_there_is_a_key() {
        let key = SigningKey::new("gate", [1; 32]).expect("a name");
        let line = Format::Vsa.lines(&reading(), Some(&key));
        let envelope: crate::audit::dsse::Envelope = serde_json::from_str(&line).expect("an envelope");
        assert_eq!(envelope.check(&[key.verifier().clone()]), crate::audit::dsse::Signed::Yes);
    }
}

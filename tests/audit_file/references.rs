//! Records that rest on other records.

use changegate::audit::{Expected, FileStore, Store, verify};
use serde_json::{Value, json};

use crate::log::{id, stating};

fn decision(stage: &str, change: &str, head: &str, at: &str, used: &Value) -> Value {
    json!({
        "kind": "decision", "stage": stage, "verdict": "denied", "decision": "allowed", "head": head,
        "what": {"change": change, "change_digest": "sha256:aa"}, "when": {"judged_at": at},
        "why": [{"id": "CHG-001", "verdict": "fail"}], "used": used,
    })
}

/// Exit code and first flaw of a log of these records.
fn verdict(records: &[Value]) -> (u8, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = FileStore::new(dir.path());
    for (n, members) in records.iter().enumerate() {
        let mut record = stating(n, members.clone());
        if let Some(head) = members["head"].as_str() {
            let mut statement: Value = serde_json::from_slice(&record.leaf).expect("JSON");
            statement["subject"] = json!([{"name": "r", "digest": {"gitCommit": head}}]);
            record.leaf = statement.to_string().into_bytes();
        }
        store.append(&record).expect("appended");
    }
    let report = verify(&store, &Expected::default()).expect("readable");
    (report.exit_code(), report.flaws.first().map(|f| f.what.clone()).unwrap_or_default())
}

#[test]
fn what_a_decision_rests_on_is_there_in_scope_in_time_and_used_once() {
    let grant = json!({"kind": "override", "override": {
        "id": "OVR-1", "change": "CHG-1", "bound_digest": "sha256:aa",
        "granted_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z",
    }});
    let used = json!({"override": {"id": "OVR-1", "record": id(0), "index": 0}});
    let noon = "2026-01-01T12:00:00Z";
    let apply = |change, head, at| decision("apply", change, head, at, &used);
    let waiver =
        json!({"kind": "waiver", "waiver": {"id": "W-1", "policy": "CHG-001", "expires_at": "2026-01-02T00:00:00Z"}});
    let other =
        json!({"kind": "waiver", "waiver": {"id": "W-1", "policy": "HA-001", "expires_at": "2026-01-02T00:00:00Z"}});
    let waived =
        |at| decision("apply", "CHG-1", "h", at, &json!({"waivers": [{"id": "W-1", "record": id(0), "index": 0}]}));
    let approval = json!({"kind": "approval", "approval": {"by": "bob", "bound_digest": "sha256:aa", "method": "github-review", "assurance": "A2", "at": noon}});
    let approved = |digest: &str| {
        let approval = json!({"valid": true, "record": id(0), "index": 0, "bound_digest": digest, "method": "github-review", "assurance": "A2", "at": noon});
        decision("apply", "CHG-1", "h", noon, &json!({"approvals": [approval]}))
    };
    for (code, what, records) in [
        (0, "", vec![grant.clone(), apply("CHG-1", "h", noon)]),
        (0, "", vec![grant.clone(), apply("CHG-1", "h", noon), apply("CHG-1", "h", noon)]),
        (1, "was used for h before", vec![grant.clone(), apply("CHG-1", "h", noon), apply("CHG-1", "other", noon)]),
        (1, "another change", vec![grant.clone(), apply("CHG-2", "h", noon)]),
        (1, "not valid at", vec![grant.clone(), apply("CHG-1", "h", "2026-01-02T00:00:00Z")]),
        (1, "not valid at", vec![grant, apply("CHG-1", "h", "2025-12-31T23:59:59Z")]),
        (2, "does not stand before it", vec![json!({}), apply("CHG-1", "h", noon)]),
        (2, "does not stand before it", vec![waiver.clone(), apply("CHG-1", "h", noon)]),
        (0, "", vec![waiver.clone(), waived(noon)]),
        (1, "not valid at", vec![waiver, waived("2026-01-02T00:00:00Z")]),
        (1, "did not judge", vec![other, waived(noon)]),
        (0, "", vec![approval.clone(), approved("sha256:aa")]),
        (1, "another bound_digest", vec![approval, approved("sha256:bb")]),
        (2, "does not stand before it", vec![json!({}), approved("sha256:aa")]),
        (2, "has no record", vec![decision("apply", "C", "h", noon, &json!({"approvals": [{"valid": true}]}))]),
        (0, "", vec![decision("apply", "C", "h", noon, &json!({"approvals": [{"valid": false}]}))]),
    ] {
        let (found, flaw) = verdict(&records);
        assert!(found == code && flaw.contains(what), "{found} {flaw:?} instead of {code} {what:?}");
    }
}

#[test]
fn an_id_stands_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let leaf = |n: usize| stating(n, json!({})).leaf;
    std::fs::write(dir.path().join("log"), crate::log::rewrite(&[leaf(0), leaf(1), leaf(0)])).expect("written");
    let report = verify(&FileStore::new(dir.path()), &Expected::default()).expect("readable");
    assert_eq!((report.exit_code(), report.first_bad()), (1, Some(2)));
}

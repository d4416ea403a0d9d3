//! Retention, holds, redaction: what may be forgotten, and what is left.

use std::fs;
use std::path::{Path, PathBuf};

use changegate::audit::{FileStore, Hash, Part, Store, verify_file};
use serde_json::json;

use crate::log::{id, log_of, run, stating, stdout};

/// 300 old decisions of two changes, and one of now.
fn old_log(directory: &Path) -> PathBuf {
    let audit = directory.join(".changegate/audit");
    let store = FileStore::new(&audit);
    for n in 0..300 {
        let change = if n == 40 { "CHG-40" } else { "CHG-1" };
        let members = json!({"kind": "decision", "when": {"judged_at": "2020-01-01T00:00:00Z"}, "retention": "soc2-400d", "what": {"change": change}});
        store.append(&stating(n, members)).expect("appended");
    }
    audit
}

#[test]
fn a_hold_blocks_what_retention_allows_and_old_proofs_survive() {
    let dir = tempfile::tempdir().expect("a directory");
    let audit = old_log(dir.path());
    let call = |args: &[&str]| run(dir.path(), &[&["audit"], args].concat());
    let key = stdout(&call(&["keygen", "acme.example/audit", "--out", "key"])).trim().to_owned();
    assert!(call(&["prove", "7", "--key", "key", "-o", "seven.tlog-proof"]).status.success());
    let before = fs::metadata(audit.join("log")).expect("a log").len();

    let held = stdout(&call(&["hold", "--reason", "case 1"]));
    assert!(stdout(&call(&["prune"])).contains("case 1"));
    assert_eq!(verify_file(&audit).expect("readable").pruned, 0);
    let hold = held.trim().rsplit(' ').next().expect("an id").to_owned();
    assert!(call(&["hold", "--reason", "case 2", "--change", "CHG-40"]).status.success());
    assert_eq!(call(&["release", "nonsense", "--reason", "x"]).status.code(), Some(2));
    assert!(call(&["release", &hold, "--reason", "closed"]).status.success());

    assert!(stdout(&call(&["prune"])).contains("dropped"), "up to the record that case 2 keeps");
    let report = verify_file(&audit).expect("readable");
    assert_eq!((report.pruned, report.records, report.flaws), (40, 304, vec![]));
    assert!(fs::metadata(audit.join("log")).expect("a log").len() < before);
    assert_eq!(call(&["check-proof", "seven.tlog-proof", "--key", &key]).status.code(), Some(0));
    assert!(stdout(&call(&["show", "7"])).contains("was pruned"));
    assert_eq!(call(&["prove", "7", "--key", "key"]).status.code(), Some(2));
    assert_eq!(call(&["verify"]).status.code(), Some(0));
    let next = FileStore::new(&audit).append(&stating(999, json!({}))).expect("it goes on");
    assert_eq!(next.index, Some(304));
    assert_eq!(call(&["verify"]).status.code(), Some(0));
}

#[test]
fn bodies_that_are_gone_without_a_word_are_incomplete() {
    let dir = tempfile::tempdir().expect("a directory");
    log_of(dir.path(), 10);
    FileStore::new(dir.path()).prune(4).expect("pruned");
    let report = verify_file(dir.path()).expect("readable");
    assert_eq!((report.exit_code(), report.pruned), (2, 4));
}

#[test]
fn a_field_is_erased_with_a_record_and_never_without() {
    let dir = tempfile::tempdir().expect("a directory");
    let audit = dir.path().join(".changegate/audit");
    let store = FileStore::new(&audit);
    let digests: Vec<String> = (0..2)
        .map(|n| {
            let bytes = json!([format!("salt{n}"), "email", "alice@acme.example"]).to_string().into_bytes();
            let sha256 = Hash::of(&bytes).to_string();
            let mut record =
                stating(n, json!({"who": {"email": {"_sd": sha256}}, "when": {"judged_at": "2026-01-01T00:00:00Z"}}));
            record.disclosures = vec![Part { sha256: sha256.clone(), bytes }];
            store.append(&record).expect("appended");
            sha256
        })
        .collect();
    let call = |args: &[&str]| run(dir.path(), &[&["audit"], args].concat());
    assert!(stdout(&call(&["show", "0"])).contains("alice@acme.example"));
    assert!(stdout(&call(&["log", "--actor", "alice@acme.example"])).contains("decision"));
    assert_eq!(call(&["redact", &id(0), "--reason", "request 17", "--field", "login"]).status.code(), Some(2));
    assert!(call(&["redact", &id(0), "--reason", "request 17", "--field", "email"]).status.success());
    assert!(!stdout(&call(&["show", "0"])).contains("alice@acme.example"));
    assert!(store.disclosure(Hash::from_hex(&digests[0]).expect("a digest")).expect("readable").is_none());
    assert_eq!(verify_file(&audit).expect("readable").flaws, []);
    fs::remove_file(audit.join(format!("disclosures/{}.json", digests[1]))).expect("there");
    let report = verify_file(&audit).expect("readable");
    assert_eq!((report.exit_code(), report.first_bad()), (2, Some(1)));
    fs::write(audit.join(format!("disclosures/{}.json", digests[1])), "[1,2,3]").expect("written");
    assert_eq!(verify_file(&audit).expect("readable").exit_code(), 1);
}

#[test]
fn a_hold_keeps_personal_fields_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = FileStore::new(dir.path().join(".changegate/audit"));
    let bytes = b"[\"s\",\"email\",\"a@b\"]".to_vec();
    let sha256 = Hash::of(&bytes).to_string();
    let mut record = stating(0, json!({"who": {"email": {"_sd": sha256}}}));
    record.disclosures = vec![Part { sha256, bytes }];
    store.append(&record).expect("appended");
    assert!(run(dir.path(), &["audit", "hold", "--reason", "case"]).status.success());
    let refused = run(dir.path(), &["audit", "redact", "0", "--reason", "request"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("audit::held"));
}

/// Records 0 and 2 are decisions, a hold stands between them; the byte is one of its payload.
#[test]
fn damage_does_not_hide_a_hold() {
    let dir = tempfile::tempdir().expect("a directory");
    let audit = dir.path().join(".changegate/audit");
    let store = FileStore::new(&audit);
    let bytes = b"[\"s\",\"email\",\"a@b\"]".to_vec();
    let sha256 = Hash::of(&bytes).to_string();
    let mut record = stating(0, json!({"who": {"email": {"_sd": sha256}}}));
    record.disclosures = vec![Part { sha256: sha256.clone(), bytes }];
    store.append(&record).expect("appended");
    assert!(run(dir.path(), &["audit", "hold", "--reason", "case-of-1863"]).status.success());
    store.append(&stating(2, json!({}))).expect("appended");
    let mut log = fs::read(audit.join("log")).expect("a log");
    let at = log.windows(12).position(|bytes| bytes == b"case-of-1863").expect("the hold");
    log[at] ^= 1;
    fs::write(audit.join("log"), log).expect("written");
    assert_eq!(run(dir.path(), &["audit", "redact", "0", "--reason", "request"]).status.code(), Some(2));
    let fault = changegate::audit::retention::holds(&store).expect_err("a fault");
    assert_eq!(fault.code, "audit::tampered");
    assert!(store.disclosure(Hash::from_hex(&sha256).expect("a digest")).expect("readable").is_some());
}

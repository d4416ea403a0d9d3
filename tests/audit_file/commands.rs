//! The commands, as people and pipelines call them.

use std::fs;
use std::process::Command;

use changegate::audit::{FileStore, Store};
use serde_json::json;

use crate::log::{has, json_of, log_of, run, stating, stdout};

/// A folder with something to judge and one policy that takes no time.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(
        dir.path().join("config.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: b}\n",
    )
    .expect("written");
    dir
}

#[test]
fn an_unwritable_or_tampered_log_is_undecided() {
    let dir = project();
    let check = |audit: &str| run(dir.path(), &["check", "--quiet", "--audit", audit]).status.code();
    assert_eq!(check("trail"), Some(0));
    fs::write(dir.path().join("blocked"), "not a directory").expect("written");
    assert_eq!(check("blocked"), Some(2));
    assert_eq!(check("blocked/below"), Some(2));
    let log = dir.path().join("trail/log");
    let mut bytes = fs::read(&log).expect("a log");
    bytes[100] ^= 1;
    fs::write(&log, bytes).expect("written");
    assert_eq!(check("trail"), Some(2));
    assert_eq!(run(dir.path(), &["audit", "--audit", "trail", "verify"]).status.code(), Some(1));
}

#[test]
fn what_cannot_be_written_waits_where_that_is_allowed_and_is_pushed_once() {
    let dir = project();
    fs::write(dir.path().join("changegate.yaml"), "audit: {destination: file:trail, on_failure: spool}\n")
        .expect("written");
    fs::write(dir.path().join("trail"), "in the way").expect("written");
    assert_eq!(run(dir.path(), &["check", "--quiet"]).status.code(), Some(0));
    fs::remove_file(dir.path().join("trail")).expect("there");
    for expected in ["1 records", "0 records"] {
        let pushed = stdout(&run(dir.path(), &["audit", "push"]));
        assert!(pushed.starts_with(expected), "{pushed}");
    }
    assert_eq!(json_of(&run(dir.path(), &["audit", "verify", "--format", "json"]))["records"], 2);
    let imports = stdout(&run(dir.path(), &["audit", "log", "--kind", "import", "--format", "json"]));
    assert_eq!(imports.lines().count(), 1, "the record and that it was imported");
}

#[test]
fn signed_records_are_checked_with_the_key() {
    let dir = tempfile::tempdir().expect("a directory");
    let call = |args: &[&str]| run(dir.path(), &[&["audit"], args].concat());
    let key = stdout(&call(&["keygen", "acme.example/audit", "--out", "key"])).trim().to_owned();
    assert_eq!(
        call(&["keygen", "acme.example/audit", "--out", "key"]).status.code(),
        Some(2),
        "a key is never overwritten"
    );
    let other = stdout(&call(&["keygen", "other", "--out", "other"])).trim().to_owned();
    assert!(call(&["hold", "--reason", "x", "--audit-key", "key"]).status.success());
    let verify = |args: &[&str]| {
        let output = call(&[&["verify", "--format", "json"], args].concat());
        (output.status.code(), json_of(&output))
    };
    assert_eq!(verify(&["--key", &key]).1["signed"], 1);
    assert_eq!(verify(&["--key", &other]).0, Some(3));
    let (code, unchecked) = verify(&[]);
    assert_eq!((code, unchecked["limits"].as_array().map(Vec::len)), (Some(0), Some(1)));
    assert!(call(&["checkpoint", "--key", "key", "-o", "head"]).status.success());
    assert_eq!(verify(&["--key", &key, "--checkpoint", "head"]).0, Some(0));
    assert_eq!(verify(&["--key", &other, "--checkpoint", "head"]).0, Some(3));
    assert!(call(&["prove", "0", "--checkpoint", "head", "-o", "proof"]).status.success());
    assert_eq!(call(&["check-proof", "proof", "--key", &key]).status.code(), Some(0));
    assert_eq!(call(&["check-proof", "proof", "--key", &other]).status.code(), Some(3));
    let forged = fs::read_to_string(dir.path().join("proof")).expect("a proof").replace("index 0", "index 1");
    fs::write(dir.path().join("proof"), forged).expect("written");
    assert_eq!(call(&["check-proof", "proof", "--key", &key]).status.code(), Some(1));
    assert!(call(&["hold", "--reason", "unsigned"]).status.success());
    assert_eq!(verify(&["--key", &key]).0, Some(2));
}

#[test]
fn records_are_found_by_what_they_are_about() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = FileStore::new(dir.path().join(".changegate/audit"));
    for (n, (service, policy, who, verdict, day)) in [
        ("orders", "CHG-001", "alice", "denied", 1),
        ("orders", "HA-001", "bob", "allowed", 2),
        ("mail", "HA-001", "bob", "denied", 3),
    ]
    .into_iter()
    .enumerate()
    {
        let members = json!({
            "kind": "decision", "stage": "apply", "verdict": verdict, "decision": verdict, "who": {"login": who, "assurance": "A1"},
            "when": {"judged_at": format!("2026-01-0{day}T00:00:00Z")}, "what": {"change": "\u{1b}[31mCHG", "resources": [{"id": "r", "service": service}]},
            "why": [{"id": policy, "verdict": "fail"}],
        });
        store.append(&stating(n, members)).expect("appended");
    }
    let found = |args: &[&str]| -> Vec<u64> {
        let output = run(dir.path(), &[&["audit", "log", "--format", "json"], args].concat());
        stdout(&output)
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON")["index"].as_u64().expect("an index"))
            .collect()
    };
    assert_eq!(found(&[]), [0, 1, 2]);
    assert_eq!(found(&["--service", "orders"]), [0, 1]);
    assert_eq!(found(&["--policy", "ha-001"]), [1, 2]);
    assert_eq!(found(&["--actor", "bob", "--verdict", "denied"]), [2]);
    assert_eq!(found(&["--since", "2026-01-02", "--until", "2026-01-03T00:00:00Z"]), [1]);
    assert_eq!(found(&["--limit", "1"]), [2]);
    let table = stdout(&run(dir.path(), &["audit", "log"]));
    assert!(table.contains("alice (A1)") && !table.contains('\u{1b}'), "{table}");
    let csv = stdout(&run(dir.path(), &["audit", "export", "--format", "csv", "--service", "mail"]));
    assert_eq!(csv.lines().count(), 2);
    assert_eq!(run(dir.path(), &["audit", "show", "17"]).status.code(), Some(2));
}

#[test]
fn commits_without_a_decision_are_found() {
    if !has("git", "--version") {
        println!("skipped: there is no git");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(dir.path()).env("HOME", dir.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args).output().expect("started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stdout(&output).trim().to_owned()
    };
    git(&["init", "-q", "-b", "main"]);
    for name in ["one", "two", "three"] {
        git(&["commit", "-q", "--allow-empty", "-m", name]);
    }
    let store = FileStore::new(dir.path().join(".changegate/audit"));
    for (n, spec) in ["main", "main~2"].into_iter().enumerate() {
        let mut record = stating(n, json!({"kind": "decision", "decision": if n == 0 { "allowed" } else { "denied" }}));
        let mut statement: serde_json::Value = serde_json::from_slice(&record.leaf).expect("JSON");
        statement["subject"] = json!([{"name": "r", "digest": {"gitCommit": git(&["rev-parse", spec])}}]);
        record.leaf = statement.to_string().into_bytes();
        store.append(&record).expect("appended");
    }
    // All three have the same, empty tree: a commit whose content was allowed is covered.
    let output = run(dir.path(), &["audit", "coverage", "--branch", "main", "--format", "json"]);
    assert_eq!((output.status.code(), &json_of(&output)["coverage"]["covered"]), (Some(0), &json!(3)));
    fs::write(dir.path().join("file"), "x").expect("written");
    git(&["add", "file"]);
    git(&["commit", "-q", "-m", "four"]);
    let output = run(dir.path(), &["audit", "coverage", "--branch", "main"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("four") && stdout(&output).contains("3 of 4"), "{}", stdout(&output));
    let output = run(dir.path(), &["audit", "verify", "--branch", "main", "--format", "json"]);
    assert_eq!((output.status.code(), &json_of(&output)["flaws"][0]["layer"]), (Some(2), &json!("coverage")));
    assert_eq!(run(dir.path(), &["audit", "coverage", "--branch", "nowhere"]).status.code(), Some(3));
    assert_eq!(run(dir.path(), &["audit", "coverage", "--branch=--output=x"]).status.code(), Some(3));
}

#[test]
fn a_log_that_is_not_there_cannot_be_verified() {
    let dir = tempfile::tempdir().expect("a directory");
    assert_eq!(run(dir.path(), &["audit", "verify"]).status.code(), Some(3));
    log_of(&dir.path().join("trail"), 2);
    assert_eq!(run(dir.path(), &["audit", "--audit", "trail", "verify"]).status.code(), Some(0));
}

//! The short form of `tests/audit/soak.sh`, and what its long form needs.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use changegate::audit::{FileStore, Store};
use serde_json::json;

use crate::log::{has, rewrite, stating, stdout};

#[test]
fn faults_and_kills_lose_nothing() {
    if !has("strace", "-V") || !has("python3", "--version") {
        println!("skipped: there is no strace, or no python3");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audit/soak.sh");
    let output = Command::new(script).args(["--short", env!("CARGO_BIN_EXE_changegate")]).output().expect("started");
    let said = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
    print!("{said}");
    // A container may forbid to trace.
    if said.contains("PTRACE_TRACEME") || said.contains("ptrace") {
        println!("skipped: tracing is forbidden here");
        return;
    }
    assert!(output.status.success(), "{said}");
}

/// Statements of the size that real ones have.
#[test]
#[ignore = "writes 200 MB for soak.sh"]
fn a_log_of_100_000_records() {
    let Ok(directory) = std::env::var("CHANGEGATE_SOAK_LOG") else { return };
    let why: Vec<_> = (0..18).map(|n| json!({"id": format!("CHG-{n:03}"), "digest": format!("sha256:{}", "ab".repeat(32)), "verdict": "pass", "evaluations": 3})).collect();
    let leaf = |n: usize| {
        let members = json!({
            "kind": "decision", "stage": "apply", "verdict": "allowed", "decision": "allowed",
            "who": {"login": "alice", "assurance": "A1"}, "what": {"change": format!("CHG-{n}")},
            "when": {"judged_at": "2026-01-01T00:00:00Z"}, "why": why, "retention": "soc2-400d",
        });
        stating(n, members).leaf
    };
    std::fs::create_dir_all(&directory).expect("created");
    let leaves: Vec<_> = (0..100_000).map(leaf).collect();
    std::fs::write(Path::new(&directory).join("log"), rewrite(&leaves)).expect("written");
}

/// Both in one run, turn by turn, so that the disk is in the same mood.
#[test]
#[ignore = "a measurement for soak.sh"]
fn appends_against_raw_syncs() {
    let dir = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).expect("a directory");
    let store = FileStore::new(dir.path().join("log"));
    let mut raw = std::fs::File::create(dir.path().join("raw")).expect("a file");
    let block = vec![b'x'; 2048];
    let (mut appending, mut syncing) = (0.0, 0.0);
    for n in 0..1000 {
        let record = stating(n, json!({"text": "x".repeat(1900)}));
        let start = Instant::now();
        store.append(&record).expect("appended");
        appending += start.elapsed().as_secs_f64();
        let start = Instant::now();
        raw.write_all(&block).and_then(|()| raw.sync_data()).expect("synced");
        syncing += start.elapsed().as_secs_f64();
    }
    println!(
        "{:.0} appends/s against {:.0} raw fdatasync/s: {:.0} %",
        1000.0 / appending,
        1000.0 / syncing,
        100.0 * syncing / appending
    );
}

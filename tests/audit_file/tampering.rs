//! Whoever edits a log is noticed, and the first bad record is named.

use std::fs;
use std::path::Path;

use changegate::audit::{Expected, FileStore, Hash, Pin, Report, verify, verify_file};
use serde_json::json;

use crate::log::{forge, frames, json_of, leaf, log_of, rewrite, run, stating};

fn report(directory: &Path) -> Report {
    verify_file(directory).expect("readable")
}

#[test]
fn every_flipped_bit_of_a_log_of_32_records_is_noticed_and_named() {
    let flip = |part: usize| {
        let dir = tempfile::tempdir().expect("a directory");
        log_of(dir.path(), 32);
        let path = dir.path().join("log");
        let whole = fs::read(&path).expect("a log");
        let length = whole.len() / 32;
        let mut log = whole.clone();
        for bit in (part..whole.len() * 8).step_by(2) {
            log[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &log).expect("written");
            let found = report(dir.path());
            assert_eq!((found.exit_code(), found.first_bad()), (1, Some((bit / 8 / length) as u64)), "bit {bit}");
            log[bit / 8] = whole[bit / 8];
        }
        whole.len() * 8
    };
    let bits = std::thread::scope(|scope| {
        let other = scope.spawn(|| flip(1));
        flip(0).max(other.join().expect("no flip was missed"))
    });
    println!("{bits} of {bits} flipped bits noticed");
}

#[test]
fn edits_at_every_index_of_a_log_of_200_records_are_noticed_and_named() {
    let dir = tempfile::tempdir().expect("a directory");
    log_of(dir.path(), 200);
    let path = dir.path().join("log");
    let whole = frames(&fs::read(&path).expect("a log"));
    let mut edits = 0;
    for i in 0..200 {
        let other = stating(999, json!({"kind": "decision"})).leaf;
        let root = Hash(whole[i][whole[i].len() - 32..].try_into().expect("a root"));
        let forged = forge(&other, i as u64, root);
        let mut cases = Vec::new();
        let mut edit = |name: &'static str, bad: usize, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut log = whole.clone();
            change(&mut log);
            cases.push((name, bad, log.concat()));
        };
        edit("delete", i, &|log| drop(log.remove(i)));
        edit("duplicate", i + 1, &|log| log.insert(i, whole[i].clone()));
        edit("replace", i, &|log| log[i] = forged.clone());
        edit("insert", i, &|log| log.insert(i, forged.clone()));
        if i + 1 < 200 {
            edit("swap", i, &|log| log.swap(i, i + 1));
        } else {
            edit("swap", 0, &|log| log.swap(0, i));
        }
        for (name, bad, log) in cases {
            fs::write(&path, log).expect("written");
            let found = report(dir.path());
            assert_eq!((found.exit_code(), found.first_bad()), (1, Some(bad as u64)), "{name} at {i}");
            edits += 1;
        }
    }
    println!("{edits} of {edits} edits noticed");
    assert_eq!(edits, 1000);
}

/// Somebody who can write everything makes a log that is intact by itself. Only who remembers its head can tell.
#[test]
fn a_log_that_was_written_anew_is_noticed_by_its_pin() {
    let dir = tempfile::tempdir().expect("a directory");
    log_of(dir.path(), 200);
    let pin = Pin { size: 200, root: report(dir.path()).root };
    let whole = frames(&fs::read(dir.path().join("log")).expect("a log"));
    let leaves: Vec<Vec<u8>> = whole.iter().map(|frame| leaf(frame)).collect();
    fs::remove_file(dir.path().join("head.json")).expect("there");
    let expected = Expected { pins: vec![pin], ..Expected::default() };
    for i in 0..200 {
        let mut forged = leaves.clone();
        forged[i] = stating(i, json!({"decision": "allowed"})).leaf;
        fs::write(dir.path().join("log"), rewrite(&forged)).expect("written");
        let by_itself = report(dir.path());
        assert_eq!((by_itself.exit_code(), by_itself.pinned), (0, false));
        assert_eq!(verify(&FileStore::new(dir.path()), &expected).expect("readable").exit_code(), 1, "record {i}");
        fs::write(dir.path().join("log"), rewrite(&leaves[..i])).expect("written");
        let shorter = verify(&FileStore::new(dir.path()), &expected).expect("readable");
        assert_eq!((shorter.exit_code(), shorter.first_bad()), (1, Some(i as u64)), "rolled back to {i}");
    }
}

#[test]
fn the_command_remembers_the_head_and_notices_a_rollback() {
    let dir = tempfile::tempdir().expect("a directory");
    let audit = dir.path().join("audit");
    log_of(&audit, 3);
    let old = fs::read(audit.join("log")).expect("a log");
    let old_head = fs::read(audit.join("head.json")).expect("a head");
    fs::create_dir(dir.path().join(".changegate")).expect("created");
    let check = || {
        let output = run(dir.path(), &["audit", "--audit", "audit", "verify", "--format", "json"]);
        (output.status.code(), json_of(&output))
    };
    let (code, first) = check();
    assert_eq!((code, &first["rollback_excluded"]), (Some(0), &json!(false)));
    assert!(first["limits"][0].as_str().expect("text").contains("cannot be excluded"));
    FileStoreAppend::four(&audit);
    let (code, second) = check();
    assert_eq!((code, &second["rollback_excluded"], &second["records"]), (Some(0), &json!(true), &json!(4)));
    fs::write(audit.join("log"), old).expect("written");
    fs::write(audit.join("head.json"), old_head).expect("written");
    let (code, rolled_back) = check();
    assert_eq!(
        (code, &rolled_back["result"], &rolled_back["first_bad_index"]),
        (Some(1), &json!("tampered"), &json!(3))
    );
    fs::remove_file(audit.join("log")).expect("there");
    fs::remove_file(audit.join("head.json")).expect("there");
    assert_eq!(check().0, Some(1), "a log that is gone was there");
}

struct FileStoreAppend;

impl FileStoreAppend {
    fn four(audit: &Path) {
        changegate::audit::Store::append(&FileStore::new(audit), &stating(3, json!({}))).expect("appended");
    }
}

#[test]
fn the_verifier_in_python_agrees() {
    if !crate::log::has("python3", "--version") {
        println!("skipped: there is no python3");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    log_of(dir.path(), 20);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify_audit.py");
    let lines = fs::read_to_string(script).expect("the script").lines().count();
    assert!(lines <= 60, "{lines} lines");
    let python = |pin: &str| {
        let output =
            std::process::Command::new("python3").arg(script).arg(dir.path()).args(pin.split_whitespace()).output();
        let output = output.expect("started");
        (output.status.success(), crate::log::stdout(&output) + &String::from_utf8_lossy(&output.stderr))
    };
    let ours = report(dir.path());
    assert_eq!(python(""), (true, format!("ok: 20 records, root {}\n", ours.root)));
    assert!(python(&format!("20:{}", ours.root)).0);
    assert!(!python(&format!("21:{}", ours.root)).0);
    let whole = fs::read(dir.path().join("log")).expect("a log");
    let length = whole.len() / 20;
    for at in (0..whole.len()).step_by(37) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(dir.path().join("log"), damaged).expect("written");
        let (good, text) = python("");
        let ours = report(dir.path());
        assert!(!good && text.contains(&format!("record {}:", at / length)), "byte {at}: {text}");
        assert_eq!(ours.first_bad(), Some((at / length) as u64));
    }
    fs::write(dir.path().join("log"), whole).expect("written");
    changegate::audit::Store::prune(&FileStore::new(dir.path()), 7).expect("pruned");
    assert_eq!(python(""), (true, format!("ok: 20 records, root {}\n", ours.root)));
}

//! What must hold for the file store, whatever happens to the process, the disk or the log.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::file::FileStore;
use super::{Entry, Part, Record, Store};
use crate::audit::{Hash, verify_file};
use crate::finding::Diagnostic;

fn record(n: usize) -> Record {
    let id = format!("019b3c5e-0000-7000-8000-{n:012x}");
    let leaf = format!(r#"{{"predicate":{{"id":"{id}","kind":"decision","n":{n}}}}}"#);
    Record { id, idempotency_key: "key".into(), leaf: leaf.into_bytes(), parts: Vec::new(), disclosures: Vec::new() }
}

/// A statement of 60 KB.
fn long_leaf(n: usize) -> Vec<u8> {
    let leaf = String::from_utf8(record(n).leaf).expect("text");
    leaf.replace("\"n\":", &format!("\"text\":\"{}\",\"n\":", "x".repeat(60_000))).into_bytes()
}

fn append(directory: &Path, n: usize) -> Result<u64, Diagnostic> {
    FileStore::new(directory).append(&record(n)).map(|receipt| receipt.index.expect("integrated"))
}

/// A log of three records, the head before the third and the length before the third.
fn three(directory: &Path) -> (Vec<u8>, usize) {
    append(directory, 0).expect("appended");
    append(directory, 1).expect("appended");
    let head = fs::read(directory.join("head.json")).expect("a head");
    let length = fs::read(directory.join("log")).expect("a log").len();
    append(directory, 2).expect("appended");
    (head, length)
}

fn leaves(directory: &Path) -> Vec<Value> {
    let mut leaves = Vec::new();
    let each = &mut |_, entry| {
        if let Entry::Leaf(leaf) = entry {
            leaves.push(serde_json::from_slice(&leaf).expect("JSON"));
        }
        ControlFlow::Continue(())
    };
    FileStore::new(directory).leaves(0..u64::MAX, each).expect("readable");
    leaves
}

fn code(result: Result<u64, Diagnostic>) -> &'static str {
    result.map_or_else(|d| d.code, |_| "acknowledged")
}

#[test]
fn records_follow_each_other_and_the_receipt_names_the_root() {
    let dir = tempfile::tempdir().expect("a directory");
    let audit = dir.path().join("new/audit");
    let store = FileStore::new(&audit);
    for n in 0..5 {
        let receipt = store.append(&record(n)).expect("appended");
        let report = verify_file(&audit).expect("readable");
        assert_eq!((receipt.index, report.records), (Some(n as u64), n as u64 + 1));
        assert_eq!(receipt.root, Some(report.root.to_string()));
        assert_eq!(report.flaws, []);
    }
}

#[test]
fn an_id_is_kept_once_and_a_key_as_often_as_it_was_judged() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = FileStore::new(dir.path()).append(&record(0)).expect("appended");
    append(dir.path(), 1).expect("appended");
    assert_eq!(FileStore::new(dir.path()).append(&record(0)).expect("the same"), first);
    fs::remove_file(dir.path().join("head.json")).expect("a head");
    assert_eq!(FileStore::new(dir.path()).append(&record(0)).expect("the same"), first);
    assert_eq!(verify_file(dir.path()).expect("readable").records, 2);
}

#[test]
fn threads_lose_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = dir.path();
            scope.spawn(move || (0..25).for_each(|n| assert!(append(path, writer * 25 + n).is_ok())));
        }
    });
    assert_complete(dir.path());
}

#[test]
fn processes_lose_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let program = std::env::current_exe().expect("this test");
    let start = |writer: usize| {
        Command::new(&program)
            .args(["--exact", "--ignored", "audit::store::tests::one_of_many_processes"])
            .env("CHANGEGATE_TEST_WRITER", format!("{writer} {}", dir.path().display()))
            .output()
    };
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || start(writer).expect("started"))).collect();
        for writer in writers {
            let output = writer.join().expect("ended");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    });
    assert_complete(dir.path());
}

/// Does nothing unless [`processes_lose_nothing`] starts it.
#[test]
#[ignore = "a part of another test"]
#[expect(clippy::disallowed_methods, reason = "how a test tells its child what to do")]
fn one_of_many_processes() {
    let Ok(task) = std::env::var("CHANGEGATE_TEST_WRITER") else { return };
    let (writer, path) = task.split_once(' ').expect("a number and a path");
    let writer: usize = writer.parse().expect("a number");
    (0..25).for_each(|n| assert!(append(Path::new(path), writer * 25 + n).is_ok()));
}

fn assert_complete(directory: &Path) {
    let report = verify_file(directory).expect("readable");
    assert_eq!((report.records, report.flaws), (200, vec![]));
    let mut numbers: Vec<u64> = leaves(directory).iter().filter_map(|l| l["predicate"]["n"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
}

/// The process died while it wrote the third record: at every byte the next append sets the rest aside and says so.
#[test]
#[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "its count is a row of docs/audit.md")]
fn a_write_cut_off_at_any_byte_is_set_aside() {
    let dir = tempfile::tempdir().expect("a directory");
    let (head, start) = three(dir.path());
    let whole = fs::read(dir.path().join("log")).expect("a log");
    for cut in start..whole.len() {
        fs::write(dir.path().join("log"), &whole[..cut]).expect("written");
        fs::write(dir.path().join("head.json"), &head).expect("written");
        let torn = cut > start;
        assert_eq!(append(dir.path(), 2).expect("appended"), 2 + u64::from(torn), "cut at {cut}");
        let report = verify_file(dir.path()).expect("readable");
        assert_eq!((report.records, report.flaws), (3 + u64::from(torn), vec![]), "cut at {cut}");
        if torn {
            let recovery = &leaves(dir.path())[2];
            assert_eq!(recovery["predicate"]["kind"], "recovery");
            let name = recovery["subject"][0]["name"].as_str().expect("a name");
            assert_eq!(fs::read(dir.path().join(name)).expect("kept"), &whole[start..cut]);
        }
    }
    println!("the last frame cut at each of {0} bytes: {0} recovered", whole.len() - start);
}

/// The same when the head knows the record: the disk had confirmed what it had not kept. The log goes on and says so;
/// a record that is gone as a whole is tampering.
#[test]
fn an_acknowledged_record_that_was_cut_is_named() {
    for without_head in [false, true] {
        let dir = tempfile::tempdir().expect("a directory");
        let (_, start) = three(dir.path());
        let log = dir.path().join("log");
        let whole = fs::read(&log).expect("a log");
        let head = fs::read(dir.path().join("head.json")).expect("a head");
        let restore = |bytes: &[u8]| {
            fs::write(&log, bytes).expect("written");
            fs::write(dir.path().join("head.json"), if without_head { b"{}" } else { head.as_slice() })
                .expect("written");
        };
        restore(&whole[..whole.len() - 1]);
        append(dir.path(), 3).expect("appended");
        assert_eq!(leaves(dir.path())[2]["predicate"]["acknowledged"], !without_head);
        restore(&whole[..start]);
        assert_eq!(verify_file(dir.path()).expect("readable").flaws.len(), usize::from(!without_head));
        let gone = if without_head { "acknowledged" } else { "audit::tampered" };
        assert_eq!(code(append(dir.path(), 4)), gone);
    }
}

/// Every bit of every byte of every record that is not the last write.
#[test]
#[expect(clippy::disallowed_macros, clippy::print_stdout, reason = "its count is a row of docs/audit.md")]
fn damage_is_refused_and_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let (_, start) = three(dir.path());
    let log = dir.path().join("log");
    let whole = fs::read(&log).expect("a log");
    let head = fs::read(dir.path().join("head.json")).expect("a head");
    for head in [Some(head), None] {
        let known = if head.is_some() { whole.len() } else { start };
        println!("{known} of {known} damaged bytes refused");
        for at in 0..known {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            fs::write(&log, &damaged).expect("written");
            match &head {
                Some(head) => fs::write(dir.path().join("head.json"), head).expect("written"),
                None => fs::write(dir.path().join("head.json"), "").expect("written"),
            }
            let fault = append(dir.path(), 9).expect_err("refused");
            assert_eq!(fault.code, "audit::tampered", "byte {at}");
            let index = at * 3 / whole.len();
            assert!(fault.message.contains(&format!("record {index}")), "byte {at}: {}", fault.message);
            assert_eq!(fs::read(&log).expect("a log"), damaged, "nothing was written");
            assert_eq!(verify_file(dir.path()).expect("readable").first_bad(), Some(index as u64));
        }
    }
}

#[test]
fn records_that_were_exchanged_dropped_or_repeated_are_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    three(dir.path());
    let log = dir.path().join("log");
    let whole = fs::read(&log).expect("a log");
    let frames: Vec<&[u8]> = whole.chunks(whole.len() / 3).collect();
    for order in [&[1, 0, 2][..], &[0, 2], &[1, 2], &[0, 1, 1, 2], &[0, 0, 1, 2], &[0, 1]] {
        let bytes: Vec<u8> = order.iter().flat_map(|i| frames[*i].to_vec()).collect();
        fs::write(&log, bytes).expect("written");
        assert_eq!(code(append(dir.path(), 9)), "audit::tampered", "{order:?}");
    }
}

/// The file grew, but the blocks of the last write never reached the disk.
#[test]
fn blocks_that_were_never_written_are_set_aside() {
    for keep_head in [true, false] {
        let dir = tempfile::tempdir().expect("a directory");
        let (head, start) = three(dir.path());
        let mut bytes = fs::read(dir.path().join("log")).expect("a log");
        bytes[start + 4..].fill(0);
        fs::write(dir.path().join("log"), bytes).expect("written");
        fs::write(dir.path().join("head.json"), if keep_head { head.as_slice() } else { b"" }).expect("written");
        assert_eq!(append(dir.path(), 2).expect("appended"), 3);
        assert_eq!(verify_file(dir.path()).expect("readable").flaws, []);
    }
}

/// A long log is not read as a whole; its end is still checked, and a head that lags or lies costs time, not records.
#[test]
fn a_long_log_goes_on_from_its_head() {
    let dir = tempfile::tempdir().expect("a directory");
    let long = |n: usize| Record { leaf: long_leaf(n), ..record(n) };
    let store = FileStore::new(dir.path());
    for n in 0..6 {
        store.append(&long(n)).expect("appended");
    }
    let old = fs::read(dir.path().join("head.json")).expect("a head");
    assert_eq!(append(dir.path(), 6).expect("appended"), 6);
    fs::write(dir.path().join("head.json"), old).expect("written");
    assert_eq!(append(dir.path(), 7).expect("appended"), 7);
    fs::write(dir.path().join("head.json"), "{\"size\":99}").expect("written");
    assert_eq!(append(dir.path(), 8).expect("appended"), 8);
    assert_eq!(append(dir.path(), 8).expect("a retry"), 8);
    let report = verify_file(dir.path()).expect("readable");
    assert_eq!((report.records, report.flaws), (9, vec![]));
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error_with_help() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "not a directory").expect("written");
    for path in [file.clone(), file.join("below"), "/proc/changegate".into()] {
        let fault = append(&path, 0).expect_err("refused");
        assert_eq!(fault.code, "audit::unwritable");
        assert!(fault.help.contains("--audit"), "{}", fault.help);
        assert_eq!(fault.path.as_deref(), path.to_str());
    }
}

/// Reported once by the kernel, then forgotten: whoever goes on acknowledges what is not there.
#[test]
fn after_a_failed_sync_nothing_more_is_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut store = FileStore::new(dir.path());
    store.append(&record(0)).expect("appended");
    store.sync_with(|_| Err(std::io::Error::other("disk on fire")));
    assert_eq!(store.append(&record(1)).expect_err("refused").code, "audit::not_durable");
    store.sync_with(std::fs::File::sync_data);
    assert_eq!(store.append(&record(2)).expect_err("refused").code, "audit::not_durable");
    assert_eq!(append(dir.path(), 3).expect("another process may"), 2);
}

#[test]
fn parts_lie_beside_the_log_and_are_checked() {
    let dir = tempfile::tempdir().expect("a directory");
    let bytes = b"[1,2]".to_vec();
    let sha256 = Hash::of(&bytes).to_string();
    let leaf = format!(r#"{{"predicate":{{"id":"a","why":{{"part":"parts/x","sha256":"{sha256}","count":2}}}}}}"#);
    let part = Part { sha256: sha256.clone(), bytes };
    let record = Record { leaf: leaf.into_bytes(), parts: vec![part], ..record(0) };
    FileStore::new(dir.path()).append(&record).expect("appended");
    assert_eq!(verify_file(dir.path()).expect("readable").flaws, []);
    let path = dir.path().join(format!("parts/{sha256}.json"));
    fs::write(&path, "[1,3]").expect("written");
    assert_eq!(verify_file(dir.path()).expect("readable").first_bad(), Some(0));
    fs::remove_file(&path).expect("there");
    assert_eq!(verify_file(dir.path()).expect("readable").flaws.len(), 1);
}

#[test]
fn a_leaf_that_is_too_long_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let long = Record { leaf: vec![b' '; 65_536], ..record(0) };
    assert_eq!(FileStore::new(dir.path()).append(&long).expect_err("refused").code, "audit::too_large");
}

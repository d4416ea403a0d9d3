//! Logs for tests, and the program.

use std::path::Path;
use std::process::{Command, Output};

use changegate::audit::{FileStore, Record, Store, leaf_hash};
use changegate::audit::{Frontier, Hash};
use serde_json::{Value, json};

/// Id of the n-th record.
pub(crate) fn id(n: usize) -> String {
    format!("019b3c5e-0000-7000-8000-{n:012x}")
}

/// A record whose predicate has these members.
pub(crate) fn stating(n: usize, members: Value) -> Record {
    let mut predicate = json!({"id": id(n)});
    if let (Value::Object(all), Value::Object(more)) = (&mut predicate, members) {
        all.extend(more);
    }
    let leaf = json!({"predicate": predicate}).to_string().into_bytes();
    Record { id: id(n), idempotency_key: String::new(), leaf, parts: Vec::new(), disclosures: Vec::new() }
}

/// A log of `count` small records.
pub(crate) fn log_of(directory: &Path, count: usize) {
    let store = FileStore::new(directory);
    for n in 0..count {
        store.append(&stating(n, json!({}))).expect("appended");
    }
}

/// The frames of a log.
pub(crate) fn frames(log: &[u8]) -> Vec<Vec<u8>> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while at < log.len() {
        let length = u32::from_be_bytes(log[at + 4..at + 8].try_into().expect("four bytes")) as usize;
        frames.push(log[at..at + 56 + length].to_vec());
        at += 56 + length;
    }
    frames
}

/// A frame as anybody can make one who has read how they look.
pub(crate) fn forge(leaf: &[u8], index: u64, root: Hash) -> Vec<u8> {
    let mut start = b"CGA1".to_vec();
    start.extend(u32::try_from(leaf.len()).expect("short").to_be_bytes());
    let rest = [leaf, &index.to_be_bytes(), &root.0].concat();
    let crcs = [crc32c::crc32c(&start).to_be_bytes(), crc32c::crc32c(&rest).to_be_bytes()].concat();
    [start, crcs, rest].concat()
}

/// A whole log over these leaves, roots and all.
pub(crate) fn rewrite(leaves: &[Vec<u8>]) -> Vec<u8> {
    let mut tree = Frontier::default();
    let mut log = Vec::new();
    for (index, leaf) in (0..).zip(leaves) {
        tree.push(leaf_hash(leaf));
        log.extend(forge(leaf, index, tree.root()));
    }
    log
}

/// Leaf of a frame.
pub(crate) fn leaf(frame: &[u8]) -> Vec<u8> {
    frame[16..frame.len() - 40].to_vec()
}

/// The program, without the environment of whoever runs the tests.
pub(crate) fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_changegate"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.current_dir(directory).env_clear().env("PATH", path).env("LANG", "C.UTF-8");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", directory).env("USER", "alice");
    command
}

/// Runs the program.
pub(crate) fn run(directory: &Path, args: &[&str]) -> Output {
    program(directory).args(args).output().expect("started")
}

/// Its standard output.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Its standard output as JSON.
pub(crate) fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}{}", stdout(output), String::from_utf8_lossy(&output.stderr)))
}

/// Whether a program is on this machine.
pub(crate) fn has(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok()
}

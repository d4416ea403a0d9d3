//! Many writers, one log: nothing is lost, nothing stands twice, nothing forks. And how fast that goes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::time::Instant;

use changegate::audit::Record;
use changegate::outcome::AuditReceipt;

use crate::place::{Place, numbers, places, read, record, soak};

/// Writers, and records of each: as few as are useful. `tests/audit/soak_stores.sh` has the full numbers.
fn counts(place: &Place) -> (usize, usize) {
    match (place.name(), soak()) {
        ("git", 1) => (6, 2),
        ("git", factor) => (16, factor),
        (_, factor) => (16, 10 * factor),
    }
}

#[test]
fn writers_lose_nothing_and_do_not_fork() {
    for place in places() {
        let (writers, each) = counts(&place);
        let (receipts, rate) = append(&place, writers, each);
        let total = writers * each;
        let (leaves, problem) = read(&*place.open());
        assert_eq!(problem, None, "{}: one chain of roots", place.name());
        assert_eq!(numbers(&leaves), (0..total as u64).collect::<Vec<_>>(), "{}: each once", place.name());
        let indices: BTreeSet<_> = receipts.iter().filter_map(|receipt| receipt.index).collect();
        assert_eq!(indices.len(), total, "{}: a place of its own for each", place.name());
        for receipt in &receipts {
            let index = usize::try_from(receipt.index.expect("integrated")).expect("small");
            assert!(String::from_utf8_lossy(&leaves[index]).contains(&receipt.id), "{}: where it says", place.name());
        }
        let name = place.name();
        println!("{name}: {writers} writers, {total} records: 0 lost, 0 duplicate, 0 forked; {rate:.0} a second");
    }
}

/// Records of `writers` that work at once, `each` of its own, and how many a second were acknowledged.
fn append(place: &Place, writers: usize, each: usize) -> (Vec<AuditReceipt>, f64) {
    let work = |writer: usize| {
        let store = place.open();
        (0..each).map(|n| store.append(&fresh(writer * each + n)).expect("appended")).collect::<Vec<_>>()
    };
    let start = Instant::now();
    let receipts: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..writers).map(|writer| scope.spawn(move || work(writer))).collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    let rate = receipts.len() as f64 / start.elapsed().as_secs_f64();
    (receipts, rate)
}

/// A record with an id of now, as the gate makes them: one that may be old costs a look through the log.
fn fresh(n: usize) -> Record {
    let (old, id) = (record(n), uuid::Uuid::now_v7().to_string());
    let leaf = String::from_utf8_lossy(&old.leaf).replace(&old.id, &id).into_bytes();
    Record { id, leaf, ..old }
}

/// One table: every store with one writer and with 16, and the disk itself before and after.
#[test]
#[ignore = "a measurement for soak_stores.sh"]
fn rates() {
    println!("raw write and fdatasync: {:.0} a second", raw(1000));
    for place in places() {
        let each = if place.name() == "git" { 10 } else { 500 };
        let (_, one) = append(&place, 1, each);
        println!("{}: 1 writer, {one:.1} a second", place.name());
    }
    for place in places() {
        let each = if place.name() == "git" { 10 } else { 100 };
        let (_, many) = append(&place, 16, each);
        println!("{}: 16 writers, {many:.1} a second", place.name());
    }
    println!("raw write and fdatasync: {:.0} a second", raw(1000));
}

fn raw(times: usize) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let mut file = File::create(directory.path().join("raw")).expect("a file");
    let block = record(49).leaf;
    let start = Instant::now();
    for _ in 0..times {
        file.write_all(&block).expect("written");
        file.sync_data().expect("synced");
    }
    times as f64 / start.elapsed().as_secs_f64()
}

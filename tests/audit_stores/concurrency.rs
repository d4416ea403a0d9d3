//! Many writers, one log: nothing is lost, nothing stands twice, nothing forks.

use std::collections::BTreeSet;

use crate::place::{Place, numbers, places, read, record};

/// Counts as small as they are useful; `tests/audit/soak_stores.sh` has the large ones.
fn counts(place: &Place) -> (usize, usize) {
    let factor = soak();
    match place.name() {
        "git" => (if factor > 1 { 16 } else { 6 }, 2 * factor),
        _ => (16, 10 * factor),
    }
}

#[expect(clippy::disallowed_methods, reason = "how the soak test asks for more")]
fn soak() -> usize {
    std::env::var("CHANGEGATE_SOAK").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1)
}

#[test]
fn writers_lose_nothing_and_do_not_fork() {
    for place in places() {
        let (writers, each) = counts(&place);
        let append = |writer: usize| {
            let store = place.open();
            (0..each).map(|n| store.append(&record(writer * each + n)).expect("appended")).collect::<Vec<_>>()
        };
        let start = std::time::Instant::now();
        let receipts: Vec<_> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..writers).map(|writer| scope.spawn(move || append(writer))).collect();
            writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
        });
        let rate = receipts.len() as f64 / start.elapsed().as_secs_f64();
        let total = writers * each;
        let (leaves, problem) = read(&*place.open());
        assert_eq!(problem, None, "{}: one chain of roots", place.name());
        assert_eq!(numbers(&leaves), (0..total as u64).collect::<Vec<_>>(), "{}: each once", place.name());
        let places: BTreeSet<_> = receipts.iter().filter_map(|receipt| receipt.index).collect();
        assert_eq!(places.len(), total, "{}: a place of its own for each", place.name());
        for receipt in &receipts {
            let index = usize::try_from(receipt.index.expect("integrated")).expect("small");
            assert!(String::from_utf8_lossy(&leaves[index]).contains(&receipt.id), "{}: where it says", place.name());
        }
        report(place.name(), writers, total, rate);
    }
}

#[expect(clippy::print_stderr, clippy::disallowed_macros, reason = "the figures of the soak test")]
fn report(store: &str, writers: usize, records: usize, rate: f64) {
    eprintln!("{store}: {writers} writers, {records} records, 0 lost, 0 duplicate, 0 forked, {rate:.0} a second");
}

//! Records that wait on this machine, and come into the log once.

use std::fs;

use changegate::audit::{AuditLevel, Spool};

use crate::place::{Place, numbers, places, read, record, with_part};

#[test]
fn what_was_spooled_comes_in_once_and_in_order() {
    for place in places() {
        let spool = Spool::new(place.directory.path().join("spool"));
        for n in [3, 1, 2] {
            let receipt = spool.keep(&with_part(n)).expect("kept");
            assert_eq!((receipt.index, receipt.root, receipt.level), (None, None, AuditLevel::Spooled));
        }
        let store = place.open();
        // As if the machine had died after the log had the record and before the spool was told.
        let early = store.append(&with_part(2)).expect("appended");
        let receipts = spool.push(&*store).expect("pushed");
        assert_eq!(receipts.iter().map(|receipt| receipt.index).collect::<Vec<_>>(), [Some(1), Some(2), Some(0)]);
        assert_eq!(receipts[2], early, "{}", place.name());
        assert_eq!(spool.waiting().expect("readable"), Vec::<String>::new());
        assert_eq!(spool.push(&*store).expect("nothing to do"), []);
        assert_eq!(numbers(&read(&*store).0), [1, 2, 3], "{}", place.name());
    }
}

#[test]
fn two_that_push_at_once_bring_nothing_in_twice() {
    for place in places() {
        let spool = Spool::new(place.directory.path().join("spool"));
        (0..8).for_each(|n| drop(spool.keep(&record(n)).expect("kept")));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| spool.push(&*place.open()).expect("pushed"));
            }
        });
        assert_eq!(numbers(&read(&*place.open()).0), (0..8).collect::<Vec<_>>(), "{}", place.name());
    }
}

#[test]
fn a_damaged_file_stays_and_the_others_come_in() {
    let place = Place::file();
    let spool = Spool::new(place.directory.path().join("spool"));
    (0..3).for_each(|n| drop(spool.keep(&record(n)).expect("kept")));
    let damaged = place.directory.path().join(format!("spool/00000001-{}.json", record(1).id));
    fs::write(&damaged, "{}").expect("written");
    let fault = spool.push(&*place.open()).expect_err("named");
    assert_eq!((fault.code, fault.path.as_deref()), ("audit::tampered", damaged.to_str()));
    assert_eq!(numbers(&read(&*place.open()).0), [0, 2]);
    assert_eq!(spool.waiting().expect("readable"), [record(1).id]);
}

#[test]
fn a_log_that_cannot_be_reached_leaves_the_spool_as_it_is() {
    let place = Place::git();
    let spool = Spool::new(place.directory.path().join("spool"));
    spool.keep(&record(0)).expect("kept");
    fs::rename(place.bare(), place.directory.path().join("away")).expect("renamed");
    assert_eq!(spool.push(&*place.open()).expect_err("away").code, "audit::unwritable");
    fs::rename(place.directory.path().join("away"), place.bare()).expect("renamed");
    assert_eq!(spool.push(&*place.open()).expect("back").len(), 1);
}

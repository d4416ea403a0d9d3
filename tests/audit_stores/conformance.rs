//! What holds for every store alike.

use std::ops::ControlFlow;

use changegate::audit::{AuditLevel, Entry, Frontier, Hash, Record, Spool, Store, leaf_hash};

use crate::place::{numbers, places, read, record, soak, with_part};

/// The tree of RFC 6962 says what index and root must be; nothing about the store does.
#[test]
fn the_same_records_stand_at_the_same_places_under_the_same_roots() {
    let records: Vec<Record> = (0..20).map(|n| if n % 5 == 0 { with_part(n) } else { record(n) }).collect();
    for place in places() {
        let store = place.open();
        assert_eq!((store.size().expect("empty"), read(&*store)), (0, (vec![], None)), "{}", place.name());
        assert_eq!(store.record(0).expect("empty"), None);
        let mut tree = Frontier::default();
        for (n, record) in records.iter().enumerate() {
            let receipt = store.append(record).expect("appended");
            tree.push(leaf_hash(&record.leaf));
            assert_eq!(
                (receipt.index, receipt.root),
                (Some(n as u64), Some(tree.root().to_string())),
                "{}",
                place.name()
            );
            assert_eq!((receipt.id.as_str(), receipt.level), (record.id.as_str(), AuditLevel::Integrated));
            assert_eq!(receipt.destination, store.name());
        }
        let reader = place.opened_by_name();
        let leaves: Vec<Vec<u8>> = records.iter().map(|record| record.leaf.clone()).collect();
        assert_eq!(read(&*reader), (leaves, None), "{}", place.name());
        assert_eq!(reader.size().expect("readable"), 20);
        assert_eq!(reader.record(7).expect("readable"), Some(Entry::Leaf(records[7].leaf.clone())));
        assert_eq!(reader.record(20).expect("readable"), None);
        let part = &records[5].parts[0];
        assert_eq!(reader.part(Hash::of(&part.bytes)).expect("readable").as_ref(), Some(&part.bytes));
        assert_eq!(reader.part(Hash::of(b"nothing")).expect("readable"), None);
    }
}

#[test]
fn a_range_is_read_in_order_and_can_be_left() {
    for place in places() {
        let store = place.open();
        (0..6).for_each(|n| drop(store.append(&record(n)).expect("appended")));
        let mut seen = Vec::new();
        let problem = store.leaves(2..5, &mut |index, entry| {
            assert_eq!(entry, Entry::Leaf(record(usize::try_from(index).expect("small")).leaf));
            seen.push(index);
            if index == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((problem.expect("readable"), seen), (None, vec![2, 3]), "{}", place.name());
    }
}

/// A retry has the id; another judgement of the same head has the key.
#[test]
fn an_id_is_kept_once_and_a_key_as_often_as_it_was_judged() {
    for place in places() {
        let first = place.open().append(&record(0)).expect("appended");
        place.open().append(&record(1)).expect("the same key");
        assert_eq!(record(0).idempotency_key, record(1).idempotency_key);
        let store = place.open();
        assert_eq!(store.append(&record(0)).expect("a retry"), first, "{}", place.name());
        assert_eq!(store.append(&record(0)).expect("a retry"), first, "{}", place.name());
        assert_eq!(store.size().expect("readable"), 2, "{}", place.name());
    }
}

#[test]
fn leaves_of_65535_bytes_fit_and_longer_ones_are_refused() {
    for place in places() {
        let store = place.open();
        let sized = |n: usize, bytes: usize| {
            let mut record = record(n);
            record.leaf.resize(bytes, b' ');
            record
        };
        assert_eq!(store.append(&sized(0, 65_536)).expect_err("refused").code, "audit::too_large", "{}", place.name());
        let longest = sized(1, 65_535);
        assert_eq!(store.append(&longest).expect("it fits").index, Some(0), "{}", place.name());
        assert_eq!(read(&*place.open()), (vec![longest.leaf], None), "{}", place.name());
    }
}

/// More than one reading asks for, more than one commit adds and more than one folder holds.
#[test]
fn a_long_log_is_read_in_pieces() {
    // A push takes tens of milliseconds: the git store is left to the soak test.
    for place in places().into_iter().filter(|place| place.name() != "git" || soak() > 1) {
        let spool = Spool::new(place.directory.path().join("spool"));
        (0..300).for_each(|n| drop(spool.keep(&record(n)).expect("kept")));
        let accepting: Box<dyn Store> =
            if place.name() == "git" { Box::new(place.git_at(AuditLevel::Accepted)) } else { place.open() };
        assert_eq!(spool.push(&*accepting).expect("accepted").len(), 300);
        let store = place.open();
        store.integrate().expect("integrated");
        let (leaves, problem) = read(&*store);
        assert_eq!((leaves.len(), problem), (300, None), "{}", place.name());
        assert_eq!(numbers(&leaves), (0..300).collect::<Vec<_>>(), "{}", place.name());
        assert_eq!(
            store.find(&record(290).id).expect("readable").and_then(|n| leaves.get(usize::try_from(n).ok()?).cloned()),
            Some(record(290).leaf)
        );
        assert_eq!(store.find("nobody").expect("readable"), None);
    }
}

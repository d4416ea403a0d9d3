//! What was changed behind a store's back is found, and the first changed record named.

use std::fs;
use std::path::Path;

use changegate::audit::Store;

use crate::place::{Place, git, read, record};

const RECORDS: usize = 8;

/// What somebody does to the files of the branch.
type Change = Box<dyn Fn(&Path)>;

fn filled(place: &Place) -> Box<dyn Store + Send> {
    let store = place.open();
    (0..RECORDS).for_each(|n| drop(store.append(&record(n)).expect("appended")));
    store
}

fn first_bad(store: &dyn Store) -> Option<u64> {
    read(store).1.map(|problem| problem.index)
}

/// Rewrites the branch: `change` works on its files.
fn rewrite(place: &Place, change: impl Fn(&Path)) {
    let work = place.directory.path().join("work");
    git(place.directory.path(), &["clone", "--quiet", "-b", "changegate-audit", "log.git", "work"]);
    change(&work);
    git(&work, &["add", "-A"]);
    git(&work, &["commit", "--quiet", "--allow-empty", "-m", "Records from 8: 1 more"]);
    git(&work, &["push", "--quiet", "--force", "origin", "changegate-audit"]);
    fs::remove_dir_all(work).expect("removed");
}

fn leaf(n: usize) -> String {
    format!("log/00/00/00/{n:02x}.json")
}

#[test]
fn a_branch_that_was_edited_names_the_first_bad_record() {
    let place = Place::git();
    let store = filled(&place);
    let good = git(&place.bare(), &["rev-parse", "changegate-audit"]);
    for n in 0..RECORDS {
        let changes: [(&str, Change); 4] = [
            (
                "edited",
                Box::new(move |work: &Path| {
                    let text = fs::read_to_string(work.join(leaf(n))).expect("a leaf");
                    fs::write(work.join(leaf(n)), text.replace("decision", "decisioN")).expect("written");
                }),
            ),
            ("gone", Box::new(move |work: &Path| fs::remove_file(work.join(leaf(n))).expect("removed"))),
            ("replaced", Box::new(move |work: &Path| fs::write(work.join(leaf(n)), record(99).leaf).expect("written"))),
            (
                "swapped",
                Box::new(move |work: &Path| {
                    let (this, other) = (work.join(leaf(n)), work.join(leaf((n + 1) % RECORDS)));
                    let (a, b) = (fs::read(&this).expect("a leaf"), fs::read(&other).expect("a leaf"));
                    fs::write(this, b).expect("written");
                    fs::write(other, a).expect("written");
                }),
            ),
        ];
        for (what, change) in changes {
            git(&place.bare(), &["update-ref", "refs/heads/changegate-audit", &good]);
            rewrite(&place, change);
            let first = if what == "swapped" { n.min((n + 1) % RECORDS) } else { n };
            assert_eq!(first_bad(&*store), Some(first as u64), "{what} {n}");
        }
    }
}

#[test]
fn a_branch_whose_head_was_edited_takes_no_more_records() {
    let place = Place::git();
    let store = filled(&place);
    rewrite(&place, |work| {
        let head = fs::read_to_string(work.join("head.json")).expect("a head");
        fs::write(work.join("head.json"), head.replacen("\"size\": 8", "\"size\": 4", 1)).expect("written");
    });
    assert_eq!(place.open().append(&record(9)).expect_err("refused").code, "audit::tampered");
    // The root of 8 records is also that of 4 with the same peaks: the records tell.
    assert_eq!(first_bad(&*store), Some(3));
    let place = Place::git();
    filled(&place);
    rewrite(&place, |work| fs::remove_file(work.join(leaf(RECORDS - 1))).expect("removed"));
    assert_eq!(place.open().append(&record(9)).expect_err("refused").code, "audit::tampered");
}

#[test]
fn every_flipped_byte_of_a_file_log_is_found() {
    let place = Place::file();
    filled(&place);
    let log = place.directory.path().join("log/log");
    let whole = fs::read(&log).expect("a log");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&log, damaged).expect("written");
        assert!(first_bad(&*place.open()).is_some(), "byte {at}");
    }
}

/// A superuser who switches the triggers and constraints off can change rows; the roots tell.
#[test]
fn rows_that_were_changed_are_named() {
    let Some(place) = Place::postgres() else { return };
    let crate::place::Kind::Postgres { server, database } = &place.kind else { unreachable!() };
    let store = filled(&place);
    let mut client = server.client(database);
    client.batch_execute("alter table changegate.record disable trigger all").expect("a superuser may");
    client.batch_execute("alter table changegate.record drop constraint record_check").expect("a superuser may");
    for n in 0..i64::try_from(RECORDS).expect("small") {
        let changes = [
            "update changegate.record set leaf = leaf || ' ' where index = $1",
            "update changegate.record set leaf = leaf || ' ', hash = sha256('\\x00'::bytea || leaf || ' ') where index = $1",
            "update changegate.record set root = sha256(root) where index = $1",
            "delete from changegate.record where index = $1",
        ];
        for change in changes {
            let mut transaction = client.transaction().expect("a transaction");
            transaction
                .batch_execute("create temporary table kept on commit drop as table changegate.record")
                .expect("kept");
            assert_eq!(transaction.execute(change, &[&n]).expect("changed"), 1);
            transaction.batch_execute("create table public.kept as table kept").expect("kept");
            transaction.commit().expect("committed");
            assert_eq!(first_bad(&*store), Some(n.try_into().expect("positive")), "{change} {n}");
            client
                .batch_execute("delete from changegate.record; insert into changegate.record table public.kept; drop table public.kept")
                .expect("restored");
            assert_eq!(first_bad(&*store), None);
        }
    }
    client.batch_execute("delete from changegate.record where index = 7").expect("deleted");
    assert_eq!(store.append(&record(9)).expect_err("refused").code, "audit::tampered");
}

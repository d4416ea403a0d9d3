//! The PostgreSQL store: rights and triggers, what it refuses to run on, and words without passwords.

use std::path::Path;

use changegate::audit::{Entry, Hash, PostgresStore, Secret, Store};

use crate::place::{Kind, Place, read, record, with_part};
use crate::server::Server;

fn place() -> Option<(Place, std::sync::Arc<Server>, String)> {
    let place = Place::postgres()?;
    let Kind::Postgres { server, database } = &place.kind else { unreachable!() };
    let (server, database) = (server.clone(), database.clone());
    Some((place, server, database))
}

fn store(address: &str) -> PostgresStore {
    PostgresStore::new(address, Path::new("."), None).expect("an address")
}

const CHANGES: [&str; 14] = [
    "update changegate.record set idempotency_key = 'x'",
    "update changegate.record set leaf = null",
    "delete from changegate.record",
    "truncate changegate.record",
    "update changegate.head set size = 0",
    "update changegate.head set root = sha256(root)",
    "delete from changegate.head",
    "truncate changegate.head",
    "insert into changegate.head values (false, 0, '', '{}')",
    "update changegate.part set bytes = 'x'",
    "delete from changegate.part",
    "truncate changegate.part",
    "delete from changegate.disclosure",
    "truncate changegate.disclosure",
];

/// The tests' owner is a superuser: rights do not bind it, triggers do. An ordinary role has not even the rights.
#[test]
fn nothing_can_be_changed_or_removed() {
    let Some((place, server, database)) = place() else { return };
    let record = with_part(0);
    place.open().append(&changegate::audit::Record { disclosures: record.parts.clone(), ..record }).expect("appended");
    let mut superuser = server.client(&database);
    superuser.batch_execute("create role writer_a login").expect("a role");
    assert!(!store(&place.destination()).init(&["writer_a".into()]).expect("granted"));
    let mut writer =
        postgres::Client::connect(&server.address("writer_a", &database), postgres::NoTls).expect("connected");
    for change in CHANGES {
        let fault = superuser.batch_execute(change).expect_err(change);
        assert!(fault.as_db_error().is_some_and(|e| e.message().contains("refused")), "{change}: {fault:?}");
        let fault = writer.batch_execute(change).expect_err(change);
        assert_eq!(fault.code(), Some(&postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{change}");
    }
    for call in [
        "select changegate.prune(1)",
        "select changegate.erase('')",
        "insert into changegate.record values (1, 'a', '', '', '', '')",
    ] {
        let fault = writer.batch_execute(call).expect_err(call);
        assert_eq!(fault.code(), Some(&postgres::error::SqlState::INSUFFICIENT_PRIVILEGE), "{call}");
    }
    // Replication roles skip ordinary triggers, not these.
    superuser.batch_execute("set session_replication_role = replica").expect("a superuser may");
    superuser.batch_execute("delete from changegate.record").expect_err("refused all the same");
    assert_eq!(
        store(&server.address("writer_a", &database)).append(&crate::place::record(1)).expect("it may").index,
        Some(1)
    );
}

#[test]
fn an_owner_that_is_no_superuser_can_create_append_and_forget() {
    let Some((_, server, _)) = place() else { return };
    let database = server.database();
    server
        .client(&database)
        .batch_execute(&format!("create role plain_owner login; alter database {database} owner to plain_owner"))
        .expect("a role");
    let store = store(&server.address("plain_owner", &database));
    assert!(store.init(&[]).expect("created"));
    let first = with_part(0);
    store.append(&changegate::audit::Record { disclosures: first.parts.clone(), ..first.clone() }).expect("appended");
    store.append(&record(1)).expect("appended");
    let digest = Hash::of(&first.parts[0].bytes);
    assert_eq!(store.disclosure(digest).expect("readable").as_ref(), Some(&first.parts[0].bytes));
    store.erase(digest).expect("erased");
    assert_eq!(store.disclosure(digest).expect("readable"), None);
    store.prune(1).expect("pruned");
    assert_eq!(store.record(0).expect("readable"), Some(Entry::Pruned(changegate::audit::leaf_hash(&first.leaf))));
    assert_eq!(store.leaves(0..9, &mut |_, _| std::ops::ControlFlow::Continue(())).expect("readable"), None);
    assert_eq!(store.append(&record(2)).expect("appended").index, Some(2));
}

#[test]
fn a_server_that_may_lose_what_it_confirms_is_refused() {
    let Some((place, server, database)) = place() else { return };
    server
        .client(&database)
        .batch_execute("create role hasty login superuser; alter role hasty set synchronous_commit = off")
        .expect("a role");
    let hasty = store(&server.address("hasty", &database));
    for fault in [hasty.append(&record(0)).map(|_| ()), hasty.init(&[]).map(|_| ())] {
        let fault = fault.expect_err("refused");
        assert_eq!(fault.code, "audit::not_durable");
        assert!(fault.help.contains("synchronous_commit = on"), "{}", fault.help);
    }
    assert_eq!(read(&*place.open()).0.len(), 0);
}

/// The server ended the connection: the next append connects anew, and an unknown outcome is asked about by its id.
#[test]
fn a_connection_that_broke_is_replaced() {
    let Some((place, server, database)) = place() else { return };
    let store = place.open();
    store.append(&record(0)).expect("appended");
    server
        .client(&database)
        .batch_execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'changegate' and datname = current_database()")
        .expect("terminated");
    assert_eq!(store.append(&record(0)).expect("a retry").index, Some(0));
    assert_eq!(store.append(&record(1)).expect("appended").index, Some(1));
}

#[test]
fn faults_name_the_next_step_and_never_the_password() {
    let Some((_, server, database)) = place() else { return };
    let mut client = server.client(&database);
    client.batch_execute("create role locked login password 'staple'").expect("a role");
    let address = server.address("locked:hunter2", &database);
    let empty = server.database();
    let cases = [
        (address.as_str(), "PGPASSWORD"),
        (&server.address("locked:staple", &database), "--writer"),
        (&server.address("owner:hunter2", &empty), "audit init"),
        (&server.address("owner:hunter2", "nowhere"), "create the database"),
        ("postgres://a:hunter2@%2Fnowhere/audit", "--audit-level spooled"),
        ("postgres://a:hunter2@127.0.0.1:1/audit?connect_timeout=2", "--audit-level spooled"),
    ];
    for (address, help) in cases {
        let store = store(address);
        let fault = store.append(&record(0)).expect_err("refused");
        assert_eq!(fault.code, "audit::unwritable", "{fault:?}");
        assert!(fault.help.contains(help), "{help}: {fault:?}");
        let shown = format!("{fault:?} {store:?} {}", store.name());
        assert!(!shown.contains("hunter2") && !shown.contains("staple"), "{shown}");
    }
    let by_environment =
        PostgresStore::new(&server.address("locked", &database), Path::new("."), Some(&Secret("staple".into())));
    let fault = by_environment.expect("an address").append(&record(0)).expect_err("it has no rights");
    assert!(fault.help.contains("--writer"), "{fault:?}");
}

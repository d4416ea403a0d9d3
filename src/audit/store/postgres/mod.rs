//! The store for many machines: a PostgreSQL database.
//!
//! A function of the database appends ([schema.sql](schema.sql)): it takes the next index under a lock on the head and
//! computes the root, in one round trip and one commit. The client computes the same root from the tree that was there,
//! so that neither side has to believe the other.

mod address;
mod fault;
mod read;
mod tally;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use postgres::Client;

use super::open::Secret;
use super::{Part, Record};
use crate::audit::frame::MAX_LEAF;
use crate::audit::tree::{Frontier, Hash, leaf_hash};
use crate::config::AuditLevel;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

use address::Address;
use fault::Fault;

const SCHEMA: &str = include_str!("schema.sql");
const LAYOUT: &str = "changegate audit log, layout 1";
/// What a session needs, whatever the server's or the role's defaults are.
const SESSION: &str = "set statement_timeout = '60s'; set lock_timeout = '60s'; set client_min_messages = warning; \
                       set default_transaction_isolation = 'read committed'; set search_path = pg_catalog";

/// A log in a database.
pub struct PostgresStore {
    address: Address,
    client: Mutex<Option<Client>>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PostgresStore").field(&self.address).finish()
    }
}

impl PostgresStore {
    /// The log at `address`; files that it names hang from `directory`. Nothing is contacted yet.
    ///
    /// # Errors
    ///
    /// `audit::destination` when it is not an address of PostgreSQL. The message does not hold it.
    pub fn new(address: &str, directory: &Path, password: Option<&Secret>) -> Result<Self, Diagnostic> {
        let address = Address::read(address, directory, password).map_err(|what| {
            Diagnostic::error("audit::destination", format!("the audit log cannot be found: {what}"))
                .help("write `postgres://USER@HOST/DATABASE`, with special characters percent-encoded and the password in PGPASSWORD")
        })?;
        Ok(Self { address, client: Mutex::default() })
    }

    /// Creates the log, or finds that it is there already, and lets `writers` append to it and read it.
    fn create(&self, writers: &[String]) -> Result<bool, Fault> {
        let mut client = self.address.connect()?;
        client.batch_execute(SESSION)?;
        durable(&mut client)?;
        let mut transaction = client.transaction()?;
        // Two that create at once: the second finds it there.
        transaction.batch_execute("select pg_advisory_xact_lock(7237123447)")?;
        let created = match layout(&mut transaction)? {
            None => {
                transaction.batch_execute(SCHEMA)?;
                true
            }
            Some(layout) if layout == LAYOUT => false,
            Some(layout) => return Err(Fault::OtherLayout(layout)),
        };
        for writer in writers {
            let role = format!("\"{}\"", writer.replace('"', "\"\""));
            transaction.batch_execute(&format!(
                "grant usage on schema changegate to {role}; grant select on all tables in schema changegate to {role}; \
                 grant execute on function changegate.append to {role}"
            ))?;
        }
        transaction.commit()?;
        Ok(created)
    }

    /// Runs `work` on the connection. A connection that broke is replaced once and the work repeated: every piece of
    /// work may be done twice.
    fn with_client<T>(&self, mut work: impl FnMut(&mut Client) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut slot = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let old = slot.take().filter(|client| !client.is_closed());
        let fresh = old.is_none();
        let client = slot.insert(old.map_or_else(|| self.connect(), Ok)?);
        match work(client) {
            Err(fault) if !fresh && fault.is_lost_connection() => work(slot.insert(self.connect()?)),
            Err(fault) if fault.is_lost_connection() => {
                *slot = None;
                work(slot.insert(self.connect()?))
            }
            answer => answer,
        }
    }

    /// Connects, and refuses a database that would confirm what it may lose.
    fn connect(&self) -> Result<Client, Fault> {
        let mut client = self.address.connect()?;
        client.batch_execute(SESSION)?;
        durable(&mut client)?;
        match layout(&mut client)? {
            Some(layout) if layout == LAYOUT => Ok(client),
            Some(layout) => Err(Fault::OtherLayout(layout)),
            None => Err(Fault::NoLog),
        }
    }

    fn acknowledge(&self, record: &Record) -> Result<AuditReceipt, Fault> {
        if record.leaf.len() > MAX_LEAF {
            return Err(Fault::TooLong(record.leaf.len()));
        }
        let (index, root) = self.with_client(|client| append(client, record))?;
        let (index, root) = (Some(index), Some(root.to_string()));
        let destination = self.address.name.clone();
        Ok(AuditReceipt { id: record.id.clone(), index, root, level: AuditLevel::Integrated, destination })
    }
}

fn append(client: &mut Client, record: &Record) -> Result<(u64, Hash), Fault> {
    let bytes = |parts: &[Part]| parts.iter().map(|part| part.bytes.clone()).collect::<Vec<_>>();
    let (parts, disclosures) = (bytes(&record.parts), bytes(&record.disclosures));
    let row = client.query_one(
        "select index, root, known, before from changegate.append($1, $2, $3, $4, $5)",
        &[&record.id, &record.idempotency_key, &record.leaf, &parts, &disclosures],
    )?;
    let odd = || Fault::Tampered("the database answers with something else than a place in the log".into());
    let index = u64::try_from(row.try_get::<_, i64>(0)?).map_err(|_| odd())?;
    let root = hash(row.try_get(1)?).ok_or_else(odd)?;
    if !row.try_get::<_, bool>(2)? {
        let before: Option<Vec<Hash>> = row.try_get::<_, Vec<&[u8]>>(3)?.into_iter().map(hash).collect();
        let mut tree = before.and_then(|peaks| Frontier::restore(index, peaks)).ok_or_else(odd)?;
        tree.push(leaf_hash(&record.leaf));
        if tree.root() != root {
            return Err(Fault::Tampered(format!("the root of record {index} does not follow from the tree before it")));
        }
    }
    Ok((index, root))
}

fn hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok().map(Hash)
}

fn durable(client: &mut Client) -> Result<(), Fault> {
    let row = client.query_one("select current_setting('synchronous_commit'), current_setting('fsync')", &[])?;
    match (row.try_get(0)?, row.try_get(1)?) {
        ("off", _) => Err(Fault::NotDurable("synchronous_commit = off")),
        (_, "off") => Err(Fault::NotDurable("fsync = off")),
        _ => Ok(()),
    }
}

/// What the schema says that it is; `None` when there is none.
fn layout(client: &mut impl postgres::GenericClient) -> Result<Option<String>, Fault> {
    let sql =
        "select coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = 'changegate'";
    Ok(client.query_opt(sql, &[])?.map(|row| row.try_get(0)).transpose()?)
}

//! Sums of the trail, computed by the database: what crosses the wire is one row for each change and service.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Row, Transaction};

use super::PostgresStore;
use super::fault::Fault;
use crate::audit::tally::{JudgedChange, PolicyTally, Question, Tally, seconds};

/// Every decision with what it is about, as a table that goes with the transaction.
const DECISIONS: &str = include_str!("tally_decisions.sql");
/// Millions of records take longer than an append may. Other processes help, which the planner finds too dear: it takes
/// the parsing of a record for one cheap call.
const PATIENCE: &str = "set local statement_timeout = '30min'; set local work_mem = '256MB'; set local jit = off; \
    set local parallel_setup_cost = 0; set local parallel_tuple_cost = 0";
const SETTINGS: &str = "select set_config('changegate.since', $1, true), \
    set_config('changegate.production', $2, true), set_config('changegate.plain', $3, true)";
/// An instant that the database reads as this program does: of days that there are, in UTC.
const PLAIN: &str = "^2[0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)\
    T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z$";
const ODD: &str = "select told from tally where at is null and told is not null union select unnest(odd) from tally";
const INSTANTS: &str = "create temporary table instant (told text primary key, at bigint not null) on commit drop";
const INSTANT: &str = "insert into instant select * from unnest($1::text[], $2::bigint[])";
const READ: &str = "update tally set at = i.at from instant i where tally.at is null and i.told = tally.told;
    update tally set approved = greatest(approved, (select max(i.at) from instant i where i.told = any (odd)))
        where odd is not null";
const EARLY: &str = "delete from tally where at < nullif(current_setting('changegate.since'), '')::bigint";
const UNREADABLE: &str = "delete from tally where at is null";
const GONE: &str = "select gone from tally where gone is not null order by index limit 1";
const CHANGES: &str = include_str!("tally_changes.sql");
const POLICIES: &str = include_str!("tally_policies.sql");
const COUNTS: &str = include_str!("tally_counts.sql");

impl PostgresStore {
    /// See [`Store::tally`](crate::audit::Store::tally).
    pub(super) fn sums(&self, client: &mut Client, question: &Question) -> Result<Tally, Fault> {
        let mut transaction = client.transaction()?;
        transaction.batch_execute(PATIENCE)?;
        let production = serde_json::json!(question.production.0).to_string();
        let since = question.since.map(|at| at.as_second().to_string()).unwrap_or_default();
        transaction.execute(SETTINGS, &[&since, &production, &PLAIN])?;
        transaction.batch_execute(DECISIONS)?;
        odd_instants(&mut transaction)?;
        let unreadable = transaction.execute(UNREADABLE, &[])?;
        transaction.execute(EARLY, &[])?;
        if let Some(row) = transaction.query_opt(GONE, &[])? {
            return Err(Fault::Gone(row.try_get(0)?));
        }
        let counts = transaction.query_one(COUNTS, &[])?;
        let count = |column: usize| -> Result<u64, Fault> { Ok(unsigned(counts.try_get(column)?)) };
        let tally = Tally {
            changes: changes(&mut transaction)?,
            policies: policies(&mut transaction)?,
            decisions: count(0)?,
            elsewhere: count(1)?,
            pruned: count(2)?,
            unreadable,
        };
        transaction.rollback()?;
        Ok(tally)
    }
}

/// Reads the instants that are written as none of the gate is: what they are, or whether, only one place knows.
fn odd_instants(transaction: &mut Transaction<'_>) -> Result<(), Fault> {
    let rows = transaction.query(ODD, &[])?;
    let told = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    let instant = |told: String| seconds(&told).map(|at| (told, at.as_second()));
    let (told, at): (Vec<String>, Vec<i64>) = told.into_iter().filter_map(instant).unzip();
    if told.is_empty() {
        return Ok(());
    }
    transaction.batch_execute(INSTANTS)?;
    transaction.execute(INSTANT, &[&told, &at])?;
    Ok(transaction.batch_execute(READ)?)
}

fn changes(transaction: &mut Transaction<'_>) -> Result<Vec<JudgedChange>, Fault> {
    let mut services: BTreeMap<String, Arc<str>> = BTreeMap::new();
    let none: [&str; 0] = [];
    let mut rows = transaction.query_raw(CHANGES, none)?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let name: Option<&str> = row.try_get(4)?;
        let service = name.map(|name| services.entry(name.to_owned()).or_insert_with(|| name.into()).clone());
        changes.push(change(&row, service)?);
    }
    // The order of text in the database depends on its locale.
    changes.sort_by(|a, b| (&a.key, &a.service).cmp(&(&b.key, &b.service)));
    Ok(changes)
}

fn change(row: &Row, service: Option<Arc<str>>) -> Result<JudgedChange, Fault> {
    let text = |column: usize| -> Result<Option<Arc<str>>, Fault> {
        Ok(row.try_get::<_, Option<&str>>(column)?.map(Arc::from))
    };
    let at = |column: usize| -> Result<Option<Timestamp>, Fault> {
        Ok(row.try_get::<_, Option<i64>>(column)?.and_then(|s| Timestamp::from_second(s).ok()))
    };
    let number = |column: usize| -> Result<u64, Fault> { Ok(unsigned(row.try_get(column)?)) };
    Ok(JudgedChange {
        key: row.try_get::<_, &str>(0)?.into(),
        change: text(1)?,
        digest: text(2)?,
        head: text(3)?,
        service,
        index: number(5)?,
        first: at(6)?.unwrap_or_default(),
        last: at(7)?.unwrap_or_default(),
        applied: at(8)?,
        approved: at(9)?,
        decisions: number(10)?,
        denied: number(11)?,
        resources: number(12)?,
        overridden: row.try_get(13)?,
        waived: row.try_get(14)?,
        frozen: row.try_get(15)?,
    })
}

fn policies(transaction: &mut Transaction<'_>) -> Result<BTreeMap<Arc<str>, PolicyTally>, Fault> {
    let rows = transaction.query(POLICIES, &[])?;
    let policy = |row: Row| -> Result<(Arc<str>, PolicyTally), Fault> {
        let number = |column: usize| -> Result<u64, Fault> { Ok(unsigned(row.try_get(column)?)) };
        let tally = PolicyTally {
            decisions: number(1)?,
            evaluations: number(2)?,
            passed: number(3)?,
            failed: number(4)?,
            unknown: number(5)?,
            waived: number(6)?,
            overridden: number(7)?,
            last: Some(number(8)?),
        };
        Ok((row.try_get::<_, &str>(0)?.into(), tally))
    };
    rows.into_iter().map(policy).collect()
}

/// Counts of the database are never negative.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

//! Sums of the trail, computed by the database: what crosses the wire is one row for each change and service.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Row, Transaction};

use super::PostgresStore;
use super::fault::Fault;
use crate::audit::tally::{JudgedChange, PolicyTally, Question, Tally};

/// Every decision with what it is about, as a table that goes with the transaction.
const DECISIONS: &str = include_str!("tally_decisions.sql");
const SETTINGS: &str = "select set_config('changegate.since', $1, true), set_config('changegate.production', $2, true)";
const CHANGES: &str = include_str!("tally_changes.sql");
const POLICIES: &str = include_str!("tally_policies.sql");
const COUNTS: &str = include_str!("tally_counts.sql");

impl PostgresStore {
    /// See [`Store::tally`](crate::audit::Store::tally).
    pub(super) fn sums(&self, client: &mut Client, question: &Question) -> Result<Tally, Fault> {
        let mut transaction = client.transaction()?;
        // Millions of records take longer than an append may.
        transaction.batch_execute("set local statement_timeout = '30min'; set local work_mem = '256MB'")?;
        let production = serde_json::json!(question.production.0).to_string();
        let since = question.since.map(|at| at.as_second().to_string()).unwrap_or_default();
        transaction.execute(SETTINGS, &[&since, &production])?;
        transaction.batch_execute(DECISIONS)?;
        let counts = transaction.query_one(COUNTS, &[])?;
        let count = |column: usize| -> Result<u64, Fault> { Ok(unsigned(counts.try_get(column)?)) };
        let tally = Tally {
            changes: changes(&mut transaction)?,
            policies: policies(&mut transaction)?,
            decisions: count(0)?,
            elsewhere: count(1)?,
            pruned: count(2)?,
            unreadable: 0,
        };
        transaction.rollback()?;
        Ok(tally)
    }
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

//! Reads the log, and is the store of the trait.

use std::ops::Range;

use postgres::Client;

use super::fault::Fault;
use super::{PostgresStore, hash};
use crate::audit::store::{EachEntry, Entry, Record, Store};
use crate::audit::tally::{Question, Tally};
use crate::audit::tree::{Frontier, Hash};
use crate::audit::verify::Problem;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

/// How many records are asked for at once.
const CHUNK: i64 = 256;

/// One row of the log.
struct Row {
    index: i64,
    leaf: Option<Vec<u8>>,
    hash: Option<Hash>,
    root: Option<Hash>,
}

/// Size and root of the head.
fn head(client: &mut Client) -> Result<(i64, Option<Hash>), Fault> {
    let row = client.query_opt("select size, root from changegate.head", &[])?;
    let row = row.ok_or_else(|| Fault::Tampered("it has no head".into()))?;
    Ok((row.try_get(0)?, hash(row.try_get(1)?)))
}

fn rows(client: &mut Client, from: i64, below: i64) -> Result<Vec<Row>, Fault> {
    let sql = "select index, leaf, hash, root from changegate.record where index >= $1 and index < $2 order by index limit $3";
    let rows = client.query(sql, &[&from, &below, &CHUNK])?;
    let row = |row: postgres::Row| -> Result<Row, Fault> {
        let (hash, root) = (hash(row.try_get(2)?), hash(row.try_get(3)?));
        Ok(Row { index: row.try_get(0)?, leaf: row.try_get(1)?, hash, root })
    };
    rows.into_iter().map(row).collect()
}

/// Follows the log from an index: its order and, from the beginning, every root.
struct Walk {
    at: i64,
    tree: Option<Frontier>,
}

impl Walk {
    /// The entry of the next row, or what is wrong with it.
    fn step(&mut self, row: Row) -> Result<Entry, &'static str> {
        if row.index != self.at {
            return Err("it is gone");
        }
        let stated = row.hash.ok_or("its hash is damaged")?;
        let entry = row.leaf.map_or(Entry::Pruned(stated), Entry::Leaf);
        if entry.hash() != stated {
            return Err("its hash is not that of its leaf");
        }
        if let Some(tree) = &mut self.tree {
            tree.push(stated);
            if Some(tree.root()) != row.root {
                return Err("its root does not follow from the records before it");
            }
        }
        self.at += 1;
        Ok(entry)
    }
}

impl PostgresStore {
    fn read<T>(&self, work: impl FnMut(&mut Client) -> Result<T, Fault>) -> Result<T, Diagnostic> {
        self.with_client(work).map_err(|fault| fault.reading(&self.address.name))
    }

    fn beside(&self, table: &str, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        let sql = format!("select bytes from changegate.{table} where sha256 = $1");
        self.read(|client| {
            let row = client.query_opt(&sql, &[&sha256.0.as_slice()])?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn forget(&self, sql: &str, what: &(dyn postgres::types::ToSql + Sync)) -> Result<(), Diagnostic> {
        let forgotten = self.with_client(|client| Ok(client.execute(sql, &[what])?));
        forgotten.map(|_| ()).map_err(|fault| fault.diagnostic(&self.address.name))
    }
}

impl Store for PostgresStore {
    fn append(&self, record: &Record) -> Result<AuditReceipt, Diagnostic> {
        self.acknowledge(record).map_err(|fault| fault.diagnostic(&self.address.name))
    }

    fn init(&self, writers: &[String]) -> Result<bool, Diagnostic> {
        self.create(writers).map_err(|fault| fault.diagnostic(&self.address.name))
    }

    fn name(&self) -> String {
        self.address.name.clone()
    }

    fn size(&self) -> Result<u64, Diagnostic> {
        Ok(u64::try_from(self.read(head)?.0).unwrap_or(0))
    }

    fn leaves(&self, range: Range<u64>, each: &mut EachEntry<'_>) -> Result<Option<Problem>, Diagnostic> {
        let (size, root) = self.read(head)?;
        let limit = |at: u64| i64::try_from(at).unwrap_or(i64::MAX).min(size);
        let (from, below) = (limit(range.start), limit(range.end));
        let mut walk = Walk { at: from, tree: (from == 0).then(Frontier::default) };
        while walk.at < below {
            let rows = self.read(|client| rows(client, walk.at, below))?;
            let at = |walk: &Walk| u64::try_from(walk.at).unwrap_or(0);
            if rows.is_empty() {
                return Ok(Some(Problem { index: at(&walk), what: "it is gone".into() }));
            }
            for row in rows {
                let index = at(&walk);
                match walk.step(row) {
                    Err(what) => return Ok(Some(Problem { index, what: what.into() })),
                    Ok(entry) => {
                        if each(index, entry).is_break() {
                            return Ok(None);
                        }
                    }
                }
            }
        }
        let Some(tree) = walk.tree.filter(|_| below == size) else { return Ok(None) };
        if Some(tree.root()) != root {
            let what = "the head of the log is not that of its records";
            return Ok(Some(Problem { index: u64::try_from(size - 1).unwrap_or(0), what: what.into() }));
        }
        // Others append meanwhile: only what the head still does not know lies behind it.
        let sql =
            "select r.index from changegate.record r, changegate.head h where r.index >= h.size or r.index < 0 limit 1";
        let stray = self.read(|client| Ok(client.query_opt(sql, &[])?))?;
        let what = "a record lies behind the end that the head names";
        Ok(stray.map(|_| Problem { index: u64::try_from(size).unwrap_or(0), what: what.into() }))
    }

    fn find(&self, id: &str) -> Result<Option<u64>, Diagnostic> {
        let sql = "select index from changegate.record where id = $1";
        let index =
            self.read(|client| Ok(client.query_opt(sql, &[&id])?.map(|row| row.try_get::<_, i64>(0)).transpose()?))?;
        Ok(index.and_then(|index| u64::try_from(index).ok()))
    }

    fn tally(&self, question: &Question) -> Result<Option<Tally>, Diagnostic> {
        self.read(|client| self.sums(client, question)).map(Some)
    }

    fn part(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        self.beside("part", sha256)
    }

    fn disclosure(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        self.beside("disclosure", sha256)
    }

    fn erase(&self, sha256: Hash) -> Result<(), Diagnostic> {
        self.forget("select changegate.erase($1)", &sha256.0.as_slice())
    }

    fn prune(&self, below: u64) -> Result<(), Diagnostic> {
        self.forget("select changegate.prune($1)", &i64::try_from(below).unwrap_or(i64::MAX))
    }
}

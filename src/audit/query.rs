//! Finding records: by policy, service, actor, verdict, kind and time.

use jiff::Timestamp;
use serde_json::Value;

use super::reading::Reading;
use super::record::disclosure;
use super::store::{Entry, Store};
use super::verify::Problem;
use crate::finding::Diagnostic;

/// Which records are wanted; everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A policy that did not pass, or any that was judged when `passed` too.
    pub policy: Option<String>,
    /// A service that a changed resource belongs to.
    pub service: Option<String>,
    /// Login, address or canonical person.
    pub actor: Option<String>,
    /// Verdict or decision.
    pub verdict: Option<String>,
    /// Kind of record.
    pub kind: Option<String>,
    /// Id of the change.
    pub change: Option<String>,
    /// First instant.
    pub since: Option<Timestamp>,
    /// First instant after it.
    pub until: Option<Timestamp>,
}

impl Filter {
    /// Whether a record, with its lists, is wanted.
    pub fn wants(&self, reading: &Reading) -> bool {
        let is = |wanted: &Option<String>, found: &[Option<&str>]| {
            wanted.as_ref().is_none_or(|w| found.iter().flatten().any(|f| f.eq_ignore_ascii_case(w)))
        };
        let at = reading.at_instant();
        is(&self.kind, &[Some(reading.kind())])
            && is(&self.verdict, &[reading.text("/verdict"), reading.text("/decision")])
            && is(
                &self.change,
                &[reading.text("/what/change"), reading.text("/override/change"), reading.text("/approval/change")],
            )
            && is(&self.actor, &["id", "login", "email", "on_behalf_of"].map(|m| reading.text(&format!("/who/{m}"))))
            && self.since.is_none_or(|since| at.is_some_and(|at| at >= since))
            && self.until.is_none_or(|until| at.is_some_and(|at| at < until))
            && self.policy.as_ref().is_none_or(|id| reading.list("/why").iter().any(|p| failed(p, id)))
            && self
                .service
                .as_ref()
                .is_none_or(|service| reading.list("/what/resources").iter().any(|r| r["service"] == service.as_str()))
    }
}

fn failed(policy: &Value, id: &str) -> bool {
    let same = policy["id"].as_str().is_some_and(|p| p.eq_ignore_ascii_case(id));
    same && (policy["verdict"] == "fail" || policy["verdict"] == "unknown")
}

/// Hands over the wanted records, oldest first, with their lists and with the personal fields that are still there.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered` when the log is damaged, after what stands before the damage.
pub fn each(store: &dyn Store, filter: &Filter, take: &mut dyn FnMut(Reading)) -> Result<(), Diagnostic> {
    store.all_leaves(0..u64::MAX, &mut |index, entry| {
        let Entry::Leaf(leaf) = entry else { return Ok(()) };
        let Some(mut reading) = Reading::of(index, &leaf) else { return Ok(()) };
        complete(store, &mut reading)?;
        if filter.wants(&reading) {
            take(reading);
        }
        Ok(())
    })
}

/// Puts back what lies beside the log.
///
/// # Errors
///
/// `audit::unreadable`.
pub fn complete(store: &dyn Store, reading: &mut Reading) -> Result<(), Diagnostic> {
    let mut failed = None;
    let mut keep = |found: Result<Option<Vec<u8>>, Diagnostic>| {
        found.unwrap_or_else(|e| {
            failed = Some(e);
            None
        })
    };
    reading.inline(&mut |digest| keep(store.part(digest)));
    disclosure::reveal(&mut reading.statement, &mut |digest| keep(store.disclosure(digest)));
    failed.map_or(Ok(()), Err)
}

/// The statement in a record, with what lies beside the log.
///
/// # Errors
///
/// `audit::unreadable`; `audit::tampered` when the leaf holds no statement.
pub fn statement(store: &dyn Store, index: u64, leaf: &[u8]) -> Result<Reading, Diagnostic> {
    let mut reading = Reading::of(index, leaf).ok_or_else(|| {
        let what = "is not a statement".to_owned();
        Problem { index, what }.fault(store.name())
    })?;
    complete(store, &mut reading)?;
    Ok(reading)
}

/// The record with this id, or at this index.
///
/// # Errors
///
/// `audit::unreadable`, `audit::tampered`, `audit::not_found`.
pub fn one(store: &dyn Store, id: &str) -> Result<(u64, Entry), Diagnostic> {
    let index = match id.parse::<u64>() {
        Ok(index) => Some(index),
        Err(_) => store.find(id)?,
    };
    let entry = index.map(|index| store.record(index)).transpose()?.flatten();
    index.zip(entry).ok_or_else(|| {
        Diagnostic::error("audit::not_found", format!("there is no record `{id}`"))
            .in_file(store.name())
            .help("give the id or the index of a record; `changegate audit log` lists them")
    })
}

//! A decision as it is read back in order to be given again: what was asked, when, by whom, and what the answer was.

use jiff::Timestamp;
use serde_json::Value;

use super::query;
use super::reading::Reading;
use super::record::basis::Basis;
use super::record::disclosure;
use super::record::seal::LISTS;
use super::store::{Entry, Store};
use crate::facts::{Actor, Stage};
use crate::finding::Diagnostic;

/// A recorded decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Index of its record.
    pub index: u64,
    /// Id of its record.
    pub id: String,
    /// Stage of the run.
    pub stage: Stage,
    /// The instant it was judged at.
    pub judged_at: Timestamp,
    /// Whether that instant was given, not read from the system.
    pub clock_given: bool,
    /// Commit id that was judged; `None` when it was the index or the working tree.
    pub head: Option<String>,
    /// Who ran the gate, as the policies were told.
    pub actor: Actor,
    /// Whether personal fields of the record were erased.
    pub erased: bool,
    /// What the policies said.
    pub verdict: String,
    /// What came of it.
    pub decision: String,
    /// What it can be given again from.
    pub basis: Basis,
    /// The whole record, its lists put back.
    pub statement: Value,
}

impl Recorded {
    /// The decision that a record states, its lists put back by [`query::complete`].
    ///
    /// # Errors
    ///
    /// `replay::kind` when it is no decision, `replay::basis` when it does not say what it can be given again from (it was
    /// written by an older version), `replay::incomplete` when a list is not there any more.
    pub fn of(reading: &Reading) -> Result<Self, Diagnostic> {
        let fault = |code, what: &str| Diagnostic::error(code, format!("record {} {what}", reading.index));
        if reading.kind() != "decision" {
            let help = "name a decision; `changegate audit log --kind decision` lists them";
            return Err(fault("replay::kind", &format!("is no decision but of the kind {}", reading.kind())).help(help));
        }
        if LISTS.iter().any(|list| reading.statement.pointer(list).is_some_and(|list| !list.is_array())) {
            let help = "the list lies in `parts/` beside the log: bring it back from a copy of the log";
            return Err(fault("replay::incomplete", "names a list that is not there").help(help));
        }
        Self::read(reading).ok_or_else(|| {
            let help = "records of earlier versions do not; judge the commit with `--base`, `--head` and `--now`";
            fault("replay::basis", "does not say what the decision can be given again from").help(help)
        })
    }

    /// The decision whose record has this id, or stands at this index.
    ///
    /// # Errors
    ///
    /// As [`query::one`] and [`Recorded::of`]; `replay::pruned` when the body of the record is gone.
    pub fn find(store: &dyn Store, id: &str) -> Result<Self, Diagnostic> {
        let (index, entry) = query::one(store, id)?;
        let Entry::Leaf(leaf) = entry else {
            let message = format!("the body of record {index} was dropped: its retention was over");
            return Err(Diagnostic::error("replay::pruned", message).in_file(store.name()));
        };
        Self::of(&query::statement(store, index, &leaf)?)
    }

    fn read(reading: &Reading) -> Option<Self> {
        let basis: Basis = serde_json::from_value(reading.at("/basis")?.clone()).ok()?;
        let text = |pointer: &str| reading.text(pointer).map(str::to_owned);
        let (assurance, method) = (basis.asked.assurance.clone(), basis.asked.method.clone());
        Some(Self {
            index: reading.index,
            id: reading.id().to_owned(),
            stage: Stage::ALL.into_iter().find(|stage| Some(stage.as_str()) == reading.text("/stage"))?,
            judged_at: text("/when/judged_at")?.parse().ok()?,
            clock_given: reading.text("/when/clock_source") == Some("given"),
            head: reading.head().map(str::to_owned),
            actor: Actor { id: None, login: text("/who/login"), email: text("/who/email"), assurance, method },
            erased: !disclosure::digests(&reading.statement).is_empty(),
            verdict: text("/verdict")?,
            decision: text("/decision")?,
            basis,
            statement: reading.statement.clone(),
        })
    }
}

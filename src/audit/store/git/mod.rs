//! The store for pipelines on short-lived machines: a branch of a git repository that any of them can push to.
//!
//! 1. A record is pushed to a ref of its own, `refs/changegate/inbox/ID`, which must not exist. It is now **accepted**:
//!    the repository has it, whatever becomes of the machine that wrote it.
//! 2. Everything that waits in the inbox is put behind the log in one commit, and one atomic push moves the branch from
//!    exactly where it was and deletes the inbox refs. It is now **integrated**. Whoever loses the race looks again:
//!    mostly the winner has integrated the loser's record too.
//!
//! A record whose id the branch knows is not integrated again, so every step can be repeated after a crash. Hooks and
//! rules of the *receiving* repository do apply: they are how a forge protects the branch.

mod fault;
mod import;
mod layout;
mod program;
mod read;
mod remote;
mod session;

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Record;
use crate::audit::frame::MAX_LEAF;
use crate::audit::reading::{self, Reading};
use crate::audit::tree::Hash;
use crate::config::AuditLevel;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

use fault::Fault;
use layout::Known;
pub use remote::Remote;
use session::{Pushed, Session, Tip, Waiting};

/// How long to try to integrate a record before leaving it in the inbox.
const PATIENCE: Duration = Duration::from_secs(90);
/// Most records that one commit adds.
const BATCH: usize = 256;

/// A log on a branch.
#[derive(Debug)]
pub struct GitStore {
    remote: Remote,
    level: AuditLevel,
    /// Appends; opened by the first.
    writer: Mutex<Option<Session>>,
    /// Reads, with all contents.
    reader: Mutex<Option<read::Reader>>,
    /// The longest log that this process has seen there.
    seen: Mutex<Option<(u64, Hash)>>,
}

impl GitStore {
    /// The log on `remote`. Appending waits until a record has reached `level`.
    pub fn new(remote: Remote, level: AuditLevel) -> Self {
        Self { remote, level, writer: Mutex::default(), reader: Mutex::default(), seen: Mutex::default() }
    }

    fn acknowledge(&self, record: &Record) -> Result<AuditReceipt, Fault> {
        if record.leaf.len() > MAX_LEAF {
            return Err(Fault::TooLong(record.leaf.len()));
        }
        if !record.disclosures.is_empty() {
            return Err(Fault::CannotForget);
        }
        let plain = record.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain || reading::id_of(&record.leaf).as_deref() != Some(&record.id) {
            return Err(Fault::Unfit("it does not have the id that it states".into()));
        }
        self.with_session(|session| {
            session.accept(record)?;
            let known =
                if self.level == AuditLevel::Integrated { self.integrate(session, Some(&record.id))? } else { None };
            Ok(self.receipt(&record.id, known))
        })
    }

    fn receipt(&self, id: &str, known: Option<Known>) -> AuditReceipt {
        let level = if known.is_some() { AuditLevel::Integrated } else { AuditLevel::Accepted };
        let (index, root) = known.map_or((None, None), |known| (Some(known.index), Some(known.root)));
        AuditReceipt { id: id.into(), index, root, level, destination: self.remote.name.clone() }
    }

    fn with_session<T>(&self, work: impl FnOnce(&Session) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let session = match writer.take() {
            Some(session) => session,
            None => Session::open(&self.remote)?,
        };
        work(writer.insert(session))
    }

    /// Integrates what waits, `own` among it, until nothing does or, with `own`, until that is in the log.
    fn integrate(&self, session: &Session, own: Option<&str>) -> Result<Option<Known>, Fault> {
        let start = Instant::now();
        let mut attempt = 0;
        loop {
            let why = match self.round(session, own)? {
                Round::Over(known) => return Ok(known),
                Round::More => continue,
                Round::Again(why) => why,
            };
            attempt += 1;
            if start.elapsed() > PATIENCE {
                return Err(why);
            }
            thread::sleep(backoff(own.unwrap_or_default(), attempt));
        }
    }

    /// One attempt: look, build, push.
    fn round(&self, session: &Session, own: Option<&str>) -> Result<Round, Fault> {
        // The inbox first: what has left it since is then in the log that is fetched after it.
        let waiting = session.inbox()?;
        let tip = session.tip()?;
        if let Err(fault) = self.is_ahead(&tip) {
            // A forge may answer from a copy that lags behind: look again before calling it tampering.
            return Ok(Round::Again(fault));
        }
        let batch = batch(waiting, own);
        let Batch { new, settled, known } = sort(session, &tip, &batch)?;
        if let Some(own) = own.filter(|own| !batch.iter().any(|waiting| waiting.id == *own)) {
            let commit = tip.commit.as_deref().map_or(Ok(Vec::new()), |commit| session.known(commit, &[own]))?;
            return match commit.into_iter().next().flatten() {
                Some(known) => Ok(Round::Over(Some(known))),
                None => Ok(Round::Again(Fault::Tampered(format!("record {own} was accepted and is gone")))),
            };
        }
        if let Some(own) = own.filter(|own| !settled.iter().any(|waiting| waiting.id == *own)) {
            return Err(Fault::Unfit(format!("the inbox holds something else as {own}")));
        }
        if settled.is_empty() {
            return Ok(Round::Over(None));
        }
        match session.advance(&tip, &new, &settled)? {
            Pushed::Lost(why) => {
                Ok(Round::Again(Fault::Busy(self.remote.redact(why.lines().last().unwrap_or_default()))))
            }
            Pushed::Done => {
                let mut tree = tip.tree;
                let mut found = known.into_iter().find(|known| Some(known.id.as_str()) == own);
                for record in &new {
                    let index = tree.size();
                    tree.push(crate::audit::leaf_hash(&record.leaf));
                    if Some(record.id.as_str()) == own {
                        found = Some(Known { id: record.id.clone(), index, root: tree.root().to_string() });
                    }
                }
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((tree.size(), tree.root()));
                Ok(if own.is_some() { Round::Over(found) } else { Round::More })
            }
        }
    }

    /// Notes where the log ends; `Err` when it ended later before.
    fn is_ahead(&self, tip: &Tip) -> Result<(), Fault> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (tip.tree.size(), tip.tree.root());
        match *seen {
            Some((size, _)) if now.0 < size => {
                Err(Fault::Tampered(format!("the branch has {} records and had {size}", now.0)))
            }
            Some((size, root)) if now.0 == size && now.1 != root => {
                Err(Fault::Tampered(format!("the branch has other records than before, up to {size}")))
            }
            _ => {
                *seen = Some(now);
                Ok(())
            }
        }
    }
}

enum Round {
    /// Nothing more to do.
    Over(Option<Known>),
    /// There may be more.
    More,
    /// Lost; the fault is the answer if there is no time left.
    Again(Fault),
}

/// What one commit does.
struct Batch {
    /// Records that the log does not have yet, in their order.
    new: Vec<Record>,
    /// What leaves the inbox: the same, and what the log has already.
    settled: Vec<Waiting>,
    known: Vec<Known>,
}

/// The oldest that wait, and `own` in any case.
fn batch(mut waiting: Vec<Waiting>, own: Option<&str>) -> Vec<Waiting> {
    let at = own.and_then(|own| waiting.iter().position(|w| w.id == own));
    if let Some(at) = at.filter(|at| *at >= BATCH) {
        waiting.swap(BATCH - 1, at);
    }
    waiting.truncate(BATCH);
    waiting
}

/// Tells what is new from what the log has. What is no record stays where it is: it must not stop the others.
fn sort(session: &Session, tip: &Tip, batch: &[Waiting]) -> Result<Batch, Fault> {
    let ids: Vec<&str> = batch.iter().map(|waiting| waiting.id.as_str()).collect();
    let known = match &tip.commit {
        Some(commit) => session.known(commit, &ids)?,
        None => vec![None; ids.len()],
    };
    let fresh: Vec<Waiting> = batch.iter().zip(&known).filter(|(_, k)| k.is_none()).map(|(w, _)| w.clone()).collect();
    let mut settled: Vec<Waiting> =
        batch.iter().zip(&known).filter(|(_, k)| k.is_some()).map(|(w, _)| w.clone()).collect();
    let mut new = Vec::new();
    for (record, waiting) in session.records(&fresh)?.into_iter().zip(fresh) {
        if let Some(record) = record {
            new.push(record);
            settled.push(waiting);
        }
    }
    // What a decision rests on goes before it; within that, the older before the newer.
    new.sort_by_key(|record| Reading::of(0, &record.leaf).is_some_and(|reading| reading.kind() == "decision"));
    Ok(Batch { new, settled, known: known.into_iter().flatten().collect() })
}

/// Twice as long after each lost race, up to two seconds, and not the same for two writers.
fn backoff(own: &str, attempt: u32) -> Duration {
    let most = 20_u64.saturating_mul(1 << attempt.min(7)).min(2000);
    let [a, b, ..] = Hash::of(format!("{own} {attempt}").as_bytes()).0;
    let share = u64::from(u16::from_be_bytes([a, b]));
    Duration::from_millis(most / 4 + most * 3 / 4 * share / u64::from(u16::MAX))
}

impl GitStore {
    fn diagnostic(&self, fault: &Fault) -> Diagnostic {
        fault.diagnostic(&self.remote)
    }
}

//! Reads the branch, and is the store of the trait.

use std::ops::Range;
use std::sync::PoisonError;

use super::fault::Fault;
use super::remote::Remote;
use super::session::Session;
use super::{GitStore, layout};
use crate::audit::reading;
use crate::audit::store::{EachEntry, Entry, Record, Store};
use crate::audit::tree::{Frontier, Hash, leaf_hash};
use crate::audit::verify::Problem;
use crate::finding::Diagnostic;
use crate::outcome::AuditReceipt;

/// How many records are asked for at once.
const CHUNK: u64 = 256;

/// A copy of the branch with all contents.
#[derive(Debug)]
pub(super) struct Reader {
    session: Session,
    commit: Option<String>,
    head: Option<Frontier>,
}

impl Reader {
    fn open(remote: &Remote) -> Result<Self, Fault> {
        Ok(Self { session: Session::open(remote)?, commit: None, head: None })
    }

    /// Looks at the branch as it is now.
    fn refresh(&mut self) -> Result<(), Fault> {
        let commit = self.session.fetch_branch(&["--no-filter", "--depth=1"])?;
        if commit != self.commit {
            self.commit = commit;
            self.head = self.file(layout::HEAD)?.and_then(|head| layout::tree(&head));
        }
        Ok(())
    }

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Fault> {
        let Some(commit) = &self.commit else { return Ok(None) };
        Ok(self.session.files(&[format!("{commit}:{path}")])?.pop().flatten())
    }

    fn files(&self, paths: impl Iterator<Item = Option<String>>) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        let Some(commit) = &self.commit else { return Ok(Vec::new()) };
        // A path that cannot be is not there either.
        let places: Vec<String> =
            paths.map(|path| format!("{commit}:{}", path.unwrap_or_else(|| "none".into()))).collect();
        self.session.files(&places)
    }

    fn size(&self) -> Result<u64, Fault> {
        match (&self.commit, &self.head) {
            (None, _) => Ok(0),
            (Some(_), Some(head)) => Ok(head.size()),
            (Some(_), None) => Err(Fault::Tampered("the head of the branch does not prove itself".into())),
        }
    }

    /// Walks a range. From the beginning every root is followed, and the last must be that of the head.
    fn walk(&self, range: Range<u64>, each: &mut EachEntry<'_>) -> Result<Option<Problem>, Fault> {
        if self.commit.is_none() {
            return Ok(None);
        }
        let size = self.head.as_ref().map_or(u64::MAX, Frontier::size);
        let mut tree = (range.start == 0).then(Frontier::default);
        let (mut at, end) = (range.start, range.end.min(size));
        while at < end {
            let until = end.min(at + CHUNK);
            let leaves = self.files((at..until).map(layout::leaf))?;
            let ids: Vec<_> = leaves.iter().map(|leaf| reading::id_of(leaf.as_deref()?)).collect();
            let notes = self.files(ids.iter().map(|id| id.as_deref().map(layout::id)))?;
            for ((leaf, id), note) in leaves.into_iter().zip(ids).zip(notes) {
                let problem = |what: &str| Ok(Some(Problem { index: at, what: what.into() }));
                // Without a head nobody knows where the log should end: the first gap is where it breaks.
                let Some(leaf) = leaf else { return problem("it is gone") };
                if let Some(tree) = &mut tree {
                    tree.push(leaf_hash(&leaf));
                }
                let noted = note.and_then(|note| serde_json::from_slice::<layout::Known>(&note).ok());
                let Some(noted) = noted.filter(|noted| noted.index == at && Some(&noted.id) == id.as_ref()) else {
                    return problem("it is not what is noted under its id");
                };
                if tree.as_ref().is_some_and(|tree| tree.root().to_string() != noted.root) {
                    return problem("its root does not follow from the records before it");
                }
                if each(at, Entry::Leaf(leaf)).is_break() {
                    return Ok(None);
                }
                at += 1;
            }
        }
        self.head_problem(tree, end == size)
    }

    /// What is wrong with the end of the log, seen from the head.
    fn head_problem(&self, tree: Option<Frontier>, whole: bool) -> Result<Option<Problem>, Fault> {
        let problem = |index: u64, what: &str| Ok(Some(Problem { index, what: what.into() }));
        let Some(head) = &self.head else {
            return problem(0, "the head of the branch does not prove itself");
        };
        let Some(tree) = tree.filter(|_| whole) else { return Ok(None) };
        if tree.root() != head.root() {
            return problem(head.size().saturating_sub(1), "the head of the branch is not that of its records");
        }
        match layout::leaf(head.size()).map_or(Ok(None), |path| self.file(&path))? {
            Some(_) => problem(head.size(), "it lies behind the end that the head names"),
            None => Ok(None),
        }
    }
}

impl GitStore {
    /// Reads from the branch as it is now.
    fn read<T>(&self, work: impl FnOnce(&Reader) -> Result<T, Fault>) -> Result<T, Diagnostic> {
        let mut slot = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let mut reader = slot.take().map_or_else(|| Reader::open(&self.remote), Ok)?;
            reader.refresh()?;
            work(slot.insert(reader))
        };
        read().map_err(|fault| fault.reading(&self.remote))
    }

    /// Looks something up that never changes once it is there: first in what was fetched before.
    fn look_up<T>(&self, find: impl Fn(&Reader) -> Result<Option<T>, Fault>) -> Result<Option<T>, Diagnostic> {
        let slot = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slot.as_ref().map_or(Ok(None), &find).map_err(|fault| fault.reading(&self.remote))?;
        drop(slot);
        if found.is_some() { Ok(found) } else { self.read(find) }
    }
}

impl Store for GitStore {
    fn append(&self, record: &Record) -> Result<AuditReceipt, Diagnostic> {
        self.acknowledge(record).map_err(|fault| self.diagnostic(&fault))
    }

    fn integrate(&self) -> Result<(), Diagnostic> {
        let integrated = self.with_session(|session| self.integrate(session, None));
        integrated.map(|_| ()).map_err(|fault| self.diagnostic(&fault))
    }

    fn name(&self) -> String {
        self.remote.name.clone()
    }

    fn size(&self) -> Result<u64, Diagnostic> {
        self.read(Reader::size)
    }

    fn leaves(&self, range: Range<u64>, each: &mut EachEntry<'_>) -> Result<Option<Problem>, Diagnostic> {
        self.read(|reader| reader.walk(range, each))
    }

    fn record(&self, index: u64) -> Result<Option<Entry>, Diagnostic> {
        let leaf = self.look_up(|reader| layout::leaf(index).map_or(Ok(None), |path| reader.file(&path)))?;
        Ok(leaf.map(Entry::Leaf))
    }

    fn find(&self, id: &str) -> Result<Option<u64>, Diagnostic> {
        let known = self.look_up(|reader| {
            let Some(commit) = &reader.commit else { return Ok(None) };
            Ok(reader.session.known(commit, &[id])?.pop().flatten())
        })?;
        Ok(known.map(|known| known.index))
    }

    fn part(&self, sha256: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        self.look_up(|reader| reader.file(&layout::part(sha256)))
    }

    fn disclosure(&self, _: Hash) -> Result<Option<Vec<u8>>, Diagnostic> {
        Ok(None)
    }
}

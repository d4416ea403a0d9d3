//! One connection's view of the remote: what waits, where the log ends, and pushing on from there.

use std::thread;

use super::fault::{Fault, is_contention};
use super::import::Commit;
use super::layout::{self, Known};
use super::program::{Failure, Scratch};
use super::remote::Remote;
use crate::audit::store::{Record, envelope};
use crate::audit::tree::Frontier;

/// Namespace of the records that wait.
const INBOX: &str = "refs/changegate/inbox/";
/// Where they are fetched to.
const FETCHED: &str = "refs/audit/inbox/";
/// The file in the commit of a record that waits.
const ENVELOPE: &str = "record.json";

/// How a repository on this machine receives: git alone syncs neither loose objects nor refs. What a server does is its
/// own decision.
const DURABLY: &str = "--receive-pack=git -c core.fsync=committed receive-pack";

/// A scratch repository that talks to the remote.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) scratch: Scratch,
    branch: String,
    is_local: bool,
}

/// The end of the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Tip {
    /// The commit; `None` before the first record.
    pub(super) commit: Option<String>,
    pub(super) tree: Frontier,
}

/// A record in the inbox.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) commit: String,
}

/// Whether a push came first.
#[derive(Debug)]
pub(super) enum Pushed {
    Done,
    /// Somebody else changed the same refs meanwhile.
    Lost(String),
}

impl Session {
    pub(super) fn open(remote: &Remote) -> Result<Self, Fault> {
        let scratch = Scratch::new(&remote.url, remote.settings.clone())?;
        Ok(Self { scratch, branch: format!("refs/heads/{}", remote.branch), is_local: remote.is_local() })
    }

    /// Puts a record into the inbox. It may lie there already: the same record is the same commit.
    pub(super) fn accept(&self, record: &Record) -> Result<(), Fault> {
        let sealed = envelope::seal(record).map_err(|e| Fault::Unfit(e.to_string()))?;
        let mut commit = Commit::new(None, seconds(&record.id), "A record that waits\n");
        commit.file(ENVELOPE, &sealed);
        let commit = commit.write(&self.scratch)?;
        let inbox = format!("{INBOX}{}", record.id);
        for attempt in 1.. {
            match self.push(&[(&inbox, None, Some(&commit))])? {
                Pushed::Done => break,
                Pushed::Lost(why) if attempt < 5 => thread::sleep(super::backoff(&why, attempt)),
                Pushed::Lost(why) if why.contains("stale info") || why.contains("already exists") => {
                    return Err(Fault::Unfit(format!("the inbox holds something else as {}", record.id)));
                }
                Pushed::Lost(why) => return Err(Failure::Refused(why).into()),
            }
        }
        Ok(())
    }

    /// What waits in the inbox, oldest first.
    pub(super) fn inbox(&self) -> Result<Vec<Waiting>, Fault> {
        let spec = format!("+{INBOX}*:{FETCHED}*");
        self.fetch(&["--no-filter", "--prune", "audit", &spec])?;
        let format = "--format=%(objectname) %(refname)";
        let refs = self.scratch.run(&["for-each-ref", "--sort=refname", format, FETCHED], &[])?;
        let waiting = |line: &str| {
            let (commit, name) = line.split_once(' ')?;
            let id = name.strip_prefix(FETCHED)?.to_owned();
            Some(Waiting { id, commit: commit.to_owned() })
        };
        Ok(String::from_utf8_lossy(&refs).lines().filter_map(waiting).collect())
    }

    /// Where the log ends. Its head must prove itself and fit the records that are there.
    pub(super) fn tip(&self) -> Result<Tip, Fault> {
        let Some(commit) = self.fetch_branch(&["--depth=1"])? else { return Ok(Tip::default()) };
        let head = self.files(&[format!("{commit}:{}", layout::HEAD)])?.pop().flatten();
        let tree = head.and_then(|head| layout::tree(&head));
        let tree = tree.ok_or_else(|| Fault::Tampered("the head of the branch does not prove itself".into()))?;
        let last = tree.size().checked_sub(1).and_then(layout::leaf);
        let places: Vec<String> = last.iter().cloned().chain(layout::leaf(tree.size())).collect();
        let mut arguments = vec!["ls-tree", "-z", "--name-only", &commit, "--"];
        arguments.extend(places.iter().map(String::as_str));
        let found = self.scratch.run(&arguments, &[])?;
        let found = String::from_utf8_lossy(&found);
        if found.split_terminator('\0').ne(last.iter().map(String::as_str)) {
            return Err(Fault::Tampered(format!("the branch does not end with record {} of its head", tree.size())));
        }
        Ok(Tip { commit: Some(commit), tree })
    }

    /// Fetches the branch and returns its commit; `None` when there is no branch.
    pub(super) fn fetch_branch(&self, how: &[&str]) -> Result<Option<String>, Fault> {
        let spec = format!("+{}:refs/audit/tip", self.branch);
        match self.fetch(&[how, &["audit", &spec]].concat()) {
            Err(Fault::Git(Failure::Refused(text))) if text.contains("couldn't find remote ref") => return Ok(None),
            fetched => fetched?,
        }
        let commit = self.scratch.run(&["rev-parse", "--verify", "refs/audit/tip^{commit}"], &[])?;
        Ok(Some(String::from_utf8_lossy(&commit).trim().to_owned()))
    }

    /// Adds records to the log and takes what has `settled` out of the inbox, all or nothing.
    pub(super) fn advance(&self, tip: &Tip, new: &[Record], settled: &[Waiting]) -> Result<Pushed, Fault> {
        let commit = if new.is_empty() { None } else { Some(self.grow(tip, new)?) };
        let gone: Vec<(String, &str)> =
            settled.iter().map(|w| (format!("{INBOX}{}", w.id), w.commit.as_str())).collect();
        let mut updates: Vec<Update<'_>> =
            gone.iter().map(|(name, commit)| (name.as_str(), Some(*commit), None)).collect();
        updates.extend(commit.as_deref().map(|new| (self.branch.as_str(), tip.commit.as_deref(), Some(new))));
        self.push(&updates)
    }

    /// The commit that has `new` behind the records of `tip`.
    fn grow(&self, tip: &Tip, new: &[Record]) -> Result<String, Fault> {
        let mut tree = tip.tree.clone();
        let first = tree.size();
        let time = new.iter().map(|record| seconds(&record.id)).max().unwrap_or(0);
        let message = format!("Records from {first}: {} more\n", new.len());
        let mut commit = Commit::new(tip.commit.as_deref(), time, &message);
        for record in new {
            let index = tree.size();
            let place = layout::leaf(index).ok_or_else(|| Fault::Unfit("the log is full".into()))?;
            tree.push(crate::audit::leaf_hash(&record.leaf));
            commit.file(&place, &record.leaf);
            let known = Known { id: record.id.clone(), index, root: tree.root().to_string() };
            commit.file(&layout::id(&record.id), &json(&known)?);
            for part in &record.parts {
                commit.file(&layout::part(crate::audit::Hash::of(&part.bytes)), &part.bytes);
            }
        }
        commit.file(layout::HEAD, &layout::head(&tree).map_err(|e| Fault::Unfit(e.to_string()))?);
        Ok(commit.write(&self.scratch)?)
    }

    /// What the log at `commit` knows of these ids.
    pub(super) fn known(&self, commit: &str, ids: &[&str]) -> Result<Vec<Option<Known>>, Fault> {
        let places: Vec<String> = ids.iter().map(|id| format!("{commit}:{}", layout::id(id))).collect();
        let files = self.files(&places)?.into_iter().zip(ids);
        let known = files.map(|(file, id)| {
            let Some(file) = file else { return Ok(None) };
            let known: Option<Known> = serde_json::from_slice(&file).ok().filter(|known: &Known| known.id == **id);
            known.map(Some).ok_or_else(|| Fault::Tampered(format!("what is noted about record {id} is damaged")))
        });
        known.collect()
    }

    /// The records of waiting commits; `None` for what is no record.
    pub(super) fn records(&self, waiting: &[Waiting]) -> Result<Vec<Option<Record>>, Fault> {
        let places: Vec<String> = waiting.iter().map(|w| format!("{}:{ENVELOPE}", w.commit)).collect();
        let files = self.files(&places)?.into_iter().zip(waiting);
        Ok(files.map(|(file, waiting)| envelope::open(&waiting.id, &file?)).collect())
    }

    /// The contents of files, each named `COMMIT:PATH`; `None` where there is none.
    pub(super) fn files(&self, places: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let printed = self.scratch.run(&["cat-file", "--batch"], format!("{}\n", places.join("\n")).as_bytes())?;
        let files = batch(&printed);
        if files.len() != places.len() {
            return Err(Fault::Tampered("an object of the log is damaged".into()));
        }
        Ok(files)
    }

    fn fetch(&self, arguments: &[&str]) -> Result<(), Fault> {
        const QUIETLY: [&str; 6] = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-recurse-submodules",
        ];
        self.scratch.run(&[&QUIETLY, arguments].concat(), &[])?;
        Ok(())
    }

    /// Moves refs, each from where it must be to where it should be, all or nothing.
    fn push(&self, updates: &[Update<'_>]) -> Result<Pushed, Fault> {
        let leases = updates.iter().map(|(name, old, _)| format!("--force-with-lease={name}:{}", old.unwrap_or("")));
        let moves = updates.iter().map(|(name, _, new)| format!("{}:{name}", new.unwrap_or("")));
        let (leases, moves): (Vec<String>, Vec<String>) = (leases.collect(), moves.collect());
        let mut arguments = vec!["push", "--porcelain", "--atomic", "--no-verify", "--no-signed"];
        if self.is_local {
            arguments.push(DURABLY);
        }
        arguments.extend(leases.iter().map(String::as_str));
        arguments.push("audit");
        arguments.extend(moves.iter().map(String::as_str));
        match self.scratch.run(&arguments, &[]) {
            Ok(_) => Ok(Pushed::Done),
            Err(Failure::Refused(text)) if is_contention(&text) => Ok(Pushed::Lost(text)),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// A ref, where it must be (`None`: it must not exist), and where it should be (`None`: gone).
type Update<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn json(known: &Known) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(known).map_err(|e| Fault::Unfit(e.to_string()))
}

/// When a record was made: its id says so. No clock is asked, so that the same record gives the same commit.
fn seconds(id: &str) -> u64 {
    let id = uuid::Uuid::parse_str(id).ok();
    id.and_then(|id| id.get_timestamp()).map_or(0, |time| time.to_unix().0)
}

/// Reads what `cat-file --batch` prints: `ID blob SIZE`, the bytes, a line feed; or `… missing`.
fn batch(printed: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut files = Vec::new();
    let mut rest = printed;
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or(&[]);
        let line = String::from_utf8_lossy(line);
        let mut words = line.split(' ').skip(1);
        let kind_and_size = (words.next(), words.next().and_then(|size| size.parse::<usize>().ok()));
        let (Some("blob"), Some(size)) = kind_and_size else {
            files.push(None);
            continue;
        };
        let Some(bytes) = rest.get(..size) else { break };
        files.push(Some(bytes.to_vec()));
        rest = rest.get(size + 1..).unwrap_or(&[]);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_by_its_sizes() {
        let printed = b"aa blob 3\nx\ny\nb:c missing\nbb blob 0\n\n";
        assert_eq!(batch(printed), [Some(b"x\ny".to_vec()), None, Some(Vec::new())]);
    }

    #[test]
    fn the_time_of_a_commit_is_that_of_the_record() {
        assert_eq!(seconds("019b3c5e-0000-7000-8000-000000000000"), 1_766_244_352);
        assert_eq!(seconds("x"), 0);
    }
}

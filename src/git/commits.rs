//! The commits of a change and what they say about people.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use git2::Sort;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::signature::Signature;
use super::{CommitId, Repository, Snapshot, shallow};
use crate::facts::CommitFacts;
use crate::finding::{Diagnostic, IntroducedBy};

/// Most commits that one change may have. Contributors have to be complete, so more is an error.
const MAX_COMMITS: usize = 20_000;

/// A name and an address as a commit claims them; `.mailmap` is not applied, since the change may edit it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Ids of its parents; two or more for a merge.
    pub parents: Vec<CommitId>,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// Everybody named in a `Co-authored-by` line.
    pub co_authors: Vec<Person>,
    /// Committer date, RFC 3339 with the committer's offset.
    pub at: String,
    /// The whole message.
    pub message: String,
    /// Its signature, not verified.
    pub signature: Option<Signature>,
}

impl Commit {
    /// As a policy sees it.
    pub fn facts(&self) -> CommitFacts {
        CommitFacts {
            id: self.id.to_string(),
            author: self.author.email.clone(),
            committer: self.committer.email.clone(),
            co_authors: self.co_authors.iter().map(|p| p.email.clone()).collect(),
            signed: self.signature.is_some(),
            at: self.at.clone(),
            subject: self.message.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// As a finding names it.
    pub fn introduced_by(&self) -> IntroducedBy {
        IntroducedBy {
            commit: self.id.to_string().into(),
            author: self.author.to_string().into(),
            committer: self.committer.to_string().into(),
            signer: self.signature.as_ref().map(|s| Arc::from(s.to_string())),
        }
    }

    /// Values of every trailer of a key, in the order of the message. The key is compared without case.
    pub fn trailers(&self, key: &str) -> impl Iterator<Item = &str> {
        trailers(&self.message).filter(move |(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }
}

/// The commits of a change, newest first: reachable from its head and not from the base.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// The head, when it is a commit; `None` when it is the index or the working tree.
    pub head: Option<CommitId>,
    /// Merges included.
    pub commits: Vec<Commit>,
}

impl Repository {
    /// The commit of a snapshot: the commit itself, or `HEAD` for the index and the working tree.
    ///
    /// # Errors
    /// `git::no-commit` in an empty repository.
    pub fn tip(&self, of: Snapshot) -> Result<CommitId, Diagnostic> {
        match of {
            Snapshot::Commit(commit) => Ok(commit),
            Snapshot::Index | Snapshot::WorkingTree => self.resolve("HEAD"),
        }
    }

    /// The commits that are reachable from the tip of `head` and not from `base`, newest first.
    ///
    /// # Errors
    /// `git::shallow` when the history is cut off inside the range, `git::range` above 20,000 commits.
    pub fn range(&self, base: CommitId, head: Snapshot) -> Result<Range, Diagnostic> {
        let tip = self.tip(head)?;
        let failed = |e: git2::Error| self.fault("list the commits of the change", &e);
        let mut walk = self.repo.revwalk().map_err(failed)?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(failed)?;
        walk.push(tip.0).map_err(failed)?;
        walk.hide(base.0).map_err(failed)?;
        let cut_off = self.cut_off();
        let mut commits = Vec::new();
        for id in walk {
            let id = CommitId(id.map_err(failed)?);
            if cut_off.contains(&id.to_string()) {
                return Err(shallow(format!("the history of this clone ends at {id}, inside the change")));
            }
            commits.push(self.commit(id)?);
            if commits.len() > MAX_COMMITS {
                let message = format!("more than {MAX_COMMITS} commits lie between {base} and {tip}");
                return Err(Diagnostic::error("git::range", message).help("is the base the right branch?"));
            }
        }
        Ok(Range { head: (head == Snapshot::Commit(tip)).then_some(tip), commits })
    }

    /// Commits whose parents a shallow clone leaves out. Libgit2 takes them for roots, so a walk alone would
    /// silently miss the commits, and the people, below them.
    fn cut_off(&self) -> BTreeSet<String> {
        let list = std::fs::read_to_string(self.repo.commondir().join("shallow")).unwrap_or_default();
        list.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// What the signature of a commit was made over, and the signature, armoured; `None` when it has none.
    pub fn signed(&self, id: CommitId) -> Option<(Vec<u8>, Vec<u8>)> {
        let (signature, payload) = self.repo.extract_signature(&id.0, None).ok()?;
        Some((payload.to_vec(), signature.to_vec()))
    }

    /// One commit.
    ///
    /// # Errors
    /// `git::unreadable`, `git::shallow`.
    pub fn commit(&self, id: CommitId) -> Result<Commit, Diagnostic> {
        let commit = self.repo.find_commit(id.0).map_err(|e| self.fault(&format!("read commit {id}"), &e))?;
        let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
        let signature = self.repo.extract_signature(&id.0, None).ok();
        Ok(Commit {
            id,
            parents: commit.parent_ids().map(CommitId).collect(),
            author: person(&commit.author()),
            committer: person(&commit.committer()),
            co_authors: co_authors(&message),
            at: instant(commit.time()),
            message,
            signature: signature.map(|(armored, _)| Signature::parse(&String::from_utf8_lossy(&armored))),
        })
    }
}

fn person(signature: &git2::Signature<'_>) -> Person {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Person { name: text(signature.name_bytes()), email: text(signature.email_bytes()) }
}

/// A time of git's as RFC 3339. Dates outside of the years −9999 to 9999 become the nearest one.
fn instant(time: git2::Time) -> String {
    let seconds = time.seconds().clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let timestamp = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let offset = Offset::from_seconds(time.offset_minutes().saturating_mul(60)).unwrap_or(Offset::UTC);
    timestamp.display_with_offset(offset).to_string()
}

/// Lines `Key: value` below the subject. Wider than git's rule (last paragraph only) on purpose: a squash
/// merge moves trailers into the middle of a message, and an overlooked co-author could approve their own work.
fn trailers(message: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let lines = message.lines().skip(1).filter_map(|line| line.trim().split_once(':'));
    lines.map(|(key, value)| (key.trim_end(), value.trim())).filter(move |(key, _)| is_key(key))
}

fn co_authors(message: &str) -> Vec<Person> {
    let named = trailers(message).filter(|(key, _)| key.eq_ignore_ascii_case("co-authored-by"));
    let people: BTreeSet<Person> = named.map(|(_, value)| parse_person(value)).collect();
    people.into_iter().collect()
}

/// `Name <address>`; text without brackets is kept as the address, so that nobody is lost.
fn parse_person(text: &str) -> Person {
    let split = text.split_once('<').and_then(|(name, rest)| Some((name, rest.split_once('>')?.0)));
    let (name, email) = split.unwrap_or(("", text));
    Person { name: name.trim().to_owned(), email: email.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_found_in_any_case_and_in_the_middle() {
        let message =
            "Co-authored-by: not a trailer\n\nText: here\n\nco-AUTHORED-by: B <b@x>\nCo-authored-by: a@x\n\n(#12)";
        let found: Vec<String> = co_authors(message).into_iter().map(|p| p.email).collect();
        assert_eq!(found, ["a@x", "b@x"]);
    }

    #[test]
    fn dates_beyond_the_calendar_are_clamped() {
        assert_eq!(instant(git2::Time::new(0, 120)), "1970-01-01T02:00:00+02:00");
        assert!(instant(git2::Time::new(i64::MAX, 0)).starts_with("9999-12-30"));
        assert!(instant(git2::Time::new(i64::MIN, i32::MAX)).starts_with("-009999"));
    }
}

//! How a branch grew: what each commit of its first-parent line brought in.

use git2::Sort;
use jiff::Timestamp;

use super::{Commit, CommitId, Repository, Snapshot};
use crate::finding::Diagnostic;

/// Most steps of a branch that are looked at.
const MAX_LANDINGS: usize = 50_000;

/// One step of a branch: a merge, a squash or a commit that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The commit on the branch.
    pub commit: Commit,
    /// When it landed.
    pub at: Timestamp,
    /// When the first commit of what landed was written; `None` when that was lost (a squash that kept no date).
    pub begun: Option<Timestamp>,
    /// Commits that landed, without the merge itself.
    pub commits: usize,
    /// Paths that differ.
    pub paths: Vec<String>,
}

impl Repository {
    /// The steps of a branch, newest first, back to `since` or to the root (which brings in nothing that can be told).
    ///
    /// # Errors
    /// `git::unknown-ref`, `git::unreadable`, `git::shallow`, `git::range` above 50,000 steps.
    pub fn landings(&self, branch: &str, since: Option<Timestamp>) -> Result<Vec<Landing>, Diagnostic> {
        let mut landings = Vec::new();
        let mut next = Some(self.resolve(branch)?);
        while let Some(id) = next {
            let commit = self.commit(id)?;
            let Some(parent) = commit.parents.first().copied() else { break };
            next = Some(parent);
            let at = self.instants(id)?.1;
            if since.is_some_and(|since| at < since) {
                break;
            }
            let changes = self.changes(parent, Snapshot::Commit(id))?;
            let (begun, commits) = self.brought(&commit, parent)?;
            let begun = begun.filter(|begun| *begun != at);
            let paths = changes.into_iter().map(|c| c.path).collect();
            landings.push(Landing { commit, at, begun, commits, paths });
            if landings.len() > MAX_LANDINGS {
                let message = format!("`{branch}` has more than {MAX_LANDINGS} steps");
                return Err(Diagnostic::error("git::range", message).help("begin later, with `--since`"));
            }
        }
        Ok(landings)
    }

    /// When the first of the commits was written that `commit` adds to its first parent, and how many these are.
    fn brought(&self, commit: &Commit, parent: CommitId) -> Result<(Option<Timestamp>, usize), Diagnostic> {
        let failed = |e: git2::Error| self.fault("list the commits of a merge", &e);
        let mut walk = self.repo.revwalk().map_err(failed)?;
        walk.set_sorting(Sort::TOPOLOGICAL).map_err(failed)?;
        walk.push(commit.id.0).map_err(failed)?;
        walk.hide(parent.0).map_err(failed)?;
        let (mut first, mut commits): (Option<Timestamp>, usize) = (None, 0);
        for id in walk {
            let id = CommitId(id.map_err(failed)?);
            // A merge is no work of its own.
            if id == commit.id && commit.parents.len() > 1 {
                continue;
            }
            commits += 1;
            let (written, _) = self.instants(id)?;
            first = Some(first.map_or(written, |known| known.min(written)));
        }
        Ok((first, commits))
    }

    /// When a commit was written, and when it was committed.
    fn instants(&self, id: CommitId) -> Result<(Timestamp, Timestamp), Diagnostic> {
        let commit = self.repo.find_commit(id.0).map_err(|e| self.fault(&format!("read commit {id}"), &e))?;
        let at = |time: git2::Time| Timestamp::from_second(time.seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok((at(commit.author().when()), at(commit.time())))
    }
}

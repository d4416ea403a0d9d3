//! Which commits of a change touched which file, following renames.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::changes::FileChange;
use super::commits::{Commit, Range};
use super::rename::{self, Candidate};
use super::trees::{RawPath, Sides};
use super::{CommitId, Repository, Snapshot};
use crate::finding::Diagnostic;

/// How many files of the head one old name may stand for. Beyond it the older history of that name is not
/// attributed; that bounds a history that renames in circles.
const MAX_ALIASES: usize = 64;
/// Parents of a merge that are compared.
const MAX_PARENTS: usize = 8;

/// One commit that touched a file, with the file's names around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The commit.
    pub commit: CommitId,
    /// Its first parent.
    pub parent: Option<CommitId>,
    /// Path in the first parent; `None` when the commit added the file.
    pub before: Option<String>,
    /// Path in the commit; `None` when the commit deleted the file.
    pub after: Option<String>,
}

/// The bytes of a file around one commit; `None` where it did not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// In the first parent.
    pub before: Option<Vec<u8>>,
    /// In the commit.
    pub after: Option<Vec<u8>>,
}

/// For every changed file the commits of the range that touched it.
#[derive(Clone, Debug, Default)]
pub struct Touches {
    by_path: BTreeMap<String, Vec<Touch>>,
}

impl Touches {
    /// Commits that touched the file, newest first. `path` is its path at the head (at the base, when deleted).
    pub fn of(&self, path: &str) -> &[Touch] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }
}

impl Repository {
    /// Attributes the changed files to the commits of the range, with one tree comparison per commit and
    /// parent. A merge touches a file only when it differs from every parent (a conflict was resolved).
    ///
    /// # Errors
    /// `git::unreadable`, `git::shallow`.
    pub fn touches(&self, range: &Range, changes: &[FileChange]) -> Result<Touches, Diagnostic> {
        let mut names = Names::new(changes);
        let mut touches = Touches::default();
        for commit in &range.commits {
            let steps = self.steps(commit)?;
            for step in &steps {
                let touch = Touch {
                    commit: commit.id,
                    parent: commit.parents.first().copied(),
                    before: step.before.clone(),
                    after: step.after.clone(),
                };
                for path in names.of(step) {
                    touches.by_path.entry(path.to_owned()).or_default().push(touch.clone());
                }
            }
            steps.iter().for_each(|step| names.follow(step));
        }
        Ok(touches)
    }

    /// The file before and after one of the commits that touched it.
    ///
    /// # Errors
    /// As [`Repository::read`].
    pub fn versions(&self, touch: &Touch) -> Result<Versions, Diagnostic> {
        let read = |commit: Option<CommitId>, path: &Option<String>| match (commit, path) {
            (Some(commit), Some(path)) => self.read(Snapshot::Commit(commit), path),
            _ => Ok(None),
        };
        Ok(Versions { before: read(touch.parent, &touch.before)?, after: read(Some(touch.commit), &touch.after)? })
    }

    /// What one commit did to files.
    fn steps(&self, commit: &Commit) -> Result<Vec<Step>, Diagnostic> {
        let mut sides = self.against(commit, commit.parents.first().copied())?;
        for parent in commit.parents.iter().take(MAX_PARENTS).skip(1) {
            let other: BTreeSet<RawPath> = self.against(commit, Some(*parent))?.into_keys().collect();
            sides.retain(|path, _| other.contains(path));
        }
        let side = |wanted: fn(&Step) -> Option<&String>, steps: &[(Step, String)]| -> Vec<Candidate> {
            let one_sided = steps.iter().filter(|(s, _)| s.before.is_none() || s.after.is_none());
            let path = one_sided.filter_map(|(s, blob)| Some((wanted(s)?, blob)));
            path.map(|(path, blob)| Candidate { path: path.clone(), blob: blob.clone() }).collect()
        };
        let steps: Vec<(Step, String)> = sides
            .into_iter()
            .filter_map(|(path, (old, new))| {
                let blob = new.or(old)?.id.to_string();
                // An old name that is not text is only shown; a changed file with one is refused elsewhere.
                let path = String::from_utf8_lossy(&path).into_owned();
                Some((Step { before: old.map(|_| path.clone()), after: new.map(|_| path) }, blob))
            })
            .collect();
        let (deleted, added) = (side(|s| s.before.as_ref(), &steps), side(|s| s.after.as_ref(), &steps));
        let load = |c: &Candidate| self.blob_text(&c.blob);
        let renames: Vec<(String, String)> =
            rename::pairs(&deleted, &added, load, load).into_iter().map(|(a, b)| (a.path, b.path)).collect();
        Ok(join_renames(steps.into_iter().map(|(step, _)| step).collect(), renames))
    }

    fn against(&self, commit: &Commit, parent: Option<CommitId>) -> Result<Sides, Diagnostic> {
        self.tree_difference(parent, Some(commit.id))
    }
}

/// What a commit did to one file.
#[derive(Debug)]
struct Step {
    before: Option<String>,
    after: Option<String>,
}

/// Replaces the deletion and the addition of each renamed file by one step.
fn join_renames(steps: Vec<Step>, renames: Vec<(String, String)>) -> Vec<Step> {
    let gone: BTreeSet<&str> = renames.iter().map(|(old, _)| old.as_str()).collect();
    let come: BTreeSet<&str> = renames.iter().map(|(_, new)| new.as_str()).collect();
    let replaced = |s: &Step| match (&s.before, &s.after) {
        (Some(old), None) => gone.contains(old.as_str()),
        (None, Some(new)) => come.contains(new.as_str()),
        _ => false,
    };
    let mut kept: Vec<Step> = steps.into_iter().filter(|s| !replaced(s)).collect();
    kept.extend(renames.into_iter().map(|(old, new)| Step { before: Some(old), after: Some(new) }));
    kept
}

/// For each name that a file had, the paths under which the change lists it.
struct Names {
    listed: HashMap<String, BTreeSet<String>>,
}

impl Names {
    fn new(changes: &[FileChange]) -> Self {
        let mut names = Self { listed: HashMap::new() };
        for change in changes {
            for name in [Some(&change.path), change.previous_path.as_ref()].into_iter().flatten() {
                names.listed.entry(name.clone()).or_default().insert(change.path.clone());
            }
        }
        names
    }

    /// Listed paths that a step belongs to.
    fn of(&self, step: &Step) -> BTreeSet<&str> {
        let names = [&step.before, &step.after].into_iter().flatten();
        names.filter_map(|n| self.listed.get(n)).flatten().map(String::as_str).collect()
    }

    /// Makes the older name of a renamed file stand for what the newer one stands for.
    fn follow(&mut self, step: &Step) {
        let (Some(before), Some(after)) = (&step.before, &step.after) else { return };
        if before == after {
            return;
        }
        let listed = self.listed.get(after).cloned().unwrap_or_default();
        if listed.is_empty() {
            return;
        }
        let known = self.listed.entry(before.clone()).or_default();
        known.extend(listed.into_iter().take(MAX_ALIASES.saturating_sub(known.len())));
    }
}

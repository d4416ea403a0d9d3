//! From what was typed to a commit, and the commit where two histories part.

use git2::{ErrorClass, ErrorCode};

use super::{CommitId, Repository, shallow};
use crate::finding::Diagnostic;

impl Repository {
    /// The commit that a revision names (`main`, `origin/main`, `v1.2`, `HEAD~3`, an id); tags are peeled.
    ///
    /// A branch that exists only at a remote is not guessed, it is suggested.
    ///
    /// # Errors
    /// `git::unknown-revision`, `git::ambiguous`, `git::not-a-commit`, `git::no-commit` in an empty repository.
    pub fn resolve(&self, spec: &str) -> Result<CommitId, Diagnostic> {
        let object = self.repo.revparse_single(spec).map_err(|e| self.unresolved(spec, &e))?;
        let commit = object.peel_to_commit().map_err(|_| {
            Diagnostic::error("git::not-a-commit", format!("`{spec}` does not name a commit"))
                .help("name a branch, a tag or a commit id")
        })?;
        Ok(CommitId(commit.id()))
    }

    /// The best common ancestor of two commits: what is trusted and compared with.
    ///
    /// # Errors
    /// `git::no-common-ancestor`, or `git::shallow` when a cut-off history may be the reason.
    pub fn merge_base(&self, a: CommitId, b: CommitId) -> Result<CommitId, Diagnostic> {
        self.repo.merge_base(a.0, b.0).map(CommitId).map_err(|e| match (e.code(), self.repo.is_shallow()) {
            (ErrorCode::NotFound, true) => shallow(format!("no common ancestor of {a} and {b} in this shallow clone")),
            (ErrorCode::NotFound, false) if e.class() == ErrorClass::Merge => {
                Diagnostic::error("git::no-common-ancestor", format!("{a} and {b} have no common ancestor"))
                    .help("the two histories are unrelated; is the base the branch that the change goes into?")
            }
            _ => self.fault("find the merge base", &e),
        })
    }

    fn unresolved(&self, spec: &str, error: &git2::Error) -> Diagnostic {
        let unborn = self.repo.head().is_err_and(|e| e.code() == ErrorCode::UnbornBranch);
        if unborn && (spec.starts_with("HEAD") || self.names().is_empty()) {
            return Diagnostic::error("git::no-commit", format!("`{spec}`: there is no commit yet"))
                .help("commit once, or check without --base");
        }
        if error.code() == ErrorCode::Ambiguous {
            return Diagnostic::error("git::ambiguous", format!("`{spec}` names more than one object"))
                .help("write more digits of the id, or the full name of the branch");
        }
        Diagnostic::error("git::unknown-revision", format!("unknown revision `{spec}`")).help(self.next_step(spec))
    }

    fn next_step(&self, spec: &str) -> String {
        let meant = closest(spec, self.names()).map(|name| format!("did you mean `{name}`?"));
        let cut_off = "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout";
        match (meant, self.repo.is_shallow()) {
            (Some(meant), true) => format!("{meant} If not, {cut_off}"),
            (Some(meant), false) => meant,
            (None, true) => cut_off.into(),
            (None, false) => "is it fetched? `git fetch origin` brings the branches and tags of the remote".into(),
        }
    }

    /// Short names of all branches and tags.
    fn names(&self) -> Vec<String> {
        let Ok(references) = self.repo.references() else { return Vec::new() };
        let short = |r: git2::Reference<'_>| String::from_utf8_lossy(r.shorthand_bytes()).into_owned();
        references.flatten().map(short).collect()
    }
}

/// The name that was probably meant: the same branch at a remote, else the nearest spelling.
fn closest(spec: &str, mut names: Vec<String>) -> Option<String> {
    names.sort();
    let at_remote = |n: &&String| n.strip_suffix(spec).is_some_and(|rest| rest.ends_with('/'));
    if let Some(name) = names.iter().find(at_remote) {
        return Some(name.clone());
    }
    let distance = |n: &String| strsim::damerau_levenshtein(spec, n);
    let allowed = spec.chars().count() / 3;
    let near = names.into_iter().filter(|n| n.len().abs_diff(spec.len()) <= allowed.max(1) * 4);
    near.map(|n| (distance(&n), n)).filter(|(d, _)| *d <= allowed.max(1)).min().map(|(_, n)| n)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn suggests_the_remote_branch_then_the_nearest_spelling() {
        let names = || ["master", "origin/main", "release"].map(String::from).to_vec();
        assert_eq!(closest("main", names()).as_deref(), Some("origin/main"));
        assert_eq!(closest("relaese", names()).as_deref(), Some("release"));
        assert_eq!(closest("something-else", names()), None);
    }
}

//! The repository: commits, files at a commit, what differs, and who changed it.
//!
//! The only module that names `git2`. Nothing is checked out or written, nothing is fetched but where [`fetch`] is called, and no
//! filter or hook of the repository runs. Names, addresses and dates in commits are claims of whoever made them; a signature
//! is reported, not verified.
//!
//! A [`Repository`] is `Send` and not `Sync`: one thread uses it at a time; another thread opens its own.

mod changes;
mod commits;
mod fetch;
mod files;
mod landings;
mod range;
mod rename;
mod resolve;
mod signature;
#[cfg(test)]
mod tests;
mod trees;
mod worktree;

use std::fmt;
use std::path::{Path, PathBuf};

use git2::{ErrorClass, ErrorCode};

use crate::facts::{FileFacts, GitFacts};
use crate::finding::Diagnostic;

pub use changes::{Content, FileChange, FileStatus, Snapshot, content};
pub use commits::{Commit, Person, Range};
pub use fetch::{Fetched, fetch};
pub use files::TreeFile;
pub use landings::Landing;
pub use range::{Touch, Touches, Versions};
pub use signature::{Signature, SignatureKind};

/// Variables that point git at another repository.
pub(crate) const ELSEWHERE: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_TEMPLATE_DIR",
    "GIT_EXTERNAL_DIFF",
];

/// Largest file that is read, in bytes (32 MiB). Larger ones are errors, never silently shortened.
pub const MAX_FILE: u64 = 32 << 20;

/// The id of a commit that exists in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(git2::Oid);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An open repository.
pub struct Repository {
    repo: git2::Repository,
    root: PathBuf,
}

impl Repository {
    /// Opens the repository that `path` (a file or a folder) lies in; `None` when it lies in none.
    ///
    /// # Errors
    /// `git::owner` when git's ownership check refuses it, `git::unsupported` for a repository format that
    /// is not understood, `git::unreadable` for a damaged one.
    pub fn discover(path: &Path) -> Result<Option<Self>, Diagnostic> {
        let start = path.ancestors().find(|p| p.is_dir()).unwrap_or(path);
        match git2::Repository::discover(start) {
            Ok(repo) => {
                let root = repo.workdir().unwrap_or(repo.path()).to_path_buf();
                Ok(Some(Self { repo, root }))
            }
            Err(e) if e.code() == ErrorCode::NotFound && e.class() == ErrorClass::Repository => Ok(None),
            Err(e) => Err(cannot_open(start, &e)),
        }
    }

    /// The folder that paths are relative to: the work tree's root, or the repository itself when it is bare.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The branch that is checked out; `None` for a detached `HEAD`.
    pub fn branch(&self) -> Option<String> {
        let head = self.repo.find_reference("HEAD").ok()?;
        let target = String::from_utf8_lossy(head.symbolic_target_bytes()?).into_owned();
        target.strip_prefix("refs/heads/").map(str::to_owned)
    }

    /// The branch that work goes into: the default branch of `origin`, else `main` or `master` where there is one, else
    /// the one that is checked out.
    pub fn default_branch(&self) -> Option<String> {
        let origin = self.repo.find_reference("refs/remotes/origin/HEAD").ok();
        let target = origin.and_then(|r| Some(String::from_utf8_lossy(r.symbolic_target_bytes()?).into_owned()));
        let named = target.and_then(|t| t.strip_prefix("refs/remotes/origin/").map(str::to_owned));
        let exists = |name: &&str| self.repo.find_branch(name, git2::BranchType::Local).is_ok();
        named.or_else(|| ["main", "master"].into_iter().find(exists).map(str::to_owned)).or_else(|| self.branch())
    }

    /// URL of the remote `origin`.
    pub fn remote(&self) -> Option<String> {
        let remote = self.repo.find_remote("origin").ok()?;
        Some(remote.url().ok()?.to_owned())
    }

    /// `path` relative to the root, with `/`; `None` outside of it. Links in `path` are resolved.
    pub fn relative(&self, path: &Path) -> Option<String> {
        let root = self.root.canonicalize().ok()?;
        let full = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
        let inside = full.strip_prefix(&root).ok()?;
        let parts: Option<Vec<&str>> = inside.components().map(|c| c.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// The repository's side of the policy input. `gate` of the files and `contributors` are left to the gate.
    pub fn facts(&self, base: CommitId, merge_base: CommitId, range: &Range, changes: &[FileChange]) -> GitFacts {
        let mut authors: Vec<String> = range.commits.iter().map(|c| c.author.email.clone()).collect();
        authors.sort();
        authors.dedup();
        let file = |c: &FileChange| FileFacts {
            path: c.path.clone(),
            status: c.status.as_str(),
            previous_path: c.previous_path.clone(),
            gate: None,
        };
        GitFacts {
            base: base.to_string(),
            head: range.head.map(|h| h.to_string()),
            merge_base: merge_base.to_string(),
            branch: self.branch(),
            commits: range.commits.iter().map(Commit::facts).collect(),
            authors,
            files: changes.iter().map(file).collect(),
            contributors: Vec::new(),
            pull_request: None,
            pipelines: Vec::new(),
            migrations: Vec::new(),
        }
    }

    /// What git could not do, with the most likely reason.
    fn fault(&self, doing: &str, error: &git2::Error) -> Diagnostic {
        let missing = error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Odb;
        if missing && self.repo.is_shallow() {
            return shallow(format!("cannot {doing}: the history of this clone is cut off"));
        }
        let help = if missing {
            "an object is missing from this clone; fetch it completely (no --filter) or run `git fsck`"
        } else {
            "check the repository with `git fsck`"
        };
        Diagnostic::error("git::unreadable", format!("cannot {doing}: {}", error.message())).help(help)
    }
}

fn shallow(message: String) -> Diagnostic {
    Diagnostic::error("git::shallow", message)
        .help("fetch the whole history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout")
}

fn cannot_open(path: &Path, error: &git2::Error) -> Diagnostic {
    let shown = path.display();
    if error.code() == ErrorCode::Owner {
        return Diagnostic::error("git::owner", format!("the repository at {shown} belongs to another user"))
            .help(format!("if you trust it: `git config --global --add safe.directory {shown}`"));
    }
    if error.message().contains("unsupported extension") {
        return Diagnostic::error("git::unsupported", format!("cannot open {shown}: {}", error.message()))
            .help("use a complete clone in the default format (no --filter, no experimental extensions)");
    }
    Diagnostic::error("git::unreadable", format!("cannot open the repository at {shown}: {}", error.message()))
        .help("check the repository with `git status`")
}

/// A path of git's as text. What is not UTF-8 cannot be written into a digest without doubt.
fn utf8_path(bytes: &[u8]) -> Result<String, Diagnostic> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| {
        let shown = bytes.escape_ascii().to_string();
        Diagnostic::error("git::path-encoding", format!("the name of a changed file is not UTF-8: {shown}"))
            .help("rename the file")
    })
}

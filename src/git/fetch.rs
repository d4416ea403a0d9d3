//! Fetches one commit of another repository: the only thing here that reaches over the network, and only when it is asked for.
//!
//! The `git` program fetches, since it knows how its user authenticates. It works in a bare repository of our own that is gone
//! afterwards; no hook and no foreign transport runs. Files are read out of the object store, so nothing is checked out.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use git2::{ObjectType, TreeWalkMode, TreeWalkResult};

use super::ELSEWHERE;
use crate::finding::Diagnostic;

/// Most files of a folder that are read.
const MAX_FILES: usize = 10_000;
/// Most bytes of all of them.
const MAX_BYTES: usize = 64 << 20;

/// Where the fetched commit stands in the scratch repository.
const HEAD: &str = "refs/fetched/head";

/// Files of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Full commit id.
    pub commit: String,
    /// By path, below the folder that was asked for.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Fetches `reference` (a branch, a tag or a commit; the remote's own choice when absent) of the repository at `url`, and reads
/// the files below `folder` that `wanted` keeps.
///
/// # Errors
/// `fetch::failed` with what git said, `fetch::folder`, `fetch::link` for links and submodules, `fetch::limit`.
pub fn fetch(
    url: &str,
    reference: Option<&str>,
    folder: &str,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Fetched, Diagnostic> {
    let scratch = tempfile::Builder::new().prefix("changegate-fetch-").tempdir().map_err(|e| failed(url, &e))?;
    git(scratch.path(), &["init", "--quiet", "--bare", "--template=", "."]).map_err(|e| failed(url, &e))?;
    let reference = reference.unwrap_or("HEAD");
    let refspec = format!("+{reference}:{HEAD}");
    let direct = git(scratch.path(), &["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, &refspec]);
    if let Err(why) = direct {
        // A server may give out branches only, and not a commit by its id.
        let is_commit = reference.len() >= 40 && reference.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_commit {
            return Err(failed(url, &why));
        }
        git(scratch.path(), &["fetch", "--quiet", "--no-tags", "--", url, "+refs/*:refs/all/*"])
            .map_err(|e| failed(url, &e))?;
    }
    read(scratch.path(), url, reference, folder, wanted)
}

fn read(
    scratch: &Path,
    url: &str,
    reference: &str,
    folder: &str,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Fetched, Diagnostic> {
    let repository = git2::Repository::open_bare(scratch).map_err(|e| failed(url, &e))?;
    let object = repository.revparse_single(HEAD).or_else(|_| repository.revparse_single(reference));
    let commit = object.and_then(|object| object.peel_to_commit());
    let commit = commit.map_err(|e| failed(url, &e))?;
    let mut tree = commit.tree().map_err(|e| failed(url, &e))?;
    if !folder.is_empty() {
        let entry = tree.get_path(Path::new(folder)).ok().and_then(|entry| entry.to_object(&repository).ok());
        tree = entry.and_then(|object| object.into_tree().ok()).ok_or_else(|| no_folder(url, folder))?;
    }
    let mut files = BTreeMap::new();
    let mut total = 0;
    let mut fault = None;
    let walked = tree.walk(TreeWalkMode::PreOrder, |parent, entry| {
        let path = match entry.name() {
            Ok(name) => format!("{parent}{name}"),
            Err(_) => return TreeWalkResult::Skip,
        };
        match entry.kind() {
            Some(ObjectType::Tree) => return TreeWalkResult::Ok,
            Some(ObjectType::Blob) if wanted(&path) => {}
            Some(ObjectType::Blob) => return TreeWalkResult::Ok,
            _ => {
                fault = Some(link(url, &path));
                return TreeWalkResult::Abort;
            }
        }
        let blob = entry.to_object(&repository).and_then(|object| object.peel_to_blob());
        match blob {
            Ok(_) if entry.filemode() == 0o120_000 => fault = Some(link(url, &path)),
            Ok(blob) => {
                total += blob.size();
                if total > MAX_BYTES || files.len() >= MAX_FILES {
                    fault = Some(too_large(url));
                } else {
                    files.insert(path, blob.content().to_vec());
                }
            }
            Err(e) => fault = Some(failed(url, &e)),
        }
        if fault.is_some() { TreeWalkResult::Abort } else { TreeWalkResult::Ok }
    });
    match (fault, walked) {
        (Some(fault), _) => Err(fault),
        (None, Err(e)) => Err(failed(url, &e)),
        (None, Ok(())) => Ok(Fetched { commit: commit.id().to_string(), files }),
    }
}

/// Runs git; an error is what it said.
fn git(directory: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("git");
    command.args([
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "gc.auto=0",
        "-c",
        "http.lowSpeedLimit=1",
        "-c",
        "http.lowSpeedTime=30",
    ]);
    command.args(arguments).current_dir(directory);
    for name in ELSEWHERE {
        command.env_remove(name);
    }
    // `ext::` would run any program.
    command.env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("git cannot be started: {e}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn failed(url: &str, why: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("fetch::failed", format!("`{url}` cannot be fetched: {why}"))
        .help("check the address and the reference; git authenticates as it does for you")
}

fn no_folder(url: &str, folder: &str) -> Diagnostic {
    Diagnostic::error("fetch::folder", format!("there is no folder `{folder}` in `{url}`"))
        .help("the folder stands behind `//`, without the name of the repository")
}

fn link(url: &str, path: &str) -> Diagnostic {
    Diagnostic::error("fetch::link", format!("`{path}` in `{url}` is a link or a submodule"))
        .help("only files are read: what a link leads to is not pinned")
}

fn too_large(url: &str) -> Diagnostic {
    let message = format!("`{url}` holds more than {MAX_FILES} files or {} MiB", MAX_BYTES >> 20);
    Diagnostic::error("fetch::limit", message).help("name the folder that holds the policies: `…git//policy`")
}

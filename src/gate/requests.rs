//! Which change requests a run judges: named on the command line, held by the change, or named by its commits, its
//! pull request or a label.
//!
//! Every request that anything names is judged: naming one more never takes another out of sight.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::change::pull_request::{PullRequest, names};
use crate::change::request::Request as ChangeRequest;
use crate::change::{self, ContentEntry};
use crate::discover;
use crate::facts::Stage;
use crate::finding::{Diagnostic, Level};
use crate::git::{self, FileStatus};
use crate::outcome::Input;
use crate::parse::tree::Node;
use crate::parse::{json, yaml};
use crate::source::{Revision, Source, SourceId, Span};

use super::change::Judged;
use super::inputs::{Inputs, first, sha256};
use super::workspace::{File, Workspace, read_disk};
use super::{Request, Session};

/// Finds and reads the requests of a run, sorted by id; one without a request when there is none.
///
/// # Errors
///
/// A request or a pull request that was named and cannot be read; two requests with one id.
pub(super) fn find(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    session: &mut Session,
) -> Result<Vec<Judged>, Diagnostic> {
    let mut read = Vec::new();
    let pull = match &request.pull_request {
        Some(path) => Some(Arc::new(pull_request(path, workspace, session, &mut read)?)),
        None => None,
    };
    let mut judged = Vec::new();
    for place in places(request, workspace, inputs, pull.as_deref(), session)? {
        let found = match place {
            Place::File(path) => read_file(&path, workspace, session, &mut read)?,
            Place::Context(path, document) => {
                vec![ChangeRequest::read(path, &document).map_err(|faults| first(faults, session))?]
            }
        };
        judged.extend(found.into_iter().map(|request| Judged::of(request, workspace, pull.clone())));
    }
    judged.sort_by(|a, b| a.id().cmp(&b.id()));
    if let Some([one, other]) = judged.array_windows().find(|[a, b]| a.id() == b.id()) {
        return Err(twice(one, other));
    }
    if judged.is_empty() {
        judged.push(Judged { pull, ..Judged::default() });
    }
    if let Some(one) = judged.first_mut() {
        one.read = read;
    }
    Ok(judged)
}

impl Judged {
    fn of(request: ChangeRequest, workspace: &Workspace, pull: Option<Arc<PullRequest>>) -> Self {
        let content: Vec<ContentEntry> = workspace.content(&request.file).into_iter().map(entry).collect();
        let digest = change::digest(&content, &request);
        Self { request: Some(request), digest: Some(digest), pull, read: Vec::new() }
    }
}

fn entry(c: git::Content) -> ContentEntry {
    ContentEntry { path: c.path, mode: c.mode, blob: c.blob }
}

fn twice(one: &Judged, other: &Judged) -> Diagnostic {
    let id = one.id().unwrap_or_default();
    let files = [one, other].map(|j| j.file().unwrap_or_default());
    Diagnostic::error("change::duplicate", format!("two change requests have the id `{id}`: {}", files.join(", ")))
        .in_file(files[1])
        .help("one id, one request: give one of them an id of its own")
}

/// Where a request lies.
enum Place {
    /// A file.
    File(PathBuf),
    /// A document among the context documents, with its shown path.
    Context(Arc<str>, Node),
}

fn places(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    pull: Option<&PullRequest>,
    session: &mut Session,
) -> Result<Vec<Place>, Diagnostic> {
    if !request.changes.is_empty() {
        return Ok(request.changes.iter().map(|path| Place::File(workspace.absolute(path))).collect());
    }
    let named = named(request, workspace, inputs, pull);
    let mut files = BTreeSet::new();
    let mut contexts = BTreeMap::new();
    let listed = listed(workspace, inputs)?;
    for (name, told_by) in named {
        match by_name(&name, &listed, workspace)? {
            Some(path) => drop(files.insert(path)),
            None => match inputs.documents.request(&name) {
                Some((path, document)) => drop(contexts.insert(name, (path.clone(), document.clone()))),
                None => session.diagnostics.push(nowhere(&name, &told_by, &inputs.config.changes.trailer)),
            },
        }
    }
    match &workspace.difference {
        Some(difference) => {
            let changed = difference.changes.iter().filter(|c| c.status != FileStatus::Deleted);
            files.extend(changed.map(|c| c.path.clone()).filter(|path| inputs.is_request(path)));
        }
        None if files.is_empty() && contexts.is_empty() => match listed.as_slice() {
            [] => {}
            [one] => drop(files.insert(one.clone())),
            [one, ..] => session.diagnostics.push(
                Diagnostic::note(
                    "change::several",
                    format!("{} change requests are here, and none is judged", listed.len()),
                )
                .in_file(one.as_str())
                .help("name those that are meant with `--change FILE`"),
            ),
        },
        None => {}
    }
    let files = files.into_iter().map(|shown| Place::File(workspace.shown_root().join(shown)));
    Ok(files.chain(contexts.into_values().map(|(path, document)| Place::Context(path, document))).collect())
}

/// Names of requests, each with what names it.
fn named(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    pull: Option<&PullRequest>,
) -> BTreeMap<String, String> {
    let trailer = &inputs.config.changes.trailer;
    let mut named = BTreeMap::new();
    let range = workspace.difference.as_ref().map(|d| &d.range).filter(|_| request.stage != Stage::Commit);
    for commit in range.into_iter().flat_map(|range| &range.commits) {
        for name in commit.trailers(trailer).flat_map(names) {
            named.entry(name.to_owned()).or_insert_with(|| format!("commit {:.10}", commit.id.to_string()));
        }
    }
    for name in pull.into_iter().flat_map(|pull| pull.named(trailer)) {
        named.entry(name.to_owned()).or_insert_with(|| "the pull request".into());
    }
    named
}

fn nowhere(name: &str, told_by: &str, trailer: &str) -> Diagnostic {
    Diagnostic::warning(
        "change::missing",
        format!("{told_by} names the change request `{name}`, and none of that id is here"),
    )
    .help(format!(
        "add it as changes/{name}.yaml, hand it over with `--change FILE` or in the `--context` folder, or correct \
             the `{trailer}:` line"
    ))
}

/// Shown paths of all change requests of the judged state, sorted.
fn listed(workspace: &Workspace, inputs: &Inputs) -> Result<Vec<String>, Diagnostic> {
    let (Some(difference), Some(repository)) = (&workspace.difference, &workspace.repository) else {
        return Ok(on_disk(workspace, inputs));
    };
    let all = repository.list(difference.head, "")?.into_iter().map(|file| file.path);
    Ok(all.filter(|path| inputs.is_request(path)).collect())
}

/// Shown paths of all change requests in the working tree.
fn on_disk(workspace: &Workspace, inputs: &Inputs) -> Vec<String> {
    let mut found = BTreeSet::new();
    for pattern in &inputs.config.changes.paths {
        // Only the part before the first wildcard is walked: `changes/` of `changes/**/*.yaml`.
        let fixed: PathBuf = pattern.split('/').take_while(|part| !part.contains(['*', '?', '[', '{'])).collect();
        let walk = ignore::WalkBuilder::new(workspace.root.join(fixed)).require_git(false).build();
        for entry in walk.filter_map(Result::ok).filter(|e| e.file_type().is_some_and(|t| t.is_file())) {
            found.extend(Some(workspace.shown(entry.path())).filter(|shown| inputs.is_request(shown)));
        }
    }
    found.into_iter().collect()
}

/// The file of a name: its path, its stem, or the `metadata.id` in it.
fn by_name(name: &str, listed: &[String], workspace: &Workspace) -> Result<Option<String>, Diagnostic> {
    let is_named = |path: &&String| {
        let file = path.rsplit('/').next().unwrap_or(path);
        path.as_str() == name || file.rsplit_once('.').is_some_and(|(stem, _)| stem == name)
    };
    if let Some(path) = listed.iter().find(is_named) {
        return Ok(Some(path.clone()));
    }
    for path in listed {
        let Some(file) = workspace.read_head(&workspace.shown_root().join(path))? else { continue };
        // What cannot be read is not the one that was meant, or its own check says so.
        let Ok(text) = discover::decode(file.bytes, path) else { continue };
        if text.contains(name) && id_of(&text).as_deref() == Some(name) {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

fn id_of(text: &str) -> Option<String> {
    let parsed = yaml::parse(SourceId(u32::MAX), text, &yaml::Limits::default());
    parsed.documents.first()?.at(&["metadata", "id"])?.as_str().map(str::to_owned)
}

fn read_file(
    path: &Path,
    workspace: &Workspace,
    session: &mut Session,
    read: &mut Vec<Input>,
) -> Result<Vec<ChangeRequest>, Diagnostic> {
    let file = workspace.read_head(path)?.ok_or_else(|| missing(&workspace.shown(path)))?;
    read.push(Input { path: file.path.as_str().into(), sha256: sha256(&file.bytes), as_of: None });
    read_request(file, session).map(|request| vec![request])
}

fn missing(shown: &str) -> Diagnostic {
    Diagnostic::error("change::missing", format!("there is no change request `{shown}`"))
        .in_file(shown)
        .help("check the path given with `--change`; with `--head` it is read from that commit")
}

fn read_request(file: File, session: &mut Session) -> Result<ChangeRequest, Diagnostic> {
    let text = discover::decode(file.bytes, &file.path)?;
    let id = session.sources.add(Source::new(file.path.clone(), Revision::Head, text));
    let text = session.sources.get(id).map(|s| s.text.clone()).unwrap_or_default();
    let parsed = yaml::parse(id, &text, &yaml::Limits::default());
    let (errors, rest): (Vec<_>, Vec<_>) = parsed.diagnostics.into_iter().partition(|d| d.level == Level::Error);
    session.diagnostics.extend(rest);
    if let Some(fault) = errors.into_iter().next() {
        return Err(fault);
    }
    let [document] = parsed.documents.as_slice() else {
        return Err(Diagnostic::error(
            "change::documents",
            format!("a change request is one YAML document, and here are {}", parsed.documents.len()),
        )
        .at(Span::new(id, 0, 0))
        .help("keep one request in one file"));
    };
    ChangeRequest::read(file.path, document).map_err(|faults| first(faults, session))
}

/// The pull request. A file that the change itself carries could have been written by its author.
fn pull_request(
    path: &Path,
    workspace: &Workspace,
    session: &mut Session,
    read: &mut Vec<Input>,
) -> Result<PullRequest, Diagnostic> {
    let full = workspace.absolute(path);
    let shown = workspace.shown(&full);
    if workspace.is_committed(&shown) {
        return Err(Diagnostic::error(
            "pull-request::untrusted",
            format!("`{shown}` is committed in the repository whose pull request it describes"),
        )
        .in_file(shown)
        .help("fetch the pull request from the forge's API into a file outside the repository"));
    }
    let bytes = read_disk(&full, &shown)?.ok_or_else(|| {
        Diagnostic::error("pull-request::missing", format!("there is no file `{shown}`"))
            .in_file(shown.clone())
            .help("write it with `gh api repos/OWNER/REPO/pulls/N`")
    })?;
    read.push(Input { path: shown.as_str().into(), sha256: sha256(&bytes), as_of: None });
    let id = session.sources.add(Source::new(shown.clone(), Revision::Head, discover::decode(bytes, &shown)?));
    let text = session.sources.get(id).map(|s| s.text.clone()).unwrap_or_default();
    PullRequest::read(&json::parse(id, &text)?)
}

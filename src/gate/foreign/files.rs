//! Which files policies for Conftest judge.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::discover;
use crate::finding::Diagnostic;
use crate::gate::inputs::Inputs;
use crate::gate::workspace::Workspace;
use crate::gate::{Request, Session};
use crate::git::Snapshot;
use crate::parse::conftest::Parser;

/// A file that counts.
pub(super) struct File {
    /// As it is shown.
    pub(super) shown: String,
    /// Where it is.
    pub(super) full: PathBuf,
    /// How it is read.
    pub(super) parser: Parser,
}

/// The files at and below the judged paths that a parser reads, by their paths. With a base only changed ones, unless all are
/// judged as one. The gate's own documents are left out; a file that was named counts wherever it lies.
pub(super) fn find(
    request: &Request,
    workspace: &Workspace,
    inputs: &Inputs,
    session: &mut Session,
) -> Result<Vec<File>, Diagnostic> {
    let foreign = &request.policies.foreign;
    let parser_of = |shown: &str| foreign.parser.or_else(|| Parser::of_path(shown));
    let mut found = BTreeMap::new();
    let mut unread = None;
    for start in &workspace.paths {
        let named = start.is_file();
        for full in below(workspace, start)? {
            let shown = workspace.shown(&full);
            let own = inputs.is_own(&shown) && !(named && inputs.gate_part(&shown) == Some("policy"));
            let parser =
                if named { parser_of(&shown) } else { Parser::of_path(&shown).and_then(|_| parser_of(&shown)) };
            if let Some(parser) = parser.filter(|_| !own) {
                found.insert(shown.clone(), File { shown, full, parser });
            } else if named && !own {
                unread.get_or_insert(shown);
            }
        }
    }
    super::told_otherwise(session, |path| found.contains_key(path) || unread.as_deref() == Some(path));
    if let Some(shown) = unread {
        return Err(no_parser(&shown));
    }
    if let Some(difference) = workspace.difference.as_ref().filter(|_| !foreign.combine) {
        found.retain(|shown, _| difference.changes.iter().any(|change| change.path == *shown && change.blob.is_some()));
    }
    Ok(found.into_values().collect())
}

fn no_parser(shown: &str) -> Diagnostic {
    Diagnostic::error("conftest::format", format!("nothing tells how `{shown}` is read"))
        .in_file(shown)
        .help("name the parser with `--parser`; docs/conftest.md lists them")
}

/// Files of the judged state at and below a path, in no order.
fn below(workspace: &Workspace, start: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let committed = workspace.difference.as_ref().map(|d| d.head).filter(|head| *head != Snapshot::WorkingTree);
    match (committed, &workspace.repository, workspace.in_repository(start)) {
        (Some(state), Some(repository), Some(under)) => {
            let files = repository.list(state, &under)?.into_iter();
            let kept = files.filter(|file| !discover::skip(file.path.strip_prefix(&under).unwrap_or(&file.path)));
            Ok(kept.map(|file| workspace.shown_root().join(file.path)).collect())
        }
        _ => on_disk(workspace, start),
    }
}

/// As [`discover::walk`]: ignore files count, and what git tracks counts all the same.
fn on_disk(workspace: &Workspace, start: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    if start.is_file() {
        return Ok(vec![start.to_path_buf()]);
    }
    let mut builder = WalkBuilder::new(start);
    let in_repository = workspace.repository.is_some();
    builder.standard_filters(false).hidden(false).git_ignore(true).require_git(false).parents(in_repository);
    let root = start.to_path_buf();
    builder.filter_entry(move |entry| {
        let inside = entry.path().strip_prefix(&root).unwrap_or(entry.path());
        !discover::skip(&inside.to_string_lossy().replace('\\', "/"))
    });
    let mut files = Vec::new();
    for entry in builder.build() {
        let entry = entry.map_err(|e| {
            Diagnostic::error("discover::unreadable", format!("a folder cannot be read: {e}"))
                .in_file(workspace.shown(start))
        })?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    if let (Some(repository), Some(under)) = (&workspace.repository, workspace.in_repository(start)) {
        let tracked = repository.list(Snapshot::Index, &under)?.into_iter();
        let tracked = tracked.filter(|file| !discover::skip(file.path.strip_prefix(&under).unwrap_or(&file.path)));
        files.extend(tracked.map(|file| workspace.shown_root().join(file.path)).filter(|full| full.is_file()));
    }
    Ok(files)
}

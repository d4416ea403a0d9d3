//! Loads policies for Conftest with their data, from the trusted state.

use std::path::Path;

use crate::config::Config;
use crate::finding::{Diagnostic, Level};
use crate::gate::inputs::{add, first, revision};
use crate::gate::workspace::{File, Workspace};
use crate::gate::{Request, Session};
use crate::parse::tree::Node;
use crate::parse::{Documents, json, yaml};
use crate::policy::bundle::DataFile;
use crate::policy::conftest::Bundle;
use crate::source::SourceId;

/// The bundle of all modules that were written for Conftest; nothing without any.
pub(in crate::gate) fn bundle(
    request: &Request,
    workspace: &Workspace,
    config: &Config,
    modules: &[SourceId],
    mut data: Vec<DataFile>,
    session: &mut Session,
) -> Result<Option<Bundle>, Diagnostic> {
    if modules.is_empty() {
        return Ok(None);
    }
    let foreign = &request.policies.foreign;
    let namespaces = foreign.asked(|| config.policies.foreign_namespaces.clone());
    for path in &foreign.data {
        data.extend(data_below(&workspace.absolute(path), workspace, session)?);
    }
    let mut bundle =
        Bundle::load(&session.sources, modules, &data, &namespaces).map_err(|faults| first(faults, session))?;
    if let Some(program) = &request.policies.isolate {
        bundle.isolate(program.clone(), &session.sources, modules, &data);
    }
    Ok(Some(bundle))
}

/// The documents of a file, or of a folder and all below it: the folders between are where they stand in `data`.
fn data_below(path: &Path, workspace: &Workspace, session: &mut Session) -> Result<Vec<DataFile>, Diagnostic> {
    let shown = workspace.shown(path);
    let wanted = |path: &str| [".json", ".yaml", ".yml"].iter().any(|ending| path.ends_with(ending));
    let files = match workspace.read_trusted(path)? {
        Some(file) => vec![file],
        None => workspace.read_trusted_folder(path, &wanted)?,
    };
    if files.is_empty() {
        let message = format!("there is no data in `{shown}`: no `.json`, `.yaml` or `.yml`");
        return Err(Diagnostic::error("conftest::data", message)
            .in_file(shown)
            .help("with `--base`, data inside the repository is read at the merge base"));
    }
    let revision = revision(workspace, path);
    files
        .into_iter()
        .map(|file| {
            let folders = folders(&shown, &file);
            let is_json = file.path.ends_with(".json");
            let (id, text) = add(file, revision, session)?;
            let read = match is_json {
                true => json::parse(id, &text).map_or_else(
                    |e| Documents { documents: Vec::new(), diagnostics: vec![e] },
                    |node| Documents { documents: vec![node], diagnostics: Vec::new() },
                ),
                false => yaml::parse(id, &text, &yaml::Limits::default()),
            };
            Ok(DataFile { folders, value: value(one(read, id)?) })
        })
        .collect()
}

fn folders(root: &str, file: &File) -> Vec<String> {
    let below = file.path.strip_prefix(root).map_or("", |rest| rest.trim_start_matches('/'));
    let below = if root == "." { file.path.as_str() } else { below };
    let folder = below.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn one(mut read: Documents, id: SourceId) -> Result<Node, Diagnostic> {
    if let Some(fault) = read.diagnostics.into_iter().find(|d| d.level == Level::Error) {
        return Err(fault);
    }
    match (read.documents.len(), read.documents.pop()) {
        (1, Some(node)) => Ok(node),
        (n, _) => {
            Err(Diagnostic::error("conftest::data", format!("a file of data holds one document, and this one {n}"))
                .at(crate::source::Span::new(id, 0, 0))
                .help("keep one"))
        }
    }
}

fn value(node: Node) -> serde_json::Value {
    serde_json::to_value(node).unwrap_or_default()
}

//! A Helm chart: its files, its dependencies, and what is missing before it can be rendered.

use super::closure::{Closure, Files};
use super::kustomization::items;
use super::tree::{is_below, join, name};
use crate::finding::{Diagnostic, Level};
use crate::parse::tree::Node;
use crate::parse::yaml::{self, Limits};

/// The file that makes a directory a chart.
pub(super) const FILE: &str = "Chart.yaml";

/// How deep charts may lie in each other.
const MAX_DEPTH: usize = 16;

/// A chart that takes part in a render.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// How Helm names it in `# Source:` comments: `app`, `app/charts/db`.
    pub(super) label: String,
    /// Its directory in the scratch copy.
    pub(super) directory: String,
    /// Its directory in the repository, which differs for a dependency of another folder.
    pub(super) origin: String,
    /// Keys of the root's values that are its own: empty for the root, `[db]` for a subchart.
    pub(super) scope: Vec<String>,
}

impl Chart {
    /// The path in the repository of a path in the scratch copy.
    pub(super) fn original(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(&self.directory)?.trim_start_matches('/');
        join(&self.origin, rest)
    }
}

/// What `Chart.yaml` says.
pub(super) struct Manifest {
    node: Node,
}

impl Manifest {
    /// Reads the manifest of a chart; `None` when there is none that can be read.
    pub(super) fn read(directory: &str, closure: &mut Closure, files: &mut Files<'_>) -> Option<Self> {
        let path = join(directory, FILE)?;
        let bytes = closure.take(&path, files, None)?;
        let source = files.source(&path, &bytes)?;
        let mut parsed = yaml::parse(source, &files.text(source), &Limits::default());
        parsed.diagnostics.into_iter().filter(|d| d.level == Level::Error).for_each(|fault| closure.refuse(fault));
        Some(Self { node: parsed.documents.pop()? })
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.node.get("name").and_then(Node::as_str)
    }

    /// A library gives templates to other charts and renders nothing.
    pub(super) fn is_library(&self) -> bool {
        self.node.get("type").and_then(Node::as_str) == Some("library")
    }

    fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        items(&self.node, "dependencies").filter_map(|node| {
            let text = |key| node.get(key).and_then(Node::as_str);
            Some(Dependency { node, name: text("name")?, alias: text("alias"), repository: text("repository") })
        })
    }

    /// Directories of the charts that it brings in from elsewhere in the repository.
    pub(super) fn local_dependencies(&self, directory: &str) -> Vec<String> {
        self.dependencies().filter_map(|d| join(directory, d.repository?.strip_prefix("file://")?)).collect()
    }
}

struct Dependency<'a> {
    node: &'a Node,
    name: &'a str,
    alias: Option<&'a str>,
    repository: Option<&'a str>,
}

/// Takes in a chart with everything below it and the charts that it depends on.
pub(super) fn collect(directory: &str, closure: &mut Closure, files: &mut Files<'_>) {
    let whole = closure.take_all(directory, files);
    let is_part = |path: &String| is_chart_file(path, directory);
    closure.consumed.extend(whole.into_iter().filter(is_part));
    closure.directories.insert(directory.to_owned());
    let label = Manifest::read(directory, closure, files).and_then(|m| m.name().map(str::to_owned));
    let label = label.unwrap_or_else(|| name(directory).to_owned());
    let root = Chart { label, directory: directory.to_owned(), origin: directory.to_owned(), scope: Vec::new() };
    enter(&root, 0, closure, files);
}

/// Whether a file of a chart's folder is part of what is rendered. Others (`ci/`, examples) are what they are.
fn is_chart_file(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory).unwrap_or(path).trim_start_matches('/');
    let values = rest.starts_with("values") && !rest.contains('/');
    values
        || ["Chart.yaml", "Chart.lock", "requirements.yaml", "requirements.lock"].contains(&rest)
        || ["templates", "crds", "charts"].iter().any(|folder| is_below(rest, folder) && rest != *folder)
}

fn enter(chart: &Chart, depth: usize, closure: &mut Closure, files: &mut Files<'_>) {
    if depth > MAX_DEPTH {
        return;
    }
    let manifest = Manifest::read(&chart.origin, closure, files);
    closure.charts.push(chart.clone());
    let mut known: Vec<(String, Chart)> = vendored(chart, closure, files);
    let archives: Vec<String> = archives(chart, closure);
    for dependency in manifest.iter().flat_map(Manifest::dependencies) {
        let alias = dependency.alias.unwrap_or(dependency.name);
        if let Some((_, found)) = known.iter_mut().find(|(n, _)| n == dependency.name) {
            found.rename(chart, alias);
        } else if archives.iter().any(|file| is_archive_of(file, dependency.name)) {
            // The archive's templates are no text of the repository; findings in them are shown at the chart.
        } else if let Some(found) = bring(chart, &dependency, closure, files) {
            known.push((dependency.name.to_owned(), found));
        }
    }
    known.into_iter().for_each(|(_, child)| enter(&child, depth + 1, closure, files));
}

impl Chart {
    fn rename(&mut self, parent: &Chart, alias: &str) {
        self.label = format!("{}/charts/{alias}", parent.label);
        self.scope = parent.scope.iter().cloned().chain([alias.to_owned()]).collect();
    }

    fn child(&self, folder: String, origin: String, name: &str) -> Chart {
        let mut child = Chart { label: String::new(), directory: folder, origin, scope: Vec::new() };
        child.rename(self, name);
        child
    }
}

/// Charts that lie unpacked in `charts/`, by their name.
fn vendored(chart: &Chart, closure: &mut Closure, files: &mut Files<'_>) -> Vec<(String, Chart)> {
    let Some(folder) = join(&chart.origin, "charts") else { return Vec::new() };
    let names = files.tree.list(&folder).unwrap_or_default();
    let mut found = Vec::new();
    for (entry, _) in names.into_iter().filter(|(_, is_directory)| *is_directory) {
        let origin = format!("{folder}/{entry}");
        let Some(manifest) = Manifest::read(&origin, closure, files) else { continue };
        let name = manifest.name().unwrap_or(&entry).to_owned();
        let inside = join(&chart.directory, &format!("charts/{entry}")).unwrap_or_default();
        found.push((name.clone(), chart.child(inside, origin, &name)));
    }
    found
}

fn archives(chart: &Chart, closure: &Closure) -> Vec<String> {
    let Some(folder) = join(&chart.directory, "charts") else { return Vec::new() };
    let inside = closure.files.keys().filter_map(|path| path.strip_prefix(&folder)?.strip_prefix('/'));
    inside.filter(|rest| rest.ends_with(".tgz") && !rest.contains('/')).map(str::to_owned).collect()
}

/// `name-1.2.3.tgz`.
fn is_archive_of(file: &str, name: &str) -> bool {
    let rest = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit() || c == 'v'))
}

/// Copies a dependency from elsewhere in the repository to where `helm dependency build` would put it.
fn bring(chart: &Chart, dependency: &Dependency<'_>, closure: &mut Closure, files: &mut Files<'_>) -> Option<Chart> {
    let Some(path) = dependency.repository.and_then(|r| r.strip_prefix("file://")) else {
        closure.refuse(not_vendored(chart, dependency));
        return None;
    };
    let origin = join(&chart.origin, path).filter(|origin| files.tree.list(origin).is_some());
    let Some(origin) = origin else {
        closure.refuse(
            Diagnostic::error("kubernetes::missing", format!("the chart `{path}` is not in the repository"))
                .at(dependency.node.span)
                .label("named here")
                .help("correct the path of the dependency, or commit the chart"),
        );
        return None;
    };
    let inside = join(&chart.directory, &format!("charts/{}", dependency.name))?;
    for file in closure.take_all(&origin, files) {
        let copy = format!("{inside}{}", file.strip_prefix(&origin).unwrap_or_default());
        if let Some(bytes) = closure.files.get(&file).cloned() {
            closure.files.insert(copy, bytes);
        }
        if is_chart_file(&file, &origin) {
            closure.consumed.insert(file);
        }
    }
    closure.directories.insert(origin.clone());
    Some(chart.child(inside, origin, dependency.alias.unwrap_or(dependency.name)))
}

fn not_vendored(chart: &Chart, dependency: &Dependency<'_>) -> Diagnostic {
    let from = dependency.repository.map_or_else(String::new, |r| format!(" of {r}"));
    let message = format!("the chart dependency `{}`{from} is not in the repository", dependency.name);
    let folder = if chart.origin.is_empty() { "." } else { &chart.origin };
    Diagnostic::error("kubernetes::dependency", message)
        .at(dependency.node.span)
        .label("not in charts/, and nothing is fetched")
        .help(format!(
            "run `helm dependency update {folder}` and commit its charts/, so that what is judged is what is deployed"
        ))
}

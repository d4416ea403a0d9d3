//! A kustomization: what it refers to, and what of it is refused before anything runs.

use std::sync::Arc;

use super::closure::{Closure, Files};
use super::tree::{Tree, join};
use crate::finding::Diagnostic;
use crate::parse::tree::Node;
use crate::parse::yaml::{self, Limits};
use crate::source::Span;

/// The names that Kustomize looks for, in its order.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// How deep bases may lie under each other.
const MAX_DEPTH: usize = 64;

/// A kustomization as it was read.
#[derive(Clone)]
pub(super) struct Kustomization {
    /// Path of the file.
    pub(super) path: String,
    /// Its directory.
    pub(super) directory: String,
    /// What it says.
    pub(super) node: Arc<Node>,
}

impl Kustomization {
    /// Whether it is a `Component`, which only means something inside of another one.
    pub(super) fn is_component(&self) -> bool {
        self.node.get("kind").and_then(Node::as_str) == Some("Component")
    }

    /// Everything that it refers to.
    pub(super) fn references(&self) -> Vec<Reference<'_>> {
        let mut found = Vec::new();
        for field in ["resources", "bases", "components", "generators", "transformers", "validators"] {
            found.extend(items(&self.node, field).filter_map(|n| Reference::of(n, field, true)));
        }
        for field in ["crds", "configurations", "patchesStrategicMerge"] {
            found.extend(items(&self.node, field).filter_map(|n| Reference::of(n, field, false)));
        }
        for field in ["patches", "patchesJson6902", "replacements"] {
            found.extend(items(&self.node, field).filter_map(|n| Reference::of(n.get("path")?, field, false)));
        }
        found.extend(self.node.at(&["openapi", "path"]).and_then(|n| Reference::of(n, "openapi", false)));
        for field in ["configMapGenerator", "secretGenerator"] {
            for generator in items(&self.node, field) {
                let files = items(generator, "files").chain(items(generator, "envs")).chain(generator.get("env"));
                found.extend(files.filter_map(|n| Reference::of(n, field, false)).map(Reference::without_key));
            }
        }
        found
    }

    /// Whether files that it does not name take part: plugins have configurations of their own.
    fn has_plugins(&self) -> bool {
        ["generators", "transformers", "validators", "configurations", "openapi"]
            .iter()
            .any(|f| self.node.get(f).is_some())
    }
}

/// The items of a list below a key.
pub(super) fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    node.get(key).and_then(Node::as_seq).unwrap_or_default().iter()
}

/// One path in a kustomization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference<'a> {
    /// As written.
    pub(super) text: &'a str,
    /// Where.
    pub(super) span: Span,
    /// The field it stands in.
    pub(super) field: &'static str,
    /// Whether it may name a directory with another kustomization.
    pub(super) may_be_directory: bool,
}

impl<'a> Reference<'a> {
    /// A text that is a path and no inline document.
    fn of(node: &'a Node, field: &'static str, may_be_directory: bool) -> Option<Self> {
        let text = node.as_str()?;
        let inline = text.contains('\n') || text.contains(": ") || text.trim_start().starts_with(['{', '[']);
        (!inline && !text.is_empty()).then_some(Self { text, span: node.span, field, may_be_directory })
    }

    /// `key=path` of a generator's `files`.
    fn without_key(self) -> Self {
        Self { text: self.text.split_once('=').map_or(self.text, |(_, path)| path), ..self }
    }

    /// Whether Kustomize would fetch it.
    fn is_remote(&self) -> bool {
        let lower = self.text.to_ascii_lowercase();
        let host = lower.split('/').next().unwrap_or_default();
        ["://", "git::", "?ref=", "?version="].iter().any(|mark| lower.contains(mark))
            || lower.ends_with(".git")
            || (host.contains('@') && lower.contains(':'))
            || ["github.com", "gitlab.com", "bitbucket.org", "dev.azure.com"].contains(&host.trim_start_matches("www."))
    }
}

/// The path of the kustomization in a directory; `None` when there is none.
pub(super) fn file_in(tree: &dyn Tree, directory: &str) -> Option<String> {
    let names = tree.list(directory)?;
    let there = |name: &&&str| names.iter().any(|(n, is_directory)| n == **name && !is_directory);
    NAMES.iter().find(there).and_then(|name| join(directory, name))
}

/// Takes in the kustomization of a directory with everything that it refers to.
pub(super) fn collect(directory: &str, closure: &mut Closure, files: &mut Files<'_>) {
    enter(directory, 0, closure, files);
}

fn enter(directory: &str, depth: usize, closure: &mut Closure, files: &mut Files<'_>) {
    if !closure.directories.insert(directory.to_owned()) || depth > MAX_DEPTH {
        return;
    }
    let Some(path) = file_in(files.tree, directory) else { return };
    let Some(kustomization) = read(&path, directory, closure, files) else { return };
    closure.consumed.insert(path);
    closure.kustomizations.push(kustomization.clone());
    refuse_charts(&kustomization, closure);
    if kustomization.has_plugins() {
        closure.take_all(directory, files);
    }
    for reference in kustomization.references() {
        follow(&kustomization, &reference, depth, closure, files);
    }
}

/// The one document of a kustomization file.
fn read(path: &str, directory: &str, closure: &mut Closure, files: &mut Files<'_>) -> Option<Kustomization> {
    let bytes = closure.take(path, files, None)?;
    let Some(source) = files.source(path, &bytes) else {
        closure.refuse(
            Diagnostic::error("kubernetes::kustomization", format!("{path} is not text"))
                .in_file(path)
                .help("save the file as UTF-8"),
        );
        return None;
    };
    let parsed = yaml::parse(source, &files.text(source), &Limits::default());
    for fault in parsed.diagnostics.into_iter().filter(|d| d.level == crate::finding::Level::Error) {
        closure.refuse(fault);
    }
    let node = parsed.documents.into_iter().next().unwrap_or_default();
    Some(Kustomization { path: path.to_owned(), directory: directory.to_owned(), node: Arc::new(node) })
}

/// Kustomize inflates charts with a flag only that lets it fetch them; the flag is not given.
fn refuse_charts(kustomization: &Kustomization, closure: &mut Closure) {
    for field in ["helmCharts", "helmChartInflationGenerator"] {
        if let Some(entry) = kustomization.node.as_map().and_then(|map| map.entry(field)) {
            let message = format!("`{field}` makes Kustomize fetch and run charts, which is not done here");
            closure.refuse(
                Diagnostic::error("kubernetes::helm-in-kustomize", message).at(entry.key_span).label("refused").help(
                    "commit what the chart renders, or deploy the chart by itself and name it under `kubernetes.helm`",
                ),
            );
        }
    }
}

fn follow(from: &Kustomization, reference: &Reference<'_>, depth: usize, closure: &mut Closure, files: &mut Files<'_>) {
    let Some(path) = join(&from.directory, reference.text).filter(|_| !reference.text.contains("://")) else {
        return closure.refuse(if reference.is_remote() { remote(reference) } else { outside(reference) });
    };
    if let Some(bytes) = closure.take(&path, files, Some(reference.span)) {
        // What a generator or patch reads is no manifest of its own either.
        closure.consumed.insert(path);
        drop(bytes);
    } else if reference.may_be_directory && files.tree.list(&path).is_some() {
        if file_in(files.tree, &path).is_none() {
            return closure.refuse(missing(reference, "holds no kustomization.yaml"));
        }
        enter(&path, depth + 1, closure, files);
    } else if reference.is_remote() {
        closure.refuse(remote(reference));
    } else if !closure.faults.iter().any(|fault| fault.span == Some(reference.span)) {
        closure.refuse(missing(reference, "is not in the repository"));
    }
}

fn remote(reference: &Reference<'_>) -> Diagnostic {
    Diagnostic::error("kubernetes::remote", format!("`{}` would be fetched from the network", reference.text))
        .at(reference.span)
        .label("refused: what it holds can change without this repository changing")
        .help("vendor it into the repository (`kustomize localize`, or a copy) and refer to the copy")
}

fn outside(reference: &Reference<'_>) -> Diagnostic {
    Diagnostic::error("kubernetes::outside", format!("`{}` leaves the repository", reference.text))
        .at(reference.span)
        .label("refused")
        .help("refer to files inside the repository only")
}

fn missing(reference: &Reference<'_>, what: &str) -> Diagnostic {
    Diagnostic::error("kubernetes::missing", format!("`{}`, named under `{}`, {what}", reference.text, reference.field))
        .at(reference.span)
        .label("named here")
        .help("correct the path, or commit the file")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::tree::Memory;
    use super::*;
    use crate::source::{Revision, Sources};

    fn closed(files: &[(&str, &str)], directory: &str) -> Closure {
        let (tree, mut sources, mut ids) = (Memory::new(files), Sources::default(), BTreeMap::new());
        let (revision, mut read) = (Revision::Head, BTreeMap::new());
        let mut files = Files { tree: &tree, revision, sources: &mut sources, ids: &mut ids, read: &mut read };
        let mut closure = Closure::default();
        collect(directory, &mut closure, &mut files);
        closure
    }

    fn codes(text: &str) -> Vec<&'static str> {
        closed(&[("a/kustomization.yaml", text)], "a").faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn what_is_referred_to_takes_part_and_the_rest_does_not() {
        let files = [
            (
                "base/kustomization.yml",
                "resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [k=x.txt], envs: [e]}]",
            ),
            ("base/a.yaml", "a: 1"),
            ("base/x.txt", "x"),
            ("base/e", "A=1"),
            ("base/unused.yaml", "a: 1"),
            ("over/Kustomization", "resources: [../base]\npatches: [{path: p.yaml}, {patch: \"[]\"}]"),
            ("over/p.yaml", "a: 1"),
        ];
        let closure = closed(&files, "over");
        assert_eq!(closure.faults, []);
        let expected =
            ["base/a.yaml", "base/e", "base/kustomization.yml", "base/x.txt", "over/Kustomization", "over/p.yaml"];
        assert_eq!(closure.consumed.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(closure.files.len(), expected.len());
    }

    #[test]
    fn what_leaves_the_repository_is_refused_with_its_place() {
        for text in [
            "resources: [https://example.com/a.yaml]",
            "resources: ['github.com/org/repo//base?ref=v1']",
            "resources: ['git@github.com:org/repo.git']",
            "patches: [{path: 'http://example.com/p.yaml'}]",
            "configMapGenerator: [{name: a, files: ['k=https://example.com/x']}]",
            "components: ['ssh://git@example.com/x.git']",
        ] {
            assert_eq!(codes(text), ["kubernetes::remote"], "{text}");
        }
        assert_eq!(codes("resources: [../../etc]"), ["kubernetes::outside"]);
        assert_eq!(codes("resources: [/etc/passwd]"), ["kubernetes::outside"]);
        assert_eq!(codes("resources: [none.yaml]"), ["kubernetes::missing"]);
        assert_eq!(codes("helmCharts: [{name: x, repo: 'https://x'}]"), ["kubernetes::helm-in-kustomize"]);
        assert_eq!(codes("resources: ["), ["yaml::syntax"]);
    }

    #[test]
    fn circles_end() {
        let files = [("a/kustomization.yaml", "resources: [../b]"), ("b/kustomization.yaml", "resources: [../a]")];
        assert_eq!(closed(&files, "a").kustomizations.len(), 2);
    }
}

//! Who deploys what: the configuration, and the Argo CD and Flux objects of the tree.
//!
//! An object that names a chart or a folder of another repository, or of a chart registry, asks for nothing that could
//! be rendered here; it is listed, so that somebody can say so.

mod application_set;
mod argo;
mod flux;

use std::sync::Arc;

use super::tree::{Tree, join};
use crate::facts::Resource;
use crate::finding::Diagnostic;
use crate::parse::tree::Node;
use crate::source::Span;

/// A values file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesFile {
    /// In the repository.
    pub path: String,
    /// Where it is named; `None` for the configuration.
    pub span: Option<Span>,
}

/// One way in which a chart is deployed.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// Directory of the chart.
    pub chart: String,
    /// Name of the release.
    pub release: String,
    /// Namespace of the release.
    pub namespace: Option<String>,
    /// Values files, the last of which wins.
    pub values: Vec<ValuesFile>,
    /// Values that the deploying object holds itself; they win over files, and the last of them over the others.
    pub inline: Vec<Arc<Node>>,
    /// `--set` and `--set-string`: name, value, whether it stays text.
    pub parameters: Vec<(String, String, bool)>,
    /// The file of the object that deploys it.
    pub named_in: Option<String>,
    /// What keeps it from being rendered as it is deployed.
    pub faults: Vec<Diagnostic>,
}

/// Everything that is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Charts of this repository.
    pub charts: Vec<Deployment>,
    /// Directories of kustomizations of this repository.
    pub kustomizations: Vec<String>,
    /// What is deployed otherwise than it is rendered here.
    pub notes: Vec<Diagnostic>,
}

impl Asked {
    /// Takes in more; the same directory or deployment counts once.
    pub fn extend(&mut self, more: Asked) {
        self.charts.extend(more.charts);
        self.kustomizations.extend(more.kustomizations);
        self.notes.extend(more.notes);
    }
}

/// What the objects of a tree ask for; `path_of` gives the file of an object.
pub fn asked<'a>(
    resources: impl Iterator<Item = &'a Resource>,
    tree: &dyn Tree,
    path_of: &dyn Fn(&Resource) -> String,
) -> Asked {
    let all: Vec<&Resource> = resources.collect();
    let mut found = Asked::default();
    for resource in &all {
        let file = path_of(resource);
        match &*resource.kind {
            "argoproj.io/Application" => argo::application(&resource.attrs, &file, tree, &mut found),
            "argoproj.io/ApplicationSet" => {
                for application in application_set::expand(&resource.attrs, tree) {
                    argo::application(&application, &file, tree, &mut found);
                }
            }
            "helm.toolkit.fluxcd.io/HelmRelease" => flux::release(resource, &file, &all, tree, &mut found),
            "kustomize.toolkit.fluxcd.io/Kustomization" => flux::kustomization(&resource.attrs, &mut found),
            _ => {}
        }
    }
    found
}

/// Whether a directory of the tree is a chart.
fn is_chart(tree: &dyn Tree, directory: &str) -> bool {
    let chart = (super::chart::FILE.to_owned(), false);
    tree.list(directory).is_some_and(|names| names.contains(&chart))
}

fn text<'a>(node: &'a Node, path: &[&str]) -> Option<&'a str> {
    node.at(path).and_then(Node::as_str).filter(|text| !text.is_empty())
}

/// A directory that an object names from the root of its repository: `apps/x`, `./apps/x`, `/apps/x`.
fn from_root(path: &str) -> Option<String> {
    join("", path.trim_start_matches('/'))
}

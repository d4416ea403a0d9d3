//! A look at a repository: what lies in it that the gate can judge, and what says whose it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::discover::{self, Format, Text};
use crate::finding::Diagnostic;
use crate::git::Repository;
use crate::kubernetes::{self, Document, render};
use crate::parse::tree::Node;
use crate::parse::yaml::{self, Limits};
use crate::source::{Revision, Source, SourceId, Sources, display_path};
use crate::terraform::{self, config as modules};

use super::naming::{self, Named};
use super::variables::{self, Values, Variables};
use super::{Forge, owners};

/// Kinds of objects that deploy charts.
const DEPLOYERS: &[&str] =
    &["argoproj.io/Application", "argoproj.io/ApplicationSet", "helm.toolkit.fluxcd.io/HelmRelease"];

/// What was found. Paths are relative to the root, with `/`; lists are sorted.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Name of the root folder.
    pub name: String,
    /// Whether the root is that of a git repository (or of none).
    pub is_repository_root: bool,
    /// Directories of Terraform root modules; empty for the root itself.
    pub terraform: Vec<String>,
    /// Variables files of root modules that have to be named.
    pub variables: Vec<Variables>,
    /// Directories with a kustomization.
    pub kustomizations: Vec<String>,
    /// Helm charts.
    pub charts: Vec<Chart>,
    /// Argo CD Applications and ApplicationSets, Flux HelmReleases.
    pub deployers: usize,
    /// Kubernetes objects that stand in files as they are.
    pub objects: usize,
    /// Folders with something to judge, without what lies in others of them.
    pub folders: BTreeSet<String>,
    /// Environment → globs, for folders whose name the gate would not understand by itself.
    pub environments: BTreeMap<String, BTreeSet<String>>,
    /// Whether something says an environment: the name of a folder or of a file with values, or a label.
    pub has_environments: bool,
    /// Backstage catalogue files outside of the context folder.
    pub catalogs: Vec<Catalog>,
    /// Freeze calendars that exist already.
    pub calendars: Vec<String>,
    /// Whether the context folder lists services.
    pub has_services: bool,
    /// CODEOWNERS, and whether it covers the gate's own files.
    pub owners: Option<(String, bool)>,
    /// Where pull requests live, as far as something says so.
    pub forge: Option<Forge>,
    /// The branch that pull requests go into.
    pub branch: String,
    /// Files of pipelines and hooks that run the gate already.
    pub running: Vec<String>,
    /// Whether the hooks of pre-commit are configured.
    pub has_hooks: bool,
    /// Whether there is a GitLab pipeline.
    pub has_gitlab_pipeline: bool,
}

/// A Helm chart.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// Its directory.
    pub directory: String,
    /// Values files beside it that nobody names, with the environment that their name says.
    pub values: Vec<Values>,
    /// Whether an object of the tree deploys it.
    pub is_deployed: bool,
}

/// A file with Backstage entities.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Its path.
    pub path: String,
    /// Names of the components in it.
    pub components: Vec<String>,
    /// Whether one of them says nothing about its tier.
    pub lacks_tier: bool,
}

/// Looks at the repository below `root`. Files that cannot be read are left out: the check tells about them.
///
/// # Errors
/// When git refuses the repository.
pub fn look(root: &Path) -> Result<Survey, Diagnostic> {
    let repository = Repository::discover(root)?;
    let found = discover::walk(root, &[root.to_path_buf()], &[], &|_| true);
    let texts: Vec<Text> = discover::read(&found.files).into_iter().filter_map(Result::ok).collect();
    let mut survey = Survey {
        name: root.file_name().map_or_else(|| "repository".into(), |name| name.to_string_lossy().into_owned()),
        ..Survey::default()
    };
    survey.read_git(root, repository.as_ref());
    survey.read_pipelines(root);
    survey.read_terraform(root, &texts);
    survey.read_kubernetes(root, &texts);
    survey.read_catalogs(&texts);
    survey.read_folders();
    Ok(survey)
}

impl Survey {
    fn read_git(&mut self, root: &Path, repository: Option<&Repository>) {
        let top = repository.and_then(|r| r.root().canonicalize().ok());
        self.is_repository_root = top.is_none_or(|top| root.canonicalize().is_ok_and(|root| root == top));
        self.branch = repository.and_then(Repository::default_branch).unwrap_or_else(|| "main".into());
        let remote = repository.and_then(Repository::remote);
        self.forge = remote.as_deref().and_then(Forge::of_remote).or_else(|| Forge::of_folder(root));
    }

    fn read_pipelines(&mut self, root: &Path) {
        let text = |path: &str| std::fs::read_to_string(root.join(path)).ok();
        self.has_hooks = root.join(".pre-commit-config.yaml").exists();
        self.has_gitlab_pipeline = root.join(".gitlab-ci.yml").exists();
        let workflows = std::fs::read_dir(root.join(".github/workflows")).into_iter().flatten().flatten();
        let mut files: Vec<String> = workflows.map(|entry| display_path(root, &entry.path())).collect();
        files.extend([".gitlab-ci.yml", ".pre-commit-config.yaml"].map(str::to_owned));
        files.retain(|path| text(path).is_some_and(|text| text.contains("changegate")));
        files.sort();
        self.running = files;
        let owners = owners::PLACES.iter().find_map(|path| Some((*path, text(path)?)));
        self.owners = owners.map(|(path, text)| (path.to_owned(), owners::cover_the_gate(&text)));
    }

    fn read_terraform(&mut self, root: &Path, texts: &[Text]) {
        let Ok(tree) = modules::Folder::new(root) else { return };
        let mut sources = Sources::default();
        let mut files = Vec::new();
        for text in texts.iter().filter(|t| matches!(t.format, Format::Terraform | Format::TerraformJson)) {
            let id = sources.add(Source::new(text.path.clone(), Revision::Head, text.text.as_str()));
            files.push(terraform::source::read(id, &text.path, &text.text).0);
        }
        if files.is_empty() {
            return;
        }
        let configuration = modules::assemble(files, &tree, &mut sources);
        let roots = modules::roots(&configuration, &[], &tree);
        self.terraform = roots.iter().map(|root| root.directory.to_string()).collect();
        self.variables = variables::of_roots(root, &self.terraform);
    }

    fn read_kubernetes(&mut self, root: &Path, texts: &[Text]) {
        let names = |text: &&Text| text.path.rsplit('/').next().unwrap_or_default().to_owned();
        let folder = |text: &Text| render::folder(&text.path).to_owned();
        let kustomization = |name: &str| matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization");
        self.kustomizations = texts.iter().filter(|t| kustomization(&names(t))).map(folder).collect();
        let charts: Vec<String> = texts.iter().filter(|t| names(t) == "Chart.yaml").map(folder).collect();
        let inside_chart = |path: &str| charts.iter().any(|chart| path.starts_with(&format!("{chart}/")));
        let mut deployers = Vec::new();
        for text in texts.iter().filter(|t| matches!(t.format, Format::Yaml | Format::Json)) {
            if inside_chart(&text.path) || !text.text.contains("apiVersion") {
                continue;
            }
            let (kinds, is_labelled) = objects(text);
            self.has_environments |= is_labelled;
            self.deployers += kinds.iter().filter(|kind| DEPLOYERS.contains(&kind.as_str())).count();
            if kinds.iter().any(|kind| DEPLOYERS.contains(&kind.as_str())) {
                deployers.push(&text.text);
            }
            if !kinds.is_empty() && !text.path.starts_with(".changegate/") {
                self.objects += kinds.len();
                self.folders.insert(folder(text));
            }
        }
        self.charts = charts
            .iter()
            .filter(|chart| !inside_chart(chart))
            .map(|chart| Chart {
                directory: chart.clone(),
                values: variables::of_chart(root, chart),
                is_deployed: deployers.iter().any(|text| text.contains(chart.as_str())),
            })
            .collect();
    }

    fn read_catalogs(&mut self, texts: &[Text]) {
        for text in texts.iter().filter(|t| matches!(t.format, Format::Yaml | Format::Json)) {
            if text.path.starts_with(".changegate/") {
                let (calendar, services) = (text.text.contains("FreezeCalendar"), text.text.contains("ServiceCatalog"));
                self.calendars.extend(calendar.then(|| text.path.to_string()));
                self.has_services |= services || text.text.contains("backstage.io/");
            } else if text.text.contains("backstage.io/") && text.path.contains("catalog-info.") {
                let documents = yaml::parse(SourceId(0), &text.text, &Limits::default()).documents;
                let components: Vec<(String, bool)> = documents.iter().filter_map(component).collect();
                let lacks_tier = components.iter().any(|(_, has_tier)| !has_tier);
                let components = components.into_iter().map(|(name, _)| name).collect();
                self.catalogs.push(Catalog { path: text.path.to_string(), components, lacks_tier });
            }
        }
        self.catalogs.retain(|catalog| !catalog.components.is_empty());
    }

    /// What the names of folders say about environments.
    fn read_folders(&mut self) {
        self.folders.extend(self.terraform.iter().cloned());
        self.folders.extend(self.kustomizations.iter().cloned());
        self.folders.extend(self.charts.iter().map(|chart| chart.directory.clone()));
        for folder in self.folders.clone() {
            let mut path = String::new();
            for name in folder.split('/') {
                path = render::join(&path, name).unwrap_or_default();
                let (environment, glob) = match naming::folder(name) {
                    None => continue,
                    // Declaring one folder replaces the globs that the gate has by itself: keep those that are needed.
                    Some(Named::Known(environment)) => (environment, format!("**/{name}/**")),
                    Some(Named::Within(environment)) => (environment, format!("{}/**", globset::escape(&path))),
                };
                self.environments.entry(environment).or_default().insert(glob);
                break;
            }
        }
        let has_values = !self.variables.is_empty() || self.charts.iter().any(|chart| !chart.values.is_empty());
        self.has_environments |= has_values || !self.environments.is_empty();
        self.environments.retain(|_, globs| globs.iter().any(|glob| !glob.starts_with("**/")));
        // A file at the root says nothing about the folders beside it.
        if self.folders.len() > 1 {
            self.folders.remove("");
        }
        let all = self.folders.clone();
        let is_below = |folder: &String| all.iter().any(|outer| outer != folder && is_inside(folder, outer));
        self.folders.retain(|folder| !is_below(folder));
    }
}

/// Whether a folder lies in another one.
fn is_inside(folder: &str, outer: &str) -> bool {
    folder.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// Kinds of the Kubernetes objects of a file, and whether one of them says its environment.
fn objects(text: &Text) -> (Vec<String>, bool) {
    let read = kubernetes::read(SourceId(0), &text.text, &Limits::default());
    let (mut kinds, mut is_labelled) = (Vec::new(), false);
    for document in read.documents {
        if let Document::Kubernetes(objects) = kubernetes::objects(document) {
            kinds.extend(objects.resources.iter().map(|resource| resource.kind.to_string()));
            is_labelled |= objects.resources.iter().any(|resource| {
                let label = |key| kubernetes::label(resource, key).is_some();
                label("env")
                    || label("environment")
                    || kubernetes::annotation(resource, "changegate/environment").is_some()
            });
        }
    }
    (kinds, is_labelled)
}

/// The name of a Backstage component, and whether it says its tier.
fn component(node: &Node) -> Option<(String, bool)> {
    let is_entity = node.get("apiVersion").and_then(Node::as_str).is_some_and(|v| v.starts_with("backstage.io/"));
    let is_component = node.get("kind").and_then(Node::as_str) == Some("Component");
    let name = node.at(&["metadata", "name"]).and_then(Node::as_str).filter(|_| is_entity && is_component)?;
    let has_tier = node.at(&["metadata", "annotations", "changegate/tier"]).is_some();
    Some((name.to_owned(), has_tier))
}

//! Which directories are rendered: kustomizations that no other one uses, and charts as somebody deploys them.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::chart::{self, Manifest};
use super::closure::{Closure, Files};
use super::kustomization;
use super::program::Tool;
use super::release::{Asked, Deployment};
use super::tree::{folder, is_below, join, name};

/// One render.
#[derive(Clone, Debug)]
pub struct Root {
    /// Who renders.
    pub tool: Tool,
    /// Directory of the kustomization or chart.
    pub directory: String,
    /// How a chart is deployed.
    pub deployment: Deployment,
}

impl Root {
    /// What tells it from every other root of one state: `k8s/prod`, `charts/app@orders`.
    pub fn id(&self) -> String {
        match self.tool {
            Tool::Kustomize => self.directory.clone(),
            Tool::Helm => {
                let namespace = self.deployment.namespace.as_deref().map_or_else(String::new, |n| format!("{n}/"));
                format!("{}@{namespace}{}", self.directory, self.deployment.release)
            }
        }
    }

    /// The path that globs of the configuration are matched with: the kustomization, or for a chart the last of its
    /// values files, else the file that deploys it, else the chart.
    pub fn place(&self) -> String {
        let file = |name| join(&self.directory, name).unwrap_or_default();
        match self.tool {
            Tool::Kustomize => file(kustomization::NAMES[0]),
            Tool::Helm => {
                let named = self.deployment.values.last().map(|values| values.path.clone());
                named.or_else(|| self.deployment.named_in.clone()).unwrap_or_else(|| file(chart::FILE))
            }
        }
    }
}

/// Directories that could be rendered.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    kustomizations: BTreeSet<String>,
    charts: BTreeSet<String>,
}

impl Roots {
    /// Those among the judged files.
    pub fn among<'a>(paths: impl Iterator<Item = &'a str>) -> Self {
        let mut roots = Self::default();
        for path in paths {
            if kustomization::NAMES.contains(&name(path)) {
                roots.kustomizations.insert(folder(path).to_owned());
            } else if name(path) == chart::FILE {
                roots.charts.insert(folder(path).to_owned());
            }
        }
        roots
    }

    /// Whether there is nothing to render.
    pub fn is_empty(&self) -> bool {
        self.kustomizations.is_empty() && self.charts.is_empty()
    }

    /// Whether a path is the file that makes a directory one of them.
    pub fn is_marker(path: &str) -> bool {
        kustomization::NAMES.contains(&name(path)) || name(path) == chart::FILE
    }

    /// What is rendered, given what the configuration and the objects of the tree ask for: each kustomization that no
    /// other one uses or that is asked for, and each chart once for each deployment, else with its own values.
    pub(super) fn settle(&self, asked: &Asked, files: &mut Files<'_>) -> Vec<Root> {
        let mut found = self.kustomize(asked, files);
        found.extend(self.helm(asked, files));
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        found.retain(|root| {
            let times = seen.entry(root.id()).or_default();
            *times += 1;
            *times == 1
        });
        found
    }

    fn kustomize(&self, asked: &Asked, files: &mut Files<'_>) -> Vec<Root> {
        let mut used = BTreeSet::new();
        let mut components = BTreeSet::new();
        for directory in &self.kustomizations {
            let mut closure = Closure::default();
            kustomization::collect(directory, &mut closure, files);
            let mut taking_part = closure.kustomizations.iter();
            if taking_part.next().is_some_and(kustomization::Kustomization::is_component) {
                components.insert(directory.clone());
            }
            used.extend(taking_part.map(|k| k.directory.clone()).filter(|d| d != directory));
        }
        let alone = self.kustomizations.iter().filter(|d| !used.contains(*d) && !components.contains(*d)).cloned();
        let named = asked.kustomizations.iter().filter(|d| kustomization::file_in(files.tree, d).is_some()).cloned();
        let directories: BTreeSet<String> = alone.chain(named).collect();
        let root = |directory| Root { tool: Tool::Kustomize, directory, deployment: Deployment::default() };
        directories.into_iter().map(root).collect()
    }

    fn helm(&self, asked: &Asked, files: &mut Files<'_>) -> Vec<Root> {
        let mut used = BTreeSet::new();
        let mut names: BTreeMap<&String, String> = BTreeMap::new();
        for directory in &self.charts {
            let Some(manifest) = Manifest::read(directory, &mut Closure::default(), files) else { continue };
            used.extend(manifest.local_dependencies(directory));
            if manifest.is_library() {
                used.insert(directory.clone());
            }
            names.insert(directory, manifest.name().unwrap_or_else(|| name(directory)).to_owned());
        }
        let deployed = |d: &Deployment| files.tree.list(&d.chart).is_some();
        let mut found: Vec<Root> = asked.charts.iter().filter(|d| deployed(d)).map(Root::of).collect();
        let named: BTreeSet<&String> = asked.charts.iter().map(|d| &d.chart).collect();
        let inside = |directory: &String| {
            self.charts.iter().any(|outer| is_below(directory, &join(outer, "charts").unwrap_or_default()))
        };
        for (directory, release) in names {
            if !used.contains(directory) && !named.contains(directory) && !inside(directory) {
                found.push(Root::of(&Deployment { chart: directory.clone(), release, ..Deployment::default() }));
            }
        }
        found
    }
}

impl Root {
    /// SHA-256 over everything that decides what is rendered.
    pub fn digest(&self, closure: &Closure) -> [u8; 32] {
        let of = &self.deployment;
        let values: Vec<&str> = of.values.iter().map(|v| v.path.as_str()).collect();
        let inline: Vec<&crate::parse::tree::Node> = of.inline.iter().map(|node| &**node).collect();
        let asked = serde_json::json!([self.id(), values, inline, of.parameters, of.namespace]).to_string();
        let mut hasher = Sha256::new();
        hasher.update(closure.digest());
        hasher.update(asked);
        hasher.finalize().into()
    }

    /// The file that makes its directory a root.
    pub(super) fn marker(&self) -> String {
        let name = if self.tool == Tool::Helm { chart::FILE } else { kustomization::NAMES[0] };
        join(&self.directory, name).unwrap_or_default()
    }

    /// What a person types to render it.
    pub(super) fn command(&self) -> String {
        let directory = if self.directory.is_empty() { "." } else { &self.directory };
        match self.tool {
            Tool::Kustomize => format!("kustomize build {directory}"),
            Tool::Helm => {
                let values = self.deployment.values.iter().map(|v| format!(" -f {}", v.path)).collect::<String>();
                format!("helm template {} {directory}{values}", self.deployment.release)
            }
        }
    }

    fn of(deployment: &Deployment) -> Self {
        Self { tool: Tool::Helm, directory: deployment.chart.clone(), deployment: deployment.clone() }
    }
}

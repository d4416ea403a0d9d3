//! Which modules are root modules, and with what they are planned.

use std::sync::Arc;

use super::inputs::{Given, Options};
use super::load::Configuration;
use super::snapshot::{Snapshot, join};
use crate::config;

/// A root module, as it is planned.
#[derive(Clone, Debug, Default)]
pub struct Root {
    /// Directory, relative to the repository.
    pub directory: Arc<str>,
    /// Variables files and workspace.
    pub options: Options,
    /// Environment of everything in it, when the configuration names one.
    pub environment: Option<Arc<str>>,
}

/// The root modules: those that `changegate.yaml` names, else every directory that no local module call leads
/// to.
pub fn roots(configuration: &Configuration, named: &[config::TerraformRoot], files: &dyn Snapshot) -> Vec<Root> {
    if !named.is_empty() {
        return named.iter().map(|root| configured(root, files)).collect();
    }
    let called = configuration.called();
    let directories = configuration.modules.iter().filter(|(directory, module)| {
        !called.contains(*directory) && !configuration.is_installed(directory) && !module.is_empty()
    });
    directories.map(|(directory, _)| Root { directory: directory.clone(), ..Root::default() }).collect()
}

fn configured(root: &config::TerraformRoot, files: &dyn Snapshot) -> Root {
    let directory = join("", &root.path).unwrap_or_else(|| root.path.clone());
    let given = root.var_files.iter().map(|path| Given::File(variables_file(&directory, path, files)));
    let options = Options { given: given.collect(), workspace: root.workspace.clone(), ..Options::default() };
    Root { directory: directory.into(), options, environment: root.environment.as_deref().map(Arc::from) }
}

/// A variables file counts from the root module, as for Terraform, or else from the root of the run, where the
/// configuration stands.
fn variables_file(directory: &str, path: &str, files: &dyn Snapshot) -> String {
    let is_there = |path: Option<String>| path.is_some_and(|path| files.read(&path).is_ok());
    if is_there(join(directory, path)) || !is_there(join("", path)) {
        return path.to_owned();
    }
    let levels = directory.split('/').filter(|part| !part.is_empty()).count();
    format!("{}{path}", "../".repeat(levels))
}

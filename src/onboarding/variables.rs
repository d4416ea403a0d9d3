//! Variables files of Terraform and values files of charts that somebody has to name: their names say for which
//! environment they are.

use std::path::Path;

use super::naming;

/// Folders below a root module where variables files are kept.
const FOLDERS: &[&str] = &["", "tfvars", "vars", "env", "envs", "environments", "config"];

/// The variables file with which a root module is planned for production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variables {
    /// Directory of the root module.
    pub root: String,
    /// Variables file, relative to it.
    pub file: String,
    /// Environment.
    pub environment: String,
    /// Other such files, which are not judged.
    pub others: Vec<String>,
}

/// A values file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    /// Its path.
    pub path: String,
    /// Environment.
    pub environment: String,
}

/// One file for each root module that has such: that of production where there is one, else the first. A root module is
/// judged once, with one set of values.
pub(super) fn of_roots(root: &Path, modules: &[String]) -> Vec<Variables> {
    let mut found = Vec::new();
    for module in modules {
        let mut files: Vec<(String, String)> = Vec::new();
        for folder in FOLDERS {
            for name in names(&root.join(module).join(folder)) {
                let stem = name.strip_suffix(".tfvars").or_else(|| name.strip_suffix(".tfvars.json"));
                let environment = stem.filter(|stem| !stem.ends_with(".auto")).and_then(naming::file);
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                files.extend(environment.map(|environment| (environment, path)));
            }
        }
        files.sort_by_key(|(environment, path)| (environment != crate::resolve::PRODUCTION, path.clone()));
        let mut files = files.into_iter();
        if let Some((environment, file)) = files.next() {
            let others = files.map(|(_, path)| path).collect();
            found.push(Variables { root: module.clone(), file, environment, others });
        }
    }
    found
}

/// Values files in the folder of a chart, besides its own.
pub(super) fn of_chart(root: &Path, chart: &str) -> Vec<Values> {
    let values = names(&root.join(chart)).into_iter().filter_map(|name| {
        let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))?;
        let word = stem.strip_prefix("values").or_else(|| stem.strip_suffix("values"))?;
        let environment = naming::file(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))?;
        Some(Values { path: crate::kubernetes::render::join(chart, &name)?, environment })
    });
    values.collect()
}

/// Names of the files in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter(|e| e.path().is_file()).filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    names
}

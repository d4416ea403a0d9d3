//! `changegate.yaml` for a repository: what it holds, and only what the gate would not find by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{DOCS, Survey, list, quoted};
use crate::kubernetes::render::folder;
use crate::resolve::PRODUCTION;

/// Folders in an example.
const EXAMPLES: usize = 4;

/// The configuration. Each section is there only when it says something.
pub(super) fn text(survey: &Survey) -> String {
    let mut out = format!("# How the gate runs here. Every key has a default: {DOCS}/setup.md\n");
    environments(&mut out, survey);
    services(&mut out, survey);
    terraform(&mut out, survey);
    kubernetes(&mut out, survey);
    out.push_str("context:\n  required: [FreezeCalendar]\n");
    if !survey.catalogs.is_empty() {
        let _ = writeln!(out, "  files: {}", list(survey.catalogs.iter().map(|c| &c.path)));
    }
    out
}

fn environments(out: &mut String, survey: &Survey) {
    let mut globs: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (environment, found) in &survey.environments {
        globs.entry(environment).or_default().extend(found.iter().cloned());
    }
    for values in survey.charts.iter().filter(|c| !c.is_deployed).flat_map(|c| &c.values) {
        globs.entry(&values.environment).or_default().insert(globset::escape(&values.path));
    }
    for (environment, found) in &mut globs {
        // Globs of one's own replace those by folder name: keep these.
        if !found.iter().any(|glob| glob.starts_with("**/")) {
            found.insert(format!("**/{environment}/**"));
        }
    }
    if !globs.is_empty() {
        out.push_str("environments:\n");
        for (environment, globs) in globs {
            let _ = writeln!(out, "  {}: {{paths: {}}}", quoted(environment), list(globs));
        }
    } else if !survey.has_environments && !survey.folders.is_empty() {
        out.push_str("# Nothing is named after an environment. Until labels, tags or this say what is what, a change counts as production:\n");
        let shown = survey.folders.iter().take(EXAMPLES).map(|folder| match folder.as_str() {
            "" => "**".to_owned(),
            folder => format!("{}/**", globset::escape(folder)),
        });
        let _ = writeln!(out, "# environments:\n#   {PRODUCTION}: {{paths: {}}}", list(shown));
    }
}

/// A catalogue file with one component speaks of the folder that it lies in.
fn services(out: &mut String, survey: &Survey) {
    let mut services = Vec::new();
    for catalog in &survey.catalogs {
        if let [component] = catalog.components.as_slice() {
            let paths = match folder(&catalog.path) {
                "" => "**".to_owned(),
                folder => format!("{}/**", globset::escape(folder)),
            };
            services.push(format!("  {}: {{paths: {}}}\n", quoted(component), list([paths])));
        }
    }
    if !services.is_empty() {
        out.push_str("services:\n");
        out.extend(services);
    }
}

fn terraform(out: &mut String, survey: &Survey) {
    if survey.variables.is_empty() {
        return;
    }
    out.push_str("terraform:\n  roots:\n");
    for variables in &survey.variables {
        let path = if variables.root.is_empty() { "." } else { &variables.root };
        let (path, files, environment) = (quoted(path), list([&variables.file]), quoted(&variables.environment));
        let others = match variables.others.as_slice() {
            [] => String::new(),
            others => format!(" # not judged: {}", others.join(", ")),
        };
        let _ = writeln!(out, "    - {{path: {path}, var_files: {files}, environment: {environment}}}{others}");
    }
}

fn kubernetes(out: &mut String, survey: &Survey) {
    let charts = || survey.charts.iter().filter(|chart| !chart.is_deployed && !chart.values.is_empty());
    if charts().next().is_none() {
        return;
    }
    out.push_str("kubernetes:\n  helm: # releases and namespaces as you deploy them\n");
    for chart in charts() {
        let name = chart.directory.rsplit('/').next().unwrap_or_default();
        for values in &chart.values {
            let (directory, path) = (quoted(&chart.directory), list([&values.path]));
            let release = quoted(&format!("{name}-{}", values.environment));
            let _ = writeln!(out, "    - {{chart: {directory}, values: {path}, release: {release}}}");
        }
    }
}

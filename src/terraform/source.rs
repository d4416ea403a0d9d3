//! Configuration files to resources.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{json, module};
use crate::facts::Resource;
use crate::finding::Diagnostic;
use crate::parse::hcl::{self, Body};
use crate::source::SourceId;

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `.tf`, `.tofu`
    Native,
    /// `.tf.json`, `.tofu.json`
    Json,
}

/// One configuration file, parsed.
#[derive(Clone, Debug)]
pub struct File {
    /// Its text.
    pub source: SourceId,
    /// Its path, with `/`.
    pub path: Arc<str>,
    /// What it says.
    pub body: Body,
}

/// The syntax of a configuration file by its name; `None` for every other file, and for the backup files
/// that Terraform itself skips (`.name`, `name~`, `#name#`).
pub fn syntax(path: &str) -> Option<Syntax> {
    let name = file_name(path);
    let ignored = name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
    let has = |endings: [&str; 2]| endings.iter().any(|e| name.strip_suffix(e).is_some_and(|stem| !stem.is_empty()));
    match () {
        () if ignored => None,
        () if has([".tf", ".tofu"]) => Some(Syntax::Native),
        () if has([".tf.json", ".tofu.json"]) => Some(Syntax::Json),
        () => None,
    }
}

/// Reads one configuration file. What could not be read is in the diagnostics; the rest is in the file.
pub fn read(source: SourceId, path: &str, text: &str) -> (File, Vec<Diagnostic>) {
    let (body, diagnostics) = match syntax(path) {
        Some(Syntax::Json) => json::read(source, text),
        _ => {
            let hcl = hcl::parse(source, text);
            (hcl.body, hcl.diagnostics)
        }
    };
    (File { source, path: path.into(), body }, diagnostics)
}

/// The managed resources of all modules: each directory is one. Ordered by directory, then file name, then
/// place.
///
/// Attributes are what is literal; the paths of everything else are in `unknown`, and so are `count` and
/// `for_each` where they decide how many instances there are. `module` is `None` throughout: which module
/// calls which directory is not known here.
///
/// Diagnostics: `terraform::duplicate_resource`, `terraform::override_without_base`, both errors as in
/// Terraform itself.
pub fn resources(files: &[File]) -> (Vec<Resource>, Vec<Diagnostic>) {
    let mut directories: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for file in files {
        directories.entry(directory(&file.path)).or_default().push(file);
    }
    let mut resources = Vec::new();
    let mut diagnostics = Vec::new();
    for files in directories.into_values() {
        let (found, said) = module::resources(&effective(files));
        resources.extend(found);
        diagnostics.extend(said);
    }
    (resources, diagnostics)
}

/// The files of one directory that count, by name: `x.tofu` stands in for `x.tf`.
pub(super) fn effective<F: Borrow<File>>(mut files: Vec<F>) -> Vec<F> {
    let replaced: HashSet<String> = files.iter().filter_map(|f| replaced_by(&f.borrow().path)).collect();
    files.retain(|f| !replaced.contains(&*f.borrow().path));
    files.sort_by(|a, b| file_name(&a.borrow().path).cmp(file_name(&b.borrow().path)));
    files
}

/// The path of the Terraform file that an OpenTofu file replaces.
fn replaced_by(path: &str) -> Option<String> {
    let native = path.strip_suffix(".tofu").map(|stem| format!("{stem}.tf"));
    native.or_else(|| path.strip_suffix(".tofu.json").map(|stem| format!("{stem}.tf.json")))
}

/// Whether Terraform merges a file over the others (`override.tf`, `*_override.tf` and the like).
pub(super) fn is_override(path: &str) -> bool {
    let stem = file_name(path).split('.').next().unwrap_or_default();
    stem == "override" || stem.ends_with("_override")
}

pub(super) fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognised_by_name() {
        let cases = [
            ("a/main.tf", Some(Syntax::Native)),
            ("main.tofu", Some(Syntax::Native)),
            ("main.tf.json", Some(Syntax::Json)),
            ("main.tofu.json", Some(Syntax::Json)),
            (".tf", None),
            (".main.tf", None),
            ("main.tf~", None),
            ("#main.tf#", None),
            ("main.tfvars", None),
            ("a.tf/readme", None),
        ];
        for (path, expected) in cases {
            assert_eq!(syntax(path), expected, "{path}");
        }
    }

    #[test]
    fn override_files_are_recognised_by_name() {
        assert!(is_override("a/override.tf") && is_override("x_override.tf.json") && is_override("override.tofu"));
        assert!(!is_override("overrides.tf") && !is_override("my-override.tf") && !is_override("a_override/main.tf"));
    }
}

//! Which files of a folder count, by the same rules in the working tree and in a commit.
//!
//! Finding ([`walk`]) and reading ([`read`]) are two steps, so that a caller can leave files out in between. What
//! cannot be read is an error, never a smaller set of files.

mod links;
mod text;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::Diagnostic;
use crate::git::Repository;

pub use text::{Text, decode, read};
pub use walk::walk;

/// The configuration file; the nearest one marks the root of a run.
pub const CONFIG_FILE: &str = "changegate.yaml";

/// Says that a file which was named is of no kind that is judged.
pub const FORMAT: &str = "discover::format";

/// How a file is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `.yaml`, `.yml`, and a file named `Kustomization`.
    Yaml,
    /// `.json`.
    Json,
    /// `.tf`, `.tofu`.
    Terraform,
    /// `.tf.json`, `.tofu.json`.
    TerraformJson,
}

/// A file that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Relative to the root of the run, with `/`; absolute for files outside it.
    pub path: Arc<str>,
    /// Where it is read.
    pub absolute: PathBuf,
    /// How it is parsed.
    pub format: Format,
}

/// What a walk found, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Files that count.
    pub files: Vec<Found>,
    /// What could not be read or was left out.
    pub diagnostics: Vec<Diagnostic>,
}

/// How a path is parsed; `None` when it is not judged. Kubernetes' endings are read in any case, as tools are
/// given them by name; Terraform itself only loads lower-case ones.
pub fn format_of(path: &str) -> Option<Format> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ends = |endings: &[&str]| endings.iter().any(|e| name.ends_with(e));
    let lower = name.to_ascii_lowercase();
    if ends(&[".tf.json", ".tofu.json"]) {
        Some(Format::TerraformJson)
    } else if ends(&[".tf", ".tofu"]) {
        Some(Format::Terraform)
    } else if lower.ends_with(".json") {
        Some(Format::Json)
    } else if lower.ends_with(".yaml") || lower.ends_with(".yml") || name == "Kustomization" {
        Some(Format::Yaml)
    } else {
        None
    }
}

/// Whether a path lies in a folder that is never judged, not even when a link leads there: `.git`, `.terraform`,
/// `node_modules`. Other hidden folders count: `kubectl apply -R` reads them, so they must not hide a manifest.
pub fn skip(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, ".git" | ".terraform" | "node_modules"))
}

/// The root of a run that was given `path`: the nearest folder at or above it that holds `changegate.yaml`, else the
/// root of the git work tree, else the path itself (its folder, when it is a file). Links are resolved.
///
/// # Errors
/// `discover::not-found`, and those of [`Repository::discover`].
pub fn root_of(path: &Path) -> Result<PathBuf, Diagnostic> {
    let full = path.canonicalize().map_err(|e| {
        Diagnostic::error("discover::not-found", format!("cannot find {}: {e}", path.display()))
            .in_file(path.display().to_string())
            .help("check the spelling; paths are relative to the current folder")
    })?;
    let folder = if full.is_dir() { full.as_path() } else { full.parent().unwrap_or(&full) };
    if let Some(configured) = folder.ancestors().find(|f| f.join(CONFIG_FILE).is_file()) {
        return Ok(configured.to_path_buf());
    }
    let repository = Repository::discover(folder)?;
    let root = repository.and_then(|r| r.root().canonicalize().ok()).filter(|root| folder.starts_with(root));
    Ok(root.unwrap_or_else(|| folder.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_decide_the_format() {
        let cases = [
            ("a/b.yaml", Some(Format::Yaml)),
            ("B.YML", Some(Format::Yaml)),
            ("x.json", Some(Format::Json)),
            ("main.tf", Some(Format::Terraform)),
            ("main.TF", None),
            ("main.tofu", Some(Format::Terraform)),
            ("main.tf.json", Some(Format::TerraformJson)),
            ("main.tofu.json", Some(Format::TerraformJson)),
            ("terraform.tfvars", None),
            ("yaml", None),
            ("over/Kustomization", Some(Format::Yaml)),
            ("a.yaml/readme", None),
        ];
        cases.iter().for_each(|(path, format)| assert_eq!(format_of(path), *format, "{path}"));
    }

    #[test]
    fn foreign_folders_are_skipped_and_hidden_ones_are_not() {
        for path in [".git/config", "a/.terraform/m.tf", "web/node_modules/x.json"] {
            assert!(skip(path), "{path}");
        }
        for path in ["a.yaml", "./a.yaml", "../a/b.tf", "a.b/c.yaml", ".deploy/a.yaml", ".a.yaml", ".gitlab/x.yaml"] {
            assert!(!skip(path), "{path}");
        }
    }

    #[test]
    fn the_nearest_configuration_marks_the_root() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let root = dir.path().canonicalize().expect("exists");
        let inner = root.join("fixtures/acme");
        std::fs::create_dir_all(inner.join("k8s")).expect("folder");
        std::fs::write(root.join("fixtures/acme/k8s/a.yaml"), "").expect("file");
        let of = |path: &Path| root_of(path).map_err(|d| d.code);
        assert_eq!(of(&inner.join("k8s/a.yaml")), Ok(inner.join("k8s")));
        git2_init(&root);
        assert_eq!(of(&inner.join("k8s/a.yaml")), Ok(root.clone()));
        std::fs::write(inner.join(CONFIG_FILE), "").expect("file");
        assert_eq!(of(&inner.join("k8s")), Ok(inner.clone()));
        assert_eq!(of(&inner), Ok(inner.clone()));
        assert_eq!(of(&root), Ok(root.clone()));
        assert_eq!(of(&root.join("nope")), Err("discover::not-found"));
    }

    /// The smallest folder that git takes for a repository.
    fn git2_init(root: &Path) {
        for folder in [".git/objects", ".git/refs"] {
            std::fs::create_dir_all(root.join(folder)).expect("folder");
        }
        std::fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").expect("file");
    }
}

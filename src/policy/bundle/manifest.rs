//! `.manifest`: which part of `data` a bundle owns.

use serde::Deserialize;
use serde_json::Value as Json;

use super::Contents;
use super::archive::{Files, fault};
use crate::finding::Diagnostic;
use crate::policy::rego;

/// What counts of it. The other members (`revision`, `metadata`, `rego_version`, …) say nothing that has to hold.
#[derive(Debug, Deserialize)]
struct Manifest {
    /// Paths below `data`; everything when absent.
    roots: Option<Vec<String>>,
}

/// Checks that roots do not overlap, and that every package and document lies below one of them.
pub(super) fn check(path: &str, files: &Files, contents: &Contents) -> Result<(), Diagnostic> {
    let Some(bytes) = files.get(".manifest") else { return Ok(()) };
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|e| fault("bundle::manifest", path, format!("`.manifest` in `{path}` cannot be read: {e}")))?;
    let roots = manifest.roots.unwrap_or_else(|| vec![String::new()]);
    let roots: Vec<Vec<&str>> = roots.iter().map(|root| parts(root)).collect();
    for (i, root) in roots.iter().enumerate() {
        if roots.iter().enumerate().any(|(j, other)| i != j && root.starts_with(other)) {
            let message = format!("the root `{}` of `{path}` lies in another one", root.join("/"));
            return Err(fault("bundle::manifest", path, message).help("leave one of them out of `roots`"));
        }
    }
    for module in &contents.modules {
        let Some(package) = package(&module.text) else { continue };
        let names: Vec<&str> = package.iter().map(String::as_str).collect();
        if !owned(&roots, &names) {
            return Err(outside(path, &module.path, &names.join("."), &roots));
        }
    }
    for file in &contents.data {
        let mut names: Vec<&str> = file.folders.iter().map(String::as_str).collect();
        if let Some(stray) = stray(&roots, &mut names, &file.value) {
            return Err(outside(path, "its data", &stray, &roots));
        }
    }
    Ok(())
}

fn parts(root: &str) -> Vec<&str> {
    root.split('/').filter(|part| !part.is_empty()).collect()
}

/// The package of a module; one that cannot be read is refused when it is loaded.
fn package(text: &str) -> Option<Vec<String>> {
    let module = rego::parse_any(text).ok()?;
    Some(module.package.iter().map(|name| name.to_string()).collect())
}

fn owned(roots: &[Vec<&str>], names: &[&str]) -> bool {
    roots.iter().any(|root| names.starts_with(root))
}

/// The first path of a document that no root owns.
fn stray<'a>(roots: &[Vec<&str>], names: &mut Vec<&'a str>, value: &'a Json) -> Option<String> {
    if owned(roots, names) {
        return None;
    }
    let leads_to_a_root = roots.iter().any(|root| root.starts_with(names));
    match value {
        Json::Object(members) if leads_to_a_root => members.iter().find_map(|(name, value)| {
            names.push(name);
            let found = stray(roots, names, value);
            names.pop();
            found
        }),
        _ => Some(names.join(".")),
    }
}

fn outside(path: &str, what: &str, name: &str, roots: &[Vec<&str>]) -> Diagnostic {
    let roots: Vec<String> = roots.iter().map(|root| root.join("/")).collect();
    let message = format!("{what} in `{path}` is `data.{name}`, outside of its roots: {}", roots.join(", "));
    fault("bundle::roots", path, message)
        .help("name its place in `roots` of `.manifest`, or leave it out of the bundle")
}

//! A bundle in a `.tar.gz` (<https://www.openpolicyagent.org/docs/management-bundles#bundle-file-format>).

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use super::signatures::{self, Key};
use super::{Contents, DataFile, ModuleFile, manifest};
use crate::finding::{Diagnostic, Level};
use crate::parse::yaml;
use crate::source::SourceId;

/// Most bytes that a bundle may unpack to.
const MAX_BYTES: u64 = 64 << 20;
/// Most bytes of one file.
const MAX_FILE: u64 = 16 << 20;
/// Most entries.
const MAX_ENTRIES: usize = 10_000;

/// The files of a bundle by their paths, without the `/` in front.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Reads a bundle: its archive, its signatures, its manifest. `path` is what it is called in diagnostics.
///
/// # Errors
/// `bundle::archive`, `bundle::limit`, `bundle::entry` (a link, a device, a path that leads out, a path twice),
/// `bundle::signature`, `bundle::manifest`, `bundle::roots`, `bundle::data`.
pub fn read(path: &str, bytes: &[u8], key: Option<&Key>) -> Result<Contents, Diagnostic> {
    let files = unpack(path, bytes)?;
    signatures::check(path, &files, key)?;
    let contents = contents(path, &files)?;
    manifest::check(path, &files, &contents)?;
    Ok(contents)
}

fn unpack(path: &str, bytes: &[u8]) -> Result<Files, Diagnostic> {
    let broken =
        |e: std::io::Error| fault("bundle::archive", path, format!("`{path}` is no `.tar.gz` that can be read: {e}"));
    let mut archive = Archive::new(GzDecoder::new(bytes).take(MAX_BYTES + 1));
    let mut files = Files::new();
    let (mut total, mut count) = (0_u64, 0_usize);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        count += 1;
        total = total.saturating_add(entry.size());
        if total > MAX_BYTES || entry.size() > MAX_FILE || count > MAX_ENTRIES {
            return Err(too_large(path));
        }
        let written = entry.path_bytes().into_owned();
        let name = name(path, &written)?;
        match entry.header().entry_type() {
            EntryType::Directory => continue,
            EntryType::Regular | EntryType::Continuous => {}
            other => return Err(not_a_file(path, &name, other)),
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(broken)?;
        if files.insert(name.clone(), content).is_some() {
            return Err(fault(
                "bundle::entry",
                path,
                format!("`{path}` holds `{name}` twice: which one counts cannot be told"),
            ));
        }
    }
    Ok(files)
}

/// A path inside of the bundle. `opa build` writes a `/` in front, which means its root.
fn name(path: &str, written: &[u8]) -> Result<String, Diagnostic> {
    let leads_out = |name: &str| {
        name.contains(['\\', '\0', ':']) || name.split('/').any(|part| part == "..") || name.starts_with("//")
    };
    match std::str::from_utf8(written) {
        Ok(name) if !leads_out(name) => {
            let parts = name.split('/').filter(|part| !part.is_empty() && *part != ".");
            Ok(parts.collect::<Vec<_>>().join("/"))
        }
        _ => {
            let shown = String::from_utf8_lossy(written);
            Err(fault("bundle::entry", path, format!("`{path}` holds `{shown}`, a path that leads out of the bundle")))
        }
    }
}

fn contents(path: &str, files: &Files) -> Result<Contents, Diagnostic> {
    let mut contents = Contents::default();
    for (name, bytes) in files {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let folders = || folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if file.ends_with(".rego") {
            let text = String::from_utf8(bytes.clone())
                .map_err(|_| fault("bundle::archive", path, format!("`{name}` in `{path}` is not UTF-8")))?;
            contents.modules.push(ModuleFile { path: name.clone(), text });
        } else if matches!(file, "data.json" | "data.yaml" | "data.yml") {
            let value = structured(path, name, bytes)?;
            contents.data.push(DataFile { folders: folders(), value });
        }
    }
    Ok(contents)
}

/// A document of the bundle as JSON.
pub(super) fn structured(path: &str, name: &str, bytes: &[u8]) -> Result<serde_json::Value, Diagnostic> {
    let bad = |why: String| fault("bundle::data", path, format!("`{name}` in `{path}` cannot be read: {why}"));
    let text = std::str::from_utf8(bytes).map_err(|e| bad(e.to_string()))?;
    if !name.ends_with(".yaml") && !name.ends_with(".yml") {
        return serde_json::from_str(text).map_err(|e| bad(e.to_string()));
    }
    let mut read = yaml::parse(SourceId(u32::MAX), text, &yaml::Limits::default());
    if let Some(error) = read.diagnostics.into_iter().find(|d| d.level == Level::Error) {
        return Err(bad(error.message));
    }
    match (read.documents.len(), read.documents.pop()) {
        (1, Some(node)) => serde_json::to_value(node).map_err(|e| bad(e.to_string())),
        (n, _) => Err(bad(format!("it holds {n} documents"))),
    }
}

fn too_large(path: &str) -> Diagnostic {
    let message = format!(
        "`{path}` unpacks to more than {} MiB, {MAX_ENTRIES} entries, or {} MiB in one of them",
        MAX_BYTES >> 20,
        MAX_FILE >> 20
    );
    fault("bundle::limit", path, message)
}

fn not_a_file(path: &str, name: &str, kind: EntryType) -> Diagnostic {
    let what = match kind {
        EntryType::Symlink | EntryType::Link => "a link",
        _ => "neither a file nor a folder",
    };
    fault("bundle::entry", path, format!("`{name}` in `{path}` is {what}: a bundle holds files and folders only"))
}

/// A fault of the bundle as a whole.
pub(super) fn fault(code: &'static str, path: &str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code, message)
        .in_file(path)
        .help("build the bundle with `opa build`, and sign it with `opa sign`")
}

//! Policies of another repository: how they are named, kept in a cache, and believed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::lock::Pin;
use crate::finding::Diagnostic;
use crate::policy::library;

/// Most files of one source.
const MAX_FILES: usize = 10_000;
/// Most bytes of one source.
const MAX_BYTES: u64 = 64 << 20;

/// Files by path, with `/`.
type Files = BTreeMap<String, Vec<u8>>;

/// A folder of a repository: `git::https://example.com/policies.git//k8s?ref=v1`, as Conftest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitSource {
    /// As it was written: the name in the lock.
    pub name: String,
    /// Where the repository is.
    pub url: String,
    /// The folder; empty for all of it.
    pub folder: String,
    /// The branch, tag or commit that is fetched; the remote's own choice when absent.
    pub reference: Option<String>,
}

impl GitSource {
    /// Whether a policy source names a repository.
    pub fn is(text: &str) -> bool {
        text.starts_with("git::")
    }

    /// Reads a name.
    ///
    /// # Errors
    /// `policy::source`.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let bad = |why: &str| {
            Diagnostic::error("policy::source", format!("`{text}` names no repository: {why}"))
                .help("write `git::https://example.com/policies.git//folder?ref=v1`")
        };
        let rest = text.strip_prefix("git::").ok_or_else(|| bad("it begins with `git::`"))?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let reference = match query {
            None => None,
            Some(query) => Some(query.strip_prefix("ref=").ok_or_else(|| bad("only `?ref=` is read"))?),
        };
        let is_reference = |name: &str| {
            !name.is_empty()
                && !name.starts_with('-')
                && !name.contains(|c: char| c.is_whitespace() || matches!(c, ':' | '~' | '^' | '*'))
        };
        if reference.is_some_and(|name| !is_reference(name)) {
            return Err(bad("what follows `ref=` is a branch, a tag or a commit"));
        }
        let start = rest.find("://").map_or(0, |at| at + 3);
        let (url, folder) = match rest.get(start..).and_then(|after| after.find("//")) {
            Some(at) => (rest.get(..start + at).unwrap_or(rest), rest.get(start + at + 2..).unwrap_or_default()),
            None => (rest, ""),
        };
        if url.is_empty() || url.starts_with('-') || url.contains("::") {
            return Err(bad("there is no address that git would take"));
        }
        if folder.split('/').any(|part| part == ".." || part == ".") {
            return Err(bad("its folder leads out"));
        }
        let folder = folder.trim_matches('/').to_owned();
        Ok(Self { name: text.to_owned(), url: url.to_owned(), folder, reference: reference.map(str::to_owned) })
    }
}

/// Whether a file of a source counts: modules and data.
pub fn is_kept(path: &str) -> bool {
    [".rego", ".json", ".yaml", ".yml", ".manifest"].iter().any(|ending| path.ends_with(ending))
}

/// `sha256:` over the paths, lengths and bytes of all files, in the order of their paths.
pub fn digest(files: &Files) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        hash.update(format!("{path}\0{}\0", bytes.len()));
        hash.update(bytes);
    }
    format!("sha256:{}", library::hex(&hash.finalize()))
}

/// Where the files of a digest lie in a cache.
pub fn in_cache(cache: &Path, digest: &str) -> PathBuf {
    cache.join("policies").join(digest.replace(':', "-"))
}

/// Reads what a lock pins out of a cache.
///
/// # Errors
/// `lock::not-fetched` when it is not there, `lock::digest` when it is not what was pinned, `lock::cache` for links and what
/// cannot be read.
pub fn load(cache: &Path, pin: &Pin) -> Result<Files, Diagnostic> {
    let folder = in_cache(cache, &pin.digest);
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(Diagnostic::error("lock::not-fetched", format!("`{}` is not in the cache `{shown}`", pin.source))
            .help("fetch it with `changegate policy fetch`: nothing is fetched while a change is judged"));
    }
    let mut files = Files::new();
    let mut total = 0;
    gather(&folder, "", &mut files, &mut total).map_err(|why| {
        Diagnostic::error("lock::cache", format!("the cache `{shown}` cannot be used: {why}"))
            .help("remove the folder and run `changegate policy fetch`")
    })?;
    let found = digest(&files);
    if found != pin.digest {
        let message = format!(
            "`{}` in the cache is not what is pinned: its digest is {found}, pinned is {}",
            pin.source, pin.digest
        );
        return Err(Diagnostic::error("lock::digest", message)
            .help(format!("somebody changed it: remove `{shown}` and run `changegate policy fetch`")));
    }
    Ok(files)
}

fn gather(folder: &Path, prefix: &str, files: &mut Files, total: &mut u64) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
    for entry in entries {
        let entry = entry.map_err(|e| e.to_string())?;
        let name = entry.file_name().into_string().map_err(|_| "a name is not UTF-8".to_owned())?;
        let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().map_err(|e| e.to_string())?;
        if kind.is_dir() {
            gather(&entry.path(), &path, files, total)?;
            continue;
        }
        let size = entry.metadata().map_err(|e| e.to_string())?.len();
        *total += size;
        if !kind.is_file() {
            return Err(format!("`{path}` is a link"));
        }
        if *total > MAX_BYTES || files.len() >= MAX_FILES {
            return Err("it is too large".to_owned());
        }
        files.insert(path, std::fs::read(entry.path()).map_err(|e| e.to_string())?);
    }
    Ok(())
}

/// Puts files into a cache; what is there already is made anew.
///
/// # Errors
/// `lock::cache`.
pub fn store(cache: &Path, digest: &str, files: &Files) -> Result<(), Diagnostic> {
    let place = in_cache(cache, digest);
    write(&place, files).map_err(|e| {
        Diagnostic::error("lock::cache", format!("the cache `{}` cannot be written: {e}", place.display()))
            .help("name a folder that can be written with `--cache DIR`")
    })
}

fn write(place: &Path, files: &Files) -> std::io::Result<()> {
    let parent = place.parent().unwrap_or(place);
    std::fs::create_dir_all(parent)?;
    // Complete or not there: another process may be reading.
    let fresh = tempfile::Builder::new().prefix("fetch-").tempdir_in(parent)?;
    for (path, bytes) in files {
        let target = fresh.path().join(path);
        target.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(target, bytes)?;
    }
    if place.exists() {
        std::fs::remove_dir_all(place)?;
    }
    std::fs::rename(fresh.keep(), place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_repositories() {
        let source = GitSource::parse("git::https://example.com/p.git//k8s/base?ref=v1").unwrap();
        assert_eq!(
            (&*source.url, &*source.folder, source.reference.as_deref()),
            ("https://example.com/p.git", "k8s/base", Some("v1"))
        );
        let source = GitSource::parse("git::git@example.com:acme/p.git").unwrap();
        assert_eq!((&*source.url, &*source.folder, source.reference), ("git@example.com:acme/p.git", "", None));
        for bad in [
            "https://x",
            "git::",
            "git::--upload-pack=x",
            "git::ext::sh",
            "git::https://x/p//../y",
            "git::https://x?a=b",
            "git::https://x?ref=-x",
        ] {
            assert_eq!(GitSource::parse(bad).unwrap_err().code, "policy::source", "{bad}");
        }
    }

    #[test]
    fn what_was_changed_in_the_cache_is_not_believed() {
        let cache = tempfile::tempdir().unwrap();
        let files = Files::from([("a/x.rego".to_owned(), b"package x".to_vec())]);
        let pin = Pin { source: "git::https://x".into(), commit: "0".repeat(40), digest: digest(&files) };
        let code = || load(cache.path(), &pin).map_err(|fault| fault.code);
        assert_eq!(code(), Err("lock::not-fetched"));
        store(cache.path(), &pin.digest, &files).unwrap();
        assert_eq!(code(), Ok(files.clone()));
        let file = in_cache(cache.path(), &pin.digest).join("a/x.rego");
        std::fs::write(&file, "package y").unwrap();
        assert_eq!(code(), Err("lock::digest"));
        store(cache.path(), &pin.digest, &files).unwrap();
        std::fs::write(file.with_file_name("more.rego"), "package x").unwrap();
        assert_eq!(code(), Err("lock::digest"));
        #[cfg(unix)]
        {
            std::fs::remove_file(file.with_file_name("more.rego")).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", file.with_file_name("link")).unwrap();
            assert_eq!(code(), Err("lock::cache"));
        }
    }
}

//! The invariants of `lib.rs` that a look at the text can check.

use std::path::{Path, PathBuf};

fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// Files below `src` whose code (not comments) holds a word, relative to `src`.
fn naming(word: &str) -> Vec<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let code = |text: &str| text.lines().any(|l| !l.trim_start().starts_with("//") && l.contains(word));
    let mut files: Vec<String> = sources(&src)
        .into_iter()
        .filter(|(path, text)| !path.ends_with("tests.rs") && code(text))
        .map(|(path, _)| path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/"))
        .collect();
    files.sort();
    files
}

fn all_below(files: &[String], folder: &str) {
    assert!(!files.is_empty());
    let strays: Vec<_> = files.iter().filter(|f| !f.starts_with(folder)).collect();
    assert!(strays.is_empty(), "only {folder} may name it: {strays:?}");
}

#[test]
fn regorus_is_named_only_in_the_engine() {
    all_below(&naming("regorus::"), "policy/engine/");
}

#[test]
fn clap_is_named_only_in_the_binary() {
    let files: Vec<_> = naming("clap::").into_iter().filter(|f| f != "main.rs").collect();
    all_below(&files, "cli/");
}

#[test]
fn git2_is_named_only_below_git() {
    all_below(&naming("git2::"), "git/");
}

#[test]
fn the_clock_and_the_environment_enter_only_in_the_command_line() {
    for word in ["SystemTime::now", "Timestamp::now", "Zoned::now", "env::var"] {
        let strays: Vec<_> = naming(word).into_iter().filter(|f| !f.starts_with("cli/")).collect();
        assert!(strays.is_empty(), "{word}: {strays:?}");
    }
}

#[test]
fn policies_never_ask_the_clock_or_the_network() {
    fn rego(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                rego(&entry.path(), found);
            } else {
                found.push((entry.path(), std::fs::read_to_string(entry.path()).unwrap_or_default()));
            }
        }
    }
    let mut found = Vec::new();
    rego(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &mut found);
    assert!(found.len() > 20);
    for (path, text) in found {
        for word in ["time.now_ns", "http.send", "opa.runtime", "net.lookup_ip_addr"] {
            assert!(!text.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn main_is_short() {
    let main = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 40);
}

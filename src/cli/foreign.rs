//! `changegate policy lint --foreign-suppressions`: exceptions that other tools would obey.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use changegate::discover;
use changegate::waiver::foreign;

use super::{Answer, When, environment};

/// Lists them; exit code 0, or 2 when a file cannot be read.
pub(super) fn run(paths: &[PathBuf]) -> Answer {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let root = std::env::current_dir().unwrap_or_else(|_| ".".into());
    let full: Vec<PathBuf> = paths.iter().map(|path| absolute(&root, path)).collect();
    let found = discover::walk(&root, &full, &[], &|_| true);
    let mut faults = found.diagnostics;
    let (mut out, mut count) = (String::new(), 0);
    for read in discover::read(&found.files) {
        match read {
            Ok(text) => {
                for s in foreign::find(&text.text) {
                    count += 1;
                    let rule = if s.rule.is_empty() { "everything" } else { &s.rule };
                    let _ = writeln!(out, "{}:{}:{}  {:<11}  {rule}", text.path, s.line, s.column, s.tool);
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    let _ = match count {
        0 => writeln!(out, "no suppression of another tool was found"),
        n => {
            writeln!(out, "\n{n} found, none is obeyed: write a waiver where the exception is meant (docs/waivers.md)")
        }
    };
    let style = environment::style(When::Auto, false);
    let stderr = changegate::output::diagnostics(&faults, &Default::default(), &style);
    let failed = faults.iter().any(|d| d.level == changegate::finding::Level::Error);
    Answer { stdout: out.into_bytes(), stderr: stderr.into_bytes(), code: if failed { 2 } else { 0 } }
}

fn absolute(root: &Path, path: &Path) -> PathBuf {
    let full = root.join(path);
    full.canonicalize().unwrap_or(full)
}

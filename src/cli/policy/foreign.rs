//! `changegate policy lint --foreign-suppressions`: exceptions that other tools would obey.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use changegate::discover;
use changegate::finding::{Diagnostic, Level};
use changegate::output::{LintFormat, Linted};
use changegate::source::{Revision, Source, Sources, Span};
use changegate::waiver::foreign::{self, Suppression};

use super::super::{Answer, When, environment};
use super::lint::{self, LintArgs};

const CODE: &str = "lint::foreign-suppression";
const RULES: [(&str, &str); 1] = [(CODE, "An exception that another tool obeys, and this one does not.")];
const HELP: &str = "where the exception is meant, write a waiver (docs/waivers.md)";

/// What was found, with the texts.
#[derive(Default)]
struct Listed {
    sources: Sources,
    suppressions: Vec<(Span, Suppression)>,
    faults: Vec<Diagnostic>,
    files: usize,
}

/// Lists them; exit code 0, or 2 when a file cannot be read.
pub(super) fn run(args: &LintArgs) -> Answer {
    let listed = Listed::below(&args.paths);
    let style = environment::style(When::Auto, false);
    let stderr = changegate::output::diagnostics(&listed.faults, &listed.sources, &style);
    let notes: Vec<Diagnostic> = listed.suppressions.iter().map(|(span, s)| note(*span, s)).collect();
    let linted = Linted { faults: &notes, files: listed.files, rules: &RULES };
    let render = |format| match format {
        LintFormat::Pretty => listed.lines(),
        _ => changegate::output::lint(format, &linted, &listed.sources, &style),
    };
    let failed = listed.faults.iter().any(|d| d.level == Level::Error);
    let answer = Answer { stderr: stderr.into_bytes(), code: if failed { 2 } else { 0 }, ..Answer::default() };
    lint::written(args, answer, render)
}

fn note(span: Span, s: &Suppression) -> Diagnostic {
    let rule = if s.rule.is_empty() { "everything" } else { &s.rule };
    Diagnostic::note(CODE, format!("{} is told to pass over {rule}; nothing is passed over here", s.tool))
        .at(span)
        .help(HELP)
}

impl Listed {
    fn below(paths: &[PathBuf]) -> Self {
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here } else { paths };
        let root = std::env::current_dir().unwrap_or_else(|_| ".".into());
        let full: Vec<PathBuf> = paths.iter().map(|path| absolute(&root, path)).collect();
        let found = discover::walk(&root, &full, &[], &|_| true);
        let mut listed = Self { faults: found.diagnostics, ..Self::default() };
        for read in discover::read(&found.files) {
            match read {
                Ok(file) => {
                    listed.files += 1;
                    let found = foreign::find(&file.text);
                    let source = listed.sources.add(Source::new(file.path, Revision::Head, file.text));
                    listed.suppressions.extend(found.into_iter().map(|s| (Span::new(source, s.start, s.end), s)));
                }
                Err(fault) => listed.faults.push(fault),
            }
        }
        listed
    }

    /// One line each.
    fn lines(&self) -> String {
        let mut out = String::new();
        for (span, s) in &self.suppressions {
            let Some(place) = self.sources.locate(*span) else { continue };
            let rule = if s.rule.is_empty() { "everything" } else { &s.rule };
            let _ = writeln!(out, "{}:{}:{}  {:<11}  {rule}", place.path, place.line, place.column, s.tool);
        }
        let _ = match self.suppressions.len() {
            0 => writeln!(out, "no suppression of another tool was found"),
            n => writeln!(out, "\n{n} found, none is obeyed: {HELP}"),
        };
        out
    }
}

fn absolute(root: &Path, path: &Path) -> PathBuf {
    let full = root.join(path);
    full.canonicalize().unwrap_or(full)
}

//! `changegate freeze lint`: what is wrong with the calendars, or seldom meant.

use changegate::change::calendar::{compare, lint as lint_calendars};
use changegate::finding::{Diagnostic, Level};
use changegate::{outcome, output};
use serde::Serialize;

use super::show::json;
use super::{Asked, Shape};
use crate::cli::{Answer, When, environment};

/// The diagnostics, frozen as JSON (contract 15).
#[derive(Debug, Serialize)]
struct Lint<'a> {
    schema: &'static str,
    calendars: usize,
    windows: usize,
    diagnostics: Vec<Told<'a>>,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    path: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    help: &'a str,
}

pub(super) fn lint(asked: &Asked, with_owners: bool) -> Answer {
    let calendars = &asked.calendars.documents.calendars;
    let about_calendars = |d: &&Diagnostic| d.level == Level::Error || d.code.starts_with("calendar::");
    let mut told: Vec<Diagnostic> = asked.calendars.diagnostics.iter().filter(about_calendars).cloned().collect();
    told.extend(lint_calendars(calendars, &asked.calendars.known, asked.at));
    if with_owners {
        told.extend(compare(calendars, asked.at));
    }
    outcome::sort_diagnostics(&mut told, &asked.calendars.sources);
    let worst = told.iter().map(|d| d.level).min();
    let code = match worst {
        Some(Level::Error) => 2,
        Some(Level::Warning) => 1,
        Some(Level::Note) | None => 0,
    };
    let windows = calendars.iter().map(|calendar| calendar.windows.len()).sum();
    let stdout = match asked.format {
        Shape::Json => json(&Lint {
            schema: "changegate/freeze-lint/v1",
            calendars: calendars.len(),
            windows,
            diagnostics: told.iter().map(|d| Told::new(d, asked)).collect(),
        }),
        Shape::Pretty => {
            let style = environment::style(When::Auto, false);
            let text = output::diagnostics(&told, &asked.calendars.sources, &style);
            let blank = if text.is_empty() { "" } else { "\n" };
            format!("{text}{blank}{}\n", summary(&told, calendars.len(), windows)).into_bytes()
        }
    };
    Answer { stdout, code, ..Answer::default() }
}

impl<'a> Told<'a> {
    fn new(diagnostic: &'a Diagnostic, asked: &Asked) -> Self {
        let place = diagnostic.span.and_then(|span| asked.calendars.sources.locate(span));
        let path = place.as_ref().map(|place| place.path.to_string());
        Self {
            severity: match diagnostic.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "note",
            },
            code: diagnostic.code,
            message: &diagnostic.message,
            path: path.or_else(|| diagnostic.path.as_ref().map(|path| path.to_string())),
            line: place.as_ref().map(|place| place.line),
            column: place.as_ref().map(|place| place.column),
            help: &diagnostic.help,
        }
    }
}

fn summary(told: &[Diagnostic], calendars: usize, windows: usize) -> String {
    let count = |level| told.iter().filter(|d| d.level == level).count();
    let (errors, warnings, notes) = (count(Level::Error), count(Level::Warning), count(Level::Note));
    format!("calendars: {calendars} · windows: {windows} · errors: {errors} · warnings: {warnings} · notes: {notes}")
}

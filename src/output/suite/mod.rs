//! What a run of policy tests says.

mod json;
mod junit;
mod pretty;

use std::str::FromStr;

use super::style::Style;
use super::text::visible;
use crate::policy::engine::EvalError;
use crate::policy::engine::coverage::{Coverage, Lines};
use crate::policy::test::{Failure, Report, Shown, TestResult};
use crate::source::Sources;

/// A format that a report can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuiteFormat {
    /// For people.
    Pretty,
    /// `changegate/test/v1`, everything.
    Json,
    /// JUnit XML, for CI systems.
    Junit,
}

impl FromStr for SuiteFormat {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            "junit" => Ok(Self::Junit),
            _ => Err(format!("unknown format `{word}`; known are pretty, json, junit")),
        }
    }
}

/// Writes a report; `verbose` also lists the tests that pass. The text ends with a newline.
pub fn suite(format: SuiteFormat, report: &Report<'_>, sources: &Sources, style: &Style, verbose: bool) -> String {
    match format {
        SuiteFormat::Pretty => pretty::render(report, sources, style, verbose),
        SuiteFormat::Json => json::render(report, sources),
        SuiteFormat::Junit => junit::render(report, sources),
    }
}

/// What is told of an expression that stops a test, the same in every format.
enum Told<'a> {
    /// Everything holds, and the value of the rule is not `true`.
    NotTrue,
    /// Cases that fail.
    Cases(&'a [String]),
    /// The expression; a line for each part of it, and for each error that makes one undefined.
    Expression { place: String, text: &'a str, lines: Vec<Line> },
}

/// A line about a part: `name verb value`.
struct Line {
    name: String,
    verb: &'static str,
    value: String,
}

fn told<'a>(why: &'a Failure, result: &TestResult<'_>, sources: &'a Sources) -> Told<'a> {
    if !why.cases.is_empty() {
        return Told::Cases(&why.cases);
    }
    if why.span.start == result.rule.span.start {
        return Told::NotTrue;
    }
    let part = |shown: &Shown| Line {
        name: one_line(&shown.text),
        verb: if shown.counterexample { "fails for" } else { "is" },
        value: if shown.values.is_empty() { "undefined".to_owned() } else { shown.values.join(" or ") },
    };
    let error = |error: &EvalError| Line { name: "error".to_owned(), verb: "is", value: placed(error) };
    Told::Expression {
        place: sources.locate(why.span).map_or_else(String::new, |l| format!("{}:{}", l.line, l.column)),
        text: sources.text(why.span).unwrap_or_default(),
        lines: why.values.iter().map(part).chain(why.errors.iter().map(error)).collect(),
    }
}

/// An error with the place that the engine names.
fn placed(error: &EvalError) -> String {
    error.place().map_or_else(|| error.to_string(), |place| format!("{error} ({place})"))
}

/// Text of several lines as one, fit to be shown.
fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The share of covered lines in per cent; all of them when there are none.
#[expect(clippy::cast_precision_loss, reason = "line counts are far below 2^52")]
pub fn percentage(covered: usize, missed: usize) -> f64 {
    match covered + missed {
        0 => 100.0,
        all => 100.0 * covered as f64 / all as f64,
    }
}

/// Covered and missed lines of all files.
pub fn totals(coverage: &Coverage) -> (usize, usize) {
    coverage.values().fold((0, 0), |(c, m), lines| (c + lines.covered.len(), m + lines.missed.len()))
}

/// Lines as ranges, both ends included.
fn ranges<'a>(lines: impl Iterator<Item = &'a u32>) -> Vec<(u32, u32)> {
    let mut found: Vec<(u32, u32)> = Vec::new();
    for line in lines {
        match found.last_mut() {
            Some((_, end)) if *end + 1 == *line => *end = *line,
            _ => found.push((*line, *line)),
        }
    }
    found
}

fn of_file(lines: &Lines) -> f64 {
    percentage(lines.covered.len(), lines.missed.len())
}

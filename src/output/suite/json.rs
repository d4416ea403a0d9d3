//! `changegate/test/v1`: everything, for programs. `coverage` has the shape of `opa test --coverage`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{of_file, percentage, placed, ranges, totals};
use crate::policy::engine::EvalError;
use crate::policy::engine::coverage::{Coverage, Lines};
use crate::policy::test::{Failure, Report, TestResult, Verdict};
use crate::source::{Location, Sources};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    summary: Summary,
    tests: Vec<Test<'a>>,
    coverage: Option<Covered<'a>>,
}

#[derive(Serialize)]
struct Summary {
    declared: usize,
    passed: usize,
    failed: usize,
    errors: usize,
    skipped: usize,
}

#[derive(Serialize)]
struct Test<'a> {
    name: &'a str,
    package: &'a str,
    result: &'static str,
    location: Option<Location>,
    error: Option<String>,
    /// `path:line:column` of the error, where the engine names it.
    error_place: Option<&'a str>,
    failure: Option<Why<'a>>,
    prints: &'a [String],
}

#[derive(Serialize)]
struct Why<'a> {
    location: Option<Location>,
    expression: &'a str,
    values: Vec<Value<'a>>,
    cases: &'a [String],
    errors: Vec<String>,
}

#[derive(Serialize)]
struct Value<'a> {
    text: &'a str,
    values: &'a [String],
    counterexample: bool,
}

#[derive(Serialize)]
struct Covered<'a> {
    files: BTreeMap<&'a str, File>,
    covered_lines: usize,
    not_covered_lines: usize,
    coverage: f64,
}

#[derive(Serialize)]
struct File {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    covered: Vec<Range>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_covered: Vec<Range>,
    covered_lines: usize,
    not_covered_lines: usize,
    coverage: f64,
}

#[derive(Serialize)]
struct Range {
    start: Row,
    end: Row,
}

#[derive(Serialize)]
struct Row {
    row: u32,
}

pub(super) fn render(report: &Report<'_>, sources: &Sources) -> String {
    super::super::to_json(&Document {
        schema: "changegate/test/v1",
        summary: Summary {
            declared: report.results.len(),
            passed: report.count(|v| *v == Verdict::Pass),
            failed: report.count(|v| *v == Verdict::Fail),
            errors: report.count(|v| matches!(v, Verdict::Error(_))),
            skipped: report.count(|v| *v == Verdict::Skipped),
        },
        tests: report.results.iter().map(|r| test(r, sources)).collect(),
        coverage: report.coverage.as_ref().map(covered),
    })
}

fn test<'a>(result: &'a TestResult<'_>, sources: &'a Sources) -> Test<'a> {
    let (result_word, error) = match &result.verdict {
        Verdict::Pass => ("pass", None),
        Verdict::Fail => ("fail", None),
        Verdict::Skipped => ("skipped", None),
        Verdict::Error(error) => ("error", Some(error)),
    };
    Test {
        name: &result.rule.name,
        package: result.rule.shown_path().rsplit_once('.').map_or("", |(package, _)| package),
        result: result_word,
        location: sources.locate(result.rule.span),
        error: error.map(ToString::to_string),
        error_place: error.and_then(EvalError::place),
        failure: result.failure.as_ref().map(|why| failure(why, sources)),
        prints: &result.prints,
    }
}

fn failure<'a>(why: &'a Failure, sources: &'a Sources) -> Why<'a> {
    let value = |s: &'a crate::policy::test::Shown| Value {
        text: &s.text,
        values: &s.values,
        counterexample: s.counterexample,
    };
    Why {
        location: sources.locate(why.span),
        expression: sources.text(why.span).unwrap_or_default(),
        values: why.values.iter().map(value).collect(),
        cases: &why.cases,
        errors: why.errors.iter().map(placed).collect(),
    }
}

fn covered(coverage: &Coverage) -> Covered<'_> {
    let (covered_lines, not_covered_lines) = totals(coverage);
    Covered {
        files: coverage.iter().map(|(path, lines)| (path.as_str(), file(lines))).collect(),
        covered_lines,
        not_covered_lines,
        coverage: rounded(percentage(covered_lines, not_covered_lines)),
    }
}

fn file(lines: &Lines) -> File {
    let of = |lines: &std::collections::BTreeSet<u32>| {
        let range = |(start, end)| Range { start: Row { row: start }, end: Row { row: end } };
        ranges(lines.iter()).into_iter().map(range).collect()
    };
    File {
        covered: of(&lines.covered),
        not_covered: of(&lines.missed),
        covered_lines: lines.covered.len(),
        not_covered_lines: lines.missed.len(),
        coverage: rounded(of_file(lines)),
    }
}

/// Two decimals, as OPA writes them.
fn rounded(percent: f64) -> f64 {
    (percent * 100.0).round() / 100.0
}

//! For people: what failed and why, what was printed, how much is covered.

use std::fmt::Write;

use super::super::style::{Style, Tone};
use super::super::text::{clip, visible};
use super::{of_file, percentage, ranges, totals};
use crate::policy::engine::coverage::Coverage;
use crate::policy::test::{Failure, Report, TestResult, Verdict};
use crate::source::Sources;

/// Columns of a value; one that is longer is cut.
const VALUE: usize = 200;

pub(super) fn render(report: &Report<'_>, sources: &Sources, style: &Style, verbose: bool) -> String {
    let mut out = String::new();
    for result in report.results.iter().filter(|r| verbose || !matches!(r.verdict, Verdict::Pass | Verdict::Skipped)) {
        test(&mut out, result, sources, style);
    }
    if let Some(coverage) = &report.coverage {
        lines(&mut out, coverage);
    }
    let (passed, skipped) = (report.count(|v| *v == Verdict::Pass), report.count(|v| *v == Verdict::Skipped));
    let todo = if skipped > 0 { format!(", {skipped} to do") } else { String::new() };
    let _ = writeln!(out, "{passed} passed, {} failed{todo}", report.failed());
    out
}

fn test(out: &mut String, result: &TestResult<'_>, sources: &Sources, style: &Style) {
    let place = sources.locate(result.rule.span).map_or_else(String::new, |l| l.to_string());
    let path = result.rule.shown_path();
    let _ = match &result.verdict {
        Verdict::Pass => writeln!(out, "pass   {path}"),
        Verdict::Skipped => writeln!(out, "todo   {path}  ({place})"),
        Verdict::Fail => writeln!(out, "{}   {path}  ({place})", style.paint(Tone::Bad, "FAIL")),
        Verdict::Error(error) => writeln!(out, "{}  {path}  ({place}): {error}", style.paint(Tone::Bad, "ERROR")),
    };
    if let Some(why) = &result.failure {
        failure(out, why, result, sources, style);
    }
    for line in &result.prints {
        let _ = writeln!(out, "       {} {}", style.paint(Tone::Dim, "printed"), visible(line));
    }
}

fn failure(out: &mut String, why: &Failure, result: &TestResult<'_>, sources: &Sources, style: &Style) {
    for case in &why.cases {
        let _ = writeln!(out, "       case {}", visible(case));
    }
    if !why.cases.is_empty() {
        return;
    }
    let text = visible(sources.text(why.span).unwrap_or_default()).into_owned();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let place = sources.locate(why.span).map_or_else(String::new, |l| format!("{}:{}", l.line, l.column));
    if why.span.start == result.rule.span.start {
        let _ = writeln!(out, "       every expression holds: its value is not true");
        return;
    }
    let said = style.paint(Tone::Strong, &clip(&text, VALUE, style.glyphs().ellipsis));
    let _ = writeln!(out, "       {}  {said}", style.paint(Tone::Place, &place));
    for shown in &why.values {
        let name = visible(&shown.text).split_whitespace().collect::<Vec<_>>().join(" ");
        let name = clip(&name, VALUE / 3, style.glyphs().ellipsis);
        let values: Vec<String> =
            shown.values.iter().map(|v| clip(&visible(v), VALUE, style.glyphs().ellipsis)).collect();
        let value = if values.is_empty() { "undefined".to_owned() } else { values.join(" or ") };
        let verb = if shown.counterexample { "fails for" } else { "is" };
        let _ = writeln!(out, "         {name} {verb} {value}");
    }
}

fn lines(out: &mut String, coverage: &Coverage) {
    for (path, file) in coverage.iter().filter(|(_, file)| !file.missed.is_empty()) {
        let shown = ranges(file.missed.iter()).into_iter().map(|(start, end)| match end - start {
            0 => start.to_string(),
            _ => format!("{start}-{end}"),
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "{:>6.2} %  {path}  not covered: {shown}", of_file(file));
    }
    let (covered, missed) = totals(coverage);
    let (share, all) = (percentage(covered, missed), covered + missed);
    let _ = writeln!(out, "{share:>6.2} %  of {all} lines in {} files are covered", coverage.len());
}

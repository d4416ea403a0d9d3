//! For people: what failed and why, what was printed, how much is covered.

use std::fmt::Write;

use super::super::style::{Style, Tone};
use super::super::text::{clip, visible};
use super::{Line, Told, of_file, one_line, percentage, placed, ranges, told, totals};
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
        Verdict::Error(error) => {
            writeln!(out, "{}  {path}  ({place}): {}", style.paint(Tone::Bad, "ERROR"), visible(&placed(error)))
        }
    };
    if let Some(why) = &result.failure {
        failure(out, why, result, sources, style);
    }
    for line in &result.prints {
        let _ = writeln!(out, "       {} {}", style.paint(Tone::Dim, "printed"), visible(line));
    }
}

fn failure(out: &mut String, why: &Failure, result: &TestResult<'_>, sources: &Sources, style: &Style) {
    let clip = |text: &str, columns| clip(text, columns, style.glyphs().ellipsis);
    match told(why, result, sources) {
        Told::NotTrue => {
            let _ = writeln!(out, "       every expression holds: its value is not true");
        }
        Told::Cases(cases) => cases.iter().for_each(|case| {
            let _ = writeln!(out, "       case {}", visible(case));
        }),
        Told::Expression { place, text, lines } => {
            let said = style.paint(Tone::Strong, &clip(&one_line(text), VALUE));
            let _ = writeln!(out, "       {}  {said}", style.paint(Tone::Place, &place));
            for Line { name, verb, value } in lines {
                let _ = writeln!(out, "         {} {verb} {}", clip(&name, VALUE / 3), clip(&visible(&value), VALUE));
            }
        }
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

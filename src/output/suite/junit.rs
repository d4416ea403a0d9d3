//! JUnit XML: each package is a suite, each test a case. Times are left out: the same run gives the same bytes.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::super::text::visible;
use super::{Told, one_line, placed, told};
use crate::policy::test::{Report, TestResult, Verdict};
use crate::source::Sources;

pub(super) fn render(report: &Report<'_>, sources: &Sources) -> String {
    let mut junit = Junit::new("changegate test");
    let package = |r: &TestResult<'_>| {
        r.rule.shown_path().rsplit_once('.').map_or_else(String::new, |(package, _)| package.to_owned())
    };
    for results in report.results.chunk_by(|a, b| package(a) == package(b)) {
        let name = results.first().map(package).unwrap_or_default();
        let mut suite = TestSuite::new(visible(&name).into_owned());
        suite.add_test_cases(results.iter().map(|result| case(result, &name, sources)));
        junit.add_test_suite(suite);
    }
    match junit.to_string() {
        Ok(xml) => format!("{}\n", xml.trim_end()),
        // Writing to memory does not fail; should it ever do so, the reader gets no XML and fails closed.
        Err(error) => format!("changegate: {error}\n"),
    }
}

fn case(result: &TestResult<'_>, package: &str, sources: &Sources) -> TestCase {
    let mut status = match &result.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Skipped => TestCaseStatus::skipped(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    match &result.verdict {
        Verdict::Pass => {}
        Verdict::Skipped => drop(status.set_message("to do")),
        Verdict::Error(error) => drop(status.set_message(visible(&placed(error)).into_owned())),
        Verdict::Fail => drop(status.set_message("the test is not true")),
    }
    if let Some(why) = &result.failure {
        explain(&mut status, &told(why, result, sources));
    }
    let mut case = TestCase::new(visible(&result.rule.name).into_owned(), status);
    case.set_classname(visible(package).into_owned());
    if let Some(place) = sources.locate(result.rule.span) {
        case.extra.insert("file".into(), visible(&place.path).into_owned().into());
        case.extra.insert("line".into(), place.line.to_string().into());
    }
    if !result.prints.is_empty() {
        let prints: Vec<_> = result.prints.iter().map(|line| visible(line)).collect();
        case.set_system_out(prints.join("\n"));
    }
    case
}

/// The expression as the message of a failure; an error has one of its own.
fn explain(status: &mut TestCaseStatus, told: &Told<'_>) {
    match told {
        Told::NotTrue => drop(status.set_message("every expression holds: its value is not true")),
        Told::Cases(cases) => {
            let cases = cases.iter().map(|case| format!("case {}", visible(case)));
            status.set_description(cases.collect::<Vec<_>>().join("\n"));
        }
        Told::Expression { place, text, lines } => {
            let text = one_line(text);
            let values = lines.iter().map(|line| format!("{} {} {}", line.name, line.verb, visible(&line.value)));
            let all: Vec<String> = std::iter::once(format!("{place}  {text}")).chain(values).collect();
            status.set_description(all.join("\n"));
            if matches!(status, TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. }) {
                status.set_message(text);
            }
        }
    }
}

//! JUnit XML: each package is a suite, each test a case. Times are left out: the same run gives the same bytes.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::super::text::visible;
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
        Verdict::Error(error) => drop(status.set_message(visible(&error.to_string()).into_owned())),
        Verdict::Fail => {
            let why = result.failure.as_ref();
            let text = why.and_then(|why| sources.text(why.span)).unwrap_or("the test is not true");
            status.set_message(visible(text).into_owned());
            let values = why.into_iter().flat_map(|why| &why.values);
            let values = values.map(|s| format!("{} is {}", visible(&s.text), visible(&s.values.join(" or "))));
            let cases = why.into_iter().flat_map(|why| &why.cases).map(|case| format!("case {}", visible(case)));
            status.set_description(values.chain(cases).collect::<Vec<_>>().join("\n"));
        }
    }
    let mut case = TestCase::new(visible(&result.rule.name).into_owned(), status);
    case.set_classname(visible(package).into_owned());
    if let Some(place) = sources.locate(result.rule.span) {
        case.extra.insert("file".into(), visible(&place.path).into_owned().into());
        case.extra.insert("line".into(), place.line.to_string().into());
    }
    if !result.prints.is_empty() {
        case.set_system_out(result.prints.join("\n"));
    }
    case
}

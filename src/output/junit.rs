//! JUnit XML: each policy is a suite, what it found are its test cases. CI systems show what failed.
//!
//! What stands in the way is a failure, an input that cannot be read an error; all else that was found is skipped with a
//! reason, so that it stays in the report and turns nothing red.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::text::visible;
use super::words;
use crate::facts::Stage;
use crate::finding::{Answer, Diagnostic, Finding, Level};
use crate::outcome::{Outcome, PolicyInfo};

/// Writes the outcome as a JUnit report.
pub(super) fn render(outcome: &Outcome) -> String {
    let mut report = Report::new("changegate");
    if !outcome.diagnostics.is_empty() {
        let mut suite = TestSuite::new("input");
        suite.add_test_cases(outcome.diagnostics.iter().map(|d| of_diagnostic(d, outcome)));
        report.add_test_suite(suite);
    }
    report.add_test_suites(outcome.policies.iter().map(|policy| of_policy(policy, outcome)));
    let mut unlisted: BTreeMap<String, TestSuite> = BTreeMap::new();
    for finding in outcome.findings.iter().filter(|f| outcome.policies.iter().all(|p| p.id != f.policy)) {
        let name = title(&finding.policy, &finding.title);
        let suite = unlisted.entry(name.clone()).or_insert_with(|| TestSuite::new(name));
        suite.add_test_case(of_finding(finding, outcome));
    }
    report.add_test_suites(unlisted.into_values());
    match report.to_string() {
        Ok(xml) => format!("{}\n", xml.trim_end()),
        // Writing to memory does not fail; should it ever do so, the reader gets no XML and fails closed.
        Err(error) => format!("changegate: {error}\n"),
    }
}

fn of_policy(policy: &PolicyInfo, outcome: &Outcome) -> TestSuite {
    let mut suite = TestSuite::new(title(&policy.id, &policy.title));
    let own: Vec<&Finding> = outcome.findings.iter().filter(|f| f.policy == policy.id).collect();
    if own.is_empty() {
        let mut case = TestCase::new(&*policy.title, passed(policy));
        case.set_classname(&*policy.id);
        suite.add_test_case(case);
    }
    suite.add_test_cases(own.into_iter().map(|f| of_finding(f, outcome)));
    suite
}

/// A policy that was asked about nothing passed nothing.
fn passed(policy: &PolicyInfo) -> TestCaseStatus {
    if policy.evaluations > 0 {
        return TestCaseStatus::success();
    }
    let mut status = TestCaseStatus::skipped();
    status.set_message("nothing here for it to judge");
    status
}

fn title(id: &str, title: &str) -> String {
    format!("{} {}", visible(id), visible(title))
}

fn of_finding(f: &Finding, outcome: &Outcome) -> TestCase {
    let place = f.span.and_then(|span| outcome.sources.locate(span));
    let shown = place.as_ref().map(ToString::to_string);
    let about = f.resource.as_deref().map(str::to_owned).or(shown.clone()).unwrap_or_else(|| "the change".into());
    let mut status = if f.blocks(outcome.stage == Stage::Apply) {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    status.set_message(summary(f, outcome)).set_type(f.severity.as_str());
    status.set_description(description(f, shown.as_deref(), outcome));
    let mut case = TestCase::new(visible(&about).into_owned(), status);
    case.set_classname(&*f.policy);
    if let Some(place) = place {
        case.extra.insert("file".into(), visible(&place.path).into_owned().into());
        case.extra.insert("line".into(), place.line.to_string().into());
    }
    case
}

fn summary(f: &Finding, outcome: &Outcome) -> String {
    let message = visible(&f.message);
    match (words::lifted(f, outcome), f.answer) {
        (Some(lifted), _) => format!("{message} ({})", visible(&lifted)),
        (None, Answer::Unknown) => format!("{message} (not judged)"),
        (None, Answer::Fail) if f.pending => format!("{message} (can still arrive)"),
        (None, Answer::Fail) => message.into_owned(),
    }
}

fn description(f: &Finding, place: Option<&str>, outcome: &Outcome) -> String {
    let decided = f.because.iter().filter_map(|span| outcome.sources.locate(*span));
    let lines = place.map(|place| format!("at {place}")).into_iter();
    let lines = lines.chain(decided.map(|place| format!("decided by {place}")));
    let lines = lines.chain((!f.remediation.is_empty()).then(|| format!("help: {}", f.remediation)));
    lines.map(|line| visible(&line).into_owned()).collect::<Vec<_>>().join("\n")
}

fn of_diagnostic(d: &Diagnostic, outcome: &Outcome) -> TestCase {
    let place = d.span.and_then(|span| outcome.sources.locate(span)).map(|place| place.to_string());
    let place = place.or_else(|| d.path.as_deref().map(str::to_owned)).unwrap_or_else(|| "the input".into());
    let mut status = match d.level {
        Level::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        Level::Warning | Level::Note => TestCaseStatus::skipped(),
    };
    status.set_message(visible(&d.message).into_owned()).set_type(d.code);
    if !d.help.is_empty() {
        status.set_description(format!("help: {}", visible(&d.help)));
    }
    let mut case = TestCase::new(visible(&place).into_owned(), status);
    case.set_classname(d.code);
    case
}
